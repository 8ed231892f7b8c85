"""One look at all sources of servers: whom to ask, where to look, and what they give together."""

import hashlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from distcc_build import machine
from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.hostspec import DISCOVER, ZEROCONF
from distcc_build.outcome import outcome
from distcc_build.resolve.resolvconf import ResolvConf, parse_resolv_conf
from distcc_build.sources.files import listed_files, stamps
from distcc_build.sources.numbered import of_one_site
from distcc_build.sources.request import Request
from distcc_build.sources.walking import walk_names

if TYPE_CHECKING:
    from distcc_build.sources.asking import Others

__all__ = ["RESOLV_CONF", "find_servers", "surroundings"]

RESOLV_CONF = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
"""The first is read; the second, behind systemd-resolved's stub, tells of a change of network."""


def surroundings(config: Config) -> tuple[ResolvConf, str]:
    """The name servers and search list to use, and a fingerprint of the network they belong to."""
    texts = []
    # A file's names are looked up as every program looks them up.
    as_others_do = config.resolver == "system" or bool(listed_files(config.sources))
    if as_others_do or not (config.nameservers and config.domain):
        for path in RESOLV_CONF:
            try:
                texts.append(path.read_text("utf-8", "replace"))
            except OSError:
                texts.append("")
        texts.append(machine.default_routes())
    conf = parse_resolv_conf(texts[0] if texts else "", socket.gethostname())
    if ZEROCONF in config.sources:
        texts.append(machine.own_networks())
    fingerprint = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
    return conf._replace(nameservers=config.nameservers or conf.nameservers), fingerprint


def find_servers(
    config: Config,
    conf: ResolvConf,
    fingerprint: str,
    old: Farm | None = None,
    *,
    force: bool = False,
    seconds: float,
    meanwhile: Callable[[], object] = lambda: None,
) -> Farm:
    """Look once: walk the numbered names, and ask the other sources at the same time.

    :param conf: whom to ask, and where to look.
    :param fingerprint: of these; what is known from others does not count.
    :param old: what was known before.
    :param force: ask even for names whose TTL has not run out.
    :param seconds: the longest this may take.
    :param meanwhile: called while the first answers are on their way, where any are waited for.
    """
    if old is not None and old.surroundings != fingerprint:
        old = None
    now, start = time.time(), time.monotonic()
    # As they are before they are read: what changes meanwhile is read again.
    files = stamps(config)
    request = Request(config, conf, now, seconds)
    others = _others(request)
    walked, queries = None, 0
    if DISCOVER in config.sources:
        walked, queries = walk_names(request, old, force=force, meanwhile=meanwhile)
    else:
        meanwhile()
    gave = others.collect() if others else []
    before = old.site if old else ""
    walked, gave, site = of_one_site(walked, gave, config.domain or conf.search, before)
    farm = outcome(
        walked,
        gave,
        config,
        old=old,
        own=machine.is_own,
        now=now,
        chance=int.from_bytes(os.urandom(2)) / 65536,
    )
    queries += sum(one.account.queries for one in gave)
    took = round(time.monotonic() - start, 4)
    farm = farm._replace(surroundings=fingerprint, site=site, files=files)
    return farm._replace(queries=queries, seconds=took)


def _others(request: Request) -> "Others | None":
    """The sources beside the walk, on their way; None where there are none."""
    if set(request.config.sources) == {DISCOVER}:
        return None
    # Threads take 2 ms to import.
    from distcc_build.sources.asking import Others

    return Others(request)
