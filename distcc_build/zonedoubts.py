"""What keeps clients, or a name server, from servers that are listed for DNS.  Asks nothing."""

import ipaddress
from collections.abc import Iterator

from distcc_build.config import Config
from distcc_build.policy import refusal
from distcc_build.zonefile import Listed, Zone

__all__ = ["doubts"]

BIND_RECORDS = 100
"""BIND from 9.18.28 and 9.20.0 on loads no zone with more of one name and type, unless its option
max-records-per-type says so; named-checkzone does not tell."""


def doubts(zone: Zone, config: Config, form: str = "bind") -> Iterator[str]:
    """What keeps clients from using servers that are listed: a sentence for each.

    :param config: the clients', as far as it is known here.
    :param form: one of FORMATS.
    """
    # Those before the first are in the zone already.
    last = zone.first + len(zone.servers) - 1
    if zone.services and form == "bind" and last > BIND_RECORDS:
        yield (
            f"BIND loads no zone with more than {BIND_RECORDS} records of a name and type: set "
            f"max-records-per-type {last}; in its options, before it reads this one"
        )
    names = {one for one in zone.nameservers if f".{one}".endswith(f".{zone.domain}")}
    for one in sorted(names):
        yield f"{one} is in the zone itself: add its address to the zone"
    if last > config.max_servers:
        yield f"clients ask for {config.max_servers} names: set max_servers there"
    reference = zone.servers[0] if zone.first == 1 else None
    for index, server in enumerate(zone.servers):
        whys = [refusal(address, config) for address in server.addresses]
        # One address that is good is enough.
        if all(whys):
            yield f"{zone.name(index)} is not used: {whys[0]}"
        if reference is not None and not _shares_network(server, reference, config.networks):
            yield (
                f"{zone.name(index)} is on another network than {zone.name(0)}, where clients "
                "stop: set ipv4_network or ipv6_network there"
            )


def _shares_network(one: Listed, reference: Listed, prefixes: dict[int, int]) -> bool:
    """Whether the walk takes the server for one of the same farm (resolve/walk.py)."""

    def networks(server: Listed) -> set[object]:
        return {
            ipaddress.ip_network((address, prefixes[address.version]), strict=False)
            for address in server.addresses
        }

    return bool(networks(one) & networks(reference)) or any(
        not prefixes[address.version] for address in one.addresses
    )
