"""LZO1X streams: every kind of instruction, and what is none."""

import pytest

from distcc_build.lzo import MAX_SIZE, expand
from distcc_build.wire import WireError, compress

END = b"\x11\0\0"
# 1 literal and a match of it that is 19,999 long: 2 + 31 + 255 * 78 + 76.
LONG = b"\x12a" + b"\x20" + bytes(78) + b"\x4c" + b"\0\0"


def literals(size: int) -> bytes:
    """A stream of so many literals, without its end."""
    return compress(bytes(index % 251 for index in range(size))).removesuffix(END)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 18, 238, 239, 273, 274, 3000])
def test_literals_come_back(size: int) -> None:
    data = bytes(index % 251 for index in range(size))
    assert expand(compress(data)) == data


@pytest.mark.parametrize(
    ("instruction", "made"),
    [
        (b"\x00\x00", b"aa"),  # 2 bytes, after one to three literals
        (b"\x40\x00", b"aaa"),
        (b"\x60\x00", b"aaaa"),
        (b"\x80\x00", b"aaaaa"),
        (b"\xe0\x00", b"aaaaaaaa"),
        (b"\x21\0\0", b"aaa"),
        (b"\x20\x01\0\0", b"a" * 34),
        (b"\x20\0\x02\0\0", b"a" * 290),
        (b"\x42\x00bc", b"aaabc"),  # with two literals behind it
        (b"\x21\x03\0xyz", b"aaaxyz"),
    ],
)
def test_match_copies_what_is_there(instruction: bytes, made: bytes) -> None:
    assert expand(b"\x12a" + instruction + END) == b"a" + made


def test_a_run_of_literals_may_follow_a_match() -> None:
    assert expand(b"\x12a\x40\x00" + b"\x01bcde" + END) == b"aaaabcde"


def test_match_from_further_back() -> None:
    data = expand(literals(2100) + END)
    assert expand(literals(2100) + b"\x00\x00" + END) == data + data[-2049:-2046]
    assert expand(literals(2100) + b"\x20\x01\xfc\x1f" + END)[2100:] == data[-2048:-2014]


def test_match_from_furthest_back() -> None:
    assert expand(LONG + b"\x11\x04\x00" + END) == b"a" * 20_003
    assert expand(LONG + LONG[2:] + b"\x19\x00\x00" + END) == b"a" * 40_002
    assert expand(LONG + b"\x10\x01\x04\x00" + END) == b"a" * 20_010


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"\x12", "too early"),
        (b"\x12a", "too early"),
        (b"\x12a\x20", "too early"),
        (b"\x12a\x40", "too early"),
        (b"\x12a\x40\x08" + END, "before its beginning"),
        (b"\x12a" + END + b"x", "behind its end"),
        (b"\x12a\x12\0\0", "behind its end"),
        (b"\x12a\x20" + bytes(MAX_SIZE // 255 + 1), "too long"),
        (LONG + LONG[2:] * 60, "too long"),
    ],
)
def test_what_is_no_stream(stream: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        expand(stream)
