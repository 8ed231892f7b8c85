"""Hosts from a file that something else maintains, or from what a command prints.

A file that may be executed is run, as Ansible does with an inventory.  Only a file that nobody
else can have written is believed, and what it names is judged as what every other source names.
"""

import contextlib
import math
import os
import stat
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from distcc_build.errors import HostsError
from distcc_build.hostspec import DISCOVER_FILE, parse_address
from distcc_build.offer import Account, Gave
from distcc_build.resolve.answers import Answer, Failed, Found
from distcc_build.resolve.system import look_up
from distcc_build.sources.command import printed
from distcc_build.sources.entries import gave, read_listing
from distcc_build.sources.request import Request
from distcc_build.trust import distrust

__all__ = ["read_listed"]

MAX_SIZE = 1 << 20
"""Bytes that a list may have."""

THREADS = 32
"""Names that are looked up at once."""

RUNNING = 0.7
"""Part of the time that a command may take; the rest is for the names that it prints."""

LATE = "no answer in time"


def read_listed(word: str, request: Request) -> Gave:
    """Read the hosts, and look their names up as every program does.

    :param word: that of the hosts list.
    :raises HostsError: when it cannot be read or run, or is no list.
    """
    end = time.monotonic() + request.seconds
    path = Path(word.removeprefix(DISCOVER_FILE))
    data, run = _content(path, request.seconds * RUNNING)
    if b"\0" in data:
        raise HostsError(f"{path} {'prints' if run else 'is'} no text: there is a NUL byte in it")
    text = data.decode("utf-8", "backslashreplace")
    listing = read_listing(text, request.config)
    answers = _addresses([one.host for one in listing.entries], end)
    account = Account(word, why=f"{path} {'prints' if run else 'lists'}")
    return gave(account, listing, answers, request.config, request.now, holds=not run)


def _content(path: Path, seconds: float) -> tuple[bytes, bool]:
    """What is in the file, or what it prints, and whether it was run."""
    try:
        # A FIFO would be waited for.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise HostsError(f"{path}: expected a file")
            if why := distrust(str(path), found, os.environ.get("HOME", "")):
                raise HostsError(f"{path} is not believed: {why}")
            if not found.st_mode & 0o111:
                return _whole(file, path), False
        finally:
            os.close(file)
    except OSError as error:
        raise HostsError(f"{path}: {error.strerror}") from None
    return printed(path, seconds, MAX_SIZE), True


def _whole(file: int, path: Path) -> bytes:
    data = bytearray()
    while part := os.read(file, MAX_SIZE):
        data += part
        if len(data) > MAX_SIZE:
            # Cut anywhere, an address in it would be another.
            raise HostsError(f"{path} is larger than {MAX_SIZE} bytes")
    return bytes(data)


def _addresses(hosts: Sequence[str], end: float) -> dict[str, Answer]:
    """What each host comes to; an address stands for itself."""
    found: dict[str, Answer] = {}
    names: list[str] = []
    for host in dict.fromkeys(hosts):
        try:
            found[host] = Found((parse_address(host),), math.inf)
        except ValueError:
            names.append(host)
    return found | _names(names, end)


def _names(names: Sequence[str], end: float) -> dict[str, Answer]:
    """The addresses of each name.

    :param end: of time.monotonic(); what the C library does longer goes on in a thread.
    """
    found: dict[str, Answer] = dict.fromkeys(names, Failed(LATE))
    waiting, answered = SimpleQueue[str](), SimpleQueue[tuple[str, Answer]]()
    for name in names:
        waiting.put(name)

    def serve() -> None:
        with contextlib.suppress(Empty):
            while True:
                name = waiting.get_nowait()
                answered.put((name, look_up(name)))

    for _ in range(min(len(names), THREADS)):
        threading.Thread(target=serve, daemon=True).start()
    with contextlib.suppress(Empty):
        for _ in names:
            name, answer = answered.get(timeout=max(end - time.monotonic(), 0.01))
            found[name] = answer
        return found
    with contextlib.suppress(Empty):
        while True:
            waiting.get_nowait()  # nobody asks for these any more
    return found
