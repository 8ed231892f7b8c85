"""Which names of the farm are servers that source code may be sent to.

Source code must not be sent to strangers: a captive portal, or a provider that answers for
names that do not exist, gives a public address.  So only addresses of private networks are
used, and others where the user has allowed them.
"""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from distcc_build.config import Config
from distcc_build.hostspec import IPAddress
from distcc_build.resolve.answers import Step

__all__ = ["Server", "State", "judge", "refusal", "used"]

PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",  # RFC 1918
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # shared address space, RFC 6598
        "fc00::/7",  # unique local, RFC 4193
    )
)


class State(Enum):
    """What becomes of a name that has addresses."""

    USED = "used"
    OWN = "this machine"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Server:
    """One name of the farm."""

    number: int
    name: str
    address: IPAddress
    state: State
    why: str = ""
    """For people: why it is not used, and what would change that."""
    seen: float = 0.0
    """When its addresses last came from DNS, seconds since 1970."""
    limit: int | None = None
    """Jobs at once by its own word (TXT record, stats page); None when it says nothing."""


def refusal(address: IPAddress, config: Config) -> str | None:
    """Why source code is not sent to `address`, with the remedy; None when it may be."""
    if address.is_multicast or address.is_unspecified or address == _BROADCAST:
        return f"{address} is no address of one machine"
    if address.is_loopback:
        if config.allow_loopback or config.allows(address):
            return None
        return f"{address} is a loopback address (allow_loopback = true would use it)"
    if config.allows(address) or any(address in network for network in PRIVATE):
        return None
    if address.is_link_local:
        return f"{address} is a link-local address, which distcc cannot reach by number"
    network = ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False)
    return f'{address} is not a private address (allow = ["{network}"] would use it)'


_BROADCAST = ipaddress.IPv4Address("255.255.255.255")


def judge(
    steps: Iterable[Step],
    config: Config,
    own: Callable[[IPAddress], bool],
    seen: Callable[[Step], float],
) -> tuple[Server, ...]:
    """Decide on every name that has addresses.

    :param steps: in the order of the walk.
    :param own: whether an address is this machine's.
    :param seen: when the addresses of a step came from DNS, seconds since 1970.
    """
    servers: list[Server] = []
    owner: dict[IPAddress, str] = {}
    for step in steps:
        good = [one for one in step.addresses if refusal(one, config) is None]
        address = good[0] if good else step.addresses[0]
        state, why = State.USED, ""
        if not good:
            state, why = State.REFUSED, refusal(address, config) or ""
        elif address in owner:
            state, why = State.DUPLICATE, f"has the address of {owner[address]}"
        elif not address.is_loopback and own(address):
            state, why = State.OWN, "an address of this machine"
        owner.setdefault(address, step.name)
        servers.append(Server(step.number, step.name, address, state, why, seen(step)))
    return tuple(servers)


def used(servers: Iterable[Server]) -> tuple[Server, ...]:
    """Those that compiles may be sent to."""
    return tuple(server for server in servers if server.state is State.USED)
