"""What is kept of a walk: how long it holds, and what is served when DNS is silent."""

import ipaddress
import json
import math
import random
from collections.abc import Mapping

import pytest

from distcc_build.config import Config
from distcc_build.farmfile import (
    REMEMBERED,
    Asked,
    Farm,
    FarmFileError,
    Grant,
    format_farm,
    parse_farm,
)
from distcc_build.outcome import limited, moved, outcome, proved, silent
from distcc_build.policy import State
from distcc_build.resolve.answers import Answer, Failed, Found, Missing, Question
from distcc_build.resolve.walk import Walk
from distcc_build.sources.numbered import Walked, came_back
from distcc_build.verdict import Cause, Verdict

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


def test_fresh_for_the_shortest_ttl_that_the_result_rests_on() -> None:
    assert farm_of(FARM).until == NOW + 90
    assert farm_of(FARM | {2: found("10.1.0.2", 75)}).until == NOW + 75


def test_clients_of_one_cache_do_not_all_ask_in_the_same_second() -> None:
    assert farm_of(FARM, chance=0.5).until == NOW + 94
    assert farm_of(FARM, chance=0.999).until == NOW + 98
    assert farm_of({}, chance=0.5).until == farm_of({}).until


@pytest.mark.parametrize(("ttl", "fresh"), [(0, 60), (59, 60), (100, 90), (100_000, 90)])
def test_freshness_is_clamped(ttl: float, fresh: float) -> None:
    assert farm_of({n: found(f"10.1.0.{n}", ttl) for n in range(1, 4)}).until == NOW + fresh


def test_a_long_ttl_is_clamped_too() -> None:
    zone = {n: found(f"10.1.0.{n}", 9e9) for n in range(1, 4)} | {4: Missing(9e9)}
    farm = farm_of(zone)
    assert farm.until == NOW + CONFIG.ttl_max
    assert farm.stale == farm.until + CONFIG.stale
    assert max(one.expires for one in farm.answers.values()) == NOW + 3_600


def test_nothing_found_holds_a_minute_and_is_served_stale_for_a_day() -> None:
    farm = farm_of({})
    assert (farm.until, farm.stale, farm.used) == (NOW + 60, NOW + 60 + REMEMBERED, ())
    assert farm.why == "distcc1.a.test. does not exist"


def test_only_refused_servers_is_nothing_found() -> None:
    farm = farm_of({1: found("8.8.8.8")})
    assert [one.state for one in farm.servers] == [State.REFUSED]
    assert farm.stale == NOW + 60 + REMEMBERED


def test_a_degraded_result_holds_a_minute() -> None:
    farm = farm_of(FARM | {2: Failed("SERVFAIL")})
    assert [one.number for one in farm.used] == [1, 3]
    assert farm.degraded
    assert farm.until == NOW + 60
    assert "distcc2.a.test." not in farm.answers


def test_servers_known_before_stay_when_dns_is_silent_for_a_day() -> None:
    silent: dict[int, Answer] = dict.fromkeys(range(100), Failed("no answer"))
    farm = farm_of(FARM)
    for hours in (1, 12, 23):
        farm = farm_of(silent, farm, NOW + hours * 3600)
        assert [str(one.address) for one in farm.used] == ["10.1.0.1", "10.1.0.2", "10.1.0.3"]
        assert {one.seen for one in farm.used} == {NOW}
        assert "kept" in farm.lines[0].verdict
    assert farm_of(silent, farm, NOW + 86_400).used == ()


def test_a_name_is_asked_again_only_after_its_own_ttl() -> None:
    farm = farm_of(FARM | {1: found("10.1.0.1", 3600)})
    later = farm_of({n: found(f"10.1.0.{n + 100}") for n in range(1, 4)}, farm, NOW + 200)
    assert [str(one.address) for one in later.used] == ["10.1.0.1", "10.1.0.102", "10.1.0.103"]
    assert later.answers["distcc1.a.test."].expires == NOW + 3600


def test_what_came_back_in_words() -> None:
    assert came_back(found("10.0.0.1", 60)) == "10.0.0.1 (TTL 60)"
    assert came_back(Missing(1)) == "NXDOMAIN"
    assert came_back(Missing(1, nxdomain=False)) == "no addresses"
    assert came_back(Failed("SERVFAIL")) == "SERVFAIL"
    assert "left out" in farm_of(FARM | {2: Failed("x")}).lines[1].verdict


def test_fresh_needs_the_same_surroundings_and_a_clock_that_goes_on() -> None:
    farm = farm_of(FARM)._replace(surroundings="here")
    assert farm.fresh("here", NOW + 1)
    assert not farm.fresh("elsewhere", NOW + 1)
    assert not farm.fresh("here", farm.until)
    assert not farm.fresh("here", NOW - 61)


def test_the_file_gives_back_the_farm() -> None:
    farm = farm_of(FARM | {2: Failed("x"), 4: Missing(60, nxdomain=False)})
    farm = farm._replace(
        grants={"a.": SIXTEEN}, compilers=("gcc", "/opt/büro/gcc"), surroundings="s"
    )
    farm = limited(farm, {"10.1.0.1": 9})
    why = {"k3": "it fails"}
    farm = proved(farm, PROOFS, why, CONFIG, trouble=False, hurried=True, now=NOW)
    assert parse_farm(format_farm(farm)) == farm


PROOFS = {
    "k1": {
        "10.1.0.1": Verdict(Cause.OK, "", 0.03, "12.2.0", "x86_64-linux-gnu", True, None),
        "10.1.0.3": Verdict(Cause.VERSION, "11 there, 12 here", 0.04),
    }
}
SIXTEEN, NONE = Grant(16, NOW + 50), Grant(None, NOW + 50)
BAD = {"k1": {"10.1.0.1": Verdict(Cause.SILENT)}}


def test_proofs_and_limits_become_part_of_the_farm() -> None:
    farm = farm_of(FARM, grants={"distcc2.a.test.": SIXTEEN, "distcc3.a.test.": NONE})
    farm = limited(farm, {"10.1.0.2": 3, "10.1.0.3": 5})
    farm = proved(farm, PROOFS, {}, CONFIG, trouble=False, hurried=True, now=NOW)
    assert [one.limit for one in farm.servers] == [None, 16, 5]
    assert farm.proofs == PROOFS
    assert farm.until == NOW + 90, "an installed compiler is no trouble that is over in a minute"
    more = proved(
        farm, BAD | {"k2": {}}, {"k2": "why"}, CONFIG, trouble=False, hurried=True, now=NOW
    )
    assert set(more.proofs) == {"k1", "k2"}
    assert more.reasons == {"k2": "why"}


@pytest.mark.parametrize(("proofs", "trouble"), [(BAD, False), (PROOFS, True)])
def test_a_server_that_is_out_is_looked_at_again_in_a_minute(
    proofs: Mapping[str, Mapping[str, Verdict]], trouble: bool
) -> None:
    farm = proved(farm_of(FARM), proofs, {}, CONFIG, trouble=trouble, hurried=False, now=NOW)
    assert (farm.until, farm.stale) == (NOW + 60, NOW + 60 + CONFIG.stale)


def test_a_silence_that_was_cut_short_is_looked_into_at_once() -> None:
    farm = proved(farm_of(FARM), BAD, {}, CONFIG, trouble=False, hurried=True, now=NOW)
    assert (farm.until, farm.stale) == (NOW + 1, NOW + 1 + CONFIG.stale)


def test_silent_are_the_servers_that_may_just_be_slow() -> None:
    said = {"10.1.0.1": Cause.SILENT, "10.1.0.2": Cause.REFUSED, "10.1.0.3": Cause.UNREACHABLE}
    proofs = {
        "k1": {address: Verdict(cause) for address, cause in said.items()},
        "k2": {"10.1.0.2": Verdict(Cause.OK)},
    }
    farm = proved(farm_of(FARM), proofs, {}, CONFIG, trouble=False, hurried=False, now=NOW)
    assert [one.endpoint for one in silent(farm)] == ["10.1.0.1", "10.1.0.3"]
    assert silent(farm_of(FARM)) == []


def test_a_limit_that_cannot_be_asked_for_is_kept() -> None:
    farm = farm_of(FARM, grants={"distcc2.a.test.": SIXTEEN})
    assert farm_of(FARM, farm, NOW + 100).servers[1].limit == 16
    assert farm_of(FARM, farm, NOW + 100, {"distcc2.a.test.": NONE}).servers[1].limit is None


GOOD = json.loads(format_farm(farm_of(FARM)))


ROW = [1, "a", "10.0.0.1", "USED", "", 1, None, None, "s", 0, 0, []]


def row(index: int, value: object) -> list[object]:
    """A server as it is written, with one field changed."""
    return [*ROW[:index], value, *ROW[index + 1 :]]


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"version": None},
        {"servers": None},
        {"servers": [row(2, "10.0.0.1;x")]},
        {"servers": [row(3, "NEW")]},
        {"servers": [row(6, 0)]},
        {"servers": [row(6, True)]},
        {"servers": [row(7, 0)]},
        {"servers": [row(7, 65536)]},
        {"servers": [row(7, "80")]},
        {"servers": [row(9, "low")]},
        {"servers": [row(11, ["nowhere"])]},
        {"accounts": [["+zeroconf", [], "", "no", 0, 0.0, []]]},
        {"accounts": [["+zeroconf"]]},
        {"accounts": 3},
        {"proofs": {"key": {"10.0.0.1": ["FINE", "", 1, "", "", None, None]}}},
        {"proofs": {"key": {"10.0.0.1": ["OK", "", 1, "", "", None, "yes"]}}},
        {"proofs": {"key": {"10.0.0.1": ["OK"]}}},
        {"proofs": {"key": 3}},
        {"reasons": 3},
        {"grants": {"a.": [0, 1]}},
        {"grants": {"a.": [1]}},
        {"servers": [[1, "a"]]},
        {"answers": {"a": [1, 2, []]}},
        {"answers": {"a": [1, 2]}},
        {"answers": []},
        {"made": "yesterday"},
        {"until": None},
        {"degraded": "no"},
        {"surprise": 1},
        {"compilers": 3},
        {"until": math.inf},
        {"made": math.nan},
        {"stale": 10**400},
        {"servers": [row(0, math.inf)]},
        {"servers": [row(5, 10**400)]},
    ],
)
def test_a_file_that_is_odd_is_worthless(change: dict[str, object]) -> None:
    with pytest.raises(FarmFileError):
        parse_farm(json.dumps(GOOD | change).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\x00", b"[]", b"3", b"[" * 100_000])
def test_a_file_that_is_no_farm_is_worthless(data: bytes) -> None:
    with pytest.raises(FarmFileError):
        parse_farm(data)


def test_every_truncation_of_the_file_is_worthless() -> None:
    data = format_farm(farm_of(FARM))
    for size in range(0, len(data), 7):
        with pytest.raises(FarmFileError):
            parse_farm(data[:size])


def test_what_expired_is_not_cached() -> None:
    farm = farm_of(FARM)._replace(answers={"a.": Asked(Missing(60), NOW + 60)})
    assert farm.cached(NOW + 59) == {"a.": Missing(60)}
    assert farm.cached(NOW + 60) == {}


def test_nothing_outlives_its_ttl_when_the_clock_is_set_back() -> None:
    farm = farm_of(FARM, grants={"distcc2.a.test.": SIXTEEN})
    month = 30 * 86_400
    assert set(farm.held(NOW)) == {"distcc2.a.test."}
    assert (farm.cached(NOW - month), farm.held(NOW - month)) == ({}, {})
    assert (farm.cached(NOW - 100), farm.held(NOW - 100)) == ({}, {})
    # A later walk keeps what it did not ask for.
    later = farm._replace(made=NOW - month)
    assert (later.cached(NOW - month), later.held(NOW - month)) == ({}, {})
    assert later.held(NOW + 50) == {}


def test_a_server_moves_to_the_address_at_which_it_answers() -> None:
    two = Found((ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("fd00::1")), 120)
    farm = farm_of({1: two, 2: found("10.0.0.2")})
    farm = farm._replace(
        proofs={"key": {"10.0.0.1": Verdict(Cause.UNREACHABLE), "10.0.0.2": Verdict(Cause.OK)}}
    )
    there = ipaddress.ip_address("fd00::1")
    now = moved(farm, {"10.0.0.1": there})
    assert [str(one.address) for one in now.used] == ["fd00::1", "10.0.0.2"]
    assert now.servers[0].others == (ipaddress.ip_address("10.0.0.1"),)
    # What is known of the other address says nothing of this one.
    assert now.proofs == {"key": {"10.0.0.2": Verdict(Cause.OK)}}
    assert moved(farm, {}) == farm
    # DNS is silent: the addresses are known still, and the living one is the first.
    assert now.known(NOW).addresses[1] == (there, ipaddress.ip_address("10.0.0.1"))


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_name_that_leads_to_another_names_server_is_not_a_second_one(
    order: tuple[int, int],
) -> None:
    both = Found((ipaddress.ip_address("10.0.0.5"), ipaddress.ip_address("10.0.0.9")), 120)
    plain, double = order
    farm = farm_of({plain: found("10.0.0.9"), double: both})
    now = moved(farm, {"10.0.0.5": ipaddress.ip_address("10.0.0.9")})
    assert [one.number for one in now.used] == [plain]
    other = next(one for one in now.servers if one.number == double)
    assert (other.state, other.others) == (State.DUPLICATE, ())
    assert other.why == f"has the address of distcc{plain}.a.test."


def test_two_names_that_both_lead_to_a_third_address_are_one_server() -> None:
    third = ipaddress.ip_address("10.0.0.9")
    farm = farm_of(
        {n: Found((ipaddress.ip_address(f"10.0.0.{n}"), third), 120) for n in (1, 2)},
    )
    now = moved(farm, {"10.0.0.1": third, "10.0.0.2": third})
    assert [one.state for one in now.servers] == [State.USED, State.DUPLICATE]
