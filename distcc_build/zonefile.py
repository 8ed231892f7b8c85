"""DNS records for a list of servers, as four name servers take them.  Asks and writes nothing.

What a name server does with text of its own grammar is known: names are those that
`values.is_domain` takes, addresses come from `ipaddress`, numbers are whole, so that nothing
has to be escaped anywhere.
"""

import ipaddress
import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from distcc_build import values
from distcc_build.errors import UsageError
from distcc_build.hostspec import DEFAULT_PORT, IPAddress
from distcc_build.resolve.slots import MAX_SLOTS
from distcc_build.sources.service import BROWSE, SERVICE

__all__ = ["FORMATS", "Listed", "Record", "Zone", "parse_listed", "records"]

ROUTE53_RECORDS = 500
"""Route 53 takes 1,000 records in a change, and counts an UPSERT twice (its Developer Guide,
"Quotas", "Maximum size of a ChangeResourceRecordSets request")."""

ROUTE53_CHARACTERS = 16_000
"""In all values; the same source says 32,000, counted in the same way."""

MAX_NAME = 254
"""Characters of a name, with the dot at its end (RFC 1035 section 2.3.4)."""

EXPECTED = (
    "ADDRESS[,ADDRESS][/SLOTS], such as 10.1.0.11/16 or 10.1.0.11,fd00:1::11, with 1 to "
    f"{MAX_SLOTS} slots"
)


class Listed(NamedTuple):
    """One server, as the administrator lists it."""

    addresses: tuple[IPAddress, ...]
    """One of IPv4, one of IPv6, or both."""
    slots: int | None = None
    """Jobs at once that it grants one client; None says nothing of it."""


class Record(NamedTuple):
    """One resource record of class IN."""

    name: str
    """Absolute, with the dot at its end."""
    type: str
    """A, AAAA, TXT, PTR or SRV."""
    data: str
    """The address, a TXT record's only string without quotes, the name that a PTR record leads
    to, or the numbers and the name of an SRV record; these names have the dot at their end."""


class Zone(NamedTuple):
    """What is to be in DNS."""

    servers: tuple[Listed, ...]
    domain: str
    """Without the dot at its end."""
    pattern: str = "distcc%d"
    first: int = 1
    """The number of the first server."""
    ttl: int = 300
    """Seconds, of each record."""
    whole: bool = False
    """Whether there is nothing else in the domain, so that a name that is not listed is none."""
    nameservers: tuple[str, ...] = ()
    """Of the whole zone, without the dot at their end; a zone file needs one."""
    serial: int = 1
    """Of the whole zone."""
    services: bool = False
    """Whether the servers are listed for DNS-SD too (RFC 6763)."""
    port: int = DEFAULT_PORT
    """Where they listen, for that."""

    def name(self, index: int) -> str:
        """The absolute name of the server at this index of the list."""
        return f"{self.pattern.replace('%d', str(self.first + index))}.{self.domain}."


def parse_listed(text: str) -> Listed:
    """Read one server.

    :raises UsageError: for all that could not be a server's address in DNS.

    >>> parse_listed("10.1.0.11,fd00:1::11/16").slots
    16
    """
    found, sign, number = text.partition("/")
    try:
        slots = values.whole(1, MAX_SLOTS)(number) if sign else None
        # A zone ("%eth0") has no place in DNS, and parse_address would take one.
        addresses = tuple(ipaddress.ip_address(one) for one in found.split(","))
    except ValueError:
        raise UsageError(f"{text!a}: expected {EXPECTED}") from None
    versions = [one.version for one in addresses]
    if "%" in text or len(set(versions)) < len(versions):
        raise UsageError(f"{text!a}: expected {EXPECTED}")
    return Listed(addresses, slots)


def records(zone: Zone) -> Iterator[Record]:
    """The records of all servers, in their order.

    :raises UsageError: when an address stands twice, since two names of one machine are one
        server to a client; and when a name is longer than names can be.
    """
    owner: dict[IPAddress, str] = {}
    for index, server in enumerate(zone.servers):
        name = zone.name(index)
        if len(name) > MAX_NAME:
            raise UsageError(f"{name} has {len(name)} characters, expected {MAX_NAME} at most")
        for address in server.addresses:
            if address in owner:
                raise UsageError(f"{address} stands twice: for {owner[address]} and for {name}")
            owner[address] = name
            yield Record(name, "A" if address.version == 4 else "AAAA", str(address))
        if server.slots is not None:
            yield Record(name, "TXT", f"slots={server.slots}")
    if zone.services:
        yield from _services(zone)


def _services(zone: Zone) -> Iterator[Record]:
    """What lists the servers for DNS-SD: an instance each, of the same name as its host."""
    kind = f"{SERVICE}.{zone.domain}."
    # Where to browse (RFC 6763 section 11).
    yield Record(f"{BROWSE}.{zone.domain}.", "PTR", f"{zone.domain}.")
    for index, server in enumerate(zone.servers):
        host = zone.name(index)
        # The label with the number: no two are the same.
        label = next(one for one in zone.pattern.split(".") if "%d" in one)
        name = f"{label.replace('%d', str(zone.first + index))}.{kind}"
        if len(name) > MAX_NAME:
            raise UsageError(f"{name} has {len(name)} characters, expected {MAX_NAME} at most")
        yield Record(kind, "PTR", name)
        yield Record(name, "SRV", f"0 0 {zone.port} {host}")
        # There has to be one, even if it says nothing (RFC 6763 section 6.1).
        said = "txtvers=1" if server.slots is None else f"jobs={server.slots}"
        yield Record(name, "TXT", said)


def bind(zone: Zone) -> str:
    """Lines of a zone file (RFC 1035 section 5.1), which BIND, NSD, Knot and PowerDNS read.

    :raises UsageError: when a whole zone is asked for without its name servers.
    """
    lines = []
    if zone.whole:
        if not zone.nameservers:
            raise UsageError("a whole zone needs a name server: --ns ns1.example.com")
        top, ttl = f"{zone.domain}.", zone.ttl
        # The last number is how long a resolver remembers that a name does not exist, which is
        # when a new server is seen (RFC 2308).
        soa = f"{zone.nameservers[0]}. hostmaster.{top} {zone.serial} 3600 600 1209600 {ttl}"
        lines += [f"{top} {ttl} IN SOA {soa}"]
        lines += [f"{top} {ttl} IN NS {one}." for one in zone.nameservers]
    lines += [f"{one.name} {zone.ttl} IN {one.type} {_quoted(one)}" for one in records(zone)]
    return "\n".join(lines)


def dnsmasq(zone: Zone) -> str:
    """Lines of dnsmasq.conf."""
    found = list(records(zone))
    # It would be for the whole of dnsmasq, so the administrator says it (dnsmasq(8), --local-ttl).
    lines = ["# SRV, PTR and TXT answers have dnsmasq's local-ttl: 0 unless set"]
    lines = lines if zone.services else []
    lines += [f"local=/{zone.domain}/"] if zone.whole else []
    hosts = [one for one in found if one.type in {"A", "AAAA"}]
    for name in dict.fromkeys(one.name for one in hosts):
        words = [name.rstrip("."), *(one.data for one in hosts if one.name == name)]
        lines.append(f"host-record={','.join(words)},{zone.ttl}")
        # dnsmasq sends each question of a type that it has not on to its own name servers.
        lines += [] if zone.whole else [f"local=/{name.rstrip('.')}/"]
    if zone.services and not zone.whole:
        lines += [f"local=/{name}.{zone.domain}/" for name in (SERVICE, BROWSE)]
    for one in found:
        name = one.name.rstrip(".")
        if one.type == "TXT":
            lines.append(f"txt-record={name},{one.data}")
        elif one.type == "PTR":
            lines.append(f"ptr-record={name},{one.data.rstrip('.')}")
        elif one.type == "SRV":
            priority, weight, port, host = one.data.split(" ")
            lines.append(f"srv-host={name},{host.rstrip('.')},{port},{priority},{weight}")
    return "\n".join(lines)


def unbound(zone: Zone) -> str:
    """A server clause of unbound.conf."""
    kind = "static" if zone.whole else "transparent"
    lines = ["server:", f'    local-zone: "{zone.domain}." {kind}']
    lines += [
        f"    local-data: '{one.name} {zone.ttl} IN {one.type} {_quoted(one)}'"
        for one in records(zone)
    ]
    return "\n".join(lines)


def route53(zone: Zone) -> str:
    """A change batch, for `aws route53 change-resource-record-sets --change-batch file://...`.

    :raises UsageError: when it is more than Route 53 takes in one change.
    """
    if zone.services and zone.first > 1:
        raise UsageError(
            "Route 53 keeps all services of a domain in one record set, which a change replaces: "
            "give all servers, without --first"
        )
    found = list(records(zone))
    sets: dict[tuple[str, str], list[Record]] = {}
    for one in found:
        sets.setdefault((one.name, one.type), []).append(one)
    size = sum(len(_quoted(one)) for one in found)
    if len(found) > ROUTE53_RECORDS or size > ROUTE53_CHARACTERS:
        raise UsageError(
            f"{len(found)} records with {size} characters: Route 53 takes {ROUTE53_RECORDS} with "
            f"{ROUTE53_CHARACTERS} in one change; give fewer servers, and the others with --first"
        )
    batch = {
        "Comment": f"distcc servers of {zone.domain}",
        "Changes": [
            {
                "Action": "UPSERT",
                "ResourceRecordSet": {
                    "Name": name,
                    "Type": kind,
                    "TTL": zone.ttl,
                    "ResourceRecords": [{"Value": _quoted(one)} for one in same],
                },
            }
            for (name, kind), same in sets.items()
        ],
    }
    return json.dumps(batch, indent=2)


FORMATS: dict[str, Callable[[Zone], str]] = {
    "bind": bind,
    "dnsmasq": dnsmasq,
    "unbound": unbound,
    "route53": route53,
}
"""Name of the format -> what writes it; without a newline at the end."""


def _quoted(record: Record) -> str:
    return f'"{record.data}"' if record.type == "TXT" else record.data
