"""TXT records that say how many slots a server has, and those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distcc_build.resolve.slots import MAX_SLOTS, parse_slots


@pytest.mark.parametrize(
    ("records", "slots"),
    [
        ([[b"slots=16"]], 16),
        ([[b"slots=1"]], 1),
        ([[b"SLOTS=8"]], 8),
        ([[b"slots=1000"]], 1000),
        ([[b"slots=1001"]], MAX_SLOTS),
        ([[b"slots=999999999"]], MAX_SLOTS),
        # Other attributes, in the same record and in others.
        ([[b"owner=joe", b"slots=4", b"room"]], 4),
        ([[b"v=spf1 -all"], [b"slots=4"], [b""]], 4),
        ([[b"max-slots=9", b"slotsize=9", b"my slots=9", b"slots=4"]], 4),
        # Twice the same is no doubt.
        ([[b"slots=4"], [b"slots=4", b"slots=4"]], 4),
    ],
)
def test_slots_are_read(records: list[list[bytes]], slots: int) -> None:
    assert parse_slots(records) == slots


@pytest.mark.parametrize(
    "string",
    [
        b"slots",
        b"slots=",
        b"slots=0",
        b"slots=-1",
        b"slots=+8",
        b"slots=08",
        b"slots=8 ",
        b"slots= 8",
        b"slots =8",
        b"slots=8\n",
        b"slots=8\0",
        b"slots=1_0",
        b"slots=0x8",
        b"slots=8.0",
        b"slots=1e2",
        b"slots=8,lzo",
        b"slots=8;rm -rf /",
        b"slots=8 owner=joe",
        b'slots="8"',
        b"slots=many",
        b"slots=1234567890",
        "slots=\N{ARABIC-INDIC DIGIT EIGHT}".encode(),
        b"slots=\xff",
    ],
)
def test_what_is_odd_makes_all_of_it_worthless(string: bytes) -> None:
    assert parse_slots([[string]]) is None
    assert parse_slots([[b"slots=4"], [string]]) is None


@pytest.mark.parametrize(
    "records",
    [[], [[]], [[b""]], [[b"owner=joe"]], [[b'"slots=8"']], [[b" slots=8"]], [[b"=8"]], [[b"8"]]],
)
def test_there_may_be_none(records: list[list[bytes]]) -> None:
    assert parse_slots(records) is None


@pytest.mark.parametrize(
    "records", [[[b"slots=4", b"slots=8"]], [[b"slots=4"], [b"slots=8"]], [[b"slots=4", b"slots"]]]
)
def test_two_words_on_it_are_none(records: list[list[bytes]]) -> None:
    assert parse_slots(records) is None
    assert parse_slots(reversed(records)) is None


@given(st.lists(st.lists(st.binary(max_size=255) | st.just(b"slots=7"))))
def test_whatever_comes_the_number_is_in_range_or_none(records: list[list[bytes]]) -> None:
    found = parse_slots(records)
    assert found is None or 1 <= found <= MAX_SLOTS
