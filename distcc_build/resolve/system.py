"""Asks the system for addresses (getaddrinfo): for names kept in /etc/hosts or another NSS source.

getaddrinfo knows no TTL, and cannot always tell a name that does not exist from a fault;
where it says so (EAI_AGAIN, EAI_FAIL), the name has failed.  A bare label is looked for in
/etc/hosts only: through getaddrinfo a missing one would be asked at the root of the DNS.
"""

import contextlib
import functools
import ipaddress
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Self

from distcc_build.loop import Loop, Timer
from distcc_build.resolve.answers import Answer, Failed, Found, Missing, lowest

__all__ = ["SystemResolver"]

THREADS = 32
"""Look-ups at once; each is a thread that may hang in the C library for as long as it likes."""

ABSENT = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class SystemResolver:
    """Looks names up with getaddrinfo, in threads that do not keep the process alive."""

    def __init__(self, loop: Loop, budget: float) -> None:
        """Prepare; threads start with the first names.

        :param loop: runs while answers are waited for.
        :param budget: the longest silence that is waited for, in seconds.
        """
        self.queries = 0
        self._loop = loop
        self._budget = budget
        self._out: dict[str, Callable[[Answer], None]] = {}
        self._timer: Timer | None = None
        self._silent = False
        self._waiting: SimpleQueue[str] = SimpleQueue()
        self._answered: SimpleQueue[tuple[str, Answer]] = SimpleQueue()
        # By which a thread wakes the loop.
        self._told, self._tell = socket.socketpair()
        self._told.setblocking(False)
        self._tell.setblocking(False)
        # What a thread writes to must not have become another file meanwhile.
        self._open = threading.Lock()
        self._threads = 0

    def __enter__(self) -> Self:
        self._loop.watch(self._told, self._collect)
        return self

    def __exit__(self, *_: object) -> None:
        # The threads are left: one stuck in the C library must not keep anything waiting.
        self._out.clear()
        self._listen()
        self._loop.forget(self._told)
        self._told.close()
        with self._open:
            self._tell.close()

    def ask(self, name: str, reply: Callable[[Answer], None]) -> None:
        """Look a name up; `reply` is called once, in the loop."""
        if self._silent:
            failed = Failed("the system's resolver does not answer")
            self._loop.call_soon(functools.partial(reply, failed))
            return
        self.queries += 1
        self._out[name] = reply
        self._listen()
        self._waiting.put(name)
        if self._threads < THREADS:
            self._threads += 1
            threading.Thread(target=self._serve, daemon=True).start()

    def ask_text(self, name: str, reply: Callable[[Answer], None]) -> None:  # noqa: ARG002
        """Answer that there are no TXT records: getaddrinfo knows only addresses."""
        self._loop.call_soon(functools.partial(reply, Missing(0.0, nxdomain=False)))

    def _collect(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._told.recv(4096)
        while not self._answered.empty():
            self._take(*self._answered.get())

    def _take(self, name: str, answer: Answer) -> None:
        reply = self._out.pop(name, None)
        self._listen()
        if reply is not None:
            reply(answer)

    def _listen(self) -> None:
        """Begin to count the silence anew."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._out:
            self._timer = self._loop.call_later(self._budget, self._expire)

    def _expire(self) -> None:
        lost, self._out = self._out, {}
        # As for name servers: a single name may be at fault; several are the resolver itself.
        self._silent = len(lost) > 1
        for reply in lost.values():
            reply(Failed(f"no answer within {self._budget:g} s"))

    def _serve(self) -> None:
        while True:
            name = self._waiting.get()
            self._answered.put((name, _lookup(name)))
            # Full is as good as told; closed, the walk is over.
            with self._open, contextlib.suppress(OSError):
                self._tell.send(b"\0")


def _lookup(name: str) -> Answer:
    name = name.rstrip(".")
    if "." not in name:
        return _hosts_file(name, Path("/etc/hosts"))
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return Missing(0.0) if error.errno in ABSENT else Failed(error.strerror or "failed")
    except (OSError, UnicodeError) as error:
        return Failed(str(error))
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    return Found(lowest(addresses), 0.0)


def _hosts_file(name: str, path: Path) -> Answer:
    """The addresses of a name in a hosts file (hosts(5))."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        return Failed(str(error))
    addresses = set()
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if name in names:
            with contextlib.suppress(ValueError):
                # A zone is no part of what is sent to distcc.
                addresses.add(ipaddress.ip_address(address.partition("%")[0]))
    return Found(lowest(addresses), 0.0) if addresses else Missing(0.0)
