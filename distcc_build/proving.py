"""Finds out what the servers of a farm are worth to compilers, and what they say of themselves."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from distcc_build.backoff import forgive, in_backoff
from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.hostspec import IPAddress
from distcc_build.learned import limited, moved, proved, silent
from distcc_build.policy import Server
from distcc_build.probe import probe
from distcc_build.pump.proof import pump_objects
from distcc_build.reference import LATE, Reference, References
from distcc_build.stats import Stats, read_stats
from distcc_build.verdict import Verdict
from distcc_build.ways import Ways

__all__ = ["prove", "prove_silent"]

STATS_SECONDS = 1.0
"""For the stats pages, which answer at once or not at all."""

PATIENCE = 0.6
"""Seconds without a word from any server after which somebody who waits waits no longer."""


def prove(
    farm: Farm,
    references: References,
    config: Config,
    *,
    seconds: float,
    patient: bool,
    distcc_dir: Path | None,
    before: float,
) -> Farm:
    """Probe all servers for the compilers that there are references for.

    :param references: started before; what they give is awaited here.
    :param seconds: the longest that this may take.
    :param patient: nobody waits for the result, and `prove_silent` comes next.
    :param distcc_dir: where the user's distcc keeps its marks of servers that failed.
    :param before: when the farm was looked at last, seconds since 1970: marks since then
        count as trouble.
    """
    started = time.monotonic()
    made, reasons = references.collect(seconds if patient else seconds / 2)
    # A machine that was too busy for its own small compile is so for a minute, not for long.
    late = any(why.endswith(LATE) for why in reasons.values())
    left = max(seconds - (time.monotonic() - started), 0.1)
    verdicts, stats, places = asyncio.run(_ask(farm.used, made, config, left, PATIENCE))
    lost = any(place in found for found in farm.proofs.values() for place in places)
    farm = moved(farm, places)
    proofs: dict[str, dict[str, Verdict]] = {key: {} for key in reasons}
    proofs |= {one.compiler.key: {} for one in made}
    for endpoint, found in verdicts.items():
        for key, verdict in found.items():
            proofs[key][endpoint] = verdict
    trouble = distcc_dir is not None and _settle(distcc_dir, farm, proofs, config, before)
    trouble = trouble or late
    now = time.time()
    farm = limited(farm, _limits(stats))
    farm = proved(farm, proofs, reasons, config, trouble=trouble, hurried=not patient, now=now)
    # What other compilers know of servers that are elsewhere now has to be learned again.
    return farm.fresh_until(now + 1) if lost else farm


def prove_silent(
    farm: Farm, references: Sequence[Reference], config: Config, *, seconds: float
) -> Farm:
    """Probe those that have said nothing once more, and wait for them.

    :param references: of the compilers to probe for.
    :param seconds: the longest that this may take; while any says nothing it takes as long.
    """
    asked = _ask(silent(farm), references, config, seconds, seconds)
    verdicts, stats, places = asyncio.run(asked)
    farm = moved(farm, places)
    proofs = {key: dict(found) for key, found in farm.proofs.items()}
    for endpoint, found in verdicts.items():
        for key, verdict in found.items():
            proofs[key][endpoint] = verdict
    return limited(farm, _limits(stats))._replace(proofs=proofs)


def _limits(stats: Mapping[str, Stats]) -> dict[str, int]:
    return {address: one.max_kids for address, one in stats.items()}


async def _ask(
    servers: Sequence[Server],
    references: Sequence[Reference],
    config: Config,
    seconds: float,
    silence: float,
) -> tuple[dict[str, dict[str, Verdict]], dict[str, Stats], dict[str, IPAddress]]:
    """What the servers are worth, by endpoint, and what they say of themselves, by address.

    And by endpoint, the other address of each that answers only there.
    """
    ways = Ways(servers, config.port)
    pump = pump_objects(references) if config.compression == "pump" else None
    probed = await probe(
        ways.servers,
        references,
        match=config.match,
        seconds=seconds,
        silence=silence,
        lzo=config.compression == "lzo",
        pump=pump,
        others=ways.others,
        moved=ways.move,
    )
    verdicts = ways.by_endpoint(probed)
    if not config.stats:
        return verdicts, {}, ways.places
    # Not at the same time: both open as many connections as this process may have.
    good = [one.address for one in ways.reached if verdicts[one.endpoint]]
    pages = await read_stats(good, config.stats_port, seconds=STATS_SECONDS)
    return verdicts, pages, ways.places


def _settle(
    distcc_dir: Path,
    farm: Farm,
    proofs: Mapping[str, Mapping[str, Verdict]],
    config: Config,
    before: float,
) -> bool:
    """Take distcc's marks from servers that work again; whether there are any since `before`."""
    now = time.time()
    # Old marks count too: the user's own DISTCC_BACKOFF_PERIOD may be an hour.
    marked = in_backoff(distcc_dir, now, math.inf)
    recent = in_backoff(distcc_dir, now, max(now - before, 0.0))
    for server in farm.used:
        address, port = str(server.address), server.port or config.port
        found = [one[server.endpoint] for one in proofs.values() if server.endpoint in one]
        if (address, port) in marked and found and all(one.good for one in found):
            forgive(distcc_dir, address, port)
    return any((str(one.address), one.port or config.port) in recent for one in farm.used)
