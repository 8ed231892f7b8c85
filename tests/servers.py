"""Name servers that misbehave to order.

    script = {"distcc3.farm.test.": servfail, ("distcc4.farm.test.", "AAAA"): drop}
    with ScriptedNameServer(zone, script) as server:
        ...

A mode is what happens to one question.  Modes that take `then` do something first and leave
the rest to another mode: `delay(0.1, then=first_drop(1))`.
"""

import asyncio
import random
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rrset

from distcc_build.farm.nameserver import HangUp, NameServer, Query
from distcc_build.farm.zone import Zone

__all__ = [
    "Exchange",
    "Mode",
    "Script",
    "ScriptedNameServer",
    "answer",
    "cname_loop",
    "delay",
    "drop",
    "first_drop",
    "forged",
    "formerr",
    "garbage",
    "nodata",
    "numbered",
    "nxdomain",
    "oversized",
    "random_delay",
    "refused",
    "servfail",
    "shuffled",
    "truncated",
    "truncated_tcp_closes",
    "truncated_tcp_silent",
    "truncated_tcp_truncated",
    "wrong_class",
    "wrong_id",
    "wrong_question",
]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question on its way to an answer."""

    server: NameServer
    query: Query
    request: dns.message.Message
    number: int
    """How often this name and type was asked before, by UDP and TCP together."""

    def wire(self, response: dns.message.Message) -> list[bytes]:
        return [NameServer.to_wire(response, self.query.transport, self.request)]


Mode = Callable[[Exchange], Awaitable[list[bytes]]]
Script = Mapping[str, Mode] | Mapping[tuple[str, str], Mode] | Mapping[str | tuple[str, str], Mode]


class ScriptedNameServer(NameServer):
    """A name server that treats chosen questions as the script says, and answers the others.

    Args:
        zone: As for `NameServer`.
        script: Mode by (name, type) or by name; "*" stands for every other name.
            May be changed while the server runs.
        address, port: As for `NameServer`.
    """

    def __init__(
        self,
        zone: Zone | Mapping[str, Sequence[str]],
        script: Script | None = None,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(zone, address=address, port=port)
        self.script: dict[str | tuple[str, str], Mode] = dict((script or {}).items())
        self._asked: Counter[tuple[str, str]] = Counter()

    async def respond(self, query: Query, request: dns.message.Message) -> list[bytes]:
        key = (query.name, query.type)
        mode = self.script.get(key) or self.script.get(query.name) or self.script.get("*") or answer
        number = self._asked[key]
        self._asked[key] += 1
        return await mode(Exchange(self, query, request, number))


async def answer(x: Exchange) -> list[bytes]:
    """Answer from the zone, as any server does."""
    return x.wire(x.server.answer(x.request))


async def drop(x: Exchange) -> list[bytes]:
    """Say nothing; over TCP, keep the connection open and silent."""
    return []


def _failing(rcode: dns.rcode.Rcode) -> Mode:
    async def fail(x: Exchange) -> list[bytes]:
        response = dns.message.make_response(x.request, recursion_available=True)
        response.set_rcode(rcode)
        return x.wire(response)

    return fail


servfail = _failing(dns.rcode.SERVFAIL)
refused = _failing(dns.rcode.REFUSED)
formerr = _failing(dns.rcode.FORMERR)
# Without an SOA, as some servers and many home routers send them: there is no negative TTL.
nxdomain = _failing(dns.rcode.NXDOMAIN)
nodata = _failing(dns.rcode.NOERROR)


def first_drop(count: int, then: Mode = answer) -> Mode:
    """Lose the first `count` questions for the name and type."""

    async def mode(x: Exchange) -> list[bytes]:
        return [] if x.number < count else await then(x)

    return mode


def delay(seconds: float, then: Mode = answer) -> Mode:
    """Answer late; other questions are not held up."""

    async def mode(x: Exchange) -> list[bytes]:
        await asyncio.sleep(seconds)
        return await then(x)

    return mode


def random_delay(rng: random.Random, longest: float, then: Mode = answer) -> Mode:
    """Answer each question after a time of its own, up to `longest` seconds."""

    async def mode(x: Exchange) -> list[bytes]:
        await asyncio.sleep(rng.uniform(0, longest))
        return await then(x)

    return mode


def shuffled(rng: random.Random) -> Mode:
    """Answer with the addresses in another order each time, as most servers do."""

    async def mode(x: Exchange) -> list[bytes]:
        response = x.server.answer(x.request)
        response.answer = [
            dns.rrset.from_rdata_list(rrset.name, rrset.ttl, rng.sample(list(rrset), len(rrset)))
            for rrset in response.answer
        ]
        return x.wire(response)

    return mode


def _truncating(over_tcp: Mode) -> Mode:
    async def mode(x: Exchange) -> list[bytes]:
        if x.query.transport == "tcp":
            return await over_tcp(x)
        return await _empty_with_tc(x)

    return mode


async def _empty_with_tc(x: Exchange) -> list[bytes]:
    response = dns.message.make_response(x.request, recursion_available=True)
    response.flags |= dns.flags.TC
    return x.wire(response)


async def _hang_up(x: Exchange) -> list[bytes]:
    raise HangUp


truncated = _truncating(answer)
truncated_tcp_closes = _truncating(_hang_up)
truncated_tcp_silent = _truncating(drop)
truncated_tcp_truncated = _truncating(_empty_with_tc)


async def wrong_id(x: Exchange) -> list[bytes]:
    """Answer with an id that was not asked with."""
    return [_other_id(wire) for wire in await answer(x)]


async def wrong_question(x: Exchange) -> list[bytes]:
    """Answer with the right id another question than the one asked."""
    response = x.server.answer(x.request)
    question = response.question[0]
    other = dns.name.from_text("other.example.")
    response.question = [dns.rrset.RRset(other, question.rdclass, question.rdtype)]
    return x.wire(response)


async def wrong_class(x: Exchange) -> list[bytes]:
    """Answer the question of another class."""
    response = x.server.answer(x.request)
    question = response.question[0]
    response.question = [dns.rrset.RRset(question.name, dns.rdataclass.CH, question.rdtype)]
    response.answer = [
        dns.rrset.from_text(one.name, one.ttl, "CH", "A", "1.x. 7") for one in response.answer
    ]
    return x.wire(response)


async def garbage(x: Exchange) -> list[bytes]:
    """Send the right id, then bytes that are no DNS message."""
    return [struct.pack("!H", x.request.id) + b"\xff" * 40]


async def oversized(x: Exchange) -> list[bytes]:
    """Send more over UDP than the client said it takes, and do not mark it as truncated."""
    response = x.server.answer(x.request)
    for number in range(60):
        text = f'"{number:03d} {"x" * 200}"'
        response.additional.append(dns.rrset.from_text("pad.example.", 60, "IN", "TXT", text))
    return [response.to_wire(max_size=65535)]


def forged(address: str, *, count: int = 1) -> Mode:
    """Send `count` answers with another address and another id before the real answer."""

    async def mode(x: Exchange) -> list[bytes]:
        lie = dns.message.make_response(x.request, recursion_available=True)
        lie.answer.append(dns.rrset.from_text(x.query.name, 60, "IN", "A", address))
        return [_other_id(lie.to_wire(), n) for n in range(1, count + 1)] + await answer(x)

    return mode


async def cname_loop(x: Exchange) -> list[bytes]:
    """Answer that the name is an alias for another, and that for the first."""
    response = dns.message.make_response(x.request, recursion_available=True)
    for name, target in ((x.query.name, "loop.example."), ("loop.example.", x.query.name)):
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", target))
    return x.wire(response)


def _other_id(wire: bytes, offset: int = 1) -> bytes:
    (id_,) = struct.unpack_from("!H", wire)
    return struct.pack("!H", (id_ + offset) & 0xFFFF) + wire[2:]


def numbered(
    count: int, domain: str = "farm.test.", *, network: str = "10.0", ttl: int = 60, first: int = 1
) -> dict[str, list[str]]:
    """Return distcc1 ... distccN of a domain with one IPv4 address each, for a zone."""
    return {
        f"distcc{n}.{domain}": [f"{ttl} A {network}.{n // 250}.{n % 250 + 1}"]
        for n in range(first, first + count)
    }
