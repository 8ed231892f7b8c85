"""Packets of a name server read without dnspython: what is usual, and that all else is not."""

import struct
from collections.abc import Mapping
from typing import Any

import pytest

from distcc_build.hostspec import parse_address
from distcc_build.resolve.answers import Found, Missing, Service
from distcc_build.resolve.packet import (
    AAAA,
    PTR,
    SRV,
    TXT,
    A,
    Response,
    query,
    question,
    read_usual,
)
from distcc_build.resolve.unusual import read_unusual

NAME = "distcc1.farm.test."
POINTER = b"\xc0\x0c"
FOUR, SIX = b"\x0a\0\0\1", b"\xfd" + b"\0" * 14 + b"\1"
NUMBERS = struct.pack("!IIIII", 1, 2, 3, 4, 30)


def record(rdtype: int, data: bytes, ttl: int = 60, owner: bytes = POINTER) -> bytes:
    return owner + struct.pack("!HHIH", rdtype, 1, ttl, len(data)) + data


def packet(
    content: bytes = b"",
    counts: tuple[int, int, int] = (1, 0, 0),
    flags: int = 0x8180,
    asked: bytes = question(NAME, A),
) -> bytes:
    return struct.pack("!HHHHHH", 7, flags, 1, *counts) + asked + content


def soa(data: bytes = b"\0\0" + NUMBERS, *, ttl: int = 60, owner: bytes = POINTER) -> bytes:
    return packet(record(6, data, ttl, owner), (0, 1, 0))


def told(data: bytes, asked: bytes = question(NAME, A)) -> Response | None:
    """What is read, which has to be what dnspython reads."""
    usual = read_usual(data, asked)
    assert usual is None or usual == read_unusual(data, asked)
    return usual


def test_a_question_as_it_is_sent() -> None:
    asked = question("distcc1.farm.test", A)
    assert asked == b"\7distcc1\4farm\4test\0\0\1\0\1"
    assert question(NAME, A) == asked
    assert query(asked, 0x1234, validated=False) == b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + asked
    assert query(asked, 1, validated=True)[2:4] == b"\1\x20"


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64, ".".join(["x" * 63] * 4), "distccé"])
def test_no_question_about_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        question(name, A)


def test_a_question_about_a_name_of_any_bytes() -> None:
    labels = ("a.b \u00e9\0".encode(), b"_distcc", b"_tcp")
    asked = question(labels, SRV)
    assert asked == b"\x07a.b \xc3\xa9\0\x07_distcc\4_tcp\0\0\x21\0\1"
    for broken in ((b"",), (b"x" * 64,), (b"x" * 63,) * 4):
        with pytest.raises(ValueError, match=r".*"):
            question(broken, PTR)


NUMBERED = struct.pack("!HHH", 10, 5, 3632)


@pytest.mark.parametrize(
    ("rdtype", "data", "found"),
    [
        (PTR, b"\4a.b\xff" + POINTER, {"names": ((b"a.b\xff", *NAME.encode().split(b".")[:-1]),)}),
        (PTR, b"\0", {"names": ((),)}),
        (SRV, NUMBERED + b"\1x\0", {"services": (Service(10, 5, 3632, (b"x",)),)}),
        (SRV, NUMBERED + b"\0", {"services": (Service(10, 5, 3632, ()),)}),
        # As long as an IPv6 address.
        (SRV, NUMBERED + b"\x08xxxxxxxx\0", {"services": (Service(10, 5, 3632, (b"x" * 8,)),)}),
    ],
)
def test_names_in_records_are_read_with_dnspython(
    rdtype: int, data: bytes, found: Mapping[str, Any]
) -> None:
    asked = question(NAME, rdtype)
    answer = packet(record(rdtype, data), asked=asked)
    assert told(answer, asked) is None
    assert read_unusual(answer, asked) == Response(True, False, False, Found((), 60.0, **found))


def test_that_there_is_no_such_record_is_read_without_dnspython() -> None:
    asked = question(NAME, PTR)
    data = packet(record(6, b"\0\0" + NUMBERS), (0, 1, 0), asked=asked)
    assert told(data, asked) == Response(True, False, False, Missing(30.0, nxdomain=False))


def test_addresses_and_the_shortest_ttl() -> None:
    other = record(A, b"\x0a\0\0\0", ttl=9)
    found = Found((parse_address("10.0.0.0"), parse_address("10.0.0.1")), 9.0)
    assert told(packet(record(A, FOUR) + other, (2, 0, 0))) == Response(True, False, False, found)
    asked = question(NAME, AAAA)
    six = told(packet(record(AAAA, SIX), flags=0x81A0, asked=asked), asked)
    assert six == Response(True, False, True, Found((parse_address("fd00::1"),), 60.0))


def test_the_case_of_a_name_does_not_matter() -> None:
    assert told(packet(record(A, FOUR), asked=question(NAME.upper(), A))) is not None


def test_strings() -> None:
    asked = question(NAME, TXT)
    records = record(TXT, b"\x08slots=16\1x") + record(TXT, b"\0") + record(TXT, b"\0", ttl=5)
    said = told(packet(records, (3, 0, 0), asked=asked), asked)
    assert said == Response(True, False, False, Found((), 5.0, texts=((b"slots=16", b"x"), (b"",))))
    for broken in (b"", b"\5abc"):
        assert told(packet(record(TXT, broken), asked=asked), asked) is None


@pytest.mark.parametrize(
    ("data", "owner"),
    [
        (b"\0\0" + NUMBERS, POINTER),
        (b"\2ns\xc0\x14\4mail\xc0\x14" + NUMBERS, b"\xc0\x14"),
        (b"\2ns\xc0\x14\4mail\xc0\x2f" + NUMBERS, b"\xc0\x19"),
        (b"\2ns\4farm\4test\0\1x\0" + NUMBERS, POINTER),
        (b"\2ns\0\4mail\0" + NUMBERS, b"\0"),
    ],
)
def test_a_missing_name_holds_as_long_as_its_soa_says(data: bytes, owner: bytes) -> None:
    expected = Response(True, False, False, Missing(30.0, nxdomain=False))
    assert told(soa(data, owner=owner)) == expected
    gone = told(packet(record(6, data, 20, owner), (0, 1, 0), flags=0x8183))
    assert gone == Response(True, False, False, Missing(20.0))


def test_without_an_soa_it_does_not_hold() -> None:
    none = told(packet(counts=(0, 0, 0), flags=0x8183))
    assert none == Response(True, False, False, Missing(0.0))


def test_a_long_negative_ttl_is_cut() -> None:
    said = told(soa(b"\0\0" + struct.pack("!IIIII", 1, 2, 3, 4, 2**32 - 1), ttl=2**31 - 1))
    assert said == Response(True, False, False, Missing(3600.0, nxdomain=False))


LONG = b"\x3f" + b"x" * 63

UNUSUAL = {
    "empty": b"",
    "header alone": packet()[:12],
    "another name": packet(record(A, FOUR), asked=question("distcc2.farm.test", A)),
    "another type": packet(record(A, FOUR), asked=question(NAME, AAAA)),
    "a query": packet(record(A, FOUR), flags=0x0100),
    "another opcode": packet(record(A, FOUR), flags=0x8980),
    "truncated": packet(record(A, FOUR), flags=0x8380),
    "SERVFAIL": packet(counts=(0, 0, 0), flags=0x8182),
    "two questions": packet(record(A, FOUR))[:4] + b"\0\2" + packet(record(A, FOUR))[6:],
    "EDNS": packet(record(A, FOUR) + b"\0" + record(41, b"")[2:], (1, 0, 1)),
    "an alias": packet(record(5, b"\1a\0") + record(A, FOUR), (2, 0, 0)),
    "addresses and an SOA": packet(record(A, FOUR) + record(6, b"\0\0" + NUMBERS), (1, 1, 0)),
    "addresses of what does not exist": packet(record(A, FOUR), flags=0x8183),
    "two in authority": packet(record(2, b"\0") * 2, (0, 2, 0)),
    "a referral": packet(record(2, b"\0"), (0, 1, 0)),
    "another owner": packet(record(A, FOUR, owner=b"\0")),
    "an owner in full": packet(record(A, FOUR, owner=question(NAME, A)[:-4])),
    "another class": packet(record(A, FOUR)[:4] + b"\0\3" + record(A, FOUR)[6:]),
    "a TTL out of range": packet(record(A, FOUR, ttl=2**31)),
    "a short address": packet(record(A, FOUR[:3])),
    "an address that is cut": packet(record(A, FOUR)[:-1]),
    "fewer records than said": packet(record(A, FOUR), (2, 0, 0)),
    "an owner that points nowhere": soa(owner=b"\xc0\x0d"),
    "an owner of another kind": soa(owner=b"\x40\x0c"),
    "an owner elsewhere": soa(owner=b"\4farm\4test\0"),
    "an SOA whose TTL is out of range": soa(ttl=2**31),
    "an SOA with too much": soa(b"\0\0" + NUMBERS + b"\0"),
    "an SOA that is cut": soa()[:-1],
    "an SOA whose name points forward": soa(b"\xc0\x60\0" + NUMBERS),
    "an SOA whose name is too long": soa(LONG * 4 + b"\0\0" + NUMBERS),
    "an SOA whose name is too long with what it points to": soa(
        LONG * 3 + b"\x2c" + b"x" * 44 + b"\xc0\x0c\0" + NUMBERS
    ),
}


@pytest.mark.parametrize("data", UNUSUAL.values(), ids=UNUSUAL)
def test_all_else_is_left_to_dnspython(data: bytes) -> None:
    assert told(data) is None
