"""Looks at every name of a farm anew, for those who look after it: nothing is kept."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from distcc_build import store
from distcc_build.compilers import USUAL
from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.health import LOOK_BEYOND, Health, reached
from distcc_build.hostspec import DISCOVER, IPAddress
from distcc_build.learned import moved
from distcc_build.policy import Server
from distcc_build.probe import probe
from distcc_build.pump.proof import pump_objects
from distcc_build.reference import Compiler, Reference, References, find_compiler
from distcc_build.search import find_servers, surroundings
from distcc_build.stats import Stats, read_stats
from distcc_build.verdict import Verdict
from distcc_build.ways import Ways

__all__ = ["SECONDS", "Progress", "Verdicts", "ask", "compilers_here", "counted", "examine"]

SECONDS = 5.0
"""For the walk, and then for all probes.  Nobody's compile waits, and a farm at work is slow."""

Verdicts: TypeAlias = dict[str, dict[str, Verdict]]
"""By endpoint of the server, then by key of the compiler."""

Progress: TypeAlias = Callable[[int, int], object]
"""Called with the number of servers that are done, and of all."""


def examine(
    config: Config,
    directory: Path,
    words: Sequence[str],
    path: str | None,
    told: Progress = lambda done, total: None,  # noqa: ARG005
) -> Health:
    """Walk all names, and some behind them, and probe all servers.

    :param directory: the cache directory, for what this machine's compilers give.
    :param words: the compilers to prove; empty stands for gcc and g++.
    :param path: where to look for them: the value of PATH.
    :param told: called with the number of servers that are done, and of all.
    """
    compilers, reasons = compilers_here(words, path)
    conf, fingerprint = surroundings(config)
    wide = config._replace(gap=config.gap + LOOK_BEYOND)
    with References(directory, compilers.values()) as references:
        kept = _of_other_sources(store.read_farm(store.farm_path(directory, config)))
        farm = find_servers(wide, conf, fingerprint, kept, force=True, seconds=SECONDS)
        made, failed = references.collect(SECONDS)
    words_of = {compiler.key: word for word, compiler in compilers.items()}
    reasons |= {words_of[key]: why for key, why in failed.items()}
    end = reached(farm, config)
    servers = [server for server in farm.used if server.number < end]
    tell = counted(told, len(servers))
    found, stats, places = asyncio.run(ask(servers, made, config, tell))
    verdicts = {
        endpoint: {words_of[key]: verdict for key, verdict in by_key.items()}
        for endpoint, by_key in found.items()
    }
    return Health(
        config,
        moved(farm, places),
        verdicts,
        reasons,
        limits={address: one.max_kids for address, one in stats.items()},
        loads={address: one.load for address, one in stats.items() if one.load is not None},
    )


def _of_other_sources(farm: Farm | None) -> Farm | None:
    """What builds go on with where a source cannot be asked; names are walked anew."""
    if farm is None:
        return None
    servers = tuple(one for one in farm.servers if one.source != DISCOVER)
    return farm._replace(servers=servers, answers={}, grants={})


def counted(told: Progress, total: int) -> Callable[[], object]:
    """What is to be called for each server when all is known of it."""
    done = itertools.count(1)
    told(0, total)
    return lambda: told(next(done), total)


def compilers_here(
    words: Sequence[str], path: str | None
) -> tuple[dict[str, Compiler], dict[str, str]]:
    """The compilers by word, and by word why there is none."""
    found = {word: find_compiler(word, path) for word in words or USUAL}
    here = {word: one for word, one in found.items() if one is not None}
    if not words and here:
        return here, {}
    missing = "it is not installed here, so there is nothing to compare servers with"
    return here, {word: missing for word, one in found.items() if one is None}


async def ask(
    servers: Sequence[Server],
    references: Sequence[Reference],
    config: Config,
    tell: Callable[[], object],
) -> tuple[Verdicts, dict[str, Stats], dict[str, IPAddress]]:
    """Probe servers, and ask them for their stats pages where that is wanted.

    :returns: verdicts by endpoint, pages by address; and by endpoint, the other address of each
        server that answers only there.
    """
    ways = Ways(servers, config.port)
    probing = probe(
        ways.servers,
        references,
        match=config.match,
        seconds=SECONDS,
        lzo=config.compression == "lzo",
        pump=pump_objects(references) if config.compression == "pump" else None,
        details=True,
        others=ways.others,
        moved=ways.move,
        told=tell,
    )
    pages = _pages([one.address for one in servers], config)
    probed, stats = await asyncio.gather(probing, pages)
    if ways.places:
        there = [one.address for one in ways.reached if one.address in ways.places.values()]
        stats |= await _pages(there, config)
    return ways.by_endpoint(probed), stats, ways.places


async def _pages(addresses: Sequence[IPAddress], config: Config) -> dict[str, Stats]:
    if not config.stats:
        return {}
    return await read_stats(addresses, config.stats_port, seconds=SECONDS)
