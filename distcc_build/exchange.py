"""One request to one server, on a connection of its own: what comes back, or how it fails.

A server is treated as distcc treats it: everything is sent at once, the reply is read to its
end.  A connection that was reset, or kept idle, would cost the server a worker or an error.
"""

import asyncio
import errno
import os
import socket
from dataclasses import dataclass

from distcc_build.hostspec import IPAddress
from distcc_build.verdict import Cause
from distcc_build.wire import Reply, VersionError, WireError, read_reply

__all__ = ["Exchange", "exchange"]

CLOSING = 0.1
"""Seconds to wait for a server that has said everything to close; it does so at once."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How a request went."""

    reply: Reply | None
    cause: Cause = Cause.OK
    """Why there is no reply."""
    why: str = ""
    seconds: float = 0.0
    """From before the connection to the end of the reply."""


async def exchange(
    address: IPAddress, port: int, data: bytes, *, deadline: float, version: int = 1
) -> Exchange:
    """Send a request and read the reply.

    :param data: the whole request.
    :param deadline: of the loop's clock.
    :param version: of the protocol the request is in.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    received = bytearray()
    connected = False
    try:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_STREAM) as link:
            link.setblocking(False)
            async with asyncio.timeout_at(deadline):
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
