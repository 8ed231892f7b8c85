"""A whole walk over packets in any order: the servers are those of the sequential walk.

The bytes say what the zone holds, how long each packet takes, and what is known from before.
Whatever the zone holds, nothing but addresses and numbers gets into the hosts list.
"""

import ipaddress
import itertools
import random
import re
import struct
from collections.abc import Iterator, Mapping

from fuzz.feed import Feed
from fuzz.fuzz_dns import SOA, record
from fuzz.memory import MemoryResolver, question_of
from fuzz.virtual import ImpatientLoop
from sequential import NETWORKS, sequential

from distcc_build.choice import Candidate, complete
from distcc_build.config import Config
from distcc_build.farmfile import Farm, Grant, format_farm, parse_farm
from distcc_build.hosts import DISCOVER, IPAddress, parse_hosts
from distcc_build.outcome import outcome
from distcc_build.resolve.answers import CANARY, Answer, Failed, Found, Known, Missing, WalkResult
from distcc_build.resolve.slots import parse_slots
from distcc_build.resolve.survey import survey
from distcc_build.resolve.texts import Texts
from distcc_build.resolve.walk import Walk
from distcc_build.sources.numbered import Walked

NOW = 1_700_000_000.0
DOMAINS = ("dev.farm.test", "farm.test")
CANARY_LABEL = "bcdfghjkmnpq"
DELAYS = (0.0, 0.001, 0.02, 0.06, 0.15, 0.25)
"""Some are longer than the grace for AAAA, and than the time after which a packet is sent again."""

LIST = re.compile(
    r"--localslots=\d+ --localslots_cpp=\d+"
    r"( ((\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:]+\])/[1-9]\d*)*( localhost/[1-9]\d*)?|localhost/[1-9]\d*"
)
HOSTILE = (
    b"slots=8",
    b"slots=0",
    b"@x:touch${IFS}y",
    b"/0,down",
    b"\x1b[31m",
    b"\0",
    b"slots=99999",
)


class Half:
    """The records of one type at one name."""

    def __init__(self, feed: Feed, version: int) -> None:
        kind = feed.number(8)
        self.rcode = {1: 3, 2: 2, 3: 5}.get(kind, 0)
        self.addresses: list[bytes] = []
        if kind >= 5:
            network = feed.choice((b"\x0a\1\0", b"\x0a\2\0", b"\x08\x08\x08", b"\x7f\0\0"))
            six = feed.choice((b"\xfd" + b"\0" * 14, b"\x20\x01\x0d\xb8" + b"\0" * 11))
            for _ in range(kind - 4):
                last = bytes([feed.number(6)])
                self.addresses.append((network if version == 4 else six) + last)

    def answer(self) -> Answer:
        if self.rcode in {2, 5}:
            return Failed("")
        if self.rcode == 3 or not self.addresses:
            return Missing(30, self.rcode == 3)
        found = sorted({ipaddress.ip_address(one) for one in self.addresses}, key=int)
        return Found(tuple(found), 60)

    def records(self, rdtype: int) -> tuple[int, bytes]:
        if self.addresses:
            return len(self.addresses), b"".join(record(rdtype, one) for one in self.addresses)
        return 0, record(6, SOA)


def together(four: Answer, six: Answer) -> Answer:
    """What both halves of a name come to: A decides."""
    if isinstance(four, Failed) or (isinstance(four, Missing) and four.nxdomain):
        return four
    if isinstance(four, Found) and isinstance(six, Found):
        return Found(four.addresses + six.addresses, 60)
    if isinstance(four, Missing) and isinstance(six, Missing):
        return Missing(30, False)
    return four if isinstance(four, Found) else six


class Zone:
    """What the name servers say, and in how much time."""

    def __init__(self, feed: Feed) -> None:
        self.halves: dict[tuple[str, int, int], Half] = {}
        self.delays = random.Random(feed.number(65536))
        self.texts = [feed.choice(HOSTILE) for _ in range(feed.number(3))]
        for domain in DOMAINS:
            for number in range(feed.number(7) + 1):
                for version in (4, 6):
                    self.halves[domain, number, version] = Half(feed, version)

    def answer(self, domain: str, number: int) -> Answer:
        """What both halves of a name come to."""
        four, six = (
            self.halves[domain, number, version].answer()
            if (domain, number, version) in self.halves
            else Missing(30, True)
            for version in (4, 6)
        )
        return together(four, six)

    def respond(self, resolver: MemoryResolver, query: bytes, server: int) -> None:
        question = question_of(query)
        domain = DOMAINS[0] if b"\3dev" in question else DOMAINS[1]
        text = question[1 : question[0] + 1].decode().removeprefix("distcc")
        number = CANARY if text == CANARY_LABEL else int(text)
        rdtype = struct.unpack("!H", question[-4:-2])[0]
        half = self.halves.get((domain, number, 6 if rdtype == 28 else 4))
        rcode, count, content = 3, 0, record(6, SOA)
        if half is not None and rdtype == 16:
            rcode, count = 0, len(self.texts)
            content = b"".join(record(16, bytes([len(one)]) + one) for one in self.texts)
            content = content or record(6, SOA)
        elif half is not None:
            rcode = half.rcode
            count, content = half.records(rdtype)
        header = struct.pack("!HHHHH", 0x8180 | rcode, 1, count, int(not count), 0)
        packet = query[:2] + header + question + content
        resolver.later(self.delays.choice(DELAYS), packet, server)


def expected(zone: Zone, domains: list[str], known: Known, gap: int, cap: int) -> list[int]:
    """The servers by the rules, one name after the other."""
    for place, domain in enumerate(domains):
        answers = {number: zone.answer(domain, number) for number in range(9)}
        last = place == len(domains) - 1
        first, canary = answers[1], answers[CANARY]
        if isinstance(first, Failed) and known.domain in domains[place + 1 :]:
            continue
        if not last and (
            isinstance(first, Missing) or (first == canary and isinstance(first, Found))
        ):
            continue
        before = known.addresses if domain == known.domain else {}
        return sequential(answers, gap, cap, before)
    raise AssertionError


def seeds() -> Iterator[bytes]:
    rng = random.Random(1)
    yield from (rng.randbytes(160) for _ in range(8))
    for kinds in itertools.product((5, 6, 0, 1), repeat=2):
        yield b"\1\0\0\0\0\0\0\6" + bytes([5, 0, 0, *kinds, 0, 1]) * 14


def check(data: bytes) -> None:
    feed = Feed(data)
    domains = list(feed.choice((DOMAINS[1:], DOMAINS)))
    gap, cap, servers = feed.number(3), feed.number(8) + 1, feed.number(2) + 1
    kept = {number: (ADDRESS,) for number in range(1, 9) if feed.number(4) == 3}
    known = Known(feed.choice(["", *DOMAINS]), kept)
    zone = Zone(feed)
    walk = Walk(domains, canary=CANARY_LABEL, gap=gap, cap=cap, networks=NETWORKS, known=known)

    loop = ImpatientLoop()
    with MemoryResolver(loop, zone.respond, lambda _: b"", 0.8, servers) as resolver:
        texts = Texts(loop, resolver, ())
        result, asked = survey(walk, loop, resolver, cached={}, seconds=60, found=texts.want)
        said = texts.collect(quiet=0.5, seconds=5)
    assert texts.wanted == len(result.servers)
    found = [step.number for step in result.servers]
    assert found == expected(zone, domains, known, gap, cap)
    check_farm(result, asked, said)


ADDRESS: IPAddress = ipaddress.ip_address("10.1.0.77")


def check_farm(result: WalkResult, asked: Mapping[str, Answer], said: Mapping[str, Answer]) -> None:
    """What is made of it: kept as it is, fit to be shown, and a list of nothing but numbers."""
    config = Config()
    grants = {
        name: Grant(parse_slots(answer.texts) if isinstance(answer, Found) else None, NOW + 60)
        for name, answer in said.items()
    }
    walked = Walked(result, asked, grants)
    farm: Farm = outcome(walked, (), config, old=None, own=lambda _: False, now=NOW)
    assert parse_farm(format_farm(farm)) == farm
    for text in (farm.why, *(part for line in farm.lines for part in (line.name, line.came_back))):
        assert text.isascii()
        assert text.isprintable()
    good = [Candidate(one, one.limit or config.limit) for one in farm.used]
    full = complete(parse_hosts(DISCOVER), good, config, client="c", cores=2)
    assert LIST.fullmatch(str(full)), str(full)
    assert all(one.address.is_private and not one.address.is_loopback for one in farm.used)
