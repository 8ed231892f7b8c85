"""A server's reply: the same in pieces, whole and with a tail; and streams of literals."""

from collections.abc import Iterator

from distcc_build.wire import (
    MAX_BODY,
    CompressedError,
    Reply,
    VersionError,
    WireError,
    compress,
    decompress,
    read_reply,
)

WORDS = (
    *(b"DONE00000001", b"DONE00000002", b"DONE00000003", b"STAT00000000", b"STAT00006e00"),
    *(
        b"SERR00000000",
        b"SOUT00000001x",
        b"DOTO00000000",
        b"DOTD00000000",
        b"ffffffff",
        b"00100000",
    ),
    *(b"00100001", b"\x11\0\0", b"+0000001", b"0x000001"),
)


def seeds() -> Iterator[bytes]:
    body = b"STAT00000000SERR00000002%sSOUT00000003outDOTO00000004\x7fELF"
    for version in (1, 2, 3):
        tail = b"DOTD00000001d" if version == 3 else b""
        yield b"%cDONE%08x%s%s" % (version - 1, version, body % b"no", tail)
    yield b"\x03\x00\x14" + b"x" * 38 + b"\x11\0\0"
    yield b"\x03\x16int x;\x11\0\0"
    yield b"\x03\x02hello\x11\0\0"


def read(data: bytes, version: int) -> Reply | type[WireError] | None:
    try:
        return read_reply(data, version)
    except VersionError:
        return VersionError
    except WireError as error:
        check_line(error)
        return WireError


def check(data: bytes) -> None:
    kind, data = data[:1], data[1:]
    if kind and kind[0] % 4 == 3:
        return check_stream(data)
    version = kind[0] % 4 + 1 if kind else 1
    whole = read(data, version)
    # Once it is decided it stays so, whatever comes behind.
    sizes = range(len(data)) if len(data) < 300 else range(0, len(data), len(data) // 100)
    for size in sizes:
        early = read(data[:size], version)
        assert early is None or early == whole, size
    if whole is not None:
        assert read(data + b"tail", version) == whole
    if isinstance(whole, Reply):
        assert whole.version == version
        assert max(map(len, whole[2:])) <= MAX_BODY
        assert data.startswith(b"DONE%08x" % version)
    return None


def check_line(error: WireError) -> None:
    assert str(error).isprintable(), str(error)


def check_stream(data: bytes) -> None:
    assert decompress(compress(data)) == data
    try:
        text = decompress(data)
    except CompressedError:
        return
    except WireError as error:
        check_line(error)
        return
    assert text in data
    assert decompress(compress(text)) == text
