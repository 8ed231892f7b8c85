"""One question over TCP, as RFC 7766 wants it after a truncated answer."""

import socket
import struct
from collections.abc import Callable

from distcc_build.loop import Loop

__all__ = ["Stream"]


class Stream:
    """Connects, asks, reads one answer, closes.

    :param server: address and port.
    :param wire: the question, as it would be sent over UDP.
    :param done: called once, later, with the answer; with None when there will be none.
    :param seconds: the longest that this may take.
    """

    def __init__(
        self,
        loop: Loop,
        server: tuple[str, int],
        wire: bytes,
        done: Callable[[bytes | None], object],
        seconds: float,
    ) -> None:
        self._loop, self._done = loop, done
        self._left = struct.pack("!H", len(wire)) + wire
        self._received = b""
        self._link: socket.socket | None = None
        self._timer = loop.call_later(seconds, lambda: self._end(None))
        try:
            self._connect(*server)
        except OSError:
            self._timer.cancel()
            self._timer = loop.call_soon(lambda: self._end(None))

    def close(self) -> None:
        """Let nothing come of it."""
        self._timer.cancel()
        if self._link is not None:
            self._loop.forget(self._link)
            self._link.close()
            self._link = None

    def _connect(self, host: str, port: int) -> None:
        ((family, kind, proto, _, address), *_) = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
        self._link = socket.socket(family, kind, proto)
        self._link.setblocking(False)
        self._link.connect_ex(address)
        # An error of the connection is one of the first write.
        self._loop.watch(self._link, self._write, write=True)

    def _write(self) -> None:
        assert self._link is not None  # noqa: S101 - for the type checker
        try:
            self._left = self._left[self._link.send(self._left) :]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._end(None)
            return
        if not self._left:
            self._loop.watch(self._link, self._read)

    def _read(self) -> None:
        assert self._link is not None  # noqa: S101 - for the type checker
        try:
            data = self._link.recv(65536)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        self._received += data
        size = 2 + int.from_bytes(self._received[:2])
        if len(self._received) >= size:
            self._end(self._received[2:size])
        elif not data:
            self._end(None)

    def _end(self, data: bytes | None) -> None:
        self.close()
        self._done(data)
