"""Packets of a name server, one by one: an answer of ours comes of it, in time, or none.

The first byte says what is asked for, then come packets: how long each takes, what it keeps of a
right answer, and its bytes.  A truncated answer has the next packet for its answer over TCP.
"""

import math
import struct
from collections.abc import Iterator

from fuzz.feed import Feed
from fuzz.memory import MemoryResolver, question_of
from fuzz.virtual import ImpatientLoop

from distcc_build.resolve.answers import MAX_ADDRESSES, Answer, Failed, Found, Missing
from distcc_build.resolve.packet import PTR, SRV, TXT, read_usual
from distcc_build.resolve.slots import MAX_SLOTS, parse_slots
from distcc_build.resolve.unusual import read_unusual
from distcc_build.sources.numbered import came_back
from distcc_build.sources.service import shown

NAME = "distcc1.farm.test."
BUDGET = 0.8
DELAYS = (0.0, 0.01, 0.06, 0.3)
PACKETS = 12
"""As many as one question may cause to be sent back."""

POINTER = b"\xc0\x0c"
WORDS = (
    *(
        POINTER,
        b"\x81\x80\0\1\0\1\0\0\0\0",
        b"\x81\x83\0\1\0\0\0\1\0\0",
        b"\x81\x82\0\1\0\0\0\0\0\0",
    ),
    *(
        b"\x83\x80\0\1\0\0\0\0\0\0",
        b"\0\1\0\1",
        b"\0\x1c\0\1",
        b"\0\5\0\1",
        b"\0\6\0\1",
        b"\0\x10\0\1",
        b"\0\x0c\0\1",
        b"\0\x21\0\1",
    ),
    *(
        b"\0\0\0\x3c",
        b"\xff\xff\xff\xff",
        b"\0\4",
        b"\x0a\0\0\1",
        b"\x08slots=16",
        b"\xc0\x00",
        b"\0",
    ),
)


def record(rdtype: int, data: bytes, ttl: int = 60) -> bytes:
    return POINTER + struct.pack("!HHIH", rdtype, 1, ttl, len(data)) + data


SOA = b"\0\0" + struct.pack("!IIIII", 1, 2, 3, 4, 30)


def packet(kind: int, flags: int, counts: tuple[int, int], content: bytes) -> bytes:
    answers, authority = counts
    header = struct.pack("!HHHHH", flags, 1, answers, authority, 0)
    return bytes([1, kind]) + struct.pack("!H", len(header + content)) + header + content


def seeds() -> Iterator[bytes]:
    four, six = record(1, b"\x0a\0\0\1"), record(28, b"\xfd" + b"\0" * 14 + b"\1")
    yield b"\0" + packet(1, 0x8180, (1, 0), four) + packet(1, 0x8180, (1, 0), six)
    yield b"\0" + packet(1, 0x8180, (2, 0), four * 2) + packet(1, 0x8180, (0, 1), record(6, SOA))
    yield b"\0" + packet(1, 0x8183, (0, 1), record(6, SOA)) * 2
    yield b"\0" + packet(1, 0x8182, (0, 0), b"") * 6
    yield b"\0" + packet(1, 0x8380, (0, 0), b"") + packet(1, 0x8180, (1, 0), four) * 2
    yield b"\1" + packet(1, 0x8180, (1, 0), record(16, b"\x08slots=16"))
    yield b"\2" + packet(1, 0x8180, (1, 0), record(12, b"\3a.b" + POINTER))
    yield b"\2" + packet(1, 0x8180, (1, 0), record(12, b"\4\xc3\xa9\0 \0"))
    yield b"\3" + packet(1, 0x8180, (1, 0), record(33, b"\0\1\0\2\x0e\x30" + POINTER))
    yield b"\3" + packet(1, 0x8180, (1, 0), record(33, b"\0\1\0\2\x0e\x30\0"))
    # An alias for the name itself.
    yield b"\0" + packet(1, 0x8180, (1, 0), record(5, POINTER)) * 2
    yield b"\0" + packet(0, 0x8180, (1, 0), b"\7distcc1\4farm\4test\0\0\1\0\1" + four) * 2
    yield b"\0" + bytes([0, 2, 0, 0]) * 9


def check(data: bytes) -> None:
    feed = Feed(data)
    rdtype = feed.choice((0, TXT, PTR, SRV))
    packets = [PACKETS]

    def next_packet(query: bytes) -> bytes | None:
        """What comes back; None for word that the port is closed."""
        kind, size = feed.number(3), feed.number(65536)
        content = feed.take(min(size, 512))
        if kind == 2:
            return None
        # Kind 1 keeps the number and the question of the query, kind 0 only the number.
        question = question_of(query) if kind else b""
        packet = query[:2] + content[:10] + question + content[10:]
        same_in_both_ways(packet, question_of(query))
        return packet

    def respond(resolver: MemoryResolver, query: bytes, server: int) -> None:
        if not feed or not packets[0]:
            return
        packets[0] -= 1
        delay, answer = feed.choice(DELAYS), next_packet(query)
        resolver.later(delay, answer, server)

    answers: list[Answer] = []

    loop = ImpatientLoop()
    resolver = MemoryResolver(loop, respond, lambda query: next_packet(query) or b"", BUDGET)
    with resolver:
        if rdtype:
            labels = tuple(NAME.encode().split(b".")[:-1])
            resolver.ask_records(labels, rdtype, answers.append)
        else:
            resolver.ask(NAME, answers.append)
        # Each packet may prolong the silence that is waited for.
        assert loop.run(
            lambda: answers and not getattr(answers[-1], "partial", False), BUDGET * (PACKETS + 2)
        )
    assert len(answers) <= 2
    assert not any(getattr(one, "partial", False) for one in answers[1:])
    for answer in answers:
        check_answer(answer, rdtype)


def same_in_both_ways(packet: bytes, asked: bytes) -> None:
    """What is read without dnspython is what dnspython reads."""
    usual = read_usual(packet, asked)
    assert usual is None or usual == read_unusual(packet, asked)


def check_answer(answer: Answer, rdtype: int) -> None:
    if isinstance(answer, Failed):
        assert answer.why.isprintable()
        return
    assert 0 <= answer.ttl < 2**32
    assert math.isfinite(answer.ttl)
    said = came_back(answer)
    assert said.isascii()
    assert said.isprintable()
    if isinstance(answer, Missing):
        return
    assert isinstance(answer, Found)
    content = {0: answer.addresses, TXT: answer.texts, PTR: answer.names, SRV: answer.services}
    assert [kind for kind, one in content.items() if one] == [rdtype]
    for name in (*answer.names, *(one.target for one in answer.services)):
        assert all(0 < len(label) < 64 for label in name)
        assert shown(name).isascii()
        assert shown(name).isprintable()
    assert len(set(answer.addresses)) == len(answer.addresses)
    for version in (4, 6):
        assert sum(one.version == version for one in answer.addresses) <= MAX_ADDRESSES
    slots = parse_slots(answer.texts)
    assert slots is None or 1 <= slots <= MAX_SLOTS
