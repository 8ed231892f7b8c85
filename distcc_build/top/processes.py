"""Processes of distcc clients, as /proc of Linux shows them; elsewhere nothing is known of them.

A client that waits for a slot says nothing of itself: distcc 3.4 writes no state file before it
has one.  What is left to go by is the process.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

__all__ = ["Process", "age", "clients", "clock", "inner_pid", "is_distcc", "process_alive", "words"]

PROC = "/proc"

STARTED = 0.1
"""Seconds after which a client without a state file is not one that only just begins."""

MAX_WORDS = 1 << 20
"""Bytes of a command line that are read; the source is within."""


class Process(NamedTuple):
    """A distcc client."""

    pid: int
    age: float
    """Seconds since it was started."""
    waits: bool
    """It sleeps between two looks for a slot, or is at such a look."""
    directory: str
    """Its DISTCC_DIR; empty where it has none."""
    words: tuple[str, ...]
    """Its command line."""


def process_alive(pid: int) -> bool:
    """Whether there is such a process; nothing is sent to it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


def clock() -> float:
    """Seconds since the machine was started, sleep included: the clock of all ages."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def age(pid: int, now: float) -> float | None:
    """Seconds since a process was started; None where that cannot be seen.

    :param now: what `clock` said.
    """
    fields = _fields(pid)
    return None if fields is None else _age(fields, now)


def inner_pid(pid: int) -> int:
    """The number that a process has in its own PID namespace; its number here if none is told."""
    try:
        with open(f"{PROC}/{pid}/status", "rb") as stream:
            lines = stream.read().split(b"\n")
    except OSError:
        return pid
    numbers = next((line.split() for line in lines if line.startswith(b"NSpid:")), [])
    return int(numbers[-1]) if len(numbers) > 1 else pid


def words(pid: int) -> tuple[str, ...]:
    """The command line of a process; empty where that cannot be seen."""
    try:
        with open(f"{PROC}/{pid}/cmdline", "rb") as stream:
            read = stream.read(MAX_WORDS)
    except OSError:
        return ()
    return tuple(os.fsdecode(word) for word in read.removesuffix(b"\0").split(b"\0"))


def is_distcc(pid: int) -> bool | None:
    """Whether a process runs distcc; None where that cannot be seen."""
    try:
        program = os.readlink(f"{PROC}/{pid}/exe")
    except OSError:
        return None
    # A file that was exchanged meanwhile ends in " (deleted)".
    return os.path.basename(program.removesuffix(" (deleted)")) == "distcc"


def clients(known: AbstractSet[int], now: float) -> list[Process]:
    """The distcc clients of this machine, without those that distcc itself has forked.

    :param known: process ids of clients that are not asked for.
    :param now: what `clock` said.
    """
    found = {}
    for pid in _pids():
        if is_distcc(pid) and (fields := _fields(pid)) is not None:
            found[pid] = fields
    ours = found.keys() | known
    # The second field behind the name is the parent: what distcc forks is distcc until it has
    # become the compiler.
    return [
        one
        for pid, fields in found.items()
        if pid not in known and int(fields[1]) not in ours and (one := _client(pid, fields, now))
    ]


def _pids() -> Iterator[int]:
    with contextlib.suppress(OSError), os.scandir(PROC) as entries:
        yield from (int(one.name) for one in entries if one.name.isdecimal())


def _client(pid: int, fields: list[str], now: float) -> Process | None:
    """What is to be known of it; None if it has ended, or is another user's."""
    try:
        with open(f"{PROC}/{pid}/environ", "rb") as stream:
            parts = stream.read().split(b"\0")
        # A relative one is meant from where the client is.
        here = os.readlink(f"{PROC}/{pid}/cwd")
    except OSError:
        return None
    environ = dict(part.split(b"=", 1) for part in parts if b"=" in part)
    directory = os.fsdecode(environ.get(b"DISTCC_DIR", b""))
    home = os.fsdecode(environ.get(b"HOME", b""))
    if not directory and home:
        directory = os.path.join(home, ".distcc")
    directory = str(Path(here, directory)) if directory else ""
    age = _age(fields, now)
    return Process(pid, age, fields[0] == "S" or age > STARTED, directory, words(pid))


def _fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the program's name: state, parent, ... (proc(5))."""
    try:
        with open(f"{PROC}/{pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return None


def _age(fields: list[str], now: float) -> float:
    # Field 22 of all: the start, in clock ticks since the machine's.
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return max(now - started, 0.0)
