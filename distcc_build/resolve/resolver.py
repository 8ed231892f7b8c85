"""Asks name servers for the addresses of names.

A name is asked for A and AAAA at once, over UDP.  What does not match a question that is out
is ignored (RFC 5452 section 9.1), so a forged packet cannot end a question.
"""

import asyncio
import contextlib
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from distcc_build.resolve.answers import Answer, Failed
from distcc_build.resolve.dnssec import BOGUS, NOT_VALIDATED
from distcc_build.resolve.packet import USABLE, Asked, answer, is_about, parse, query
from distcc_build.resolve.pair import Pair, Reply
from distcc_build.resolve.sockets import Sockets

__all__ = ["DnsResolver"]

RETRY = 0.2
"""Seconds after which a question is sent again."""

MAX_ERRORS = 3
"""Replies that refuse an answer (SERVFAIL, REFUSED, ...) before the question is given up."""


@dataclass(eq=False, slots=True)
class Half:
    """One question of one type on its way."""

    asked: Asked
    done: Reply
    started: float
    wire: bytes = b""
    server: int = 0
    """Where to send it next; counted on without end, and taken modulo the number of servers."""
    errors: int = 0
    why: str = "no answer"
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None
    """Asks over TCP."""


class DnsResolver:
    """Looks names up at given name servers, many at a time."""

    def __init__(
        self, servers: Sequence[tuple[str, int]], budget: float, *, validated: bool = False
    ) -> None:
        """Prepare; nothing is opened yet.

        :param servers: address and port of each name server, in order of preference.
        :param budget: seconds after which a name without an answer has failed.
        :param validated: an answer without the AD bit is none; only for servers that can be
            believed in that.
        """
        self._validated = validated
        self._servers = list(servers)
        self._budget = budget
        self._sockets = Sockets(self._servers, self.received, self.broken)
        self._out: dict[int, Half] = {}
        self._strikes = [0] * len(servers)
        self._last_server = 0
        self._last_answer = 0.0
        self._silent = False
        self.queries = 0
        """Packets sent so far."""

    async def __aenter__(self) -> Self:
        self._sockets.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        for half in list(self._out.values()):
            self._forget(half)
        self._sockets.close()

    def ask(self, name: str, reply: Reply) -> None:
        """Look a name up.

        :param name: the full name.
        :param reply: called with the answer; twice when the first was a partial Found.
        """

        def start(version: int, done: Reply) -> None:
            self._ask(name, dns.rdatatype.A if version == 4 else dns.rdatatype.AAAA, done)

        Pair(start, reply)

    def ask_text(self, name: str, reply: Reply) -> None:
        """Look up the TXT records of a name; `reply` is called once."""
        self._ask(name, dns.rdatatype.TXT, reply)

    def _ask(self, name: str, rdtype: dns.rdatatype.RdataType, done: Reply) -> None:
        loop = asyncio.get_running_loop()
        try:
            whole = dns.name.from_text(name)
        except dns.exception.DNSException:
            loop.call_soon(done, Failed("no valid domain name"))
            return
        if self._silent or not self._sockets:
            # One time-out has shown that nobody answers; another would only add to the wait.
            loop.call_soon(done, Failed("no name server answers"))
            return
        half = Half((whole, rdtype), done, loop.time(), server=self._last_server)
        number = secrets.randbelow(65536)
        while number in self._out:
            number = secrets.randbelow(65536)
        half.wire = query(half.asked, number, validated=self._validated)
        self._out[number] = half
        self._send(half)

    def received(self, data: bytes, index: int) -> None:
        """Take a packet from name server `index`."""
        half = self._out.get(struct.unpack("!H", data[:2])[0]) if len(data) >= 12 else None
        if half is not None:
            self._read(half, data, index)

    def broken(self, index: int) -> None:
        """Take word that name server `index` cannot be reached (ICMP: the port is closed)."""
        self._strikes[index] += 1
        if self._strikes[index] != MAX_ERRORS:
            return
        self._sockets.close(index)
        for half in list(self._out.values()):
            if self._sockets:
                self._again(half, 0)
            else:
                self._finish(half, Failed("name server is not reachable"))

    def _send(self, half: Half) -> None:
        now = asyncio.get_running_loop().time()
        # The longest silence, not the longest walk: while answers come in, this one may too.
        end = max(half.started, self._last_answer) + self._budget
        if now >= end - 0.001:
            return self._expire(half)
        for _ in self._servers:
            index = half.server % len(self._servers)
            half.server += 1
            if self._sockets.send(index, half.wire):
                self.queries += 1
                break
        self._again(half, min(RETRY, end - now))
        return None

    def _again(self, half: Half, delay: float) -> None:
        if half.timer is not None:
            half.timer.cancel()
        half.timer = asyncio.get_running_loop().call_later(delay, self._send, half)

    def _expire(self, half: Half) -> None:
        """Give a question up after a silence, and the others too if any are out."""
        lost = list(self._out.values())
        # A single name may be what its server chokes on; several are the server itself.
        self._silent = len({one.asked[0] for one in lost}) > 1
        for one in lost if self._silent else [half]:
            self._finish(one, Failed(f"{one.why} within {self._budget:g} s"))

    def _error(self, half: Half, why: str) -> None:
        half.errors += 1
        half.why = why
        if half.errors >= MAX_ERRORS * len(self._servers):
            self._finish(half, Failed(why))
        else:
            # At once at another server; the same one gets a little time to think again.
            others = half.errors < len(self._servers)
            self._again(half, 0 if others else RETRY / 4)

    def _read(self, half: Half, data: bytes, index: int) -> None:
        message = parse(data)
        if message is None or not is_about(message, half.asked):
            return
        self._last_answer = asyncio.get_running_loop().time()
        if message.rcode() in USABLE:
            # A dead server that is asked first would hold up every name.
            self._last_server = index
        if message.flags & dns.flags.TC:
            if half.task is not None:
                return  # on its way already
            if half.timer is not None:
                half.timer.cancel()
            half.task = asyncio.create_task(self._ask_tcp(half, index))
        else:
            self._take(half, message)

    async def _ask_tcp(self, half: Half, index: int) -> None:
        """The same question over TCP, as RFC 7766 wants it after a truncated answer."""
        left = half.started + self._budget - asyncio.get_running_loop().time()
        data = None
        try:
            async with asyncio.timeout(max(left, RETRY)):
                data = await self._exchange(half.wire, index)
        except (OSError, EOFError, TimeoutError):
            pass
        finally:
            half.task = None
        if data is None:
            return self._error(half, "truncated answer, and TCP did not complete it")
        message = parse(data)
        if message is None or data[:2] != half.wire[:2] or not is_about(message, half.asked):
            return self._error(half, "truncated answer, and that over TCP is no answer to it")
        if message.flags & dns.flags.TC:
            return self._error(half, "truncated answer, over TCP too")
        return self._take(half, message)

    async def _exchange(self, wire: bytes, index: int) -> bytes:
        reader, writer = await asyncio.open_connection(*self._servers[index])
        with contextlib.closing(writer):
            self.queries += 1
            writer.write(struct.pack("!H", len(wire)) + wire)
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            return await reader.readexactly(size)

    def _take(self, half: Half, message: dns.message.QueryMessage) -> None:
        if self._validated and message.rcode() in USABLE and not message.flags & dns.flags.AD:
            # That a name does not exist has to be proved as well: a lie leads to the next domain.
            return self._finish(half, Failed(NOT_VALIDATED))
        found = answer(message, half.asked[1])
        if isinstance(found, Failed):
            bogus = self._validated and message.rcode() == dns.rcode.SERVFAIL
            return self._error(half, BOGUS if bogus else found.why)
        return self._finish(half, found)

    def _finish(self, half: Half, answer: Answer) -> None:
        if self._forget(half):
            half.done(answer)

    def _forget(self, half: Half) -> bool:
        if half.timer is not None:
            half.timer.cancel()
        if half.task is not None:
            half.task.cancel()
        number = struct.unpack("!H", half.wire[:2])[0]
        return self._out.get(number) is half and bool(self._out.pop(number))
