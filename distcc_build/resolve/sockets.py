"""UDP sockets to name servers, one connected to each: bytes out, bytes in.

Connected, so that a closed port is an error at once instead of a silence, and answers from
elsewhere never arrive.
"""

import contextlib
import functools
import socket
from collections.abc import Callable, Sequence

from distcc_build.loop import Loop

__all__ = ["Sockets"]

BURST = 256
"""Packets that are read in one turn: whoever floods us must not keep timers from running."""


class Sockets:
    """Opens what can be opened; a server to which there is no route is as one that is silent.

    :param loop: where what is received is waited for.
    :param servers: address and port of each.
    :param received: called with a packet, and the index of the server that it came from.
    :param broken: called with the index of a server that cannot be reached (ICMP).
    """

    def __init__(
        self,
        loop: Loop,
        servers: Sequence[tuple[str, int]],
        received: Callable[[bytes, int], object],
        broken: Callable[[int], object],
    ) -> None:
        self._loop = loop
        self._servers = servers
        self._received = received
        self._broken = broken
        self._open: dict[int, socket.socket] = {}

    def __bool__(self) -> bool:
        """Whether any is open."""
        return bool(self._open)

    def open(self) -> None:
        """Open one for each server."""
        for index, server in enumerate(self._servers):
            with contextlib.suppress(OSError):
                self._open[index] = self._connected(index, *server)

    def close(self, index: int | None = None) -> None:
        """Close that of one server, or all."""
        for one in list(self._open) if index is None else [index]:
            link = self._open.pop(one, None)
            if link is not None:
                self._loop.forget(link)
                link.close()

    def send(self, index: int, wire: bytes) -> bool:
        """Send a packet, which may be lost as any other; False where the socket is closed."""
        link = self._open.get(index)
        if link is None:
            return False
        try:
            link.send(wire)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:  # what an earlier packet has met
            self._broken(index)
        return True

    def _connected(self, index: int, host: str, port: int) -> socket.socket:
        ((family, kind, proto, _, address), *_) = socket.getaddrinfo(
            host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
        )
        link = socket.socket(family, kind, proto)
        try:
            link.setblocking(False)
            link.connect(address)
            self._loop.watch(link, functools.partial(self._readable, index))
        except OSError:
            link.close()
            raise
        return link

    def _readable(self, index: int) -> None:
        # All that is there: a question is not sent again whose answer has only not been read.
        for _ in range(BURST):
            link = self._open.get(index)
            if link is None:
                return
            try:
                data = link.recv(65535)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._broken(index)
            else:
                self._received(data, index)
