"""Which servers are used, what distcc is told of them, and how many jobs a build should run.

Source code must not be sent to strangers: a captive portal, or a provider that answers for
names that do not exist, gives a public address.  So only addresses of private networks are
used, and others where the user has allowed them.
"""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from distcc_build.config import Config
from distcc_build.hosts import HostsList, Hostspec, IPAddress, Kind, Word
from distcc_build.resolve.answers import Step

__all__ = ["Server", "State", "complete", "job_count", "judge", "pause", "refusal", "used"]

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

MAX_LIST = 60_000
"""Bytes of DISTCC_HOSTS; the plan that holds it may have 64 KiB (plan.MAX_SIZE)."""

JOBS_PER_CORE = 16
"""Jobs at once that one core can preprocess for; more waiting ones only burn it."""


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
    """Those that compiles are sent to."""
    return tuple(server for server in servers if server.state is State.USED)


def complete(hosts: HostsList, servers: Iterable[Server], config: Config, cores: int) -> HostsList:
    """The list that distcc is given.

    :param hosts: the user's list; the servers take the place of its word for discovery.
    :param cores: of this machine, for its own part of the work.
    :returns: a list with at least one host that is up, as distcc waits for ever for one
        otherwise: this machine alone where there is none.
    """
    options = ("lzo",) if config.compression == "lzo" else ()
    found: list[Hostspec] = []
    size = len(str(hosts))
    for server in servers if hosts.discover else ():
        if server.state is State.OWN:
            spec = Hostspec(Kind.LOCAL, "localhost", limit=cores)
        elif server.state is State.USED:
            spec = Hostspec.server(server.address, config.port, config.limit, options)
        else:
            continue
        size += len(str(spec)) + 1
        if size <= MAX_LIST and spec not in found:
            found.append(spec)
    full = hosts.expand(found)
    if any(host.usable for host in full.hosts):
        return full
    words = tuple(entry for entry in full.entries if isinstance(entry, Word))
    return HostsList((*words, Hostspec(Kind.LOCAL, "localhost", limit=cores)), full.problems)


def job_count(full: HostsList, config: Config, cores: int) -> int:
    """How many jobs a build should run at once.

    :param full: the list as `complete` gives it.
    :returns: the slots of the servers, as far as this machine can preprocess for them, and
        one job for each core for what runs here (links, generators); at most max_jobs.
    """
    remote = {(one.kind, one.host, one.port): one.slots for one in full.hosts if one.usable}
    local = max([cores, *(one.slots for one in full.hosts if one.kind is Kind.LOCAL)])
    slots = sum(count for (kind, _, _), count in remote.items() if kind is not Kind.LOCAL)
    return min(min(slots, JOBS_PER_CORE * cores) + local, config.max_jobs)


def pause(full: HostsList) -> int:
    """Milliseconds between two looks for a free slot (DISTCC_PAUSE_TIME_MSEC).

    distcc's own second is long where a compile takes 30 ms; each look costs one lock per
    slot listed, so a longer list is looked at less often.
    """
    return min(max(20, sum(one.slots for one in full.hosts if one.usable)), 1000)
