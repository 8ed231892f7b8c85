"""What is to be mended of a farm, a line for each thing.  Asks nothing itself."""

from collections.abc import Iterator

from distcc_build.farmfile import Farm
from distcc_build.health import Health, Row, address_of, numbered, reached, rows, stop
from distcc_build.policy import State
from distcc_build.resolve.answers import Verdict

__all__ = ["lost", "not_well", "numbering", "problems"]

_LOST = ("left out", "could not be asked")
"""How verdicts begin on what somebody should look at."""


def problems(
    health: Health, *, max_latency: float | None = None, expect: int | None = None
) -> list[str]:
    """A line for each thing to mend; none when all is well.

    :param max_latency: seconds that a proof may take.
    :param expect: how many servers there should be, good or not, this machine among them.
    """
    farm = health.farm
    end = reached(farm, health.config)
    said = [f"{word}: {why}" for word, why in health.reasons.items()]
    said += numbering(health)
    said += lost(farm)
    for row in rows(health):
        if row.number <= end and (line := not_well(row, max_latency)):
            said.append(line)
    ours = [one for one in farm.servers if one.state in {State.USED, State.OWN}]
    count = sum(one.number < end for one in ours)
    if expect is not None and count != expect:
        # Why there are not more says nothing of why there are more.
        why = f": {stop(health)}" if count < expect else ""
        said.append(f"{count} servers instead of {expect}{why}")
    elif expect is None and not count and not said:
        said.append(f"no servers: {stop(health)}")
    return said


def not_well(row: Row, max_latency: float | None = None) -> str:
    """What is to be mended of one name; empty where it is well.

    :param max_latency: seconds that a proof may take.
    """
    where = f"{row.name} {row.address}".rstrip()
    if not row.well:
        return f"{where}: {row.why}"
    if max_latency is not None and row.latency is not None and row.latency > max_latency:
        return f"{where}: answers in {row.latency:.3f} s, not in {max_latency:g} s"
    return ""


def lost(farm: Farm) -> list[str]:
    """What sources beside the walk name and is no server, or could not tell."""
    said = []
    for account in farm.accounts:
        odd = [one for one in account.lines if one.verdict.startswith(_LOST)]
        said += [f"{account.source}: {one.name}  {one.came_back}: {one.verdict}" for one in odd]
        if account.degraded and not odd:
            said.append(f"{account.source}: {account.why}")
    return said


def numbering(health: Health) -> Iterator[str]:
    """What is wrong with the names, beside those that have rows."""
    farm, config = health.farm, health.config
    lines = dict(numbered(farm, config))
    end = reached(farm, config)
    behind = [one for one in farm.servers if one.number > end]
    wild = next((one for one in lines.values() if one.verdict == Verdict.WILDCARD.value), None)
    if behind and lines[end].verdict != Verdict.OTHER_NETWORK.value:
        others = f" and {len(behind) - 1} more" if len(behind) > 1 else ""
        yield f"{behind[0].name}{others}: never reached, as {stop(health)}: close the hole"
    if wild is not None:
        yield f"{wild.name} {address_of(wild)}: a wildcard record answers for any name: remove it"
