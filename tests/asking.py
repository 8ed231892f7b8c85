"""Questions to a name server, asked one by one; and what it was asked by others."""

import re

import dns.message
import dns.query
import dns.rrset

from distcc_build.farm.nameserver import NameServer

__all__ = ["ask", "records", "walks"]


def ask(
    server: NameServer, name: str, rdtype: str = "A", *, edns: bool = False, wait: float = 5
) -> dns.message.Message:
    request = dns.message.make_query(name, rdtype, use_edns=edns)
    return dns.query.udp(request, server.address, timeout=wait, port=server.port)


def records(sets: list[dns.rrset.RRset]) -> list[str]:
    return [line for rrset in sets for line in rrset.to_text().split("\n")]


def walks(server: NameServer) -> int:
    """How many walks of distcc1, distcc2, ... a server has seen.

    Each asks for a random name of its own beside the numbered ones.  A question is sent again where
    its answer takes 0.2 s, so that one may be there more often.
    """
    labels = {query.name.partition(".")[0] for query in list(server.queries)}
    return sum(bool(re.fullmatch(r"distcc[a-z]+", one)) for one in labels)
