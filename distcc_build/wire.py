"""Packets of distcc's protocols 1, 2 (lzo) and 3 (pump) as bytes.  Sends and receives nothing.

A token is four letters and eight lower-case hexadecimal digits: a number, or the length of the
bytes that follow it.  A client sends everything at once, the server replies and closes.

    request 1, 2   DIST version  ARGC n  n times ARGV word  DOTI source
    request 3      DIST 3  CDIR folder  ARGC, ARGV as above  NFIL n  n times (NAME path  FILE text)
    reply 1, 2     DONE version  STAT status  SERR text  SOUT text  DOTO object
    reply 3        the same, and DOTD dependencies where the status is 0

In 2 and 3 the contents (not the words) are LZO1X streams.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

__all__ = [
    "CompressedError",
    "Reply",
    "VersionError",
    "WireError",
    "compress",
    "decompress",
    "read_reply",
    "request",
]

TOKEN = 12
_DIGITS = frozenset(b"0123456789abcdef")

MAX_BODY = 1 << 20
"""Bytes of one part of a reply; a probe's object has 10 KiB.  Refused before it is read."""

_LZO_END = b"\x11\0\0"
"""A match at the distance that stands for the end of the stream."""


class WireError(Exception):
    """Bytes that no distccd sends."""


class VersionError(WireError):
    """A reply of distccd's, in another version of the protocol than was asked for."""


class CompressedError(WireError):
    """An LZO stream that needs a real decompressor."""


class Reply(NamedTuple):
    """What a server says about a compile.  Contents are as received: LZO in versions 2 and 3."""

    version: int
    status: int
    """As wait() gives it: exit status times 256, plus the signal."""
    stderr: bytes
    stdout: bytes
    object: bytes


def request(
    argv: Sequence[str],
    source: bytes,
    *,
    version: int = 1,
    beside: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """The bytes of a whole request.

    :param argv: the compiler's command line; bytes that are not UTF-8 as surrogates.
    :param source: preprocessed for versions 1 and 2; for version 3 a file that the last word
        of argv names, absolute.
    :param beside: for version 3, what else is sent: absolute names and contents.
    """
    parts = [_number(b"DIST", version)]
    if version == 3:
        parts.append(_body(b"CDIR", b"/"))
    words = [word.encode("utf-8", "surrogateescape") for word in argv]
    parts.append(_number(b"ARGC", len(words)))
    parts += [_body(b"ARGV", word) for word in words]
    if version != 3:
        parts.append(_body(b"DOTI", source if version == 1 else compress(source)))
        return b"".join(parts)
    files = {words[-1]: source, **{name.encode(): text for name, text in beside.items()}}
    parts.append(_number(b"NFIL", len(files)))
    for name, text in files.items():
        parts += [_body(b"NAME", name), _body(b"FILE", compress(text))]
    return b"".join(parts)


def read_reply(data: bytes | bytearray, version: int = 1) -> Reply | None:
    """The reply that `data` begins with; None while more of it is to come.

    :param version: of the request.
    :raises VersionError: when the reply is in another version.
    :raises WireError: as soon as it can no longer become a reply.
    """
    reader = _Reader(data)
    done = reader.number(b"DONE")
    if done is not None and done != version:
        raise VersionError(f"protocol {done} where {version} was asked for")
    status = reader.number(b"STAT")
    stderr, stdout, made = (reader.body(name) for name in (b"SERR", b"SOUT", b"DOTO"))
    if version == 3 and status == 0:
        reader.body(b"DOTD")
    if reader.short or done is None or status is None:
        return None
    return Reply(done, status, stderr, stdout, made)


def compress(data: bytes) -> bytes:
    """An LZO1X stream of literals only, which every decompressor reads.

    >>> compress(b"int x;").hex(" ")
    '17 69 6e 74 20 78 3b 11 00 00'
    """
    size = len(data)
    if not size:
        return b""  # distcc sends nothing for nothing
    if size <= 238:
        start = bytes([17 + size])
    else:
        # A literal run of 18 and more: a zero byte for each 255, then the rest, 1 to 255.
        zeros, rest = divmod(size - 19, 255)
        start = bytes([0, *bytes(zeros), rest + 1])
    return start + data + _LZO_END


def decompress(stream: bytes) -> bytes:
    """What a stream of literals only stands for; see `compress`.

    :raises CompressedError: where the stream refers back, as those of longer texts do.
    :raises WireError: where it is no such stream.
    """
    if not stream:
        return b""
    first = stream[0]
    if first > 17:
        start, size = 1, first - 17
    elif first == 0:
        zeros = len(stream) - len(stream[1:].lstrip(b"\0")) - 1
        start = zeros + 2
        if start > len(stream):
            raise WireError("an LZO stream that ends in its first length")
        size = 18 + 255 * zeros + stream[start - 1]
    elif first < 16:
        start, size = 1, first + 3
    else:
        raise WireError(f"an LZO stream that begins with {first}")
    if stream[start + size :] == _LZO_END:
        return stream[start : start + size]
    if len(stream) < start + size + len(_LZO_END):
        raise WireError("an LZO stream that ends too early")
    raise CompressedError("an LZO stream that refers back")


class _Reader:
    """Takes tokens off the front; once there are not enough bytes it is `short` for good."""

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = data
        self._at = 0
        self.short = False

    def number(self, name: bytes) -> int | None:
        if self.short:
            return None
        token = bytes(self._data[self._at : self._at + TOKEN])
        if token[:4] != name[: len(token)] or not _DIGITS.issuperset(token[4:]):
            raise WireError(f"{token!r} where {name.decode()} was expected")
        if len(token) < TOKEN:
            self.short = True
            return None
        self._at += TOKEN
        return int(token[4:], 16)

    def body(self, name: bytes) -> bytes:
        size = self.number(name)
        if size is None:
            return b""
        if size > MAX_BODY:
            raise WireError(f"{name.decode()} of {size} bytes")
        content = bytes(self._data[self._at : self._at + size])
        self._at += size
        self.short = len(content) < size
        return content


def _number(name: bytes, number: int) -> bytes:
    return b"%s%08x" % (name, number)


def _body(name: bytes, content: bytes) -> bytes:
    return _number(name, len(content)) + content
