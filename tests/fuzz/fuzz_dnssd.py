"""A whole look at DNS-SD zones, packets in any order: what is found is what the rules say.

The bytes say what the zones hold and how long each packet takes.  Whatever names, numbers and
texts they hold, nothing but addresses, ports and limits gets into the hosts list.
"""

import random
import re
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fuzz.feed import Feed
from fuzz.fuzz_dns import SOA, record
from fuzz.fuzz_walk import DELAYS, HOSTILE, Half, together
from fuzz.memory import MemoryResolver, question_of
from fuzz.virtual import ImpatientLoop

from distcc_build.choice import Candidate, complete, foremost
from distcc_build.config import Config
from distcc_build.farmfile import format_farm, parse_farm
from distcc_build.hosts import parse_hosts
from distcc_build.hostspec import DNS_SD
from distcc_build.offer import Gave
from distcc_build.outcome import outcome
from distcc_build.resolve.answers import Failed, Found, Labels, Missing
from distcc_build.resolve.packet import PTR, SRV, TXT
from distcc_build.sources.dnssd import Browse
from distcc_build.sources.service import host_name, limit_of
from distcc_build.sources.unicast import lead

NOW = 1_700_000_000.0
DOMAINS = ("dev.farm.test", "farm.test")
B, KIND = (b"b", b"_dns-sd", b"_udp"), (b"_distcc", b"_tcp")
TOPS: Sequence[Labels] = (
    *((b"farm", b"test"), (b"dev", b"farm", b"test"), (b"Other", b"Test"), ()),
    (b"\x1b[31m", b"test"),
)
FIRSTS = (b"one", b"Two", b"a.b \xc3\xa9", b"\x1b[31m\n", b"@x:touch${IFS}y", b"\0", b"\xff")
KINDS: Sequence[Labels] = (KIND, KIND, (b"_DISTCC", b"_tcp"), (b"_ipp", b"_tcp"), ())
TARGETS: Sequence[Labels] = (
    *((b"h1", b"test"), (b"H1", b"test"), (b"h2", b"test"), (), (b"h3", b"test")),
    *((b"h.1", b"test"), (b"-x",), (b"$(touch y)",), (b"10", b"1", b"0", b"9")),
)
HOSTS = ("h1.test.", "h2.test.", "h3.test.")

LIST = re.compile(
    r"--localslots=\d+ --localslots_cpp=\d+"
    r"( ((\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:]+\])(:\d+)?/[1-9]\d*)*( localhost/[1-9]\d*)?"
    r"|localhost/[1-9]\d*"
)


def lower(name: Labels) -> Labels:
    return tuple(label.lower() for label in name)


def wire(name: Labels) -> bytes:
    return b"".join(bytes([len(one)]) + one for one in name) + b"\0"


class Listing(NamedTuple):
    """The records of one type at one name."""

    rcode: int = 3
    names: Sequence[Labels] = ()
    numbers: Sequence[tuple[int, int, int]] = ()
    """Of SRV records: priority, weight, port."""

    @property
    def failed(self) -> bool:
        return self.rcode in {2, 5}


class Zones:
    """What the name servers say."""

    def __init__(self, feed: Feed) -> None:
        self.lists: dict[tuple[int, Labels], Listing] = {}
        self.texts = [feed.choice(HOSTILE) for _ in range(feed.number(3))]
        for domain in DOMAINS:
            name = (*B, *domain.encode().split(b"."))
            self.lists[PTR, name] = self.listing(feed, [feed.choice(TOPS) for _ in range(3)])
        for top in TOPS:
            found = [
                (feed.choice(FIRSTS), *feed.choice(KINDS), *feed.choice((top, TOPS[0])))
                for _ in range(4)
            ]
            self.lists[PTR, lower((*KIND, *top))] = self.listing(feed, found)
            for name in found:
                targets = [feed.choice(TARGETS) for _ in range(3)]
                self.lists.setdefault((SRV, lower(name)), self.listing(feed, targets))
        self.halves = {(host, version): Half(feed, version) for host in HOSTS for version in (4, 6)}

    @staticmethod
    def listing(feed: Feed, names: Sequence[Labels]) -> Listing:
        kind = feed.number(10)
        rcode = {1: 3, 2: 2, 3: 5}.get(kind, 0)
        used = names[: kind - 4] if kind > 4 else ()
        numbers = [
            (feed.choice((0, 10)), feed.choice((0, 5)), feed.choice((3632, 4000, 0))) for _ in used
        ]
        return Listing(rcode, used, numbers)

    def answer(self, question: bytes) -> tuple[int, bytes]:
        """The rcode and the records for a question."""
        name, at = [], 0
        while question[at]:
            name.append(question[at + 1 : at + 1 + question[at]])
            at += 1 + question[at]
        (rdtype,) = struct.unpack_from("!H", question, at + 1)
        key = lower(tuple(name))
        if rdtype == TXT:
            return 0, b"".join(record(TXT, bytes([len(one)]) + one) for one in self.texts)
        if rdtype in {PTR, SRV}:
            found = self.lists.get((rdtype, key), Listing())
            return found.rcode, b"".join(self.records(found, rdtype))
        half = self.halves.get((b".".join(key).decode() + ".", 6 if rdtype == 28 else 4))
        if half is None:
            return 3, b""
        return half.rcode, half.records(rdtype)[1] if half.addresses else b""

    @staticmethod
    def records(found: Listing, rdtype: int) -> Iterator[bytes]:
        for name, numbers in zip(found.names, found.numbers, strict=True):
            yield record(
                rdtype, (struct.pack("!HHH", *numbers) if rdtype == SRV else b"") + wire(name)
            )

    def host(self, name: str) -> Failed | Found | Missing:
        if (name, 4) not in self.halves:
            return Missing(30)
        return together(self.halves[name, 4].answer(), self.halves[name, 6].answer())


def look(zones: Zones, domains: Sequence[str], cap: int, delays: random.Random) -> Gave:
    def respond(resolver: MemoryResolver, query: bytes, server: int) -> None:
        question = question_of(query)
        rcode, content = zones.answer(question)
        count = content.count(b"\xc0\x0c")
        content = content or record(6, SOA)
        header = struct.pack("!HHHHH", 0x8180 | rcode, 1, count, int(not count), 0)
        packet = query[:2] + header + question + content
        resolver.later(delays.choice(DELAYS), packet, server)

    loop = ImpatientLoop()
    browse = Browse(DNS_SD, domains, cap=cap, now=NOW)
    with MemoryResolver(loop, respond, lambda _: b"", 0.8) as resolver:
        return lead(browse, loop, resolver, seconds=600)


Offered = tuple[str, int, int, int]


def expected(zones: Zones, domains: Sequence[str], cap: int) -> tuple[list[Offered], bool]:
    """The servers by the rules, one question after the other; and whether that is all."""
    for domain in domains:
        labels = tuple(domain.encode().split(b"."))
        told = zones.lists[PTR, (*B, *labels)]
        tops = sorted({lower(one) for one in told.names if one}) or [labels]
        listings = [zones.lists.get((PTR, (*KIND, *top)), Listing()) for top in tops]
        whole = not any(one.failed for one in (told, *listings))
        names = {lower(name) for one in listings for name in one.names}
        ours = sorted(one for one in names if one[1:3] == KIND and len(one) > 3)[:cap]
        if ours:
            offers, all_there = servers(zones, ours)
            return offers[:cap], whole and all_there
        if not whole:
            return [], False
    return [], True


def servers(zones: Zones, ours: Sequence[Labels]) -> tuple[list[Offered], bool]:
    offers, whole = [], True
    for name in ours:
        found = zones.lists[SRV, name]
        whole &= not found.failed
        pairs = {
            (numbers, lower(target))
            for numbers, target in zip(found.numbers, found.names, strict=True)
        }
        for (priority, weight, port), target in sorted(
            pairs, key=lambda one: (one[0][0], -one[0][1], one[0][2], one[1])
        ):
            host = host_name(target) if target and port else None
            answer = zones.host(host) if host else Missing(0)
            whole &= not isinstance(answer, Failed)
            if host and isinstance(answer, Found):
                offers.append((host, port, priority, weight))
    return offers, whole


def seeds() -> Iterator[bytes]:
    rng = random.Random(1)
    yield from (rng.randbytes(300) for _ in range(12))
    yield from (bytes(rng.choice((0, 1, 5, 6, 7)) for _ in range(300)) for _ in range(12))


def check(data: bytes) -> None:
    feed = Feed(data)
    domains, cap = feed.choice((DOMAINS[1:], DOMAINS)), feed.number(8) + 1
    seed, zones = feed.number(65536), Zones(feed)
    gave = look(zones, domains, cap, random.Random(seed))
    assert gave == look(zones, domains, cap, random.Random(seed + 1))
    offers, whole = expected(zones, domains, cap)
    assert [(one.name, one.port, one.priority, one.weight) for one in gave.offers] == offers
    assert gave.account.degraded is not whole
    limit = limit_of(sorted(zones.texts))
    assert all(one.limit == limit for one in gave.offers)
    check_farm(gave)


def check_farm(gave: Gave) -> None:
    """What is made of it: kept as it is, fit to be shown, and a list of nothing but numbers."""
    config = Config(sources=(DNS_SD,))
    farm = outcome(None, [gave], config, old=None, own=lambda _: False, now=NOW)
    assert parse_farm(format_farm(farm)) == farm
    (account,) = farm.accounts
    for text in (farm.why, *(part for line in account.lines for part in line)):
        assert text.isascii()
        assert text.isprintable()
    good = foremost([Candidate(one, one.limit or config.limit) for one in farm.used])
    assert len({one.server.priority for one in good}) <= 1
    full = complete(parse_hosts(DNS_SD), good, config, client="c", cores=2)
    assert LIST.fullmatch(str(full)), str(full)
    assert all(one.address.is_private and not one.address.is_loopback for one in farm.used)
