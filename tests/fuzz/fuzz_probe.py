"""Servers that answer anything, over real connections: a probe ends in a verdict fit to be shown.

For each question that a probe asks the bytes say what comes back, in which pieces, and how the
connection ends.
"""

import asyncio
import functools
import ipaddress
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from fuzz.feed import Feed

from distcc_build.probe import probe
from distcc_build.reference import Compiler, Reference
from distcc_build.stats import MAX_PAGE, parse_stats, read_stats
from distcc_build.verdict import Cause, Verdict
from distcc_build.wire import Reply, WireError, compress, read_reply

OBJECT = b"\x7fELF of this machine"
COMPILER = Compiler("gcc", "gcc", "/usr/bin/gcc", "/usr/bin", "key")
REFERENCE = Reference(COMPILER, b"int x;\n", OBJECT, "12.2.0", "x86_64-linux-gnu", "gcc 12.2.0")
HERE = ipaddress.ip_address("127.0.0.1")

QUESTIONS = (b"-O2", b"-dumpfullversion", b"-dumpmachine", b"--version", b"DIST00000002")
"""What the requests are told apart by, the last that is in one; others are for protocol 3."""

WORDS = (
    *(b"DONE00000001", b"STAT00000000", b"STAT00006e00", b"STAT00000100", b"SERR00000000"),
    *(b"SOUT00000000", b"DOTO00000000", b"12.2.0", b"x86_64-linux-gnu", b"\x1b[31m", b"error: "),
)


class Answer(NamedTuple):
    """What a server does for one question."""

    pieces: list[bytes]
    reset: bool

    @property
    def content(self) -> bytes:
        return b"".join(self.pieces)


def answer(feed: Feed, version: int) -> Answer:
    kind, pack = feed.number(4), compress if version > 1 else bytes
    if kind == 0:
        content = feed.take(feed.number(200))
    else:
        status = feed.choice((0, 0, 0x100, 0x6E00, 11))
        said = pack(feed.take(feed.number(60)))
        out = pack(feed.choice((b"12.2.0\n", b"x86_64-linux-gnu\n", b"", feed.take(8))))
        made = feed.choice((OBJECT, OBJECT, b"", feed.take(8)))
        content = b"DONE%08xSTAT%08x" % (version if kind < 3 else feed.number(5), status)
        for name, body in ((b"SERR", said), (b"SOUT", out), (b"DOTO", made)):
            content += b"%s%08x%s" % (name, len(body), body)
        content = content[: len(content) - feed.choice((0, 0, 0, 1, 20))]
    size = feed.choice((len(content) + 1, 1 + len(content) // 2, 13))
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return Answer(pieces, feed.number(4) == 3)


def seeds() -> Iterator[bytes]:
    good = bytes([1, 0, 0, 0, 0, 0, 0, 0])
    yield b"\0\0\0" + good * 7
    yield b"\1\1\1" + bytes([1, 0, 0, 1, 0, 0, 0, 0]) * 7
    yield b"\0\1\0" + bytes([0, 20]) + b"HTTP/1.1 200 OK\r\n\r\n" + good * 6
    yield b"\0\1\0" + bytes([1, 2, 9]) + b"no error\n" + good * 6


class Server:
    """Answers as it is told to, on one port for all inputs."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.page = Answer([], reset=False)
        self.port = 0

    async def start(self) -> None:
        server = await asyncio.start_server(self._serve, str(HERE), 0)
        self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            chosen = await self._choose(reader)
            for piece in chosen.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if chosen.reset:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
        except OSError:
            pass
        finally:
            writer.close()

    async def _choose(self, reader: asyncio.StreamReader) -> Answer:
        """Read a whole request: closing before that would reset the connection."""
        data = b""
        while more := await reader.read(1 << 16):
            data += more
            if data.endswith(b"\r\n\r\n"):
                return self.page
            at = max(data.rfind(b"DOTI"), data.rfind(b"FILE"))
            if at >= 0 and len(data) >= at + 12 + int(data[at + 4 : at + 12] or b"0", 16):
                break
        matching = [n for n, question in enumerate(QUESTIONS) if question in data]
        return self.answers[max(matching, default=len(QUESTIONS))]


@functools.cache
def world() -> tuple[asyncio.AbstractEventLoop, Server]:
    loop, server = asyncio.new_event_loop(), Server()
    loop.run_until_complete(server.start())
    return loop, server


def check(data: bytes) -> None:
    loop, server = world()
    feed = Feed(data)
    match, lzo, details = feed.choice(("exact", "version", "off")), feed.number(2), feed.number(2)
    server.answers = [answer(feed, version) for version in (1, 1, 1, 1, 2, 3)]
    rest = feed.rest()
    server.page = Answer([rest] if rest else [], reset=False)

    async def ask() -> Verdict:
        found = await probe(
            [(HERE, server.port)],
            [REFERENCE],
            match=match,
            seconds=30,
            lzo=bool(lzo),
            details=bool(details),
        )
        return found[str(HERE), server.port][COMPILER.key]

    verdict = loop.run_until_complete(ask())
    for text in (verdict.why, verdict.version, verdict.target, verdict.sentence):
        assert text.isascii(), text
        assert text.isprintable(), text
    assert verdict.cause is not Cause.UNREACHABLE, verdict
    if verdict.good:
        check_good(server.answers[0], match)
    stats = loop.run_until_complete(read_stats([HERE], server.port, seconds=30))
    page = rest if len(rest) <= MAX_PAGE else b""
    assert stats.get(str(HERE)) == parse_stats(page)


def check_good(proof: Answer, match: str) -> None:
    """Only a server that has compiled passes, and but for the user's wish with our object."""
    try:
        reply: Reply | None = read_reply(proof.content)
    except WireError:
        reply = None
    assert reply is not None
    assert reply.status == 0
    assert reply.object
    assert reply.object == OBJECT or match != "exact"
