"""What is said of hosts that a command line names."""

import ipaddress
from typing import Any

import pytest

from distcc_build.config import Config
from distcc_build.health import Row
from distcc_build.named import Learned, Named, read_named, rows_of_named, servers_of
from distcc_build.verdict import Cause, Verdict

GOOD = {"gcc": Verdict(Cause.OK, latency=0.03), "g++": Verdict(Cause.OK, latency=0.02)}
PARTLY = {**GOOD, "g++": Verdict(Cause.MISSING)}
REFUSED = {word: Verdict(Cause.REFUSED) for word in GOOD}
OTHER = {word: Verdict(Cause.VERSION) for word in GOOD}
ONE, TWO, SIX = (ipaddress.ip_address(one) for one in ("203.0.113.1", "203.0.113.2", "2001:db8::6"))


def rows(*words: str, config: Config = Config(), **learned: Any) -> list[Row]:  # noqa: B008
    return rows_of_named(read_named(words, config), Learned(**learned), config)


@pytest.mark.parametrize(
    ("word", "state", "why"),
    [
        ("a=8", "no host", '"=" sets no limit; did you mean a/8?'),
        (
            "10.1.0.011",
            "no host",
            "numbers that are no address: expected four, without zeros before them",
        ),
        ("a/0", "no host", "expected a limit from 1 to 10000, got '0'"),
        ("a,foo", "no host", "unknown option 'foo', expected lzo, cpp, down or auth"),
        ("a\x1b[1m", "no host", "expected printable ASCII"),
        ("--randomize", "no host", "it is a word of a hosts list, expected a host"),
        ("+zeroconf", "no host", "it is a word of a hosts list, expected a host"),
        ("a,down", "marked down", "distcc passes it over; without ,down it is asked"),
        ("@a", "not probed", "distcc reaches it by ssh, not over TCP"),
        ("a,auth", "not probed", "distcc proves who it is (,auth), which a probe over TCP cannot"),
        (
            "a,auth=b",
            "not probed",
            "distcc proves who it is (,auth), which a probe over TCP cannot",
        ),
        ("localhost/2", "this machine", "distcc runs the compiler here, without a server"),
    ],
)
def test_what_cannot_be_asked_has_a_row_that_says_why(word: str, state: str, why: str) -> None:
    (row,) = rows(word)
    assert (row.state, row.why, row.address) == (state, why, "")
    assert row.hostspec == (word if state in {"this machine", "not probed"} else "")
    assert row.name.isprintable()
    (named,) = read_named([word], Config())
    assert list(servers_of(named, Learned({"a": (ONE,)}), Config())) == []


def test_several_may_stand_in_one_word_and_none_in_an_empty_one() -> None:
    found = read_named(["a b\nc", "", " ", "d"], Config())
    assert [one.text for one in found] == ["a", "b", "c", "d"]


def test_a_good_one_is_written_with_its_address_and_what_the_user_wrote_behind_it() -> None:
    verdicts = {("203.0.113.1:3700", "lzo"): GOOD, ("[2001:db8::6]:3700", "none"): GOOD}
    answers = {"a": (ONE,), "2001:db8::6": (SIX,)}
    words = ("a:3700/8,lzo", "[2001:db8::6]:3700")
    found = rows(*words, answers=answers, verdicts=verdicts)
    assert [row.state for row in found] == ["good", "good"]
    assert [row.name for row in found] == ["a", "2001:db8::6"]
    assert [row.hostspec for row in found] == ["203.0.113.1:3700/8,lzo", "[2001:db8::6]:3700/4"]
    assert [row.limit for row in found] == [8, 4]


def test_the_configured_port_is_not_shown_and_distccs_is_where_another_is_configured() -> None:
    verdicts = {("203.0.113.1", "none"): GOOD, ("203.0.113.1:3632", "none"): GOOD}
    found = rows(
        *("a", "a:3632"), config=Config(port=3700), answers={"a": (ONE,)}, verdicts=verdicts
    )
    assert [row.address for row in found] == ["203.0.113.1", "203.0.113.1:3632"]
    assert [row.hostspec for row in found] == ["203.0.113.1:3700/4", "203.0.113.1/4"]


def test_the_stats_page_gives_the_limit_where_the_user_gives_none() -> None:
    learned: dict[str, Any] = {
        "answers": {"a": (ONE,), "b": (TWO,)},
        "verdicts": {("203.0.113.1", "none"): GOOD, ("203.0.113.2", "none"): GOOD},
        "limits": {"203.0.113.1": 12, "203.0.113.2": 12},
        "loads": {"203.0.113.1": 0.5},
    }
    found = rows("a", "b/3", **learned)
    assert [(row.limit, row.load) for row in found] == [(12, 0.5), (3, None)]
    assert [row.hostspec for row in found] == ["203.0.113.1/12", "203.0.113.2/3"]


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        (GOOD, GOOD, ONE),
        (REFUSED, GOOD, TWO),
        (PARTLY, GOOD, TWO),
        (REFUSED, PARTLY, TWO),
        (OTHER, PARTLY, TWO),
        (REFUSED, OTHER, TWO),
        (OTHER, REFUSED, ONE),
        (REFUSED, REFUSED, ONE),
        ({}, {}, ONE),
    ],
)
def test_of_several_addresses_the_best_counts(
    first: dict[str, Verdict], second: dict[str, Verdict], chosen: object
) -> None:
    verdicts = {("203.0.113.1", "none"): first, ("203.0.113.2", "none"): second}
    (row,) = rows("a", answers={"a": (ONE, TWO)}, verdicts=verdicts)
    assert row.address == str(chosen)
    assert (row.state == "good") == bool(row.hostspec)


def test_every_address_of_a_host_is_a_server_to_ask() -> None:
    (named,) = read_named(["a:3700/2"], Config())
    found = list(servers_of(named, Learned({"a": (ONE, SIX)}), Config()))
    assert [one.endpoint for one in found] == ["203.0.113.1:3700", "[2001:db8::6]:3700"]


def test_what_it_has_to_speak_is_by_its_own_options() -> None:
    found = read_named(["a", "a,lzo", "a,lzo,cpp", "a,cpp"], Config())
    assert [one.compression for one in found] == ["none", "lzo", "pump", "none"]
    assert Named("a").compression == "none"


@pytest.mark.parametrize("answer", ["no such name", "no answer in time"])
def test_a_name_without_an_address_has_a_row(answer: str) -> None:
    (named,) = read_named(["a"], Config())
    assert list(servers_of(named, Learned({"a": answer}), Config())) == []
    (row,) = rows("a", answers={"a": answer})
    assert (row.state, row.address, row.hostspec) == ("not known", "", "")
    assert row.why.startswith(f"{answer}: ")
    assert rows("a")[0].state == "not known"


def test_the_same_server_twice_counts_once() -> None:
    verdicts = {("203.0.113.1", "none"): GOOD, ("203.0.113.1:3700", "none"): GOOD}
    answers = {"a": (ONE,), "b": (ONE,)}
    found = rows(
        "a", "b", "a", "a:3700", "localhost", "localhost", answers=answers, verdicts=verdicts
    )
    states = ["good", "duplicate", "duplicate", "good", "this machine", "duplicate"]
    assert [row.state for row in found] == states
    assert found[1].why == "is what a is as well"
    assert [bool(row.hostspec) for row in found] == [True, False, False, True, True, False]


@pytest.mark.parametrize(
    ("word", "port", "options"),
    [
        ("a", 4000, ("lzo",)),
        ("a:3632", 3632, ("lzo",)),
        ("[fd00::1]", 4000, ("lzo",)),
        ("[fd00::1]/2:3700,lzo,cpp", 3700, ("lzo", "cpp")),
    ],
)
def test_what_a_host_does_not_say_is_as_configured(
    word: str, port: int, options: tuple[str, ...]
) -> None:
    (named,) = read_named([word], Config(port=4000, compression="lzo"))
    assert named.spec is not None
    assert (named.spec.port, named.spec.options) == (port, options)


def test_a_pattern_is_for_walking() -> None:
    (row,) = rows("build%d")
    assert row.state == "no host"
    assert "-o pattern=build%d" in row.why
