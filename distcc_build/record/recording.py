"""Journals of compiles: one for a build that is watched, and the one that `stats` sums up."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from distcc_build.record.journal import Job, read_journal, unfinished
from distcc_build.record.tally import count
from distcc_build.record.totals import Kept, Totals, added, format_kept, parse_kept
from distcc_build.store import locked, read_trusted, replace

__all__ = ["JOURNAL", "add_to_totals", "recorded", "recording_all", "sum_up"]

JOURNAL = "_DISTCC_BUILD_JOURNAL"
"""The variable with the name of a journal, for the launcher (integrations/launcher/handover.h)."""

SWITCH = "DISTCC_BUILD_RECORD"
"""The user's switch: every compile goes into the journal in the cache directory."""

MOST_KEPT = 16 << 20
"""Bytes of the totals that are read."""

MOST = 256 << 20
"""Bytes of a journal that are read."""

WAIT = 5.0
"""Seconds for whoever sums up already."""

A_DAY = 86_400.0


def recording_all(environ: Mapping[str, str]) -> bool:
    """Whether the user has switched the statistics on (the launcher's rule)."""
    return environ.get(SWITCH, "").lower() not in {"", "off", "0", "no", "false"}


@contextlib.contextmanager
def recorded(directory: Path) -> Iterator[Path]:
    """A journal for one build, removed afterwards.

    :param directory: the cache directory.
    :raises OSError: when none can be made.
    """
    # One that is left, by a kill, is swept away after an hour without a compile.
    path = directory / f".tmp-journal-{os.urandom(8).hex()}"
    path.touch(0o600, exist_ok=False)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def add_to_totals(directory: Path, jobs: list[Job]) -> None:
    """Add the compiles of a build that had a journal of its own.

    :raises OSError: when it cannot be kept.
    """
    with locked(directory / "statistics", WAIT):
        kept = _read(directory)
        # Cores matter for an estimate only, which totals have none of.
        replace(
            directory / "statistics",
            format_kept(kept._replace(totals=added(kept.totals, count(jobs, 1)))),
        )


def sum_up(directory: Path, *, zero: bool = False) -> Totals:
    """The totals, with all that the journal has.

    The journal is moved away first, so that what is written meanwhile goes into a new one.  Each
    step leaves things so that the next try counts every compile once.

    :param zero: begin anew, from now; what there was is returned all the same.
    :raises OSError: when the result cannot be kept.
    """
    journal, moved = directory / "journal", directory / "journal-summed"
    with locked(directory / "statistics", WAIT) as mine, contextlib.ExitStack() as stack:
        kept = _read(directory)
        if not mine:
            return kept.totals
        if not moved.exists():
            kept = kept._replace(summed=())
            with contextlib.suppress(FileNotFoundError):
                journal.rename(moved)
        with contextlib.suppress(FileNotFoundError):
            # Writers hold it shared, for as long as a write takes; who comes later finds the lock,
            # or that it is gone, and takes the new one.
            file = stack.enter_context(moved.open("rb")).fileno()
            _wait_for_writers(file)
            kept = _with_journal(kept, moved, os.fstat(file))
        totals = kept.totals
        if zero:
            kept = kept._replace(totals=Totals(time.time()))
        replace(directory / "statistics", format_kept(kept))
        with contextlib.suppress(FileNotFoundError):
            moved.unlink()
    return totals


def _read(directory: Path) -> Kept:
    return parse_kept(read_trusted(directory / "statistics", MOST_KEPT) or b"", time.time())


def _with_journal(kept: Kept, moved: Path, found: os.stat_result) -> Kept:
    which = (found.st_ino, found.st_size, found.st_mtime_ns)
    if which == kept.summed:
        return kept
    data = "\n".join(kept.pending).encode() + b"\n" + (read_trusted(moved, MOST) or b"")
    now = time.time()
    left = [one for one in unfinished(data) if _runs(*one[:2], now)]
    pids = {(pid, begin) for pid, begin, _ in left}
    jobs = [one for one in read_journal(data) if (one.pid, one.begin) not in pids]
    pending = tuple(line.decode() for _, _, line in left)
    return Kept(added(kept.totals, count(jobs, 1)), pending, which)


def _wait_for_writers(file: int) -> None:
    end = time.monotonic() + 1
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.001)


def _runs(pid: int, begin: float, now: float) -> bool:
    """Whether a compile still goes on; its process id may be another's after a day."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return now - begin < A_DAY
