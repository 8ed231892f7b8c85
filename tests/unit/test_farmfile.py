"""The farm as it is kept in a file, and how long that holds."""

import json
import math

import pytest
from known import CONFIG, FARM, NOW, PROOFS, SIXTEEN, farm_of

from distcc_build.farmfile import Asked, FarmFileError, format_farm, parse_farm
from distcc_build.learned import limited, proved
from distcc_build.offer import Account
from distcc_build.resolve.answers import Failed, Missing
from distcc_build.trouble import Trouble


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
    late = Account("--discover-file=/x", why="late", degraded=True, trouble=Trouble.LATE)
    farm = farm._replace(accounts=(*farm.accounts, late, late._replace(trouble=None)))
    farm = limited(farm, {"10.1.0.1": 9})
    why = {"k3": "it fails"}
    farm = proved(farm, PROOFS, why, CONFIG, trouble=False, hurried=True, now=NOW)
    assert parse_farm(format_farm(farm)) == farm


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
        {"accounts": [["+zeroconf", [], "", "no", 0, 0.0, None, []]]},
        {"accounts": [["+zeroconf", [], "", True, 0, 0.0, "BAD", []]]},
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
