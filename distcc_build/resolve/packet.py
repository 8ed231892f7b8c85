"""What a packet from a name server says: bytes to an answer.  Sends and receives nothing."""

import ipaddress
import struct
from typing import TypeAlias

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.ttl

from distcc_build.resolve.answers import Answer, Failed, Found, Missing, lowest

__all__ = ["USABLE", "Asked", "answer", "is_about", "parse", "query"]

Asked: TypeAlias = tuple[dns.name.Name, dns.rdatatype.RdataType]
"""The name and the type of a question."""

MAX_NEGATIVE = 3600
"""Seconds for which a negative answer is believed at most (RFC 2308 section 5)."""

USABLE = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
"""What tells whether a name exists."""


def query(asked: Asked, number: int, *, validated: bool) -> bytes:
    """A question as it is sent; with the AD bit it asks for that of the answer (RFC 6840, 5.7)."""
    flags = dns.flags.RD | (dns.flags.AD if validated else 0)
    return dns.message.make_query(*asked, flags=flags, id=number).to_wire()


def parse(data: bytes) -> dns.message.QueryMessage | None:
    """The packet as a response to a query; None when it is none."""
    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
    except dns.message.Truncated as short:
        message = short.kwargs["message"]
    except (dns.exception.DNSException, ValueError, struct.error):
        return None
    if isinstance(message, dns.message.QueryMessage) and message.flags & dns.flags.QR:
        return message
    return None


def is_about(message: dns.message.QueryMessage, asked: Asked) -> bool:
    """Whether a packet with the right number is about this very question."""
    if not message.question:
        # Some servers leave the question out when they say FORMERR or REFUSED.
        return message.rcode() not in USABLE
    question = message.question[0]
    same = (question.name, question.rdtype) == asked
    return len(message.question) == 1 and same and question.rdclass == dns.rdataclass.IN


def answer(message: dns.message.QueryMessage, rdtype: dns.rdatatype.RdataType) -> Answer:
    """What a whole message says of the name that was asked for.

    :returns: Failed for what is worth asking again.
    """
    if message.rcode() not in USABLE:
        return Failed(dns.rcode.to_text(message.rcode()))
    try:
        chain = message.resolve_chaining()
    except (dns.exception.DNSException, ValueError):
        return Failed("the answer has a CNAME loop or too long a chain")
    if chain.answer is not None:
        ttl = float(chain.minimum_ttl)
        if rdtype == dns.rdatatype.TXT:
            return Found((), ttl, texts=tuple(tuple(item.strings) for item in chain.answer))
        return Found(lowest(ipaddress.ip_address(item.address) for item in chain.answer), ttl)
    # Without an SOA a negative answer says nothing of how long it holds (RFC 2308 section 5).
    ttl = 0 if chain.minimum_ttl >= dns.ttl.MAX_TTL else min(chain.minimum_ttl, MAX_NEGATIVE)
    return Missing(float(ttl), message.rcode() == dns.rcode.NXDOMAIN)
