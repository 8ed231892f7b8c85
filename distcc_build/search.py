"""One search for the servers: whom to ask, where to look, and one walk over what they answer."""

import hashlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from distcc_build import machine
from distcc_build.config import Config
from distcc_build.farmfile import Farm, Grant
from distcc_build.loop import Loop
from distcc_build.outcome import MAX_KEPT, outcome
from distcc_build.resolve.answers import Answer, Found, Missing
from distcc_build.resolve.resolvconf import ResolvConf, parse_resolv_conf
from distcc_build.resolve.slots import parse_slots
from distcc_build.resolve.survey import survey
from distcc_build.resolve.texts import Texts
from distcc_build.resolve.walk import Walk
from distcc_build.values import NUMBER_LENGTH

if TYPE_CHECKING:
    from distcc_build.resolve.dnssec import Unasked
    from distcc_build.resolve.resolver import DnsResolver
    from distcc_build.resolve.system import SystemResolver

__all__ = ["RESOLV_CONF", "find_servers", "surroundings"]

RESOLV_CONF = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
"""The first is read; the second, behind systemd-resolved's stub, tells of a change of network."""

CANARY_LETTERS = "bcdfghjkmnpqrstvwxz"

MAX_NAME = 253
"""Characters of a name (RFC 1035 section 2.3.4, without the dot at its end)."""

TEXT_QUIET = 0.25
"""Seconds without an answer about TXT records, on which no server depends: a name server that
drops them costs no more."""

TEXT_EACH = 0.005
"""Seconds for each further TXT record: many times what an answer takes."""


def surroundings(config: Config) -> tuple[ResolvConf, str]:
    """The name servers and search list to use, and a fingerprint of the network they belong to."""
    texts = []
    if not (config.nameservers and config.domain):
        for path in RESOLV_CONF:
            try:
                texts.append(path.read_text("utf-8", "replace"))
            except OSError:
                texts.append("")
        texts.append(machine.default_routes())
    conf = parse_resolv_conf(texts[0] if texts else "", socket.gethostname())
    fingerprint = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
    return ResolvConf(config.nameservers or conf.nameservers, conf.search), fingerprint


def _domains(config: Config, conf: ResolvConf) -> list[str]:
    """Where to look for the first name, in order; the empty one stands for a name as it is."""
    if config.domain:
        return [config.domain]
    longest = len(config.pattern) - len("%d") + NUMBER_LENGTH
    search = [one for one in conf.search if longest + len(".") + len(one) <= MAX_NAME]
    if "." in config.pattern:
        return ["", *search]
    # Without a domain the system's resolver looks in /etc/hosts only.
    return [*search, ""] if config.resolver == "system" else search


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
    """Walk the names once.

    :param conf: whom to ask, and where to look.
    :param fingerprint: of these; what is known from others does not count.
    :param old: what was known before.
    :param force: ask even for names whose TTL has not run out.
    :param seconds: the longest this may take.
    :param meanwhile: called while the first answers are on their way, where any are waited for.
    """
    if old is not None and old.surroundings != fingerprint:
        old = None
    now = time.time()
    known = old.known(now) if old else None
    walk = Walk(
        _domains(config, conf),
        canary=_canary(),
        pattern=config.pattern,
        gap=config.gap,
        networks=config.networks,
        cap=config.max_servers,
        known=known,
    )
    cached = old.cached(now) if old and not force else {}
    start = time.monotonic()
    loop = Loop()
    with _resolver(loop, config, conf) as resolver:
        loop.call_soon(meanwhile)
        held = old.held(now) if old and not force else {}
        texts = Texts(loop, resolver, held)
        result, asked = survey(
            walk, loop, resolver, cached=cached, seconds=seconds, found=texts.want
        )
        left = seconds - (time.monotonic() - start)
        most = min(left, TEXT_QUIET + TEXT_EACH * texts.wanted)
        said = texts.collect(quiet=TEXT_QUIET, seconds=most)
    grants = {name: _grant(answer, now) for name, answer in said.items()}
    farm = outcome(
        result,
        asked,
        config,
        new_grants=grants,
        old=old,
        own=machine.is_own,
        now=now,
        chance=int.from_bytes(os.urandom(2)) / 65536,
    )
    took = time.monotonic() - start
    return farm._replace(surroundings=fingerprint, queries=resolver.queries, seconds=round(took, 4))


def _canary() -> str:
    """A number that is none, and that nobody can guess."""
    return "".join(CANARY_LETTERS[one % len(CANARY_LETTERS)] for one in os.urandom(NUMBER_LENGTH))


def _resolver(
    loop: Loop, config: Config, conf: ResolvConf
) -> "DnsResolver | SystemResolver | Unasked":
    from distcc_build.resolve.dnssec import NO_VALIDATOR, SYSTEM, Unasked, on_this_machine

    if config.resolver == "system":
        from distcc_build.resolve.system import SystemResolver

        return (
            Unasked(loop, SYSTEM)
            if config.require_dnssec
            else SystemResolver(loop, config.walk_budget)
        )
    from distcc_build.resolve.resolver import DnsResolver

    if not config.require_dnssec:
        return DnsResolver(loop, conf.nameservers, config.walk_budget)
    servers = on_this_machine(conf.nameservers)
    if not servers:
        return Unasked(loop, NO_VALIDATOR)
    return DnsResolver(loop, servers, config.walk_budget, validated=True)


def _grant(answer: Answer, now: float) -> Grant:
    slots = parse_slots(answer.texts) if isinstance(answer, Found) else None
    ttl = answer.ttl if isinstance(answer, Found | Missing) else 0.0
    return Grant(slots, now + min(ttl, MAX_KEPT))
