"""Renews plans: for the compiler asked for, its sibling, and those seen before.

The launcher starts `background` where no fresh plan holds, and holds a lock for it: one
process does the work, all other compiles go on with the old plan or wait for the new one.
"""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from distcc_build import paths
from distcc_build.compilers import sibling
from distcc_build.errors import DistccBuildError, PlanError
from distcc_build.inputs import config_files, read_inputs
from distcc_build.launch import Situation, assess, failure_plan, make_plan
from distcc_build.plan import MAX_SIZE, format_plan, freshness, parse_plan
from distcc_build.store import read_trusted, replace

__all__ = ["background", "write_plans"]

LIFE = 30
"""Seconds after which a refresher that hangs is ended, whatever it waits for."""


def background(words: Sequence[str]) -> int:
    """Be the refresher: renew plans, empty the lock file, end.

    :param words: the plan's path, the descriptor of the locked file, the compiler word.
    """
    started = time.monotonic()
    # The default action of SIGALRM ends the process, and with it the lock.
    signal.alarm(LIFE)
    plan_path, lock, word = Path(words[0]), int(words[1]), words[2]
    # A compiler that we start must not hold the lock after us.
    os.set_inheritable(lock, False)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    try:
        inputs = read_inputs(environ)
        signal.alarm(LIFE + int(inputs.config.deadline))
        situation = assess(
            inputs,
            plan_path.parent,
            environ,
            word,
            patient=_served_stale(plan_path),
            started=started,
        )
        write_plans(word, situation, environ, plan_path)
    except Exception as error:  # noqa: BLE001 - whatever it is, the compile goes on
        text = (
            str(error)
            if isinstance(error, DistccBuildError)
            else f"{type(error).__name__}: {error}"
        )
        files = [str(one) for one in config_files(environ)]
        plan = failure_plan(word, text, files, environ, plan_path.parent, time.time())
        replace(plan_path, format_plan(plan))
    os.ftruncate(lock, 0)
    # Tearing the interpreter down takes 20 ms, and somebody may be waiting for the lock.
    os._exit(0)


def _served_stale(plan_path: Path) -> bool:
    """Whether compiles go on with an older plan meanwhile."""
    data = read_trusted(plan_path, MAX_SIZE)
    try:
        return data is not None and freshness(parse_plan(data), time.time()) != "none"
    except PlanError:
        return False


def write_plans(
    word: str, situation: Situation, environ: Mapping[str, str], plan_path: Path | None = None
) -> None:
    """Write the plans of a compiler and of those that will be asked for next.

    :param plan_path: where the plan of `word` goes, if that is known already.
    :raises NotFoundError: when there is no launcher to say where plans go.
    :raises OSError: when a plan cannot be written.
    """
    now = time.time()
    if plan_path is not None:
        replace(plan_path, format_plan(make_plan(word, situation, environ, plan_path.parent, now)))
    seen = situation.farm.compilers if situation.farm else ()
    others = [sibling(word), *seen, *(sibling(one) for one in seen)]
    path = environ.get("PATH")
    words = [
        one
        for one in dict.fromkeys([word, *others])
        if one and (plan_path is None or one != word) and paths.find_program(one, path)
    ]
    if not words:
        return
    for one, where in zip(words, paths.plan_paths(words, environ), strict=True):
        replace(where, format_plan(make_plan(one, situation, environ, where.parent, now)))
