"""Packets of distcc, on bytes that the real distccd 3.4 has sent and taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distcc_build.wire import (
    MAX_BODY,
    CompressedError,
    Reply,
    VersionError,
    WireError,
    compress,
    decompress,
    read_reply,
    request,
)

MACHINE = (
    b"DONE00000001STAT00000000SERR00000000SOUT00000011x86_64-linux-gnu\nDOTO00000000",
    Reply(1, 0, b"", b"x86_64-linux-gnu\n", b""),
)
FAILURE = (
    b"DONE00000001STAT00000100SERR00000013p.i:1:8: error: ...SOUT00000000DOTO00000000",
    Reply(1, 0x100, b"p.i:1:8: error: ...", b"", b""),
)
OBJECT = (
    b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000004\x7fELF",
    Reply(1, 0, b"", b"", b"\x7fELF"),
)
LZO = (
    b'DONE00000002STAT00000000SERR00000000SOUT00000015"x86_64-linux-gnu\n\x11\0\0DOTO00000000',
    Reply(2, 0, b"", b'"x86_64-linux-gnu\n\x11\0\0', b""),
)
PUMP = (
    (
        b"DONE00000003STAT00000000SERR00000000SOUT00000000DOTO00000005\x12x\x11\0\0"
        b"DOTD00000011\x1ex.o: \\\n /x.c\n\x11\0\0"
    ),
    Reply(3, 0, b"", b"", b"\x12x\x11\0\0"),
)
# Without an object there are no dependencies.
PUMP_FAILURE = (
    b"DONE00000003STAT00000100SERR00000000SOUT00000000DOTO00000000",
    Reply(3, 0x100, b"", b"", b""),
)
VECTORS = pytest.mark.parametrize(
    ("data", "reply"),
    [MACHINE, FAILURE, OBJECT, LZO, PUMP, PUMP_FAILURE],
    ids=["machine", "failure", "object", "lzo", "pump", "pump failure"],
)

# What gcc --version says, as distccd's own LZO packs it.
REFERS_BACK = (
    b"\x00\x0cgcc (Debian 12.2.0-14+deb12u1)\xc8\x02\x00*\nCopyright (C) 2022 Free Software "
    b"Foundation, Inc.\nThis is fy\x04s\xd8\x04\x00\x10; see the source for copying condid\x08\x00"
    b"\x10s.  There is NO\nwarranty; not even\x9c\x06\x00$MERCHANTABILITY or FITNESS FOR A "
    b"PARTICULAR PURPOSE.\n\n\x11\0\0"
)


def test_shortest_request() -> None:
    argv = ["gcc", "-dumpmachine", "-c", "x.i", "-o", "x.o"]
    assert request(argv, b"") == (
        b"DIST00000001ARGC00000006ARGV00000003gccARGV0000000c-dumpmachineARGV00000002-c"
        b"ARGV00000003x.iARGV00000002-oARGV00000003x.oDOTI00000000"
    )


def test_request_with_compression_and_in_pump_mode() -> None:
    packed = b"\x18int x;\n\x11\0\0"
    assert request(["cc"], b"int x;\n", version=2) == (
        b"DIST00000002ARGC00000001ARGV00000002ccDOTI0000000b" + packed
    )
    assert request(["cc", "/x.c"], b"int x;\n", version=3) == (
        b"DIST00000003CDIR00000001/ARGC00000002ARGV00000002ccARGV00000004/x.c"
        b"NFIL00000001NAME00000004/x.cFILE0000000b" + packed
    )
    several = request(["cc", "/x.c"], b"int x;\n", version=3, beside={"/a/y.h": b""})
    assert several.endswith(
        b"NFIL00000002NAME00000004/x.cFILE0000000b" + packed + b"NAME00000006/a/y.hFILE00000000"
    )


def test_words_are_sent_as_the_bytes_they_are() -> None:
    assert b"ARGV00000002\xff+" in request(["\udcff+"], b"")


@VECTORS
def test_reply_is_the_same_whole_in_pieces_and_with_a_tail(data: bytes, reply: Reply) -> None:
    assert read_reply(data, reply.version) == reply
    pieces = [read_reply(data[:size], reply.version) for size in range(len(data))]
    assert pieces == [None] * len(data)
    assert read_reply(bytearray(data) + b"tail", reply.version) == reply


@VECTORS
def test_reply_in_another_version_says_so(data: bytes, reply: Reply) -> None:
    with pytest.raises(VersionError, match=str(reply.version)):
        read_reply(data[:12], reply.version + 1)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 400 Bad Request\r\n",
        b"SSH",
        b"\x00",
        b"D0",
        b"DONE 0000001",
        b"DONE0000000A",
        b"DONE+0000001",
        b"DONE0x000001",
        b"DONE0000_001",
        b"DONE00000001STOP00000000",
        b"DONE00000001STAT00000000SERR00000001xSERR00000000",
        b"DONE00000001STAT00000000SERR%08x" % (MAX_BODY + 1),
        b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTOffffffff",
    ],
)
def test_bytes_of_something_else_are_refused_as_soon_as_they_show(data: bytes) -> None:
    with pytest.raises(WireError):
        read_reply(data)


@VECTORS
def test_any_changed_byte_gives_another_reply_or_none(data: bytes, reply: Reply) -> None:
    for place, byte in enumerate(data):
        changed = data[:place] + bytes([byte ^ 1]) + data[place + 1 :]
        try:
            read = read_reply(changed, reply.version)
        except WireError:
            continue
        # The text of dependencies is not kept.
        assert read != reply or (reply is PUMP[1] and place > data.index(b"DOTD"))


@given(st.binary(max_size=200), st.sampled_from([1, 2, 3]))
def test_no_bytes_do_anything_but_wait_or_be_refused(data: bytes, version: int) -> None:
    try:
        assert read_reply(data, version) is None or data.startswith(b"DONE")
    except WireError:
        assert data


def test_compressed_bytes_are_those_that_distccd_takes() -> None:
    assert compress(b"") == b""
    assert compress(b"x86_64-linux-gnu\n") == b'"x86_64-linux-gnu\n\x11\0\0'
    # Every form of a length: one byte, a zero and one byte, several zeros.
    assert compress(b"a" * 238) == b"\xff" + b"a" * 238 + b"\x11\0\0"
    assert compress(b"a" * 239) == b"\0\xdd" + b"a" * 239 + b"\x11\0\0"
    assert compress(b"a" * 273) == b"\0\xff" + b"a" * 273 + b"\x11\0\0"
    assert compress(b"a" * 274) == b"\0\0\x01" + b"a" * 274 + b"\x11\0\0"


@given(st.integers(0, 2000).map(bytes) | st.binary(max_size=600))
def test_what_is_compressed_comes_back(data: bytes) -> None:
    stream = compress(data)
    assert decompress(stream) == data
    for size in range(1, len(stream)):
        with pytest.raises(WireError):
            decompress(stream[:size])


def test_literals_in_the_middle_form_are_read() -> None:
    # 4 to 18 of them, as LZO itself writes them after a match, may begin a stream too.
    assert decompress(b"\x02hello\x11\0\0") == b"hello"


def test_stream_that_refers_back_needs_a_real_decompressor() -> None:
    with pytest.raises(CompressedError):
        decompress(REFERS_BACK)


@pytest.mark.parametrize("stream", [b"\x11\0\0", b"\x10", b"\0", b"\0\0\0", b"\x12x\x11\0\1"])
def test_stream_of_something_else_is_refused(stream: bytes) -> None:
    with pytest.raises(WireError):
        decompress(stream)
