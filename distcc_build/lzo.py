"""LZO1X streams, as distcc compresses what it sends, back into bytes.  Reads nothing else.

The format is that of the Linux kernel's Documentation/staging/lzo.rst: literals, and matches
that copy from what is there already; each match carries up to three literals behind it.
"""

from distcc_build.wire import WireError

__all__ = ["expand"]

MAX_SIZE = 1 << 20
"""Bytes of a result; a probe's object has 10 KiB."""

END = 0x4000
"""The distance that ends a stream."""


class _Stream:
    """Takes bytes off the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        self._at += count
        if len(part) < count:
            raise WireError("an LZO stream that ends too early")
        return part

    def byte(self) -> int:
        return self.take(1)[0]

    def length(self, short: int, most: int) -> int:
        """A length that fits into an instruction, or goes on behind it."""
        if short:
            return short
        while (more := self.byte()) == 0:
            most += 255
            if most > MAX_SIZE:
                raise WireError("an LZO stream that is too long")
        return most + more

    @property
    def over(self) -> bool:
        return self._at == len(self._data)


def expand(data: bytes) -> bytes:
    r"""What a stream stands for.

    >>> expand(b"\x17int x;\x11\0\0")
    b'int x;'

    :raises WireError: where it is none, or of too much.
    """
    if not data:
        return b""  # distcc sends nothing for nothing
    stream, out = _Stream(data), bytearray()
    if data[0] > 17:
        count = stream.byte() - 17
        out += stream.take(count)
        literals = min(count, 4)
    else:
        literals = 0
    while len(out) <= MAX_SIZE:
        code = stream.byte()
        if code < 16 and not literals:
            out += stream.take(3 + stream.length(code, 15))
            literals = 4
            continue
        distance, length, literals = _match(stream, code, literals)
        if distance == END:
            if length != 3 or not stream.over:
                raise WireError("an LZO stream with something behind its end")
            return bytes(out)
        if distance > len(out):
            raise WireError("an LZO stream that refers to before its beginning")
        start = len(out) - distance
        piece = bytes(out[start : start + length])
        out += (piece * (length // len(piece) + 1))[:length]
        out += stream.take(literals)
    raise WireError("an LZO stream that is too long")


def _match(stream: _Stream, code: int, literals: int) -> tuple[int, int, int]:
    """What one instruction copies: distance, length, and the literals behind it.

    :param literals: how many the instruction before had, 4 for a run of them.
    """
    if code >= 64:
        length = (code >> 5) + 1
        if code < 128:
            length = 3 + (code >> 5 & 1)
        return (stream.byte() << 3) + (code >> 2 & 7) + 1, length, code & 3
    if code >= 32:
        length = 2 + stream.length(code & 31, 31)
        low, high = stream.take(2)
        return (high << 6) + (low >> 2) + 1, length, low & 3
    if code >= 16:
        length = 2 + stream.length(code & 7, 7)
        low, high = stream.take(2)
        return END + (code >> 3 & 1) * END + (high << 6) + (low >> 2), length, low & 3
    distance = (stream.byte() << 2) + (code >> 2) + 1
    return (distance + 2048, 3, code & 3) if literals == 4 else (distance, 2, code & 3)
