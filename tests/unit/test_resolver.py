"""When the resolver asks again, and whom: with name servers in memory, and a clock that jumps."""

import struct
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from fuzz.fuzz_dns import SOA, record
from fuzz.memory import MemoryResolver, question_of
from fuzz.virtual import ImpatientLoop

from distcc_build.resolve.answers import CANARY, Failed, WalkResult
from distcc_build.resolve.losses import RETRY
from distcc_build.resolve.packet import TXT, A
from distcc_build.resolve.survey import survey
from distcc_build.resolve.texts import Texts
from distcc_build.resolve.walk import Walk


class Ask(NamedTuple):
    """A question as a name server gets it."""

    number: int
    rdtype: int
    server: int
    times: int
    """How often it was asked there."""


Delay = Callable[[Ask], float | None]
"""Seconds to an answer; None for none."""


class Scene:
    """A farm of 20 servers at the first name server, and no such names at the others.

    Args:
        delay: How long an answer takes.
        servers: How many name servers there are.
    """

    def __init__(self, delay: Delay, servers: int = 1) -> None:
        self._delay = delay
        self.asked: Counter[tuple[int, int, int]] = Counter()
        self.loop = ImpatientLoop()
        self._resolver = MemoryResolver(self.loop, self._respond, lambda _: b"", 0.8, servers)
        self.texts = Texts(self.loop, self._resolver, ())

    def walk(self) -> WalkResult:
        walk = Walk(["farm.test"], canary="bcdfg")
        with self._resolver:
            result, _ = survey(
                walk, self.loop, self._resolver, cached={}, seconds=60, found=self.texts.want
            )
            self.texts.collect(quiet=0.25, seconds=1)
        return result

    def _respond(self, resolver: MemoryResolver, query: bytes, server: int) -> None:
        question = question_of(query)
        label = question[1 : question[0] + 1].decode().removeprefix("distcc")
        number = int(label) if label.isdecimal() else CANARY
        (rdtype,) = struct.unpack("!H", question[-4:-2])
        self.asked[number, rdtype, server] += 1
        times = self.asked[number, rdtype, server]
        delay = self._delay(Ask(number, rdtype, server, times))
        there = server == 0 and 1 <= number <= 20
        content, answers = record(6, SOA), 0
        if there and rdtype == A:
            content, answers = record(A, bytes([10, 0, 0, number])), 1
        header = struct.pack("!HHHHH", 0x8180 if there else 0x8183, 1, answers, 1 - answers, 0)
        if delay is not None:
            resolver.later(delay, query[:2] + header + question + content, server)


def found(result: WalkResult) -> list[int]:
    return [step.number for step in result.servers]


def test_what_is_only_slow_is_asked_of_no_other_name_server() -> None:
    scene = Scene(lambda ask: 0.15 if ask.number in {5, 12} else 0.001, servers=2)
    assert found(scene.walk()) == list(range(1, 21))
    assert {server for *_, server in scene.asked} == {0}


def test_a_silent_name_server_gives_way_to_the_next() -> None:
    scene = Scene(lambda ask: None if ask.server == 0 else 0.001, servers=2)
    assert found(scene.walk()) == []
    assert {server for *_, server in scene.asked} == {0, 1}


def test_a_lost_packet_is_soon_sent_again() -> None:
    scene = Scene(lambda ask: None if ask == (5, A, 0, 1) else 0.01)
    assert found(scene.walk()) == list(range(1, 21))
    assert scene.asked[5, A, 0] == 2
    assert scene.loop.time() < RETRY / 2


def test_a_name_server_that_is_slow_in_all_is_not_asked_twice() -> None:
    scene = Scene(lambda _: 0.15)
    assert found(scene.walk()) == list(range(1, 21))
    assert set(scene.asked.values()) == {1}


def test_dropped_txt_records_do_not_make_a_name_server_silent() -> None:
    scene = Scene(lambda ask: None if ask.rdtype == TXT or ask.number == 7 else 0.001)
    result = scene.walk()
    assert found(result) == [number for number in range(1, 21) if number != 7]
    (failed,) = [step for step in result.steps if isinstance(step.answer, Failed)]
    assert failed.number == 7
