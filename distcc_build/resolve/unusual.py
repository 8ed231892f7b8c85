"""What a packet from a name server says that is not as most are, read with dnspython."""

import ipaddress
import struct

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.IN.SRV

from distcc_build.resolve.answers import (
    Answer,
    Failed,
    Found,
    Labels,
    Missing,
    Service,
    lowest,
)
from distcc_build.resolve.packet import MAX_NEGATIVE, Response

__all__ = ["read_unusual"]

USABLE = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
"""What tells whether a name exists."""


def read_unusual(data: bytes, asked: bytes) -> Response | None:
    """What a packet says; None when it is no response to this question.

    :param asked: the question section that was sent.
    """
    message = _parsed(data)
    if message is None:
        return None
    name, _ = dns.name.from_wire(asked, 0)
    (number,) = struct.unpack_from("!H", asked, len(asked) - 4)
    rdtype = dns.rdatatype.RdataType.make(number)
    if not _is_about(message, name, rdtype):
        return None
    truncated = bool(message.flags & dns.flags.TC)
    return Response(
        message.rcode() in USABLE,
        truncated,
        bool(message.flags & dns.flags.AD),
        Failed("truncated answer") if truncated else _answer(message, rdtype),
    )


def _parsed(data: bytes) -> dns.message.QueryMessage | None:
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


def _is_about(
    message: dns.message.QueryMessage, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> bool:
    """Whether a packet with the right number is about this very question."""
    if not message.question:
        # Some servers leave the question out when they say FORMERR or REFUSED.
        return message.rcode() not in USABLE
    question = message.question[0]
    same = (question.name, question.rdtype) == (name, rdtype)
    return len(message.question) == 1 and same and question.rdclass == dns.rdataclass.IN


def _answer(message: dns.message.QueryMessage, rdtype: dns.rdatatype.RdataType) -> Answer:
    """What a whole message says of the name that was asked for."""
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
        if rdtype == dns.rdatatype.PTR:
            return Found((), ttl, names=tuple(_labels(item.target) for item in chain.answer))
        if rdtype == dns.rdatatype.SRV:
            return Found((), ttl, services=tuple(_service(item) for item in chain.answer))
        return Found(lowest(ipaddress.ip_address(item.address) for item in chain.answer), ttl)
    # Without an SOA a negative answer says nothing of how long it holds (RFC 2308 section 5).
    told = any(
        one.rdtype == dns.rdatatype.SOA and chain.canonical_name.is_subdomain(one.name)
        for one in message.authority
    )
    ttl = min(chain.minimum_ttl, MAX_NEGATIVE) if told else 0
    return Missing(float(ttl), message.rcode() == dns.rcode.NXDOMAIN)


def _service(item: dns.rdtypes.IN.SRV.SRV) -> Service:
    return Service(item.priority, item.weight, item.port, _labels(item.target))


def _labels(name: dns.name.Name) -> Labels:
    """Without the root's, which is empty."""
    return name.labels[:-1]
