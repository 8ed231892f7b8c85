"""The farm file: it is whole and can be worked with, or it is none."""

import ipaddress
import math
from collections.abc import Iterator

from distcc_build.choice import Candidate, complete
from distcc_build.config import Config
from distcc_build.farmfile import Asked, Farm, FarmFileError, Grant, format_farm, parse_farm
from distcc_build.hosts import DISCOVER, parse_hosts
from distcc_build.offer import Account, Line
from distcc_build.policy import Server, State
from distcc_build.resolve.answers import Found, Missing
from distcc_build.verdict import Cause, Verdict

NOW = 1_700_000_000.0
ADDRESS = ipaddress.ip_address("10.0.0.1")
FARM = Farm(
    made=NOW,
    until=NOW + 60,
    stale=NOW + 600,
    surroundings="0123456789abcdef",
    domain="farm.test",
    servers=(
        Server(1, "distcc1.farm.test.", ADDRESS, State.USED, "", NOW, 16),
        Server(2, "distcc2.farm.test.", ipaddress.ip_address("fd00::1"), State.OWN, "x", NOW, None),
        Server(
            *(0, "big.local.", ipaddress.ip_address("fd00::2"), State.USED, "", NOW, 8, 4000),
            *("+zeroconf", 10, 5, (ADDRESS,)),
        ),
    ),
    lines=(Line("distcc1.farm.test.", "10.0.0.1 (TTL 60)", "server"),),
    why="distcc3.farm.test. does not exist",
    accounts=(Account("+zeroconf", (Line("a", "b", "c"),), "heard no more", True, 3, 0.5),),
    answers={
        "distcc1.farm.test.": Asked(Found((ADDRESS,), 60.0), NOW + 60),
        "distcc3.farm.test.": Asked(Missing(60.0, nxdomain=False), NOW + 60),
    },
    grants={"distcc1.farm.test.": Grant(16, NOW + 60), "distcc2.farm.test.": Grant(None, NOW)},
    compilers=("gcc", "/usr/bin/g++"),
    proofs={"key": {"10.0.0.1": Verdict(Cause.OK, "", 0.03, "12.2.0", "x86_64-linux-gnu")}},
    reasons={"other": "cannot be run"},
)


WORDS = (
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"9" * 400,
        b"null",
        b"true",
        b"false",
        b"[",
        b"]",
    ),
    *(
        b"{",
        b"}",
        b",",
        b'""',
        b"0",
        b"-1",
        b"1.5",
        b'"USED"',
        b'"\\ud800"',
        b'"10.0.0.1"',
        b"[[[[[[[[",
    ),
    *(f'"{one}":'.encode() for one in Farm._fields),
)


def seeds() -> Iterator[bytes]:
    yield format_farm(FARM)
    yield format_farm(Farm(NOW, NOW + 60, NOW + 600, ""))


def check(data: bytes) -> None:
    try:
        farm = parse_farm(data)
    except FarmFileError:
        return
    assert parse_farm(format_farm(farm)) == farm
    times = (farm.made, farm.until, farm.stale, farm.seconds)
    assert all(math.isfinite(time) for time in times)
    for now in (NOW, farm.made, farm.until):
        farm.fresh(farm.surroundings, now)
        farm.known(now)
        for answer in farm.cached(now).values():
            assert isinstance(answer, Found | Missing)
            assert answer.ttl > 0
        for grant in farm.held(now).values():
            assert grant.slots is None or grant.slots > 0
    good = [Candidate(one, min(one.limit or 4, 1000)) for one in farm.used]
    full = complete(parse_hosts(DISCOVER), good, Config(), client="c", cores=2)
    assert any(one.usable for one in full.hosts)
    assert "@" not in str(full)
    assert parse_hosts(str(full)).problems == ()
