"""Looks at a DISTCC_DIR while clients work in it, and disturbs nothing: no lock, no write.

distcc's own monitor removes state files that are older than a minute; here they stay, and count
for as long as their client lives, as a compile may take that long.
"""

import contextlib
import fcntl
import os
import stat
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple, Self

from distcc_build.backoff import backoffs
from distcc_build.distcc_rules import subject, why_distcc_local
from distcc_build.taskfile import (
    HERE,
    STATE_NAME,
    STATE_SIZE,
    Phase,
    Place,
    Task,
    parse_lock,
    parse_task,
)
from distcc_build.top import processes
from distcc_build.top.activity import Job, Looked, Snapshot
from distcc_build.top.authors import author
from distcc_build.top.departures import Departures

__all__ = ["Watch"]

# struct flock: type, whence, start, length, process.
_FLOCK = struct.Struct("@hhqqi")
_ASKED = _FLOCK.pack(fcntl.F_WRLCK, 0, 0, 0, 0)


LOST = 1.0
"""Seconds after which a client without the lock that it names is not one between two phases."""


class _Wrote(NamedTuple):
    """A state file."""

    task: Task
    when: float
    """Seconds since 1970."""


class _Found(NamedTuple):
    """What a state file means."""

    job: Job
    pid: int
    """The client, by its number here; 0 where it has none."""


class Watch:
    """Several DISTCC_DIRs, looked at again and again.

    :param directories: they may come later.

    Leaving the `with` block ends it.
    """

    def __init__(self, directories: Sequence[Path]) -> None:
        self._watched = [_Directory(one) for one in directories]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._watched:
            one.close()

    def look(self, period: float) -> Snapshot:
        """What is to be seen now.

        :param period: seconds for which clients pass a failing host over.
        """
        now, clock = time.time(), processes.clock()
        looked = [one.look(now, clock, period) for one in self._watched]
        silent = _silent(set[int]().union(*(one.told for one in self._watched)), clock)
        found = []
        for one, directory in zip(looked, self._watched, strict=True):
            clients = silent.get(_identity(one.directory), ())
            waiting = (directory.waiting(client) for client in clients)
            found.append(one._replace(jobs=(*one.jobs, *waiting)))
        return Snapshot(now, tuple(found))


class _Directory:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._departures = Departures(path / "state", STATE_NAME)
        self._before: set[int] = set()
        self._slots: dict[int, tuple[Place, int]] = {}
        self.told: set[int] = set()
        """Processes of which a state file told at the last look."""

    def close(self) -> None:
        self._departures.close()

    def look(self, now: float, clock: float, period: float) -> Looked:
        problems: list[str] = []
        if not self._path.is_dir():
            problems.append("there is no such directory; no compile has run with it")
        finished = self._departures.count()
        # The states first: a slot is held for longer than its client says so.
        wrote = list(_states(self._path / "state", problems))
        held = dict(_held(self._path / "lock", problems))
        holders: dict[tuple[str, int], set[int]] = {}
        for (place, slot), pid in held.items():
            holders.setdefault((place.host, slot), set()).add(pid)
        found = [
            job
            for one in wrote
            if (job := _job(one, holders.get((one.task.host, one.task.slot), set()), now, clock))
        ]
        jobs = tuple(one.job._replace(directory=str(self._path)) for one in found)
        self.told = {one.pid for one in found}
        self._slots = {pid: slot for slot, pid in held.items() if slot[0] != HERE}
        pids = {job.pid for job in jobs}
        gone, self._before = self._before - pids, pids
        return Looked(
            str(self._path),
            "; ".join(problems),
            jobs,
            frozenset(held),
            backoffs(self._path, now, period),
            len(gone) if finished is None else finished,
        )

    def waiting(self, client: processes.Process) -> Job:
        """What a client does that says nothing of itself: it waits for a slot.

        One that has a server's slot waits for one of this machine, to preprocess; so does one
        whose compile is not to be sent away.
        """
        place, slot = self._slots.get(client.pid, (None, None))
        words = client.words[os.path.basename(client.words[0]) == "distcc" :]
        host = place.host if place else HERE.host if why_distcc_local(words) else ""
        file, path = subject(words), str(self._path)
        return Job(client.pid, Phase.BLOCKED, file, host, slot, client.age, None, path)


def _job(wrote: _Wrote, holders: AbstractSet[int], now: float, clock: float) -> _Found | None:
    """What a state file means; None for one that a client has left behind.

    :param holders: the processes that have the lock of the slot named in it.
    """
    task, since = wrote.task, max(now - wrote.when, 0.0)
    pid = author(task, since, holders, clock)
    if pid is None:
        return None
    age = processes.age(pid, clock) if pid else None
    slot = task.slot if task.host else None
    # While it preprocesses and while it links, a client names no file.
    file = task.file or (subject(processes.words(pid)) if pid else "")
    if since > LOST and pid and pid not in holders and processes.is_distcc(pid):
        # Its server failed; it waits for another slot, and says nothing of that.
        return _Found(Job(task.pid, Phase.BLOCKED, file, "", None, age, None), pid)
    return _Found(Job(task.pid, task.phase, file, task.host, slot, age, since), pid)


def _silent(
    told: set[int], clock: float
) -> Mapping[tuple[int, int] | None, list[processes.Process]]:
    """The clients that no state file tells of, by the identity of their directory."""
    found: dict[tuple[int, int] | None, list[processes.Process]] = {}
    for one in processes.clients(told, clock):
        if one.waits and one.directory and any(one.words):
            found.setdefault(_identity(one.directory), []).append(one)
    found.pop(None, None)
    return found


def _identity(directory: str) -> tuple[int, int] | None:
    with contextlib.suppress(OSError, ValueError):
        found = os.stat(directory)
        return found.st_dev, found.st_ino
    return None


def _states(folder: Path, problems: list[str]) -> Iterator[_Wrote]:
    """The state files that can be read and are of this distcc."""
    unread = odd = 0
    for name in _names(folder, problems):
        if not STATE_NAME.fullmatch(name):
            continue
        try:
            file = _opened(f"{folder}/{name}")
            try:
                data = os.read(file, STATE_SIZE + 1)
                when = os.fstat(file).st_mtime
            finally:
                os.close(file)
        except FileNotFoundError:
            continue  # it has ended just now
        except OSError:
            unread += 1
            continue
        task = parse_task(data)
        if task is not None:
            yield _Wrote(task, when)
        elif data:  # else it is being written
            odd += 1
    if unread:
        problems.append(f"{_files(unread)} in state/ cannot be read")
    if odd:
        problems.append(f"{_files(odd)} in state/ from a distcc that writes them otherwise")


def _held(folder: Path, problems: list[str]) -> Iterator[tuple[tuple[Place, int], int]]:
    """The slots that are in use, with the process that has each; 0 where it has no number here."""
    unread = 0
    for name in _names(folder, problems):
        found = parse_lock(name)
        if found is None:
            continue
        try:
            file = _opened(f"{folder}/{name}")
            try:
                asked = fcntl.fcntl(file, fcntl.F_GETLK, _ASKED)
            finally:
                os.close(file)
        except FileNotFoundError:
            continue
        except OSError:
            unread += 1
            continue
        kind, _, _, _, pid = _FLOCK.unpack(asked)
        if kind != fcntl.F_UNLCK:
            yield found, max(pid, 0)
    if unread:
        problems.append(f"{_files(unread)} in lock/ cannot be read")


def _names(folder: Path, problems: list[str]) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []  # distcc makes it when it needs it
    except OSError as error:
        problems.append(f"{folder.name}/ cannot be read ({error.strerror})")
        return []


def _opened(path: str) -> int:
    """A descriptor to read from, of a regular file only.

    :raises OSError: when it is none, or cannot be opened.
    """
    # Links are followed, as distcc follows them.  To open a FIFO or a device may do something.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(f"{path} is no regular file")
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"
