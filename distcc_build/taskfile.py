"""The files in a DISTCC_DIR by which distcc clients tell of themselves.  Reads no file itself.

Learned from distcc 3.4, and tried with it; the formats are distcc's own affair and may change, so
that whatever is not exactly as described here is nothing::

    state/binstate_PID     what one client does: a C struct of this machine (src/state.h)
    lock/cpu_PLACE_SLOT    locked (F_SETLK, whole file) while a job has that slot (src/lock.c)
    lock/backoff_PLACE_0   its time tells when a compile failed there (src/backoff.c)
    PLACE                  localhost | tcp_HOST_PORT | ssh_HOST, HOST as in the hosts list
"""

import re
import struct
from enum import IntEnum
from typing import NamedTuple

from distcc_build.hostspec import Kind

__all__ = [
    "HERE",
    "STATE_NAME",
    "STATE_SIZE",
    "Phase",
    "Place",
    "Task",
    "parse_backoff",
    "parse_lock",
    "parse_task",
]

MAGIC = 0x44494800

# struct_size, magic, pid, file[128], host[128], slot, phase, and a pointer that means nothing.
_STATE = struct.Struct("@NLL128s128siiP")

STATE_SIZE = _STATE.size
"""Bytes of a state file: 296 where a long has 64 bits."""

STATE_NAME = re.compile(r"binstate_[1-9][0-9]{0,9}")

# Greedy: port and slot are the last of the parts.  No brackets around IPv6.
_PLACE = r"(?:localhost|tcp_(?P<host>.+)_(?P<port>[1-9][0-9]{0,4})|ssh_(?P<name>.+))"
_LOCK = re.compile(rf"cpu_{_PLACE}_(?P<slot>[0-9]{{1,4}})")
_BACKOFF = re.compile(rf"backoff_{_PLACE}_0")


class Phase(IntEnum):
    """What a client is at, as distcc numbers it."""

    STARTUP = 0
    BLOCKED = 1
    CONNECT = 2
    PREPROCESS = 3
    SEND = 4
    COMPILE = 5
    RECEIVE = 6
    DONE = 7

    @property
    def word(self) -> str:
        """As distccmon-text prints it."""
        return self.name.capitalize()


class Task(NamedTuple):
    """What a state file says."""

    pid: int
    """Of the client, in its own PID namespace; 1 or more."""
    phase: Phase
    file: str
    """Base name of the source; empty where nothing is compiled, as for a link."""
    host: str
    """As in the hosts list, without port or brackets; `localhost` for this machine."""
    slot: int
    """Of the host's slots, from 0 on."""


class Place(NamedTuple):
    """A host as lock files tell hosts apart: its name and its address are two."""

    kind: Kind
    host: str
    """Without brackets."""
    port: int = 0
    """TCP only."""


HERE = Place(Kind.LOCAL, "localhost")


def parse_task(data: bytes) -> Task | None:
    """What a state file says; None if it is none of this distcc, or not yet whole."""
    if len(data) != STATE_SIZE:
        return None
    size, magic, pid, file, host, slot, phase, _ = _STATE.unpack(data)
    # A process id of 0, or beyond what the kernel takes, would mean another process than it says.
    sound = size == STATE_SIZE and magic == MAGIC and 0 < pid < 1 << 31 and slot >= 0
    if not sound or phase not in Phase.__members__.values():
        return None
    return Task(pid, Phase(phase), _text(file), _text(host), slot)


def parse_lock(name: str) -> tuple[Place, int] | None:
    """Place and slot that a lock file stands for; None for any other file.

    >>> parse_lock("cpu_tcp_::1_3632_7")
    (Place(kind=<Kind.TCP: 'tcp'>, host='::1', port=3632), 7)
    """
    found = _LOCK.fullmatch(name)
    place = _place(found) if found else None
    return (place, int(found["slot"])) if found and place else None


def parse_backoff(name: str) -> Place | None:
    """Place that is marked by a file of this name as failing; None for any other file."""
    found = _BACKOFF.fullmatch(name)
    return _place(found) if found else None


def _place(found: re.Match[str]) -> Place | None:
    if found["name"]:
        return Place(Kind.SSH, found["name"])
    if found["host"] is None:
        return HERE
    port = int(found["port"])
    return Place(Kind.TCP, found["host"], port) if port < 65536 else None


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")
