"""What discovery asks of the name server, by the product's own rules, without I/O.

A client asks only while it compiles, once what it knows is no longer fresh: `outcome` says when,
and `survey` and `texts` what is asked.
"""

import functools
import random
from collections import Counter
from collections.abc import Callable

from distcc_build.config import Config
from distcc_build.farmfile import Farm, Grant
from distcc_build.hostspec import parse_address
from distcc_build.loop import Loop
from distcc_build.outcome import LATER, outcome
from distcc_build.resolve.answers import Answer, Found, Missing
from distcc_build.resolve.survey import survey
from distcc_build.resolve.texts import Texts
from distcc_build.resolve.walk import Walk
from distcc_build.sources.numbered import MAX_KEPT, Walked

HOUR = 3_600
BUILDS, LENGTH = 4, 120.0
"""Of a client: builds in an hour (Poisson), and seconds of one (exponential)."""

ZONES = ((60, 60), (300, 60), (300, 300), (3_600, 60), (3_600, 3_600))
"""TTL of the servers' records, and the zone's negative TTL."""

START = 1_000_000_000.0
CONFIG = Config()


def report(clients: int, servers: int) -> None:
    """Print queries a second at the name server."""
    busy = BUILDS * LENGTH / HOUR
    crowds = [clients // 100, clients // 10, clients]
    print(
        f"name server, {servers} servers; clients with {BUILDS} builds of {LENGTH:.0f} s an hour\n"
        f"  {'TTL, negative TTL':18} {'queries: first, then':>20}  every  "
        + "".join(f"{f'{one} clients':>18}" for one in crowds)
    )
    for ttl, negative in ZONES:
        refreshes = _one_client(servers, ttl, negative)
        (begin, first), (end, _) = refreshes[0], refreshes[-1]
        later = [queries for _, queries in refreshes[1:]]
        rate = sum(later) / (end - begin) * busy
        print(
            f"  {ttl:6} {negative:6} s    {first:12} {sum(later) / len(later):9.0f} "
            f"{(end - begin) / len(later):4.0f} s  "
            + "".join(f"{rate * one:16.1f}/s" for one in crowds),
            flush=True,
        )
    ttl, each = 300, {}
    for name, shared in (("each its own TTL", False), ("one cache for all", True)):
        each[name] = _refreshes(clients, ttl, shared=shared)
    for name, seconds in each.items():
        mean = sum(seconds.values()) / HOUR
        print(
            f"  refreshes a second with TTL {ttl}, {name:18} {mean:6.1f}, in the busiest second "
            f"{max(seconds.values())} ({max(seconds.values()) / mean:.0f} x)"
        )


class _Counting:
    """A resolver that answers at once for a farm of so many servers, and counts."""

    def __init__(self, servers: int, ttl: float, negative: float) -> None:
        self.loop = Loop()
        self._servers, self._ttl, self._negative = servers, ttl, negative
        self.queries = 0

    def ask(self, name: str, reply: Callable[[Answer], None]) -> None:
        self.queries += 2
        number = name.partition(".")[0].removeprefix("distcc")
        answer: Answer = Missing(self._negative)
        if number.isdecimal() and int(number) <= self._servers:
            address = f"10.0.{int(number) // 250}.{int(number) % 250 + 1}"
            answer = Found((parse_address(address),), self._ttl)
        self.loop.call_soon(functools.partial(reply, answer))

    def ask_text(self, name: str, reply: Callable[[Answer], None]) -> None:
        del name  # no server says its slots
        self.queries += 1
        self.loop.call_soon(functools.partial(reply, Missing(self._negative, nxdomain=False)))


def _one_client(servers: int, ttl: float, negative: float) -> list[tuple[float, int]]:
    """When a client that always compiles refreshes, and what it asks."""
    now, refreshes = START, []
    farm: Farm | None = None
    while now < START + max(HOUR, 4 * ttl):
        resolver = _Counting(servers, ttl, negative)
        farm = _refresh(resolver, farm, now)
        refreshes.append((now, resolver.queries))
        now = farm.until
    return refreshes


def _refresh(resolver: _Counting, old: Farm | None, now: float) -> Farm:
    """As search.py does."""
    canary = f"c{now:.0f}"  # another one each time
    walk = Walk(["farm.test"], canary=canary, known=old.known(now) if old else None)
    cached = old.cached(now) if old else {}
    texts = Texts(resolver.loop, resolver, old.held(now) if old else {})
    result, asked = survey(
        walk, resolver.loop, resolver, cached=cached, seconds=60, found=texts.want
    )
    said = texts.collect(quiet=60, seconds=60)
    grants = {
        name: Grant(None, now + min(one.ttl, MAX_KEPT))
        for name, one in said.items()
        if isinstance(one, Missing)
    }
    walked = Walked(result, asked, grants)
    return outcome(walked, (), CONFIG, old=old, own=lambda _: False, now=now)


def _refreshes(clients: int, ttl: int, *, shared: bool) -> Counter[int]:
    """How many clients refresh in each second of an hour.

    :param shared: answers come from a cache that all ask, with what is left of their TTL: they
        run out for all at once.
    """
    held = {left: _held(left) for left in range(1, ttl + 1)}
    rng = random.Random(1)
    seconds: Counter[int] = Counter()
    for _ in range(clients):
        # The first hour is for what clients know at its end.
        now, until = 0.0, 0.0
        while now < 2 * HOUR:
            now += rng.expovariate(BUILDS / HOUR)
            end = now + rng.expovariate(1 / LENGTH)
            while (asks := max(now, until)) < end:
                if HOUR <= asks < 2 * HOUR:
                    seconds[int(asks)] += 1
                left = ttl - int(asks) % ttl if shared else ttl
                until = asks + held[left] * (1 + LATER * rng.random())
            now = end
    return seconds


def _held(left: int) -> float:
    """Seconds for which a result is fresh whose answers hold for so long."""
    farm = _refresh(_Counting(1, left, left), None, START)
    return farm.until - START
