"""Farms as they come of a walk, for tests of what is kept of them."""

import ipaddress
import random
from collections.abc import Mapping

from distcc_build.config import Config
from distcc_build.farmfile import Farm, Grant
from distcc_build.outcome import outcome
from distcc_build.resolve.answers import Answer, Found, Missing, Question
from distcc_build.resolve.walk import Walk
from distcc_build.sources.numbered import Walked
from distcc_build.verdict import Cause, Verdict

__all__ = ["BAD", "CONFIG", "FARM", "NONE", "NOW", "PROOFS", "SIXTEEN", "farm_of", "found"]

CONFIG = Config()
NOW = 1_000_000.0


def found(address: str, ttl: float = 120) -> Found:
    return Found((ipaddress.ip_address(address),), ttl)


def farm_of(
    zone: Mapping[int, Answer],
    old: Farm | None = None,
    now: float = NOW,
    grants: Mapping[str, Grant] | None = None,
    chance: float = 0.0,
) -> Farm:
    """Walk the zone and keep the result; names that `old` still holds are not asked."""
    walk = Walk(["a.test"], canary="xyz", known=old.known(now) if old else None)
    cached = old.cached(now) if old else {}
    asked: dict[str, Answer] = {}

    def ask(question: Question) -> Answer:
        if question.name in cached:
            return cached[question.name]
        asked[question.name] = zone.get(question.number, Missing(90))
        return asked[question.name]

    while not walk.finished:
        questions = list(walk.ask())
        random.Random(1).shuffle(questions)
        for question in questions:
            walk.feed(question, ask(question))
    assert walk.result is not None
    return outcome(
        Walked(walk.result, asked, grants or {}),
        (),
        CONFIG,
        old=old,
        own=lambda _: False,
        now=now,
        chance=chance,
    )


FARM: dict[int, Answer] = {n: found(f"10.1.0.{n}") for n in range(1, 4)}


PROOFS = {
    "k1": {
        "10.1.0.1": Verdict(Cause.OK, "", 0.03, "12.2.0", "x86_64-linux-gnu", True, None),
        "10.1.0.3": Verdict(Cause.VERSION, "11 there, 12 here", 0.04),
    }
}
SIXTEEN, NONE = Grant(16, NOW + 50), Grant(None, NOW + 50)
BAD = {"k1": {"10.1.0.1": Verdict(Cause.SILENT)}}
