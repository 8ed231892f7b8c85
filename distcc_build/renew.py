"""Renews plans: for the compiler asked for, its sibling, and those seen before.

The launcher starts `background` where no fresh plan holds, and holds a lock for it: one
process does the work, all other compiles go on with the old plan or wait for the new one.
"""

import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from distcc_build import paths
from distcc_build.belonging import has_farm
from distcc_build.compilers import sibling
from distcc_build.errors import DistccBuildError, PlanError
from distcc_build.inputs import config_files, read_inputs
from distcc_build.launch import Situation, assess, assess_silent
from distcc_build.plan import MAX_SIZE, format_plan, freshness, parse_plan
from distcc_build.planning import failure_plan, make_plan
from distcc_build.store import read_trusted, replace

__all__ = ["background", "write_plans"]

LARGE = 1 << 20
"""Bytes of a journal, about 2,500 compiles."""

TOO_LARGE = 64 << 20
"""Bytes that take longer than a refresher lives; `stats` has the time."""

LIFE = 30
"""Seconds after which a refresher that hangs is ended, whatever it waits for."""


def background(words: Sequence[str]) -> int:
    """Be the refresher: renew plans, empty the lock file, hear out who is slow, end.

    :param words: the plan's path, the descriptor of the locked file, the compiler word.
    """
    started = time.monotonic()
    # The default action of SIGALRM ends the process, and with it the lock.
    signal.alarm(LIFE)
    plan_path, lock, word = Path(words[0]), int(words[1]), words[2]
    # A compiler that we start must not hold the lock after us.
    os.set_inheritable(lock, False)
    silent = None
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    try:
        inputs = read_inputs(environ)
        signal.alarm(LIFE + int(inputs.config.deadline))
        patient = _served_stale(plan_path)
        situation = assess(
            inputs, plan_path.parent, environ, word, patient=patient, started=started
        )
        plan = make_plan(word, situation, environ, plan_path.parent, time.time())
        replace(plan_path, format_plan(plan))
    except Exception as error:  # noqa: BLE001 - whatever it is, the compile goes on
        text = str(error)
        if not isinstance(error, DistccBuildError):
            text = f"{type(error).__name__}: {text}"
        files = [str(one) for one in config_files(environ)]
        plan = failure_plan(text, files, environ, plan_path.parent, time.time())
        replace(plan_path, format_plan(plan))
    else:
        with contextlib.suppress(Exception):  # the others get theirs when they are asked for
            write_plans(word, situation, environ, written=True)
        silent = situation if patient else None
    os.ftruncate(lock, 0)
    # Somebody may be waiting for it: for another compiler's plan, too.
    os.close(lock)
    if silent is not None:
        with contextlib.suppress(Exception):
            heard = assess_silent(silent, plan_path.parent, [word])
            if heard is not None:
                write_plans(word, heard, environ)
    with contextlib.suppress(Exception):
        _keep_journal_small(plan_path.parent)
    # Tearing the interpreter down takes 20 ms.
    os._exit(0)


def _keep_journal_small(directory: Path) -> None:
    """Sum up the journal for `stats`, which would grow without end where nobody asks for it."""
    if LARGE <= (directory / "journal").stat().st_size < TOO_LARGE:
        from distcc_build.record.recording import sum_up

        sum_up(directory)


def _served_stale(plan_path: Path) -> bool:
    """Whether compiles go on with an older plan meanwhile."""
    data = read_trusted(plan_path, MAX_SIZE)
    try:
        return data is not None and freshness(parse_plan(data), time.time()) != "none"
    except PlanError:
        return False


def write_plans(
    word: str, situation: Situation, environ: Mapping[str, str], *, written: bool = False
) -> None:
    """Write the plans of a compiler and of those that will be asked for next.

    Only where it is known which servers are good for them: a compiler that nobody has probed
    for is to be probed for when it is used, not compiled with locally.

    :param written: that of `word` is written already.
    :raises NotFoundError: when there is no launcher to say where plans go.
    :raises OSError: when a plan cannot be written.
    """
    # Not part of a plan's name: compiles without it would find the plan.
    if situation.inputs.off:
        return
    seen = situation.farm.compilers if situation.farm else ()
    others = [sibling(word), *seen, *(sibling(one) for one in seen)]
    words = [
        one
        for one in dict.fromkeys([word, *others])
        if one and not (written and one == word) and situation.compilers([one])
    ]
    words = [one for one in words if situation.judged(one)]
    if not words:
        return
    now = time.time()
    for one, where in zip(words, paths.plan_paths(words, environ), strict=True):
        if one != word and not has_farm(situation.inputs, one, situation.path, where.parent):
            continue
        try:
            replace(where, format_plan(make_plan(one, situation, environ, where.parent, now)))
        except PlanError:
            if one == word:
                raise
