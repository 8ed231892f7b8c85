"""Which of the good servers this client uses, in which order, and for how many jobs.

Every client would otherwise send its first job to distcc1.  The order is by weighted
rendezvous hashing: each client has an order of its own, spread by the servers' limits, and
a server that comes or goes changes the order of no other two.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from distcc_build.config import Config
from distcc_build.hosts import HostsList, Hostspec, Kind, Word
from distcc_build.policy import Server

__all__ = [
    "OPTIONS",
    "Candidate",
    "complete",
    "foremost",
    "held_back",
    "job_count",
    "order",
    "pause",
]

MAX_LIST = 100
"""Hosts in the list: with 1,000, distcc 3.4 takes 3 ms longer for each compile."""

JOBS_PER_CORE = 16
"""Jobs at once that one core can preprocess for; more waiting ones only burn it."""

SLOW = 10.0
"""A server whose proof took this many times the median is used last: it has a queue."""

MIN_PAUSE, MAX_PAUSE = 20, 1000
"""Milliseconds; distcc's own second is long where a compile takes 30 ms."""


OPTIONS = {"none": (), "lzo": ("lzo",), "pump": ("lzo", "cpp")}
"""Of a server in the list, by the option `compression`; distcc has pump mode only with lzo."""


class Candidate(NamedTuple):
    """A server that is good for the compiler in question."""

    server: Server
    limit: int
    """Jobs at once."""
    latency: float | None = None
    """Seconds that its proof took; None when it was not probed."""


HARDLY = 1e-3
"""Part of a fair share for a server of weight 0 beside others that have one: "a very small chance
of being selected" (RFC 2782)."""


def foremost(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those that are used: of each source, the servers of the lowest priority number among them.

    :param candidates: those that are good; the others of their source are held back for the time
        when none of these is (RFC 2782).
    """
    found = list(candidates)
    held = held_back([one.server for one in found])
    return [one for one, why in zip(found, held, strict=True) if not why]


class Ranked(Protocol):
    """What a source named with a priority."""

    @property
    def source(self) -> str:
        """The word of the source."""

    @property
    def priority(self) -> int:
        """The lowest is used first."""


def held_back(good: Sequence[Ranked]) -> list[str]:
    """For each of the good servers why it is a backup now; empty for those that are used."""
    lowest: dict[str, int] = {}
    for one in good:
        lowest[one.source] = min(lowest.get(one.source, one.priority), one.priority)
    return [
        f"priority {one.priority}, while there are good ones of priority {lowest[one.source]}"
        if one.priority > lowest[one.source]
        else ""
        for one in good
    ]


def order(client: str, servers: Sequence[tuple[str, float]]) -> list[str]:
    """The order in which a client uses servers.

    Weighted rendezvous hashing: a server's score is -weight / ln(u), where u in (0, 1) comes
    from a hash of client and server (Schindelhauer and Schomaker, "Weighted Distributed Hash
    Tables", SPAA 2005: the logarithmic method).

    :param client: its identity; the same one always gives the same order.
    :param servers: endpoint and weight of each.
    """

    def score(server: tuple[str, float]) -> tuple[float, str]:
        address, weight = server
        digest = hashlib.blake2b(f"{client}\0{address}".encode(), digest_size=8).digest()
        u = (int.from_bytes(digest, "big") + 0.5) / 2.0**64
        return -weight / math.log(u), address

    return [address for address, _ in sorted(servers, key=score, reverse=True)]


def complete(
    hosts: HostsList,
    candidates: Iterable[Candidate],
    config: Config,
    *,
    client: str,
    cores: int,
    own: bool = False,
) -> HostsList:
    """The list that distcc is given.

    It holds as many servers as cover twice the jobs that this machine can feed, this machine
    itself where it is more than a fifth of the farm (distcc's own rule), and slots for what
    runs here, unless the user's list says otherwise.

    :param hosts: the user's list; the servers take the place of its word for discovery.
    :param client: this client's identity, for the order.
    :param cores: of this machine.
    :param own: this machine is one of the farm's servers itself.
    :returns: a list with at least one host that is up, as distcc waits for ever for one
        otherwise: this machine alone where there is none.
    """
    good = tuple(candidates) if hosts.discover else ()
    listed = [one for one in hosts.hosts if one.usable]
    slots = sum(one.limit for one in good) + sum(
        one.slots for one in listed if one.kind is not Kind.LOCAL
    )
    options = OPTIONS[config.compression]
    found: list[Hostspec] = []
    covered = 0
    for one in _ordered(client, good):
        if covered >= 2 * min(slots, JOBS_PER_CORE * cores) or len(found) == MAX_LIST:
            break
        port = one.server.port or config.port
        found.append(Hostspec.server(one.server.address, port, one.limit, options))
        covered += one.limit
    here = Hostspec(Kind.LOCAL, "localhost", limit=cores)
    if hosts.discover and not any(one.kind is Kind.LOCAL for one in hosts.hosts):
        found += [here] if own or cores * 5 > slots else []
    full = hosts.expand(found)
    words = tuple(entry for entry in full.entries if isinstance(entry, Word))
    if not any(host.usable for host in full.hosts):
        return HostsList((*words, here), full.problems)
    return HostsList((*_local_slots(words, cores), *full.entries), full.problems) if good else full


def _ordered(client: str, good: Sequence[Candidate]) -> list[Candidate]:
    """The order of this client, servers with a queue last."""
    by_endpoint = {one.server.endpoint: one for one in good}
    shares = _shares(good)
    weights = [(key, one.limit * shares(one.server)) for key, one in by_endpoint.items()]
    ordered = [by_endpoint[key] for key in order(client, weights)]
    latencies = sorted(one.latency for one in good if one.latency is not None)
    # The middle one; statistics takes a fifth of Python's own start to import.
    limit = SLOW * latencies[len(latencies) // 2] if latencies else math.inf
    return sorted(ordered, key=lambda one: one.latency is not None and one.latency > limit)


def _shares(good: Iterable[Candidate]) -> Callable[[Server], float]:
    """What part of its limit each server gets: 1 in the mean of those of its source with a weight.

    :param good: the candidates, of one priority each source.
    """
    weights: dict[str, list[int]] = {}
    for server, *_ in good:
        weights.setdefault(server.source, []).extend([server.weight] if server.weight else [])

    def share(server: Server) -> float:
        given = weights[server.source]
        return (server.weight * len(given) / sum(given) or HARDLY) if given else 1

    return share


def _local_slots(words: Sequence[Word], cores: int) -> tuple[Word, ...]:
    """Slots for jobs and preprocessors of this machine, where the user has not said."""
    # distcc's own figures, 4 and 8, are for no machine in particular.
    figures = {"--localslots=": cores, "--localslots_cpp=": max(2 * cores, 4)}
    return tuple(
        Word(f"{start}{number}")
        for start, number in figures.items()
        if not any(word.text.startswith(start) for word in words)
    )


def job_count(full: HostsList, config: Config, cores: int) -> int:
    """How many jobs a build should run at once.

    :param full: the list as `complete` gives it.
    :returns: the slots of the servers, as far as this machine can preprocess for them, and
        one job for each core for what runs here (links, generators); at most max_jobs.
    """
    remote = {one.place: one.slots for one in full.hosts if one.usable}
    local = max([cores, *(one.slots for one in full.hosts if one.kind is Kind.LOCAL)])
    slots = sum(count for (kind, _, _), count in remote.items() if kind is not Kind.LOCAL)
    return min(min(slots, JOBS_PER_CORE * cores) + local, config.max_jobs)


def pause(full: HostsList) -> int:
    """Milliseconds between two looks for a free slot (DISTCC_PAUSE_TIME_MSEC).

    Each look costs one lock per slot listed, so a longer list is looked at less often.
    """
    slots = sum(one.slots for one in full.hosts if one.usable)
    return min(max(MIN_PAUSE, slots), MAX_PAUSE)
