"""The page that `distccd --stats` serves: what it says, and how to ask for it politely.

distccd 3.4 answers from its master process, by one write that nothing protects from SIGPIPE:
a client that connects and resets before it has sent anything ends the server (measured; distcc
issue 275), and its workers, which report to it, die one by one.  So a server is sent one
request, whole and at once; what comes is read to its end; and the connection is closed, never
reset, even where the deadline has passed: a server that answers so late writes to a closed
connection once, and lives.  Do not ask in a loop: the same process looks after the workers.
"""

import asyncio
import contextlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from distcc_build.hostspec import IPAddress

__all__ = ["DEFAULT_PORT", "Stats", "parse_stats", "read_stats"]

DEFAULT_PORT = 3633
"""Where distccd serves the page unless told otherwise (--stats-port)."""

REQUEST = b"GET / HTTP/1.0\r\n\r\n"
"""distccd looks at nothing of it, but is woken by it: Linux defers a silent connection a second."""

MAX_PAGE = 16_384
"""Bytes; distccd's own buffer has 2,048."""

MAX_OPEN = 200
"""Connections at once, so that they and the probes' stay below the usual 1,024 descriptors."""

MAX_KIDS = 1000
"""The most jobs at once that are believed; the option `limit` has the same bound."""

_PAGE = re.compile(rb"\n<distccstats>\n(.*\n)</distccstats>\n", re.DOTALL)
_NUMBER = rb"([0-9]{1,9}(?:\.[0-9]{1,9})?)"


class Stats(NamedTuple):
    """What a server says of itself."""

    max_kids: int
    """Jobs it runs at once (distccd --jobs); 1 to MAX_KIDS."""
    load: float | None = None
    """Its machine's load average over the last minute."""


def parse_stats(page: bytes) -> Stats | None:
    """Read a whole answer, with or without its HTTP header; None when it is not distccd's.

    A line that occurs twice counts as not there: the page also holds the name of a source
    file that some client chose, and names may contain newlines.
    """
    found = _PAGE.search(b"\n" + page)
    if found is None:
        return None
    kids = _only(rb"dcc_max_kids ([1-9][0-9]{0,8})", found[1])
    if kids is None:
        return None
    load = _only(rb"dcc_load1 " + _NUMBER, found[1])
    return Stats(min(int(kids), MAX_KIDS), None if load is None else float(load))


def _only(pattern: bytes, lines: bytes) -> bytes | None:
    """The value of a line, if there is exactly one with its key and that can be read."""
    key = pattern.partition(b" ")[0]
    if len(re.findall(rb"^" + key + rb"\b", lines, re.MULTILINE)) != 1:
        return None
    found = re.search(rb"^" + pattern + rb"$", lines, re.MULTILINE)
    return None if found is None else found[1]


async def read_stats(
    servers: Sequence[IPAddress], port: int = DEFAULT_PORT, *, seconds: float
) -> dict[str, Stats]:
    """Ask each server once, all at the same time.

    :param port: of the page, at every server.
    :param seconds: the longest that all of this may take.
    :returns: what they say, by address; one that does not answer as distccd does is left out.
    """
    slots = asyncio.Semaphore(MAX_OPEN)
    found: dict[str, Stats] = {}

    async def ask(server: str) -> None:
        async with slots:
            stats = parse_stats(await _fetch(server, port))
        if stats is not None:
            found[server] = stats

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for server in dict.fromkeys(str(one) for one in servers):
                group.create_task(ask(server))
    return found


async def _fetch(server: str, port: int) -> bytes:
    """All that a server sends; empty when it cannot be reached or sends too much.

    distccd answers without reading what it is asked, so its end of the connection may be a reset,
    behind a whole page.
    """
    try:
        reader, writer = await asyncio.open_connection(server, port, limit=MAX_PAGE)
    except OSError:
        return b""
    page = b""
    try:
        writer.write(REQUEST)
        while len(page) <= MAX_PAGE and (more := await reader.read(MAX_PAGE)):
            page += more
    except OSError:
        pass
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return page if len(page) <= MAX_PAGE else b""
