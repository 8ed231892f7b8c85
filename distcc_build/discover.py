"""The one sequence: what is known, the lock, a second look, the walk, what is kept of it."""

import hashlib
import secrets
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from distcc_build import machine, store
from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.outcome import outcome
from distcc_build.resolve.answers import Answer, WalkResult
from distcc_build.resolve.resolvconf import ResolvConf, parse_resolv_conf
from distcc_build.resolve.walk import Walk

if TYPE_CHECKING:
    from distcc_build.resolve.resolver import DnsResolver
    from distcc_build.resolve.system import SystemResolver

__all__ = ["RESOLV_CONF", "discover", "find_servers"]

RESOLV_CONF = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
"""The first is read; the second, behind systemd-resolved's stub, tells of a change of network."""

CANARY_LETTERS = "bcdfghjkmnpqrstvwxz"

MAX_COMPILERS = 8
"""Compilers whose plans are renewed together."""

RESERVE = 0.2
"""Seconds of the deadline that are left for what comes after the walk."""


def discover(
    config: Config,
    directory: Path,
    *,
    compiler: str = "",
    force: bool = False,
    started: float | None = None,
) -> Farm:
    """What is known of the farm, learned anew where that no longer holds.

    :param config: which farm.
    :param directory: the cache directory.
    :param compiler: the word a plan is made for, to be remembered with the farm.
    :param force: ask even for what is still fresh.
    :param started: time.monotonic() at which the waiting began; the deadline counts from it.
    :raises OSError: when the result cannot be kept.
    """
    started = time.monotonic() if started is None else started
    began = time.time()
    path = store.farm_path(directory, config)
    conf, surroundings = _surroundings(config)

    def holds(farm: Farm | None) -> bool:
        asked_since = not force or (farm is not None and farm.made >= began)
        return farm is not None and asked_since and farm.fresh(surroundings, time.time())

    def left() -> float:
        return config.deadline - RESERVE - (time.monotonic() - started)

    farm = store.read_farm(path)
    if farm is not None and holds(farm) and (not compiler or compiler in farm.compilers):
        return farm
    with store.locked(path, left()) as mine:
        # Another process may have walked while this one waited.
        farm = store.read_farm(path)
        if not mine:
            return farm or _nothing(config, surroundings, "another discovery takes too long")
        if farm is None or not holds(farm):
            seconds = max(left(), 0.1)
            farm = find_servers(config, conf, surroundings, farm, force=force, seconds=seconds)
            store.sweep(directory, farm.made)
        farm = _remember(farm, compiler)
        store.write_farm(path, farm)
    return farm


def _remember(farm: Farm, compiler: str) -> Farm:
    words = [compiler] if compiler else []
    known = dict.fromkeys([*words, *farm.compilers])
    return replace(farm, compilers=tuple(known)[:MAX_COMPILERS])


def _surroundings(config: Config) -> tuple[ResolvConf, str]:
    """The name servers and search list to use, and a fingerprint of the network they belong to."""
    texts = []
    if not (config.nameservers and config.domain):
        for path in RESOLV_CONF:
            try:
                texts.append(path.read_text("utf-8", "replace"))
            except OSError:
                texts.append("")
    conf = parse_resolv_conf(texts[0] if texts else "", socket.gethostname())
    fingerprint = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
    return ResolvConf(config.nameservers or conf.nameservers, conf.search), fingerprint


def _domains(config: Config, conf: ResolvConf) -> list[str]:
    """Where to look for the first name, in order; the empty one stands for a name as it is."""
    if config.domain:
        return [config.domain]
    if "." in config.pattern:
        return ["", *conf.search]
    # Without a domain the system's resolver looks in /etc/hosts only.
    return [*conf.search, ""] if config.resolver == "system" else list(conf.search)


def find_servers(
    config: Config,
    conf: ResolvConf,
    surroundings: str,
    old: Farm | None = None,
    *,
    force: bool = False,
    seconds: float,
) -> Farm:
    """Walk the names once.

    :param conf: whom to ask, and where to look.
    :param surroundings: the fingerprint of that; what is known from others does not count.
    :param old: what was known before.
    :param force: ask even for names whose TTL has not run out.
    :param seconds: the longest this may take.
    """
    # asyncio and dnspython take 90 ms to import, and only a walk needs them.
    import asyncio

    from distcc_build.resolve.survey import survey

    if old is not None and old.surroundings != surroundings:
        old = None
    now = time.time()
    known = old.known(now) if old else None
    walk = Walk(
        _domains(config, conf),
        canary="".join(secrets.choice(CANARY_LETTERS) for _ in range(12)),
        pattern=config.pattern,
        gap=config.gap,
        networks=config.networks,
        cap=config.max_servers,
        known=known,
    )
    cached = old.cached(now) if old and not force else {}
    start = time.monotonic()

    async def led() -> tuple[WalkResult, dict[str, Answer], int]:
        async with _resolver(config, conf) as resolver:
            return *await survey(walk, resolver, cached=cached, seconds=seconds), resolver.queries

    result, asked, queries = asyncio.run(led())
    farm = outcome(result, asked, config, old=old, own=machine.is_own, now=now)
    took = time.monotonic() - start
    return replace(farm, surroundings=surroundings, queries=queries, seconds=round(took, 4))


def _resolver(config: Config, conf: ResolvConf) -> "DnsResolver | SystemResolver":
    if config.resolver == "system":
        from distcc_build.resolve.system import SystemResolver

        return SystemResolver()
    from distcc_build.resolve.resolver import DnsResolver

    return DnsResolver(conf.nameservers, config.walk_budget)


def _nothing(config: Config, surroundings: str, why: str) -> Farm:
    """What to go on with where nothing could be learned; it is not kept."""
    now = time.time()
    return Farm(
        now, now + config.ttl_min, now + config.ttl_min, surroundings, why=why, degraded=True
    )
