"""The resolver with name servers in memory in the place of sockets."""

import functools
from collections.abc import Callable
from typing import Self, cast

from distcc_build.loop import Loop, Timer
from distcc_build.resolve.resolver import DnsResolver, Half
from distcc_build.resolve.sockets import Sockets
from distcc_build.resolve.stream import Stream

__all__ = ["MemoryResolver", "question_of"]


class MemoryResolver(DnsResolver):
    """Asks functions.

    :param respond: takes each packet that is sent, with the resolver and the server's index.
    :param over_tcp: gives the bytes that come back over TCP.
    """

    def __init__(
        self,
        loop: Loop,
        respond: Callable[["MemoryResolver", bytes, int], None],
        over_tcp: Callable[[bytes], bytes],
        budget: float,
        servers: int = 1,
    ) -> None:
        super().__init__(loop, [("192.0.2.1", 53)] * servers, budget)
        self._respond = respond
        self._answer_over_tcp = over_tcp

    def __enter__(self) -> Self:
        wires = _Wires(lambda data, index: self._respond(self, data, index), len(self._servers))
        self._sockets = cast("Sockets", wires)
        return self

    def later(self, delay: float, packet: bytes | None, server: int) -> None:
        """Let a packet arrive after a time; None is word that the port is closed."""
        self._loop.call_later(delay, functools.partial(self._arrive, packet, server))

    def _arrive(self, packet: bytes | None, server: int) -> None:
        if packet is not None:
            self.received(packet, server)
        else:
            self.broken(server)

    def _over_tcp(self, half: Half, index: int) -> Stream:  # noqa: ARG002
        self.queries += 1
        data = self._answer_over_tcp(half.wire) or None
        timer = self._loop.call_later(0.01, functools.partial(self._complete, half, data))
        return cast("Stream", _Coming(timer))


class _Coming:
    """What the resolver uses of a stream."""

    def __init__(self, timer: Timer) -> None:
        self.close = timer.cancel


class _Wires:
    """What the resolver uses of sockets."""

    def __init__(self, send: Callable[[bytes, int], None], count: int) -> None:
        self._send = send
        self._open = set(range(count))

    def __bool__(self) -> bool:
        return bool(self._open)

    def send(self, index: int, data: bytes) -> bool:
        if index in self._open:
            self._send(data, index)
        return index in self._open

    def close(self, index: int | None = None) -> None:
        self._open -= self._open if index is None else {index}


def question_of(query: bytes) -> bytes:
    """The question section of a query, which has no compression and one question."""
    at = 12
    while query[at]:
        at += query[at] + 1
    return query[12 : at + 5]
