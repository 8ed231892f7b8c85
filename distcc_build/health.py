"""What is to be said of each name of a farm, for those who look after it.  Asks nothing itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from distcc_build.choice import OPTIONS, held_back
from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.hostspec import DISCOVER, Hostspec
from distcc_build.offer import Line
from distcc_build.policy import Server, State
from distcc_build.resolve.answers import Verdict as NameVerdict
from distcc_build.verdict import Cause, Verdict

__all__ = [
    "GOOD",
    "LOOK_BEYOND",
    "OWN",
    "Health",
    "Row",
    "address_of",
    "judged",
    "named_before",
    "numbered",
    "reached",
    "rows",
    "stop",
]

LOOK_BEYOND = 8
"""Names asked for behind the one at which a build's walk stops, to tell a hole from the end."""

OF_THE_COMPILER = {
    Cause.NOT_LISTED,
    Cause.MISSING,
    Cause.VERSION,
    Cause.TARGET,
    Cause.DIFFERENT,
    Cause.FAILED,
}
"""What may be otherwise for another compiler; all else is the server's."""

GOOD, PARTLY, BACKUP, OWN = "good", "partly", "backup", "this machine"


@dataclass(frozen=True, slots=True)
class Health:
    """What was learned of a farm.

    Its names were walked with LOOK_BEYOND added to `config.gap`, so that the farm may hold
    servers that no build reaches.
    """

    config: Config
    farm: Farm
    verdicts: Mapping[str, Mapping[str, Verdict]] = field(default_factory=dict)
    """By endpoint, then by the compiler's word."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """By word of a compiler, why no server can be proved for it."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """By address, the jobs at once that a server's own stats page names."""
    loads: Mapping[str, float] = field(default_factory=dict)
    """By address, the load average that the page names."""


@dataclass(frozen=True, slots=True)
class Row:
    """One name."""

    number: int
    name: str
    address: str
    """What it resolves to, or why that is not known."""
    state: str
    """In one or two words; "good" if builds use it for every compiler, "backup" if they could."""
    why: str = ""
    """What is the matter, and what to do."""
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    """By the compiler's word."""
    limit: int | None = None
    """Jobs at once; None for what is no server."""
    load: float | None = None
    """Load average of its machine, where it tells."""
    source: str = DISCOVER
    """The word of the source that named it; empty for one that a user names."""
    port: int | None = None
    """Where it listens; None for what is no server."""
    hostspec: str = ""
    """As distcc is to be given it; empty for one that is not good, or a backup."""
    priority: int = 0
    """Its source's; backups have a higher one than those that are used."""

    @property
    def well(self) -> bool:
        """Whether there is nothing to mend."""
        return self.state in {GOOD, BACKUP, OWN}

    @property
    def latency(self) -> float | None:
        """Seconds that the slowest of its proofs took."""
        return max((v.latency for v in self.verdicts.values() if v.latency), default=None)


def reached(farm: Farm, config: Config) -> int:
    """The number of the name at which a build's walk stops."""
    misses = number = 0
    for number, line in numbered(farm, config):
        misses = misses + 1 if line.verdict in _MISSES else 0
        if misses > config.gap:
            return number
    return number + 1


def rows(health: Health) -> list[Row]:
    """One row for each name that there is something to say of."""
    farm, config = health.farm, health.config
    end = reached(farm, config)
    servers = {server.name: server for server in farm.servers if server.number}
    lines = dict(numbered(farm, config))
    known = [n for n, line in lines.items() if line.verdict in _MISSES or line.name in servers]
    found = []
    for number, line in lines.items():
        server = servers.get(line.name)
        if server is not None:
            if not named_before(farm, server):
                found.append(_server(health, server, end))
        elif line.verdict == NameVerdict.OTHER_NETWORK.value:
            why = "it is on another network than distcc1: correct it, or set ipv4_network"
            found.append(Row(number, line.name, address_of(line), line.verdict, why))
        elif line.verdict not in {*_MISSES, _LATER_DOMAIN} and number <= max(known, default=0) + 1:
            # The first stands for all at the end: those that the walk tried are not servers.
            why = f"{line.came_back}: see that the name servers answer"
            found.append(Row(number, line.name, "", "not known", why))
    others = [one for one in farm.servers if not one.number and not named_before(farm, one)]
    found += [_server(health, one, end) for one in others]
    whys = iter(held_back([row for row in found if row.state == GOOD]))
    return [
        replace(row, state=BACKUP, why=why, hostspec="")
        if row.state == GOOD and (why := next(whys))
        else row
        for row in found
    ]


def named_before(farm: Farm, server: Server) -> bool:
    """Whether it is a server that has been named before: that is one, and well.

    Only numbers are for a machine each; one that has two of them is not counted as was meant.
    """
    if server.state is not State.DUPLICATE:
        return False
    first = next(one for one in farm.servers if one.endpoint == server.endpoint)
    return not (first.number and server.number)


_MISSES = {
    NameVerdict.MISSING.value: "does not exist",
    NameVerdict.WILDCARD.value: "does not exist",
    NameVerdict.OTHER_NETWORK.value: "is on another network than distcc1",
}
_LATER_DOMAIN = NameVerdict.LATER_DOMAIN.value


def numbered(farm: Farm, config: Config) -> Iterator[tuple[int, Line]]:
    """The names in the farm's own domain; distcc1 may have been looked for in others before."""
    first = f"{config.pattern.replace('%d', '1')}.{farm.domain}".rstrip(".") + "."
    start = max((n for n, line in enumerate(farm.lines) if line.name == first), default=0)
    return enumerate(farm.lines[start:], 1)


def stop(health: Health) -> str:
    """Why the walk of a build goes no further."""
    lines = dict(numbered(health.farm, health.config))
    line = lines.get(reached(health.farm, health.config))
    left_out = _LATER_DOMAIN in {one.verdict for one in lines.values()}
    if line is None or line.verdict not in _MISSES or left_out:
        return health.farm.why
    return f"{line.name} {_MISSES[line.verdict]}"


def address_of(line: Line) -> str:
    """What a name resolves to."""
    address, _, _ = line.came_back.partition(" (TTL")
    return address


def _server(health: Health, server: Server, end: int) -> Row:
    state, why = "not reached", "the walk stops before: close the hole in the numbers"
    row = Row(
        *(server.number, server.name, server.endpoint, state, why),
        source=server.source,
        port=server.port or health.config.port,
        priority=server.priority,
    )
    if server.number > end:
        return row
    if server.state is not State.USED:
        state = {State.OWN: OWN, State.REFUSED: "not allowed"}.get(server.state, server.state.value)
        return replace(row, state=state, why=server.why)
    verdicts = health.verdicts.get(server.endpoint, {})
    state, why = judged(verdicts)
    config, address = health.config, server.address
    limit = server.limit or health.limits.get(str(address), config.limit)
    load = health.loads.get(str(address))
    row = replace(row, state=state, why=why, verdicts=verdicts, limit=limit, load=load)
    if state != GOOD:
        return row
    port, options = server.port or config.port, OPTIONS[config.compression]
    return replace(row, hostspec=str(Hostspec.server(address, port, limit, options)))


def judged(verdicts: Mapping[str, Verdict]) -> tuple[str, str]:
    """One state and one text for all compilers."""
    if not verdicts:
        return "not proved", "there is no compiler here to prove it with"
    bad = {word: one for word, one in verdicts.items() if not one.good}
    if not bad:
        return GOOD, ""
    causes = list(dict.fromkeys(one.cause for one in bad.values()))
    whole = len(bad) == len(verdicts) and len(causes) == 1
    return causes[0].value if whole else PARTLY, "; ".join(_sentences(bad))


def _sentences(bad: Mapping[str, Verdict]) -> Iterator[str]:
    """What is the matter, said once for all compilers that it concerns."""
    ordered: Sequence[tuple[str, Verdict]] = sorted(bad.items(), key=lambda one: one[1].sentence)
    for sentence, group in groupby(ordered, key=lambda one: one[1].sentence):
        same: Iterable[tuple[str, Verdict]] = list(group)
        if any(verdict.cause in OF_THE_COMPILER for _, verdict in same):
            yield f"{' '.join(word for word, _ in same)}: {sentence}"
        else:
            yield sentence
