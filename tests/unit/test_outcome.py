"""What is kept of a walk: how long it holds, and what is served when DNS is silent."""

import pytest
from known import CONFIG, FARM, NONE, NOW, SIXTEEN, farm_of, found

from distcc_build.farmfile import REMEMBERED
from distcc_build.policy import State
from distcc_build.resolve.answers import Answer, Failed, Missing
from distcc_build.sources.numbered import came_back


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


def test_a_limit_that_cannot_be_asked_for_is_kept() -> None:
    farm = farm_of(FARM, grants={"distcc2.a.test.": SIXTEEN})
    assert farm_of(FARM, farm, NOW + 100).servers[1].limit == 16
    assert farm_of(FARM, farm, NOW + 100, {"distcc2.a.test.": NONE}).servers[1].limit is None
