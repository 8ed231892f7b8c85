"""What can be said of a name: an answer, and what a walk makes of it.  Values only."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple, TypeAlias

from distcc_build.hostspec import IPAddress

__all__ = [
    "CANARY",
    "MAX_ADDRESSES",
    "Answer",
    "Failed",
    "Found",
    "Known",
    "Labels",
    "Missing",
    "Question",
    "Service",
    "Step",
    "Verdict",
    "WalkResult",
    "lowest",
]

CANARY = 0
"""The number that stands for the random name."""

MAX_ADDRESSES = 16
"""Of each IP version, how many addresses of a name are looked at; an answer holds thousands."""


Labels: TypeAlias = tuple[bytes, ...]
"""A name of any bytes, label by label; the root has none."""


class Service(NamedTuple):
    """What an SRV record says (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: Labels


class Found(NamedTuple):
    """The name exists."""

    addresses: tuple[IPAddress, ...]
    ttl: float
    """Seconds for which the answer holds."""
    partial: bool = False
    """The AAAA half is still out; the same question is answered once more."""
    texts: tuple[tuple[bytes, ...], ...] = ()
    """The strings of each TXT record; for a question about those, which has no addresses."""
    names: tuple[Labels, ...] = ()
    """Where each PTR record leads; for a question about those."""
    services: tuple[Service, ...] = ()
    """The SRV records; for a question about those."""


class Missing(NamedTuple):
    """The name does not exist, or has no addresses (NXDOMAIN and NODATA, RFC 2308)."""

    ttl: float
    nxdomain: bool = True
    """False when the name exists without an address."""


class Failed(NamedTuple):
    """It could not be learned whether the name exists."""

    why: str


Answer: TypeAlias = Found | Missing | Failed


class Question(NamedTuple):
    """One name to look up, both its A and its AAAA records."""

    domain: str
    number: int
    """1 and up, or CANARY."""
    name: str
    """The full name, with the dot at its end."""


class Verdict(Enum):
    """What became of a name."""

    SERVER = "server"
    KEPT = "kept from before"
    FAILED = "left out"
    MISSING = "does not exist"
    WILDCARD = "wildcard"
    OTHER_NETWORK = "other network"
    LATER_DOMAIN = "not used: of a later domain"


class Step(NamedTuple):
    """One name as judged."""

    number: int
    name: str
    answer: Answer
    verdict: Verdict
    addresses: tuple[IPAddress, ...] = ()
    """Those on distcc1's network, in numerical order, IPv4 first; for servers only."""


class Known(NamedTuple):
    """What an earlier walk found, for names that cannot be asked now."""

    domain: str = ""
    addresses: Mapping[int, tuple[IPAddress, ...]] = {}


class WalkResult(NamedTuple):
    """What the walk came to."""

    domain: str
    """Where distcc1 was found, or where the search ended."""
    steps: tuple[Step, ...]
    """Every name judged, in order; distcc1 once for each domain in which it does not exist."""
    why: str
    """Why the walk stopped, as a sentence without its full stop."""
    degraded: bool
    """Some name could not be asked."""

    @property
    def servers(self) -> tuple[Step, ...]:
        """The steps that gave a server."""
        return tuple(step for step in self.steps if step.addresses)


def lowest(addresses: Iterable[IPAddress]) -> tuple[IPAddress, ...]:
    """The lowest MAX_ADDRESSES of each IP version, in order, whatever the order they came in."""
    ordered = sorted(set(addresses), key=int)
    return tuple(
        address
        for version in (4, 6)
        for address in [one for one in ordered if one.version == version][:MAX_ADDRESSES]
    )
