"""Looks at hosts that the user names, without discovery: nothing is kept."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from distcc_build.config import Config
from distcc_build.examine import SECONDS, Progress, Verdicts, ask, compilers_here, counted
from distcc_build.named import Learned, Named, servers_of
from distcc_build.policy import Server
from distcc_build.reference import Reference, References
from distcc_build.sources.lookup import look_up
from distcc_build.stats import Stats

__all__ = ["examine_named"]


def examine_named(
    config: Config,
    directory: Path,
    words: Sequence[str],
    path: str | None,
    named: Sequence[Named],
    told: Progress = lambda done, total: None,  # noqa: ARG005
) -> tuple[Learned, dict[str, str]]:
    """Look the names up as every program does, and probe all their addresses.

    :param directory: the cache directory, for what this machine's compilers give.
    :param words: the compilers to prove; empty stands for gcc and g++.
    :param path: where to look for them: the value of PATH.
    :returns: what was learned; and by word of a compiler, why no server can be proved for it.
    """
    compilers, reasons = compilers_here(words, path)
    names = list(dict.fromkeys(one.spec.host for one in named if one.spec and not one.state))
    with References(directory, compilers.values()) as references:
        learned = Learned(look_up(names, time.monotonic() + SECONDS))
        made, failed = references.collect(SECONDS)
    words_of = {compiler.key: word for word, compiler in compilers.items()}
    reasons |= {words_of[key]: why for key, why in failed.items()}
    wanted: dict[str, dict[str, Server]] = {}
    for one in named:
        servers = {server.endpoint: server for server in servers_of(one, learned, config)}
        wanted.setdefault(one.compression, {}).update(servers)
    told_of = {kind: list(servers.values()) for kind, servers in wanted.items()}
    found = asyncio.run(_ask_all(told_of, made, config, told))
    verdicts = {
        (endpoint, kind): {words_of[key]: verdict for key, verdict in by_key.items()}
        for kind, (by_endpoint, _) in found.items()
        for endpoint, by_key in by_endpoint.items()
    }
    stats = {address: one for _, pages in found.values() for address, one in pages.items()}
    limits = {address: one.max_kids for address, one in stats.items()}
    loads = {address: one.load for address, one in stats.items() if one.load is not None}
    return learned._replace(verdicts=verdicts, limits=limits, loads=loads), reasons


async def _ask_all(
    wanted: dict[str, list[Server]],
    references: Sequence[Reference],
    config: Config,
    told: Progress,
) -> dict[str, tuple[Verdicts, dict[str, Stats]]]:
    """What becomes of the servers, by the compression that they have to speak."""
    tell = counted(told, sum(len(servers) for servers in wanted.values()))
    asked = await asyncio.gather(
        *(
            ask(servers, references, config._replace(compression=kind), tell)
            for kind, servers in wanted.items()
        )
    )
    # Each address of a host is a server here, so that none has other addresses.
    answers = ((verdicts, stats) for verdicts, stats, _ in asked)
    return dict(zip(wanted, answers, strict=True))
