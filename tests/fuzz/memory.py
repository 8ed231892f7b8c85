"""The resolver with name servers in memory in the place of sockets."""

import asyncio
from collections.abc import Callable
from typing import Self, cast

from distcc_build.resolve.resolver import DnsResolver
from distcc_build.resolve.sockets import Sockets

__all__ = ["MemoryResolver", "question_of"]


class MemoryResolver(DnsResolver):
    """Asks functions.

    :param respond: takes each packet that is sent, with the resolver and the server's index.
    :param over_tcp: gives the bytes that come back over TCP.
    """

    def __init__(
        self,
        respond: Callable[["MemoryResolver", bytes, int], None],
        over_tcp: Callable[[bytes], bytes],
        budget: float,
        servers: int = 1,
    ) -> None:
        super().__init__([("192.0.2.1", 53)] * servers, budget)
        self._respond = respond
        self._over_tcp = over_tcp
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        wires = _Wires(lambda data, index: self._respond(self, data, index), len(self._servers))
        self._sockets = cast("Sockets", wires)
        return self

    def later(self, delay: float, packet: bytes | None, server: int) -> None:
        """Let a packet arrive after a time; None is word that the port is closed."""
        asyncio.get_running_loop().call_later(delay, self._arrive, packet, server)

    def _arrive(self, packet: bytes | None, server: int) -> None:
        if packet is not None:
            self.received(packet, server)
        else:
            self.broken(server)
        self._news.set()

    async def news(self) -> None:
        """Wait for the next packet, or for so long that nothing is waited for any more."""
        self._news.clear()
        try:
            async with asyncio.timeout(0.1):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _exchange(self, wire: bytes, index: int) -> bytes:  # noqa: ARG002
        self.queries += 1
        await asyncio.sleep(0.01)
        if not (data := self._over_tcp(wire)):
            raise EOFError
        return data


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
