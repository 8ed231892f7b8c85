"""One request to one server, on a connection of its own: what comes back, or how it fails.

A server is treated as distcc treats it: everything is sent at once, the reply is read to its
end.  A connection that was reset, or kept idle, would cost the server a worker or an error.
"""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import AsyncIterator
from typing import NamedTuple

from distcc_build.hostspec import IPAddress
from distcc_build.verdict import Cause
from distcc_build.wire import Reply, VersionError, WireError, read_reply

__all__ = ["Exchange", "Patience", "exchange"]

CLOSING = 0.1
"""Seconds to wait for a server that has said everything to close; it does so at once."""


class Exchange(NamedTuple):
    """How a request went."""

    reply: Reply | None
    cause: Cause = Cause.OK
    """Why there is no reply."""
    why: str = ""
    seconds: float = 0.0
    """From before the connection to the end of the reply."""


class Patience:
    """When waiting ends, for many exchanges together.

    :param seconds: at the latest then.
    :param silence: earlier, when for so many seconds nothing has been heard on any of them:
        those that are out then are more likely dead than slow.
    """

    def __init__(self, seconds: float, silence: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._silence = silence
        now = self._loop.time()
        # The first word may take twice as long: with it come connections and cold compilers.
        self._heard = now + silence
        self._end = now + seconds
        self._waiting: set[asyncio.Timeout] = set()
        self._timer = self._loop.call_at(self._quiet, self._look)

    @property
    def _quiet(self) -> float:
        return min(self._heard + self._silence, self._end)

    @property
    def over(self) -> bool:
        """Whether nothing is to be begun any more."""
        return self._loop.time() >= self._end

    def heard(self) -> None:
        """Note that a server has said something."""
        self._heard = self._loop.time()
        # The first word ends the longer wait for it.
        if self._quiet < self._timer.when():
            self._timer.cancel()
            self._timer = self._loop.call_at(self._quiet, self._look)

    @contextlib.asynccontextmanager
    async def limit(self, latest: float) -> AsyncIterator[None]:
        """End what is inside with TimeoutError when patience does, or at `latest`."""
        async with asyncio.timeout_at(min(latest, self._end)) as timeout:
            self._waiting.add(timeout)
            try:
                yield
            finally:
                self._waiting.discard(timeout)

    def stop(self) -> None:
        """Forget the timer."""
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if now < self._quiet:
            self._timer = self._loop.call_at(self._quiet, self._look)
            return
        self._end = min(self._end, now)
        for timeout in self._waiting:
            # One whose own time is up at the same moment is on its way out already.
            if not timeout.expired():
                timeout.reschedule(now)


async def exchange(
    address: IPAddress,
    port: int,
    data: bytes,
    *,
    patience: Patience,
    latest: float,
    version: int = 1,
    connection: socket.socket | None = None,
) -> Exchange:
    """Send a request and read the reply.

    :param data: the whole request.
    :param patience: how long to wait.
    :param latest: of the loop's clock; this one ends then in any case.
    :param version: of the protocol the request is in.
    :param connection: one to it that is there already.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    received = bytearray()
    connected = connection is not None
    try:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with connection or socket.socket(family, socket.SOCK_STREAM) as link:
            link.setblocking(False)
            async with patience.limit(latest):
                if not connected:
                    await loop.sock_connect(link, (str(address), port))
                    connected = True
                await loop.sock_sendall(link, data)
                while part := await loop.sock_recv(link, 1 << 16):
                    received += part
                    if reply := read_reply(received, version):
                        seconds = loop.time() - began
                        await _await_close(loop, link)
                        return Exchange(reply, seconds=seconds)
    except TimeoutError:
        return _late(connected, received)
    except OSError as error:
        return _failed(error, connected, received, version)
    except VersionError as error:
        return Exchange(None, Cause.PROTOCOL, str(error))
    except WireError as error:
        return Exchange(None, Cause.NOT_DISTCCD, str(error))
    if received:
        return Exchange(None, Cause.FAILED, f"it stops after {len(received)} bytes of its reply")
    # It has read the whole request, or the end would be a reset.
    return Exchange(None, Cause.NOT_LISTED)


async def _await_close(loop: asyncio.AbstractEventLoop, link: socket.socket) -> None:
    try:
        async with asyncio.timeout(CLOSING):
            while await loop.sock_recv(link, 1 << 16):
                pass
    except OSError:  # that it is late, too
        pass


def _late(connected: bool, received: bytearray) -> Exchange:
    if not connected:
        return Exchange(None, Cause.UNREACHABLE, "no answer to the connection")
    why = f"it stops after {len(received)} bytes of its reply" if received else ""
    return Exchange(None, Cause.SILENT, why)


def _failed(error: OSError, connected: bool, received: bytearray, version: int) -> Exchange:
    reset = isinstance(error, ConnectionResetError | BrokenPipeError)
    if isinstance(error, ConnectionRefusedError):
        return Exchange(None, Cause.REFUSED)
    if received:
        return Exchange(None, Cause.FAILED, f"it stops after {len(received)} bytes of its reply")
    if connected and reset:
        return Exchange(None, Cause.DENIED if version == 1 else Cause.PROTOCOL)
    what = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        what = f"this machine: {what}"
    return Exchange(None, Cause.UNREACHABLE, what)
