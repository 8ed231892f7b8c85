"""Journals of compiles: one for a build that is watched, and the one that `stats` sums up."""

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from distcc_build.errors import DistccBuildError
from distcc_build.record.journal import (
    KILLED,
    LOST,
    STILL_RAN,
    Job,
    Pending,
    ended,
    parted,
    read_journal,
)
from distcc_build.record.tally import tally_of
from distcc_build.record.totals import Kept, Totals, added, format_kept, parse_kept
from distcc_build.store import locked, read_trusted, replace

__all__ = ["JOURNALS", "journals", "read_build", "recorded", "recording_all", "sum_up"]

JOURNALS = "_DISTCC_BUILD_JOURNALS"
"""The variable with the names of journals, for the launcher (integrations/launcher/handover.h)."""

SWITCH = "DISTCC_BUILD_RECORD"
"""The user's switch: every compile goes into the journal in the cache directory."""

MOST_KEPT = 64 << 20
"""Bytes of the totals that are read."""

SLICE = 4 << 20
"""Bytes of a journal that are looked at together."""

WAIT = 5.0
"""Seconds for whoever sums up already."""

A_DAY = 86_400.0


def recording_all(environ: Mapping[str, str]) -> bool:
    """Whether the user has switched the statistics on (the launcher's rule)."""
    return environ.get(SWITCH, "").lower() not in {"", "off", "0", "no", "false"}


def journals(journal: Path, environ: Mapping[str, str]) -> str:
    """The variable's value for a build with this journal.

    A build that is part of one that is watched as well is recorded there too.
    """
    return "\n".join(filter(None, [str(journal), environ.get(JOURNALS)]))


@contextlib.contextmanager
def recorded(directory: Path) -> Iterator[Path]:
    """A journal for one build, removed afterwards.

    :param directory: the cache directory.
    :raises OSError: when none can be made.
    """
    # One that is left, by a kill, is swept away (store.OLD).
    path = directory / f".tmp-journal-{os.urandom(8).hex()}"
    path.touch(0o600, exist_ok=False)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def read_build(journal: Path) -> tuple[list[Job], bool]:
    """The compiles of a build that is over, of which some may run on, and whether these are all.

    :raises OSError: when the journal cannot be read.
    """
    jobs, pending = parted(journal.read_bytes())
    if pending:
        now, here = time.time(), os.uname().nodename
        gone = {one.key for one in pending if not _may_end(one, now, here)}
        # What is no more has written all that it was to write, and maybe since then.
        end = KILLED if _is_whole(journal.stat()) else LOST
        jobs = read_journal(journal.read_bytes(), lambda key: end if key in gone else STILL_RAN)
    return jobs, _is_whole(journal.stat())


def _is_whole(found: os.stat_result) -> bool:
    """Whether nobody failed to write to this journal (integrations/recorder/journal.c: mark)."""
    return not found.st_mode & stat.S_IXUSR


def sum_up(directory: Path, *, zero: bool = False) -> Totals:
    """The totals, with all that the journal has.

    The journal is moved away first, so that what is written meanwhile goes into a new one.  Each
    step leaves things so that the next try counts every compile once.

    :param zero: begin anew, from now; what there was is returned all the same.
    :raises DistccBuildError: when somebody else is at the totals all the time.
    :raises OSError: when the result cannot be kept.
    """
    journal, moved = directory / "journal", directory / "journal-summed"
    with _alone(directory):
        if moved.exists():
            # Somebody was killed in the middle of this.
            _take_in(directory, moved)
        kept = _read(directory)._replace(summed=())
        _write(directory, kept)
        with contextlib.suppress(FileNotFoundError):
            journal.rename(moved)
            _take_in(directory, moved)
        kept = _read(directory)
        if zero:
            _write(directory, kept._replace(totals=Totals(time.time())))
    return kept.totals


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    with locked(directory / "statistics", WAIT) as mine:
        if not mine:
            raise DistccBuildError("somebody else is summing the statistics up; try again")
        yield


def _read(directory: Path) -> Kept:
    return parse_kept(read_trusted(directory / "statistics", MOST_KEPT) or b"", time.time())


def _write(directory: Path, kept: Kept) -> None:
    replace(directory / "statistics", format_kept(kept))


def _with(kept: Kept, jobs: Sequence[Job]) -> Kept:
    # Cores matter for an estimate only, which totals have none of.
    return kept._replace(totals=added(kept.totals, tally_of(jobs, 1)))


def _take_in(directory: Path, moved: Path) -> None:
    """Add what a journal has that was moved away, and remove it."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(moved, flags), "rb") as stream:  # noqa: PTH123 - flags
        # Writers hold it shared, for as long as a write takes; who comes later finds the lock,
        # or that it is gone, and takes the new one.
        _wait_for_writers(stream.fileno())
        found = os.fstat(stream.fileno())
        which = (found.st_ino, found.st_size, found.st_mtime_ns)
        kept = _read(directory)
        if which != kept.summed:
            for part in _slices(stream):
                data = "\n".join([*kept.pending, ""]).encode() + part
                finished, pending = parted(data)
                kept = _with(kept, finished)._replace(pending=tuple(one.line for one in pending))
            if not _is_whole(found):
                totals = kept.totals._replace(whole=False)
                kept = kept._replace(totals=totals, lost_before=time.time())
            _write(directory, _without_killed(kept, directory)._replace(summed=which))
        moved.unlink()


def _slices(stream: BinaryIO) -> Iterator[bytes]:
    """A journal in parts of whole lines."""
    rest = b""
    while read := stream.read(SLICE):
        part, _, rest = (rest + read).rpartition(b"\n")
        yield part
    yield rest


def _without_killed(kept: Kept, directory: Path) -> Kept:
    """Count those that are pending and will not end any more, or could not tell that they did."""
    now, here = time.time(), os.uname().nodename
    _, pending = parted("\n".join(kept.pending).encode())
    gone = [one for one in pending if not _may_end(one, now, here)]
    if gone:
        # What is no more has written all that it was to write, and maybe after the move.
        with contextlib.suppress(FileNotFoundError):
            late = ended((directory / "journal").read_bytes())
            gone = [one for one in gone if one.key not in late]
            if not _is_whole((directory / "journal").stat()):
                kept = kept._replace(lost_before=now)
    lines = {one.line for one in gone}
    lost = {one.key for one in gone if one.begin < kept.lost_before}
    jobs = read_journal("\n".join(lines).encode(), lambda key: LOST if key in lost else KILLED)
    kept = _with(kept, jobs)
    return kept._replace(pending=tuple(one for one in kept.pending if one not in lines))


def _may_end(one: Pending, now: float, here: str) -> bool:
    if now - one.begin >= A_DAY:
        return False  # the process id may be another's
    if one.machine != here:
        return True
    try:
        os.kill(one.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _wait_for_writers(file: int) -> None:
    end = time.monotonic() + 1
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.001)
