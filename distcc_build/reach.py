"""At which of its addresses a server answers.  For servers with several; asks them nothing."""

import asyncio
import itertools
import socket
from collections.abc import Sequence

from distcc_build.hostspec import IPAddress

__all__ = ["STAGGER", "connect_first", "in_turn"]

STAGGER = 0.1
"""Seconds after which the next address is tried as well: the least that RFC 8305 section 5
recommends, and many times what a connection within a site takes."""


def in_turn(addresses: Sequence[IPAddress]) -> list[IPAddress]:
    """The addresses with their families in turn, so that a dead one holds up once (section 4)."""
    first = [one for one in addresses if one.version == addresses[0].version]
    second = [one for one in addresses if one.version != addresses[0].version]
    pairs = itertools.zip_longest(first, second)
    return [one for pair in pairs for one in pair if one is not None]


async def connect_first(
    addresses: Sequence[IPAddress], port: int, at_once: int
) -> tuple[IPAddress, socket.socket | None]:
    """Connect to the first of a server's addresses that answers (RFC 8305 section 5).

    Each next address is tried when those before have failed, or after STAGGER.  What answers
    later is closed, not reset; what does not answer is waited for until the caller cancels.

    :param addresses: at least one, the preferred first.
    :param at_once: attempts at the same time; a further one waits until one of them has failed.
    :returns: the address and its connection; where every address has failed, none, and the
        first that refused, else the first: what is wrong there says most.
    """
    left = in_turn(addresses)
    attempts: dict[asyncio.Task[socket.socket], IPAddress] = {}
    refused: list[IPAddress] = []
    try:
        while left or attempts:
            if left and len(attempts) < at_once:
                address = left.pop(0)
                attempts[asyncio.create_task(_connect(address, port))] = address
            done, _ = await asyncio.wait(
                attempts,
                timeout=STAGGER if left and len(attempts) < at_once else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            # Of those that came in one turn, the preferred one.
            for task in [one for one in attempts if one in done]:
                address = attempts[task]
                error = task.exception()
                if error is None:
                    del attempts[task]
                    return address, task.result()
                if not isinstance(error, OSError):
                    raise error
                del attempts[task]
                if isinstance(error, ConnectionRefusedError):
                    refused.append(address)
    finally:
        await _give_up(attempts)
    return (refused or list(addresses))[0], None


async def _connect(address: IPAddress, port: int) -> socket.socket:
    link = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)
    try:
        link.setblocking(False)
        await asyncio.get_running_loop().sock_connect(link, (str(address), port))
    except BaseException:
        link.close()
        raise
    return link


async def _give_up(attempts: dict["asyncio.Task[socket.socket]", IPAddress]) -> None:
    for task in attempts:
        task.cancel()
    for found in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(found, socket.socket):
            # Nothing was sent and nothing has come, so this is an end and no reset.
            found.close()
