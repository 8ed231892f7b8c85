"""Walks the numbered names once: distcc1, distcc2, ..., and what their TXT records say."""

import os
import time
from collections.abc import Callable

from distcc_build.config import Config
from distcc_build.farmfile import Farm, Grant
from distcc_build.loop import Loop
from distcc_build.resolve.answers import Answer, Found, Missing
from distcc_build.resolve.choosing import resolver_for
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.resolve.slots import parse_slots
from distcc_build.resolve.survey import survey
from distcc_build.resolve.texts import Texts
from distcc_build.resolve.walk import Walk
from distcc_build.sources.numbered import MAX_KEPT, Walked
from distcc_build.sources.request import Request
from distcc_build.values import NUMBER_LENGTH

__all__ = ["walk_names"]

CANARY_LETTERS = "bcdfghjkmnpqrstvwxz"

MAX_NAME = 253
"""Characters of a name (RFC 1035 section 2.3.4, without the dot at its end)."""

TEXT_QUIET = 0.25
"""Seconds without an answer about TXT records, on which no server depends: a name server that
drops them costs no more."""

TEXT_EACH = 0.005
"""Seconds for each further TXT record: many times what an answer takes."""


def walk_names(
    request: Request, old: Farm | None, *, force: bool, meanwhile: Callable[[], object]
) -> tuple[Walked, int]:
    """Walk the names once.

    :param old: what was known before, in the same surroundings.
    :param force: ask even for names whose TTL has not run out.
    :param meanwhile: called while the first answers are on their way, where any are waited for.
    :returns: what the walk came to, and how many questions were sent.
    """
    config, now, seconds = request.config, request.now, request.seconds
    walk = Walk(
        _domains(config, request.conf),
        canary=_canary(),
        pattern=config.pattern,
        gap=config.gap,
        networks=config.networks,
        cap=config.max_servers,
        known=old.known(now) if old else None,
    )
    cached = old.cached(now) if old and not force else {}
    start = time.monotonic()
    loop = Loop()
    with resolver_for(loop, config, request.conf) as asked_of:
        loop.call_soon(meanwhile)
        held = old.held(now) if old and not force else {}
        texts = Texts(loop, asked_of, held)
        result, asked = survey(
            walk, loop, asked_of, cached=cached, seconds=seconds, found=texts.want
        )
        left = seconds - (time.monotonic() - start)
        most = min(left, TEXT_QUIET + TEXT_EACH * texts.wanted)
        said = texts.collect(quiet=TEXT_QUIET, seconds=most)
    grants = {name: _grant(answer, now) for name, answer in said.items()}
    return Walked(result, asked, grants), asked_of.queries


def _domains(config: Config, conf: ResolvConf) -> list[str]:
    """Where to look for the first name, in order; the empty one stands for a name as it is."""
    if config.domain:
        return list(config.domain)
    longest = len(config.pattern) - len("%d") + NUMBER_LENGTH
    search = [one for one in conf.search if longest + len(".") + len(one) <= MAX_NAME]
    if "." in config.pattern:
        whole_first = config.pattern.count(".") >= conf.ndots
        return ["", *search] if whole_first else [*search, ""]
    # Without a domain the system's resolver looks in /etc/hosts only.
    return [*search, ""] if config.resolver == "system" else search


def _canary() -> str:
    """A number that is none, and that nobody can guess."""
    return "".join(CANARY_LETTERS[one % len(CANARY_LETTERS)] for one in os.urandom(NUMBER_LENGTH))


def _grant(answer: Answer, now: float) -> Grant:
    slots = parse_slots(answer.texts) if isinstance(answer, Found) else None
    ttl = answer.ttl if isinstance(answer, Found | Missing) else 0.0
    return Grant(slots, now + min(ttl, MAX_KEPT))
