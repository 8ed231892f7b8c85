"""Hosts from a file that something else maintains, or from what a command prints.

A file that may be executed is run, as Ansible does with an inventory.  Either way it is hosts of
a hosts list, checked as those of the user's own are; what they are allowed to be is decided as
for every other source.  Only a file that nobody else can have written is believed.
"""

import contextlib
import ipaddress
import os
import socket
import stat
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeAlias

from distcc_build.errors import HostsError
from distcc_build.farmfile import REMEMBERED
from distcc_build.hosts import HostsList, Hostspec, Kind, parse_hosts
from distcc_build.hostspec import DISCOVER_FILE, IPAddress, parse_address
from distcc_build.offer import Account, Gave, Line, Offer
from distcc_build.resolve.answers import lowest
from distcc_build.sources.request import Request
from distcc_build.trust import distrust

__all__ = ["read_listed"]

MAX_SIZE = 1 << 20
"""Bytes that are read at most."""

THREADS = 32
"""Names that are looked up at once."""

RUNNING = 0.7
"""Part of the time that a command may take; the rest is for the names that it prints."""

ABSENT = "no such name"

Answer: TypeAlias = tuple[IPAddress, ...] | str
"""The addresses of a name, or why they are not known."""


def read_listed(word: str, request: Request) -> Gave:
    """Read the hosts, and look their names up as every program of this machine does.

    :param word: that of the hosts list.
    :raises OSError: when it cannot be read or run.
    """
    end = time.monotonic() + request.seconds
    path = Path(word.removeprefix(DISCOVER_FILE))
    hosts = parse_hosts(_text(path, request.seconds * RUNNING))
    lines = [Line(str(path), problem, "left out") for problem in hosts.problems]
    usable = _over_tcp(hosts, lines)[: request.config.max_servers]
    found = _look_up(list(dict.fromkeys(one.host for one in usable)), end)
    offers = []
    for one in usable:
        answer = found[one.host]
        if isinstance(answer, str):
            lines.append(Line(one.host, answer, "left out"))
        else:
            lines.append(Line(one.host, " ".join(map(str, answer)), "server"))
            offers.append(Offer(one.host, answer, request.now, port=one.port, limit=one.limit))
    why = f"{path} lists no more" if offers else f"{path} lists no host whose address is known"
    degraded = any(isinstance(one, str) and one != ABSENT for one in found.values())
    account = Account(word, tuple(lines), why, degraded)
    return Gave(account, tuple(offers), keep=REMEMBERED if degraded else 0.0)


def _over_tcp(hosts: HostsList, lines: list[Line]) -> list[Hostspec]:
    """The hosts that servers can be made of; of the other entries a line is added."""
    found = []
    for one in hosts.entries:
        if isinstance(one, Hostspec) and one.kind is Kind.TCP and one.usable:
            found.append(one)
        else:
            what = "marked down" if isinstance(one, Hostspec) and not one.usable else "no server"
            text = str(one) if isinstance(one, Hostspec) else one.text
            lines.append(Line(text, what, "left out"))
    return found


def _text(path: Path, seconds: float) -> str:
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(file, "rb") as stream:  # noqa: PTH123 - a descriptor
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise HostsError(f"{path}: expected a file")
        if why := distrust(str(path), found, os.environ.get("HOME", "")):
            raise HostsError(f"{path} is not believed: {why}")
        if not found.st_mode & 0o111:
            return stream.read(MAX_SIZE).decode("utf-8", "backslashreplace")
    return _printed(path, seconds)


def _printed(path: Path, seconds: float) -> str:
    """What a command prints."""
    import signal
    import subprocess

    running = subprocess.Popen(
        [str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        start_new_session=True,
    )
    try:
        out, err = running.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise HostsError(f"{path} takes longer than {seconds:.1f} s") from None
    finally:
        # What it started must not outlive it either.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(running.pid, signal.SIGKILL)
        running.kill()
    if running.returncode:
        said = err.decode("utf-8", "replace").strip().splitlines()
        more = f": {ascii(said[-1][:200])[1:-1]}" if said else ""
        raise HostsError(f"{path} ended with status {running.returncode}{more}")
    return out[:MAX_SIZE].decode("utf-8", "backslashreplace")


def _look_up(names: Sequence[str], end: float) -> dict[str, Answer]:
    """The addresses of each name, or why they are not known.

    :param end: of time.monotonic(); the C library may take longer, in threads that are left.
    """
    found: dict[str, Answer] = {}
    waiting, answered = SimpleQueue[str](), SimpleQueue[tuple[str, Answer]]()
    for name in names:
        try:
            found[name] = (parse_address(name),)
        except ValueError:
            waiting.put(name)
    left = waiting.qsize()
    for _ in range(min(left, THREADS)):
        threading.Thread(target=_serve, args=(waiting, answered), daemon=True).start()
    for _ in range(left):
        try:
            name, answer = answered.get(timeout=max(end - time.monotonic(), 0.01))
        except Empty:
            break
        found[name] = answer
    return {name: found.get(name, "no answer in time") for name in names}


def _serve(waiting: SimpleQueue[str], answered: SimpleQueue[tuple[str, Answer]]) -> None:
    with contextlib.suppress(Empty):
        while True:
            name = waiting.get_nowait()
            answered.put((name, _address(name)))


def _address(name: str) -> Answer:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        absent = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)}
        return ABSENT if absent else (error.strerror or "failed")
    except (OSError, UnicodeError) as error:
        return str(error)
    return lowest(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found)
