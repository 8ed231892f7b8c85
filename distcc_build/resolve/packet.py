"""Packets to and from a name server: a question to bytes, bytes to an answer.  Pure.

What nearly every packet looks like is read here.  All others (aliases, more sections than the
answer needs, truncated or broken ones) are left to `unusual`, where dnspython reads them: it
takes 30 ms to import, and 20 times as long for a packet.  Nothing is refused here, and what is
taken means what dnspython says that it means; tests/fuzz/fuzz_dns.py holds both to each other.
"""

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from distcc_build.resolve.answers import Answer, Found, Labels, Missing, lowest

__all__ = ["AAAA", "PTR", "SRV", "TXT", "A", "Response", "query", "question", "read_usual"]

A, AAAA, TXT, PTR, SRV = 1, 28, 16, 12, 33
"""Types of records (RFC 1035 section 3.2.2, RFC 3596 section 2.1, RFC 2782)."""

SOA = 6
IN = 1

QR, TC, RD, AD = 0x8000, 0x0200, 0x0100, 0x0020
"""Flags (RFC 1035 section 4.1.1, RFC 4035 section 3.2.3)."""
OPCODE, RCODE = 0x7800, 0x000F
NXDOMAIN = 3

HEADER = 12
MAX_LABEL, MAX_NAME = 63, 255
"""Bytes (RFC 1035 section 2.3.4)."""
MAX_TTL = 0x7FFFFFFF
"""Seconds (RFC 2181 section 8)."""
MAX_NEGATIVE = 3600
"""Seconds for which a negative answer is believed at most (RFC 2308 section 5)."""

POINTER = 0xC0
TO_QUESTION = bytes([POINTER, HEADER])


class Response(NamedTuple):
    """What a packet says of the question that it is about."""

    usable: bool
    """It tells whether the name exists."""
    truncated: bool
    validated: bool
    """The AD bit is set."""
    answer: Answer
    """Failed for what is worth asking again; of a truncated packet it means nothing."""


def question(name: str | Labels, rdtype: int) -> bytes:
    """The question section of a packet (RFC 1035 section 4.1.2).

    :param name: the full name: a text without escapes, with or without the dot at its end, or
        labels of any bytes.
    :raises ValueError: when no such name can be.
    """
    labels = name.removesuffix(".").encode("ascii").split(b".") if isinstance(name, str) else name
    if not all(0 < len(one) <= MAX_LABEL for one in labels):
        raise ValueError(name)
    whole = b"".join(bytes([len(one)]) + one for one in labels) + b"\0"
    if len(whole) > MAX_NAME:
        raise ValueError(name)
    return whole + struct.pack("!HH", rdtype, IN)


def query(asked: bytes, number: int, *, validated: bool) -> bytes:
    """A packet that asks; with the AD bit it asks for that of the answer (RFC 6840, 5.7).

    :param asked: what `question` gave.
    """
    flags = RD | (AD if validated else 0)
    return struct.pack("!HHHHHH", number, flags, 1, 0, 0, 0) + asked


def read_usual(data: bytes, asked: bytes) -> Response | None:
    """What a packet says that is as most are; None for all others.

    :param asked: what `question` gave.
    """
    try:
        _, flags, questions, answers, authority, more = struct.unpack_from("!HHHHHH", data)
        end = HEADER + len(asked)
        # The bytes of lengths, types and classes are no letters.
        if data[HEADER:end].lower() != asked.lower():
            return None
        rcode = flags & RCODE
        if flags & (QR | OPCODE | TC) != QR or questions != 1 or more or rcode not in {0, NXDOMAIN}:
            return None
        if answers and not authority and not rcode:
            answer: Answer | None = _found(data, end, asked, answers)
        elif not answers and authority <= 1:
            answer = _missing(data, end, asked, rcode, with_soa=bool(authority))
        else:
            return None
    except (struct.error, IndexError):
        return None
    return None if answer is None else Response(True, False, bool(flags & AD), answer)


def _found(data: bytes, at: int, asked: bytes, count: int) -> Found | None:
    """The records that were asked for, where there are no others."""
    (wanted, _) = struct.unpack_from("!HH", asked, len(asked) - 4)
    ttl, found = MAX_TTL, []
    for _ in range(count):
        if data[at : at + 2] != TO_QUESTION:
            return None
        rdtype, rdclass, one_ttl, size = struct.unpack_from("!HHIH", data, at + 2)
        at += 12 + size
        if (rdtype, rdclass) != (wanted, IN) or one_ttl > MAX_TTL or at > len(data):
            return None
        ttl = min(ttl, one_ttl)
        found.append(data[at - size : at])
    if wanted == TXT:
        texts = [_strings(one) for one in dict.fromkeys(found)]
        return Found((), float(ttl), texts=tuple(texts)) if all(texts) else None
    if wanted not in {A, AAAA}:
        # Names in records may be compressed.
        return None
    size, kind = (4, IPv4Address) if wanted == A else (16, IPv6Address)
    if any(len(one) != size for one in found):
        return None
    return Found(lowest(kind(one) for one in found), float(ttl))


def _strings(data: bytes) -> tuple[bytes, ...]:
    """The strings of a TXT record; empty where they do not fill it (RFC 1035 section 3.3.14)."""
    strings, at = [], 0
    while at < len(data):
        end = at + 1 + data[at]
        strings.append(data[at + 1 : end])
        at = end
    return tuple(strings) if at == len(data) else ()


def _missing(data: bytes, at: int, asked: bytes, rcode: int, *, with_soa: bool) -> Missing | None:
    """That there is no such record, with how long that holds (RFC 2308 section 5)."""
    nxdomain = rcode == NXDOMAIN
    if not with_soa:
        return Missing(0.0, nxdomain)
    names = _Names(asked)
    owner = names.end(data, at, compressed=True)
    rdtype, rdclass, ttl, size = struct.unpack_from("!HHIH", data, owner)
    end = owner + 10 + size
    numbers = names.end(data, names.end(data, owner + 10))
    if (rdtype, rdclass) != (SOA, IN) or ttl > MAX_TTL or numbers + 20 != end or end > len(data):
        return None
    (minimum,) = struct.unpack_from("!I", data, end - 4)
    return Missing(float(min(ttl, minimum, MAX_NEGATIVE)), nxdomain)


class _Names:
    """Names of a packet in their order (RFC 1035 section 4.1.4): pointers lead to earlier ones."""

    def __init__(self, asked: bytes) -> None:
        """Begin behind the question."""
        self._lengths: dict[int, int] = {}
        self.end(bytes(HEADER) + asked, HEADER)

    def end(self, data: bytes, at: int, *, compressed: bool = False) -> int:
        """Where the name ends that begins there.

        :param compressed: it has to be the root, or nothing but a pointer.
        :raises IndexError: when it is no name that can be read here.
        """
        begun, length = [], 1
        while 0 < (size := data[at]) <= MAX_LABEL and not compressed:
            begun.append((at, length))
            length += 1 + size
            at += 1 + size
        if size:
            target = (size - POINTER) * 256 + data[at + 1]
            if target not in self._lengths:
                raise IndexError
            length += self._lengths[target] - 1
        if length > MAX_NAME:
            raise IndexError
        self._lengths |= {place: length - before + 1 for place, before in begun}
        return at + (2 if size else 1)
