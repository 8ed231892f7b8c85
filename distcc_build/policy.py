"""Which names of the farm are servers that source code may be sent to.

Source code must not be sent to strangers: a captive portal, or a provider that answers for
names that do not exist, gives a public address.  So only addresses of private networks are
used, and others where the user has allowed them; of all these, only those that `only` names
where it is set.

An IPv6 address in which an IPv4 address is written has to pass as both: the connection ends
at the IPv4 address.
"""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from distcc_build.config import Config
from distcc_build.hostspec import DISCOVER, IPAddress
from distcc_build.offer import Offer

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


class Server(NamedTuple):
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
    port: int | None = None
    """None for the configured one."""
    source: str = DISCOVER
    """The word of the source that named it."""
    priority: int = 0
    """Servers of a higher one are used only where none of a lower one is good (RFC 2782)."""
    weight: int = 0
    """Its share among those of one priority of its source; 0 where nothing is said."""
    others: tuple[IPAddress, ...] = ()
    """Addresses at which it may be reached as well, should `address` not answer."""

    @property
    def endpoint(self) -> str:
        """Its address, with its port where that is not the configured one: its key for proofs."""
        if self.port is None:
            return str(self.address)
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}"

    def at(self, address: IPAddress) -> "Server":
        """The same, reached at one of its addresses, with the rest behind it."""
        rest = tuple(one for one in (self.address, *self.others) if one != address)
        return self._replace(address=address, others=rest)


def refusal(address: IPAddress, config: Config) -> str | None:
    """Why source code is not sent to `address`, with the remedy; None when it may be."""
    if address.is_multicast or address.is_unspecified or address == _BROADCAST:
        return f"{address} is no address of one machine"
    inside = _inside(address)
    if inside is not None:
        why = refusal(inside, config)
        if why is not None:
            return f"{address} stands for another address: {why}"
        if not config.allows(address):
            return f"{address} stands for {inside} (give the name an A record with that)"
    if config.forbids(address):
        networks = ", ".join(f'"{network}"' for network in config.only[:NAMED])
        more = ", ..." if len(config.only) > NAMED else ""
        return f"{address} is outside only = [{networks}{more}] (add its network if it is yours)"
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


NAMED = 4
"""Networks of `only` that a refusal names; it is one line."""

_BROADCAST = ipaddress.IPv4Address("255.255.255.255")


_LAST_32_BITS = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "::/96",  # IPv4-compatible, RFC 4291 section 2.5.5.1
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291 section 2.5.5.2
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64 of a site's own, RFC 8215; as with a prefix of 96 bits
    )
)


def _inside(address: IPAddress) -> ipaddress.IPv4Address | None:
    """The IPv4 address that is written in an IPv6 address, at which a connection may end."""
    if isinstance(address, ipaddress.IPv4Address) or address == _LOOPBACK_6:
        return None
    if any(address in network for network in _LAST_32_BITS):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    # 6to4 (RFC 3056) and Teredo (RFC 4380): the gateway, the client.
    return address.sixtofour or (address.teredo[1] if address.teredo else None)


_LOOPBACK_6 = ipaddress.IPv6Address("::1")


def judge(
    offered: Iterable[tuple[str, Sequence[Offer]]],
    config: Config,
    own: Callable[[IPAddress], bool],
) -> tuple[Server, ...]:
    """Decide on every server that was offered.

    :param offered: word of each source, and what it offers; where two offer the same server
        the first has it, with what the other knows of its limit.  Where one source offers it
        twice, the lower priority holds, whichever comes first.
    :param own: whether an address is this machine's.
    """
    servers: list[Server] = []
    owner: dict[tuple[IPAddress, int], int] = {}
    anywhere = config._replace(only=())
    for source, step in ((word, one) for word, offers in offered for one in offers):
        # The configured port is written as none, whoever names it.
        port = None if step.port == config.port else step.port
        good = [one for one in step.addresses if refusal(one, config) is None]
        # An address of this machine's own among others is a bridge's or a tunnel's that both have.
        good = [one for one in good if one.is_loopback or not own(one)] or good
        # Compiling here is sending nothing anywhere, so `only` has no say in it.
        here = [
            one
            for one in step.addresses
            if not good and refusal(one, anywhere) is None and (one.is_loopback or own(one))
        ]
        address = (good or here or step.addresses)[0]
        places = [(one, port or config.port) for one in _same_machine(address, good)]
        at = next((owner[one] for one in places if one in owner), None)
        state, why = State.USED, ""
        if not good and not here:
            state, why = State.REFUSED, refusal(address, config) or ""
        elif at is not None:
            servers[at] = _also(servers[at], source, step)
            state, why = State.DUPLICATE, f"has the address of {servers[at].name}"
        elif here or (not address.is_loopback and own(address)):
            state, why = State.OWN, "an address of this machine"
        for place in places:
            owner.setdefault(place, len(servers))
        servers.append(
            Server(
                *(step.number, step.name, address, state, why, step.seen, step.limit, port),
                source=source,
                priority=step.priority,
                weight=step.weight,
                others=tuple(good[1:]) if state is State.USED else (),
            )
        )
    return tuple(servers)


def _also(first: Server, source: str, again: Offer) -> Server:
    """A server that is offered again."""
    limit = first.limit or again.limit
    if source != first.source:
        # The numbers of two sources do not compare.
        return first._replace(limit=limit)
    ranks = ((one.priority, -one.weight) for one in (first, again))
    priority, weight = min(ranks)
    return first._replace(limit=limit, priority=priority, weight=-weight)


def _same_machine(address: IPAddress, good: Sequence[IPAddress]) -> list[IPAddress]:
    """Addresses by which a server is told from others: one, and those of the other IP version.

    Several of one version may be several machines behind one name.
    """
    return [address, *(one for one in good if one.version != address.version)]


def used(servers: Iterable[Server]) -> tuple[Server, ...]:
    """Those that compiles may be sent to."""
    return tuple(server for server in servers if server.state is State.USED)
