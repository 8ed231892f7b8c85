"""The names and servers between which lsdistcc and distcc-build are compared, by name."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from servers import Exchange, Mode, Script, answer, delay, drop, servfail

__all__ = [
    "DEAD",
    "DENIES",
    "FROZEN",
    "OTHER_PORT",
    "SCENES",
    "SIX",
    "VERSION",
    "Scene",
    "address",
]

DOMAIN = "build.example.com"
GOOD, DEAD, DENIES, GOOD_TOO, VERSION, FROZEN, SIX = range(1, 8)
"""The numbers of the servers; SIX listens at ::1 only."""

OTHER_PORT = 3700
"""At which the first server has another distccd."""


def address(number: int) -> str:
    return f"127.1.0.{number}"


class Scene(NamedTuple):
    """What is in DNS, how it is answered, and what is in resolv.conf."""

    zone: Mapping[str, Sequence[str]]
    script: Callable[[], Script] = dict
    """Made anew for each command."""
    search: str = DOMAIN

    @property
    def resolv_conf(self) -> str:
        return f"nameserver 127.0.0.1\nsearch {self.search}\n"


def numbered(servers: Mapping[int, int | str], domain: str = DOMAIN) -> dict[str, list[str]]:
    """A zone with the server, or address, of each number."""
    return {
        f"distcc{n}.{domain}.": [f"A {address(one) if isinstance(one, int) else one}"]
        for n, one in servers.items()
    }


def answered(number: int, mode: Mode) -> Callable[[], Script]:
    """How one name is answered; the others as they should be."""
    return lambda: {f"distcc{number}.{DOMAIN}.": mode}


def lossy() -> Script:
    """Every question is lost once."""
    asked = set()

    async def mode(x: Exchange) -> list[bytes]:
        key = (x.query.name, x.query.type)
        if key in asked:
            return await answer(x)
        asked.add(key)
        return await drop(x)

    return {"*": mode}


def slots_first() -> Script:
    """The walk ends only when the TXT record has been asked for, which is not waited for long."""
    told = asyncio.Event()

    async def text(x: Exchange) -> list[bytes]:
        told.set()
        return await answer(x)

    async def end(x: Exchange) -> list[bytes]:
        # lsdistcc asks for no TXT record.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), 0.5)
        return await answer(x)

    script: dict[str | tuple[str, str], Mode] = {f"distcc2.{DOMAIN}.": end}
    script[f"distcc1.{DOMAIN}.", "TXT"] = text
    return script


FIVE = {n: n for n in (GOOD, DEAD, DENIES, GOOD_TOO, VERSION)}
TWO_NETWORKS: dict[int, int | str] = {1: GOOD, 2: "127.2.0.1"}
TWO_ADDRESSES = [f"A {address(DEAD)}", f"A {address(GOOD_TOO)}"]

SCENES = {
    "five servers": Scene(numbered(FIVE)),
    "one server": Scene(numbered({1: GOOD})),
    "another port": Scene(numbered({1: GOOD})),
    "no search list": Scene(numbered({1: GOOD}), search="."),
    "another pattern": Scene({f"box1.{DOMAIN}.": [f"A {address(GOOD)}"]}),
    "leading zeros": Scene({f"box01.{DOMAIN}.": [f"A {address(GOOD)}"]}),
    "a dead server": Scene(numbered({1: GOOD, 2: DEAD})),
    "all servers down": Scene(numbered({1: DEAD})),
    "a server that denies": Scene(numbered({1: GOOD, 2: DENIES})),
    "a frozen server": Scene(numbered({1: GOOD, 2: FROZEN})),
    "another version": Scene(numbered({1: GOOD, 2: VERSION})),
    "a server with slots": Scene(
        {f"distcc1.{DOMAIN}.": [f"A {address(GOOD)}", "TXT slots=16"]}, slots_first
    ),
    "one server twice": Scene(numbered({1: GOOD, 2: GOOD})),
    "two addresses": Scene({f"box.{DOMAIN}.": TWO_ADDRESSES}),
    "an IPv6 address": Scene({f"distcc1.{DOMAIN}.": ["AAAA ::1"]}),
    "two families": Scene({f"box.{DOMAIN}.": [f"A {address(DEAD)}", "AAAA ::1"]}),
    "another network": Scene(numbered({**TWO_NETWORKS, 3: GOOD_TOO})),
    "distcc1 is answered late": Scene(numbered(TWO_NETWORKS), answered(1, delay(0.3))),
    "distcc1 is slow in DNS": Scene(numbered({1: GOOD, 2: GOOD_TOO}), answered(1, delay(0.3))),
    "a hole in the numbers": Scene(numbered({1: GOOD, 3: GOOD_TOO})),
    "no distcc1": Scene(numbered({2: GOOD})),
    "a parent domain": Scene(
        {**numbered({1: GOOD, 2: GOOD_TOO}, f"one.{DOMAIN}"), **numbered({3: VERSION})},
        search=f"one.{DOMAIN} {DOMAIN}",
    ),
    "a wildcard": Scene({f"*.{DOMAIN}.": [f"A {address(GOOD)}"]}),
    "no answer at all": Scene(numbered({1: GOOD}), lambda: {"*": drop}),
    "one name without an answer": Scene(
        numbered({1: GOOD, 2: GOOD_TOO, 3: GOOD_TOO}), answered(2, drop)
    ),
    "each question is lost once": Scene(numbered({1: GOOD}), lossy),
    "SERVFAIL": Scene(numbered({1: GOOD}), answered(1, servfail)),
}
