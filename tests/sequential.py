"""The walk as a ten-line program: one name after the other, nothing in flight."""

import ipaddress
from collections.abc import Mapping

from distcc_build.hosts import IPAddress
from distcc_build.resolve.answers import CANARY, Answer, Failed, Found, Missing
from distcc_build.resolve.walk import MAX_FAILED_RUN

__all__ = ["NETWORKS", "sequential"]

NETWORKS = {4: 16, 6: 48}


def near(one: IPAddress, other: IPAddress) -> bool:
    prefix = NETWORKS[one.version]
    return one.version == other.version and one in ipaddress.ip_network(
        (other, prefix), strict=False
    )


def sequential(
    zone: Mapping[int, Answer], gap: int, cap: int, known: Mapping[int, tuple[IPAddress, ...]]
) -> list[int]:
    """The numbers that are servers."""
    servers, reference, misses, failures = [], None, 0, 0
    for number in range(1, cap + 1):
        answer = zone.get(number, Missing(60))
        addresses = answer.addresses if isinstance(answer, Found) else ()
        if isinstance(answer, Failed):
            addresses, failures = known.get(number, ()), failures + 1
        elif (
            isinstance(answer, Missing)
            or answer == zone.get(CANARY)
            or (reference and not any(near(a, r) for a in addresses for r in reference))
        ):
            addresses, misses, failures = (), misses + 1, 0
        else:
            failures = 0
        if addresses:
            reference, misses = reference or addresses, 0
            servers.append(number)
        if misses > gap or (failures >= MAX_FAILED_RUN and number >= max(known, default=0)):
            break
    return servers
