"""Questions to a name server, asked one by one."""

import dns.message
import dns.query
import dns.rrset

from distcc_build.farm.nameserver import NameServer

__all__ = ["ask", "records"]


def ask(
    server: NameServer, name: str, rdtype: str = "A", *, edns: bool = False, wait: float = 5
) -> dns.message.Message:
    request = dns.message.make_query(name, rdtype, use_edns=edns)
    return dns.query.udp(request, server.address, timeout=wait, port=server.port)


def records(sets: list[dns.rrset.RRset]) -> list[str]:
    return [line for rrset in sets for line in rrset.to_text().split("\n")]
