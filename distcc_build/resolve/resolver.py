"""Asks name servers for the addresses of names.

A name is asked for A and AAAA at once, over UDP.  What does not match a question that is out
is ignored (RFC 5452 section 9.1), so a forged packet cannot end a question.
"""

import functools
import os
import struct
from collections.abc import Callable, Sequence
from typing import Self

from distcc_build.loop import Loop, Timer
from distcc_build.resolve.answers import Answer, Failed, Labels
from distcc_build.resolve.dnssec import BOGUS, NOT_VALIDATED
from distcc_build.resolve.losses import CHECK, RETRY, Losses, Sent
from distcc_build.resolve.packet import AAAA, TXT, A, Response, query, question, read_usual
from distcc_build.resolve.pair import Pair, Reply
from distcc_build.resolve.sockets import Sockets
from distcc_build.resolve.stream import Stream

__all__ = ["DnsResolver"]

MAX_ERRORS = 3
"""Replies that refuse an answer (SERVFAIL, REFUSED, ...) before the question is given up."""


class Half:
    """One question of one type on its way."""

    __slots__ = (
        *("asked", "done", "errors", "name", "rdtype", "sent", "server"),
        *("started", "stream", "timer", "why", "wire"),
    )

    def __init__(
        self, name: str | Labels, rdtype: int, done: Reply, *, started: float, server: int
    ) -> None:
        self.name = name
        self.rdtype = rdtype
        self.asked = question(name, rdtype)
        """The question as it is sent."""
        self.wire = b""
        self.done = done
        self.started = started
        self.sent: Sent | None = None
        self.server = server
        """Where to send it next; counted on without end, taken modulo the number of servers."""
        self.errors = 0
        self.why = "no answer"
        self.timer: Timer | None = None
        self.stream: Stream | None = None
        """Asks over TCP."""


class DnsResolver:
    """Looks names up at given name servers, many at a time."""

    def __init__(
        self,
        loop: Loop,
        servers: Sequence[tuple[str, int]],
        budget: float,
        *,
        validated: bool = False,
    ) -> None:
        """Prepare; nothing is opened yet.

        :param loop: runs while answers are waited for.
        :param servers: address and port of each name server, in order of preference.
        :param budget: seconds after which a name without an answer has failed.
        :param validated: an answer without the AD bit is none; only for servers that can be
            believed in that.
        """
        self._loop = loop
        self._validated = validated
        self._servers = list(servers)
        self._budget = budget
        self._sockets = Sockets(loop, self._servers, self.received, self.broken)
        self._out: dict[int, Half] = {}
        self._strikes = [0] * len(servers)
        self._last_server = 0
        self._last_answer = 0.0
        self._losses = Losses()
        self._silent = False
        self.queries = 0
        """Packets sent so far."""

    def __enter__(self) -> Self:
        self._sockets.open()
        return self

    def __exit__(self, *_: object) -> None:
        for half in list(self._out.values()):
            self._forget(half)
        self._sockets.close()

    def ask(self, name: str, reply: Reply) -> None:
        """Look a name up.

        :param name: the full name.
        :param reply: called with the answer; twice when the first was a partial Found.
        """

        def start(version: int, done: Reply) -> None:
            self._ask(name, A if version == 4 else AAAA, done)

        Pair(self._loop, start, reply)

    def ask_text(self, name: str, reply: Reply) -> None:
        """Look up the TXT records of a name; `reply` is called once."""
        self._ask(name, TXT, reply)

    def ask_records(self, name: Labels, rdtype: int, reply: Reply) -> None:
        """Look up PTR, SRV or TXT records, at a name of any bytes; `reply` is called once."""
        self._ask(name, rdtype, reply)

    def _ask(self, name: str | Labels, rdtype: int, done: Reply) -> None:
        now, server = self._loop.time(), self._last_server
        try:
            half = Half(name, rdtype, done, started=now, server=server)
        except ValueError:
            self._loop.call_soon(functools.partial(done, Failed("no valid domain name")))
            return
        if self._silent or not self._sockets:
            # One time-out has shown that nobody answers; another would only add to the wait.
            self._loop.call_soon(functools.partial(done, Failed("no name server answers")))
            return
        number = _number()
        while number in self._out:
            number = _number()
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
        now = self._loop.time()
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
        half.sent = self._losses.sent(now, half.sent)
        self._again(half, min(CHECK, end - now), self._check)
        return None

    def _check(self, half: Half) -> None:
        """Send a question again if it is time, or if it was lost."""
        now = self._loop.time()
        end = max(half.started, self._last_answer) + self._budget
        left = min(half.sent.time + RETRY if half.sent else now, end) - now
        if half.sent and left > 0.001 and self._losses.lost(half.sent, now):
            # The next one may be of another network, and say that there is no such name.
            half.server -= 1
            left = 0.0
        # Timers come a little early where clocks are coarse.
        if left > 0.001:
            self._again(half, min(CHECK, left), self._check)
        else:
            self._send(half)

    def _again(self, half: Half, delay: float, call: Callable[[Half], None] | None = None) -> None:
        if half.timer is not None:
            half.timer.cancel()
        half.timer = self._loop.call_later(delay, functools.partial(call or self._send, half))

    def _expire(self, half: Half) -> None:
        """Give a question up after a silence, and the others too if any are out."""
        lost = list(self._out.values())
        # A single name may be what its server chokes on; several are the server itself.  TXT
        # records are what some drop.
        self._silent = len({one.name for one in lost if one.rdtype != TXT}) > 1
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
        response = _response(data, half.asked)
        if response is None:
            return
        self._last_answer = self._loop.time()
        if half.sent is not None:
            self._losses.answered(half.sent, self._last_answer)
        if response.usable:
            # A dead server that is asked first would hold up every name.
            self._last_server = index
        if not response.truncated:
            self._take(half, response)
        elif half.stream is None:
            if half.timer is not None:
                half.timer.cancel()
            half.stream = self._over_tcp(half, index)

    def _over_tcp(self, half: Half, index: int) -> Stream:
        """Ask once more over TCP."""
        left = half.started + self._budget - self._loop.time()
        done = functools.partial(self._complete, half)
        self.queries += 1
        return Stream(self._loop, self._servers[index], half.wire, done, max(left, RETRY))

    def _complete(self, half: Half, data: bytes | None) -> None:
        """Take what came over TCP."""
        half.stream = None
        if data is None:
            return self._error(half, "truncated answer, and TCP did not complete it")
        response = _response(data, half.asked) if data[:2] == half.wire[:2] else None
        if response is None:
            return self._error(half, "truncated answer, and that over TCP is no answer to it")
        if response.truncated:
            return self._error(half, "truncated answer, over TCP too")
        return self._take(half, response)

    def _take(self, half: Half, response: Response) -> None:
        if self._validated and response.usable and not response.validated:
            # That a name does not exist has to be proved as well: a lie leads to the next domain.
            return self._finish(half, Failed(NOT_VALIDATED))
        found = response.answer
        if isinstance(found, Failed):
            bogus = self._validated and found.why == "SERVFAIL"
            return self._error(half, BOGUS if bogus else found.why)
        return self._finish(half, found)

    def _finish(self, half: Half, answer: Answer) -> None:
        if self._forget(half):
            half.done(answer)

    def _forget(self, half: Half) -> bool:
        if half.timer is not None:
            half.timer.cancel()
        if half.stream is not None:
            half.stream.close()
        number = struct.unpack("!H", half.wire[:2])[0]
        return self._out.get(number) is half and bool(self._out.pop(number))


def _response(data: bytes, asked: bytes) -> Response | None:
    """What a packet says; None when it is no response to this question."""
    usual = read_usual(data, asked)
    if usual is not None:
        return usual
    # dnspython takes 30 ms to import, and most walks meet nothing else.
    from distcc_build.resolve.unusual import read_unusual

    return read_unusual(data, asked)


def _number() -> int:
    """One that nobody can guess (RFC 5452 section 9.2)."""
    return int.from_bytes(os.urandom(2))
