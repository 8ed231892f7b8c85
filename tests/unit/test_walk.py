"""The walk gives the result of the sequential walk, in whatever order answers arrive."""

import ipaddress
import random
import sys
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sequential import NETWORKS, sequential

from distcc_build.resolve.answers import (
    CANARY,
    MAX_ADDRESSES,
    Answer,
    Failed,
    Found,
    Known,
    Missing,
    Question,
    Verdict,
    WalkResult,
    lowest,
)
from distcc_build.resolve.walk import FIRST_WINDOW, Walk

Zone = Mapping[int, Answer]


def found(*addresses: str) -> Found:
    return Found(tuple(ipaddress.ip_address(one) for one in addresses), 60)


def run(walk: Walk, zones: Mapping[str, Zone], order: random.Random) -> WalkResult:
    """Answer every question, in random order; Found answers sometimes come in two parts."""
    waiting: list[tuple[Question, Answer]] = []
    for _ in range(100_000):
        for question in walk.ask():
            full = zones[question.domain].get(question.number, Missing(60))
            waiting.append((question, full))
        if walk.result:
            return walk.result
        at = order.randrange(len(waiting))
        question, answer = waiting.pop(at)
        if isinstance(answer, Found) and not answer.partial and order.random() < 0.4:
            fours = tuple(one for one in answer.addresses if one.version == 4)
            if fours:
                waiting.append((question, Found(answer.addresses, answer.ttl, partial=False)))
                answer = Found(fours, answer.ttl, partial=True)
        walk.feed(question, answer)
    pytest.fail("the walk does not end")


ANSWERS = st.one_of(
    st.integers(1, 5).map(lambda n: found(f"10.1.0.{n}")),
    st.integers(1, 5).map(lambda n: found(f"10.1.0.{n}", f"fd00::{n}")),
    st.integers(1, 5).map(lambda n: found(f"10.2.0.{n}", f"fd00::{n}")),
    st.just(found("fd00::9")),
    st.just(found("10.2.0.1")),
    st.just(Missing(60)),
    st.just(Failed("SERVFAIL")),
)
ADDRESS = (ipaddress.ip_address("10.1.0.77"),)


@settings(max_examples=400, deadline=None)
@given(
    answers=st.lists(ANSWERS, max_size=45),
    canary=st.one_of(st.just(Missing(60)), st.just(Failed("x")), ANSWERS),
    gap=st.integers(0, 3),
    cap=st.integers(1, 50),
    known=st.sets(st.integers(1, 60)),
    seed=st.integers(0, 2**32),
)
def test_result_is_that_of_the_sequential_walk(
    answers: list[Answer], canary: Answer, gap: int, cap: int, known: set[int], seed: int
) -> None:
    zone = dict(enumerate(answers, 1)) | {CANARY: canary}
    before = dict.fromkeys(known, ADDRESS)
    walk = Walk(
        ["a.test"], canary="xyz", gap=gap, cap=cap, networks=NETWORKS, known=Known("a.test", before)
    )
    result = run(walk, {"a.test": zone}, random.Random(seed))
    assert [step.number for step in result.servers] == sequential(zone, gap, cap, before)


def walk_of(zones: Mapping[str, Zone], seed: int = 1, **options: object) -> WalkResult:
    walk = Walk(list(zones), canary="xyz", **options)  # type: ignore[arg-type]
    return run(walk, zones, random.Random(seed))


def numbers(result: WalkResult) -> list[int]:
    return [step.number for step in result.servers]


FARM = {n: found(f"10.1.0.{n}") for n in range(1, 6)}


def test_a_large_farm_is_found_whole() -> None:
    farm = {n: found(str(ipaddress.ip_address("10.1.0.0") + n)) for n in range(1, 701)}
    result = walk_of({"a.test": farm})
    assert numbers(result) == list(range(1, 701))
    assert result.why == "distcc701.a.test. does not exist"


def test_the_window_grows_without_asking_far_beyond_the_end() -> None:
    walk = Walk(["a.test"], canary="xyz")
    rounds, asked = 0, 0
    while not walk.finished:
        questions = list(walk.ask())
        asked += len(questions)
        rounds += 1
        for question in questions:
            exists = 0 < question.number <= 100
            walk.feed(question, found(f"10.1.0.{question.number}") if exists else Missing(60))
    assert rounds <= 5
    assert asked <= 2 * 100 + 10


def test_a_later_domain_is_tried_when_the_name_does_not_exist() -> None:
    result = walk_of({"dev.a.test": {}, "a.test": FARM})
    assert (result.domain, numbers(result), result.degraded) == ("a.test", [1, 2, 3, 4, 5], False)
    assert result.steps[0].name == "distcc1.dev.a.test."


def test_a_wildcard_domain_is_passed_over() -> None:
    everything = dict.fromkeys(range(20), found("10.9.0.1"))
    assert numbers(walk_of({"dev.a.test": everything, "a.test": FARM})) == [1, 2, 3, 4, 5]


def test_an_error_never_leads_to_a_later_domain() -> None:
    result = walk_of({"a.test": {1: Failed("timeout")}, "test": FARM})
    assert (result.domain, numbers(result), result.degraded) == ("a.test", [], True)


def test_an_error_leads_to_the_later_domain_where_the_farm_was_before() -> None:
    known = Known("test", {1: ADDRESS})
    result = walk_of({"a.test": {1: Failed("timeout")}, "test": FARM}, known=known)
    assert (result.domain, numbers(result), result.degraded) == ("test", [1, 2, 3, 4, 5], True)


def test_no_further_name_is_asked_before_the_domain_is_known() -> None:
    walk = Walk(["dev.a.test", "a.test"], canary="xyz")
    assert [q.name for q in walk.ask()] == ["distccxyz.dev.a.test.", "distcc1.dev.a.test."]
    assert list(walk.ask()) == []


def test_names_known_before_are_kept_when_nothing_answers() -> None:
    silent: Zone = {n: Failed("timeout") for n in range(300)}
    known = Known("a.test", dict.fromkeys(range(1, 101), ADDRESS))
    result = walk_of({"a.test": silent}, known=known)
    assert numbers(result) == list(range(1, 101))
    assert {step.verdict for step in result.servers} == {Verdict.KEPT}
    assert result.degraded


@pytest.mark.parametrize("servers", [3, 40, 90, 400])
def test_where_the_farm_is_as_it_was_few_names_are_asked_behind_it(servers: int) -> None:
    zone: Zone = {n: found(f"10.1.{n // 250}.{n % 250}") for n in range(1, servers + 1)}
    walk = Walk(["a.test"], canary="xyz", known=Known("a.test", dict.fromkeys(zone, ADDRESS)))
    asked = 0
    while walk.result is None:
        # All names of a round trip: those that there were are asked at once.
        questions = list(walk.ask())
        for question in questions:
            walk.feed(question, zone.get(question.number, Missing(60)))
        asked += len(questions)
    assert numbers(walk.result) == list(range(1, servers + 1))
    assert asked <= servers + 1 + FIRST_WINDOW


def test_a_farm_that_has_grown_is_found_whole() -> None:
    zone: Zone = {n: found(f"10.1.{n // 250}.{n % 250}") for n in range(1, 301)}
    known = Known("a.test", dict.fromkeys(range(1, 4), ADDRESS))
    assert numbers(walk_of({"a.test": zone}, known=known)) == list(range(1, 301))


def test_the_reference_is_distcc1_even_when_it_answers_last() -> None:
    zone = FARM | {1: found("10.2.0.1")}
    walk = Walk(["a.test"], canary="xyz")
    questions = {question.number: question for question in walk.ask()}
    for number in [0, 2, 3, 4, 5, 6, 7, 8, 1]:
        walk.feed(questions[number], zone.get(number, Missing(60)))
    assert walk.result is not None
    assert numbers(walk.result) == [1]
    assert walk.result.why == "distcc2.a.test. is on another network than distcc1"


def test_a_prefix_of_zero_accepts_any_network() -> None:
    zone = FARM | {3: found("192.168.7.7"), 4: found("fd99::1")}
    assert numbers(walk_of({"a.test": zone}, networks={4: 0, 6: 0})) == [1, 2, 3, 4, 5]


def test_ipv4_is_listed_before_ipv6_and_only_what_is_near() -> None:
    zone = {1: found("fd00::1", "10.1.0.9", "10.1.0.1"), 2: found("10.2.0.2", "fd00::2")}
    result = walk_of({"a.test": zone})
    assert [[str(a) for a in step.addresses] for step in result.servers] == [
        ["10.1.0.1", "10.1.0.9", "fd00::1"],
        ["fd00::2"],
    ]


def test_the_work_grows_with_the_number_of_addresses_and_not_with_its_square() -> None:
    many = [str(ipaddress.ip_address("10.1.0.0") + n) for n in range(400)]
    others = [f"10.{n}.0.1" for n in range(2, 250)]
    zone = {1: found(*others, *many), 2: found(*many), 3: found(*many, "10.1.9.8")}
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        result = walk_of({"a.test": zone})
    finally:
        sys.setprofile(None)
    assert numbers(result) == [1, 2, 3]
    assert calls < 20_000


def test_the_lowest_addresses_of_each_version_are_kept_in_order() -> None:
    sixes = [ipaddress.ip_address("fd00::") + n for n in range(30)]
    fours = [ipaddress.ip_address("10.0.0.0") + n for n in range(30)]
    every = [*sixes, *fours, *fours]
    kept = lowest(random.Random(1).sample(every, len(every)))
    assert kept == (*fours[:MAX_ADDRESSES], *sixes[:MAX_ADDRESSES])


def test_the_cap_is_named_as_the_reason() -> None:
    assert walk_of({"a.test": FARM}, cap=3).why == "3 is the highest number asked for (max_servers)"


def test_no_domain_is_no_farm() -> None:
    result = Walk([], canary="xyz").result
    assert result is not None
    assert (result.servers, result.why) == ((), "there is no domain to look in")


def test_an_error_of_the_random_name_makes_the_result_degraded() -> None:
    assert walk_of({"a.test": FARM | {CANARY: Failed("timeout")}}).degraded


def test_an_answer_after_the_end_is_ignored() -> None:
    walk = Walk(["a.test"], canary="xyz")
    questions = list(walk.ask())
    for question in questions[:2]:
        walk.feed(question, Missing(60))
    before = walk.result
    walk.feed(questions[2], found("10.1.0.2"))
    assert walk.result is before is not None
