"""What is said of a farm to those who look after it."""

import ipaddress
from collections.abc import Mapping

import pytest

from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.health import LOOK_BEYOND, Health, named_before, reached, rows, stop
from distcc_build.hostspec import DISCOVER, DNS_SD
from distcc_build.offer import Line
from distcc_build.policy import Server, State
from distcc_build.problems import problems
from distcc_build.resolve.answers import Verdict as NameVerdict
from distcc_build.verdict import Cause, Verdict

DOMAIN = "farm.test"
GOOD = Verdict(Cause.OK, latency=0.03, version="12.2.0", target="x86_64-linux-gnu")
OTHER = Verdict(Cause.VERSION, "11.3.0 there, 12.2.0 here", 0.04, "11.3.0")

# One letter for each name: server, missing, other network, wildcard, could not be asked,
# this machine, duplicate, not allowed.
LETTERS = {
    "s": (NameVerdict.SERVER, State.USED, ""),
    "h": (NameVerdict.SERVER, State.OWN, "an address of this machine"),
    "d": (NameVerdict.SERVER, State.DUPLICATE, "has the address of distcc1.farm.test."),
    "r": (NameVerdict.SERVER, State.REFUSED, "8.8.8.8 is not a private address"),
    ".": (NameVerdict.MISSING, None, ""),
    "n": (NameVerdict.OTHER_NETWORK, None, ""),
    "w": (NameVerdict.WILDCARD, None, ""),
    "?": (NameVerdict.FAILED, None, ""),
    "o": (NameVerdict.LATER_DOMAIN, None, ""),
}


def farm(letters: str, domain: str = DOMAIN) -> Farm:
    lines, servers = [], []
    for number, letter in enumerate(letters, 1):
        verdict, state, why = LETTERS[letter]
        name = f"distcc{number}.{domain}."
        address = f"10.0.0.{number}"
        came_back = {".": "NXDOMAIN", "?": "no answer within 0.8 s"}.get(
            letter, f"{address} (TTL 60)"
        )
        text = "could not be asked; left out" if letter == "?" else str(verdict.value)
        lines.append(Line(name, came_back, text))
        if state is not None:
            servers.append(Server(number, name, ipaddress.ip_address(address), state, why))
    return Farm(
        made=0.0, until=1.0, stale=1.0, surroundings="", domain=domain, servers=tuple(servers),
        lines=tuple(lines), why=f"distcc{len(letters)}.{domain}. does not exist",
    )  # fmt: skip


def health(
    letters: str, verdicts: Mapping[int, Mapping[str, Verdict]] | None = None, **config: int
) -> Health:
    """A farm whose servers are good, but for those that are named."""
    found = {f"10.0.0.{n}": {"gcc": GOOD, "g++": GOOD} for n in range(1, len(letters) + 1)}
    found |= {f"10.0.0.{n}": dict(one) for n, one in (verdicts or {}).items()}
    return Health(Config(**config), farm(letters), found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("letters", "gap", "number"),
    [
        ("", 0, 1),
        ("sss.", 0, 4),
        ("sss.s", 0, 4),
        (".s", 0, 1),
        ("ssn", 0, 3),
        ("ssw", 0, 3),
        ("ss?s.", 0, 5),
        ("s.s..s...", 1, 5),
        ("s.s..s...", 2, 9),
        # Walked to the highest number asked for.
        ("sss", 0, 4),
    ],
)
def test_a_builds_walk_stops_where_walk_py_says(letters: str, gap: int, number: int) -> None:
    assert reached(farm(letters), Config(gap=gap)) == number


def test_names_are_counted_in_the_domain_where_the_first_is() -> None:
    found = farm("s.")
    elsewhere = Line("distcc1.corp.farm.test.", "NXDOMAIN", "does not exist")
    twice = Farm(0.0, 1.0, 1.0, "", DOMAIN, found.servers, (elsewhere, *found.lines))
    assert reached(twice, Config()) == 2
    assert [row.number for row in rows(Health(Config(), twice))] == [1]


def test_a_farm_that_is_well_is_silent() -> None:
    well = health("sshs" + "." * (1 + LOOK_BEYOND))
    assert problems(well) == []
    assert problems(well, expect=4, max_latency=0.03) == []
    assert [row.state for row in rows(well)] == ["good", "good", "this machine", "good"]
    assert all(row.well and not row.verdicts.get("x") for row in rows(well))


def test_a_hole_is_told_from_the_end() -> None:
    (line,) = problems(health("ss.ss...."))
    assert line == (
        "distcc4.farm.test. and 1 more: never reached, as distcc3.farm.test. does not exist: "
        "close the hole"
    )
    states = [row.state for row in rows(health("ss.ss...."))]
    assert states == ["good", "good", "not reached", "not reached"]
    assert problems(health("ss.ss....", gap=1)) == []
    (line,) = problems(health(".s"))
    assert line.startswith("distcc2.farm.test.: never reached, as distcc1.farm.test. does not")


def test_another_network_ends_the_walk_and_is_named_once() -> None:
    (line,) = problems(health("ssns."))
    assert line.startswith("distcc3.farm.test. 10.0.0.3: it is on another network than distcc1")
    assert [row.state for row in rows(health("ssns."))][2:] == ["other network", "not reached"]


def test_a_wildcard_is_named_once() -> None:
    (line,) = problems(health("ss" + "w" * 9))
    assert line == (
        "distcc3.farm.test. 10.0.0.3: a wildcard record answers for any name: remove it"
    )
    assert len(rows(health("ss" + "w" * 9))) == 2


def test_duplicates_and_addresses_that_are_not_allowed_have_their_own_words() -> None:
    assert problems(health("sdr.")) == [
        "distcc2.farm.test. 10.0.0.2: has the address of distcc1.farm.test.",
        "distcc3.farm.test. 10.0.0.3: 8.8.8.8 is not a private address",
    ]


def test_names_that_could_not_be_asked_are_told_once_at_the_end_and_each_between() -> None:
    (line,) = problems(health("?" * 32))
    assert line == ("distcc1.farm.test.: no answer within 0.8 s: see that the name servers answer")
    lines = problems(health("s?s???"))
    assert [line.partition(":")[0] for line in lines] == [
        "distcc2.farm.test.",
        "distcc4.farm.test.",
    ]


def test_names_of_another_site_are_no_servers_and_nothing_to_mend() -> None:
    left = health("oo.")
    assert rows(left) == []
    assert stop(left) == left.farm.why
    assert problems(Health(left.config, service(left.farm, 9, DNS_SD), left.verdicts)) == [
        "build9.farm.test. 10.0.0.9: there is no compiler here to prove it with"
    ]


def test_what_is_the_servers_is_said_without_compilers() -> None:
    silent = Verdict(Cause.SILENT)
    (line,) = problems(health("ss.", {2: {"gcc": silent, "g++": silent}}))
    assert line == f"distcc2.farm.test. 10.0.0.2: {silent.sentence}"
    assert rows(health("ss.", {2: {"gcc": silent, "g++": silent}}))[1].state == "silent"


def test_what_is_a_compilers_is_said_with_it() -> None:
    (line,) = problems(health("ss.", {2: {"gcc": OTHER, "g++": OTHER}}))
    assert line.startswith("distcc2.farm.test. 10.0.0.2: gcc g++: the compiler has another version")
    assert "11.3.0 there, 12.2.0 here" in line
    missing = Verdict(Cause.MISSING)
    both = health("ss.", {2: {"gcc": OTHER, "g++": missing, "clang": GOOD}})
    (line,) = problems(both)
    assert "gcc: the compiler has another version" in line
    assert "; g++: the compiler is not installed" in line
    row = rows(both)[1]
    assert (row.state, row.well, row.latency) == ("partly", False, 0.04)


def test_a_slow_server_is_a_problem_only_beyond_what_was_asked() -> None:
    slow = health("ss.", {2: {"gcc": Verdict(Cause.OK, latency=1.25)}})
    assert problems(slow) == []
    assert problems(slow, max_latency=1.25) == []
    assert problems(slow, max_latency=1.2) == [
        "distcc2.farm.test. 10.0.0.2: answers in 1.250 s, not in 1.2 s"
    ]


def test_another_number_of_servers_is_a_problem() -> None:
    assert problems(health("shs."), expect=3) == []
    assert problems(health("shs."), expect=4) == [
        "3 servers instead of 4: distcc4.farm.test. does not exist"
    ]
    assert problems(health("shs."), expect=2) == ["3 servers instead of 2"]


def test_no_servers_at_all_are_a_problem() -> None:
    assert problems(health("." * 9)) == ["no servers: distcc1.farm.test. does not exist"]
    nowhere = Farm(0.0, 1.0, 1.0, "", why="there is no domain to look in")
    assert problems(Health(Config(), nowhere)) == ["no servers: there is no domain to look in"]
    assert problems(Health(Config(), nowhere), expect=0) == []


def test_a_compiler_that_is_missing_here_is_a_problem() -> None:
    here = health("s.")
    without = Health(here.config, here.farm, {}, {"icc": "it is not installed here"})
    assert problems(without)[0] == "icc: it is not installed here"
    assert rows(without)[0].state == "not proved"


def test_the_limit_is_the_names_own_then_the_stats_pages_then_the_setting() -> None:
    base = health("sss.", limit=7)
    first, *others = base.farm.servers
    named = Server(first.number, first.name, first.address, first.state, limit=16)
    told = Farm(0.0, 1.0, 1.0, "", DOMAIN, (named, *others), base.farm.lines)
    limits = {"10.0.0.1": 3, "10.0.0.2": 5}
    full = Health(base.config, told, base.verdicts, {}, limits, {"10.0.0.2": 0.5})
    assert [row.limit for row in rows(full)] == [16, 5, 7]
    assert [row.load for row in rows(full)] == [None, 0.5, None]


def service(farm: Farm, number: int, source: str, state: State = State.USED) -> Farm:
    """The farm with a server that another source has named, at this number's address."""
    address = ipaddress.ip_address(f"10.0.0.{number}")
    more = Server(0, f"build{number}.{DOMAIN}.", address, state, source=source)
    return farm._replace(servers=(*farm.servers, more))


def test_a_server_of_two_sources_is_one_and_well() -> None:
    both = service(farm("s."), 1, DNS_SD, State.DUPLICATE)
    first, second = both.servers
    assert [named_before(both, one) for one in both.servers] == [False, True]
    assert [(row.name, row.source, row.port) for row in rows(Health(Config(), both))] == [
        ("distcc1.farm.test.", DISCOVER, 3632)
    ]
    turned = both._replace(
        servers=(second._replace(state=State.USED), first._replace(state=State.DUPLICATE))
    )
    assert [row.source for row in rows(Health(Config(), turned))] == [DNS_SD]
    numbered = second._replace(source=DISCOVER, number=2)
    same = both._replace(servers=(first, numbered))
    assert not named_before(same, same.servers[1])


def test_a_server_that_one_zone_lists_twice_is_one_and_well() -> None:
    twice = service(service(farm(""), 1, DNS_SD), 1, DNS_SD, State.DUPLICATE)
    found = Health(Config(), twice, {"10.0.0.1": {"gcc": GOOD}})
    assert [row.state for row in rows(found)] == ["good"]
    assert problems(found) == []


def test_backups_are_well_and_not_given_to_distcc() -> None:
    both = service(service(farm("s."), 2, DNS_SD), 3, DNS_SD)
    first, second, third = both.servers
    both = both._replace(servers=(first, second._replace(priority=5), third._replace(priority=9)))

    def states(*sick: int) -> list[str]:
        sick_ones = {number: {"gcc": OTHER, "g++": OTHER} for number in sick}
        found = rows(Health(Config(), both, health("sss", sick_ones).verdicts))
        assert [bool(row.hostspec) for row in found] == [row.state == "good" for row in found]
        return [row.state for row in found]

    found = Health(Config(), both, health("sss").verdicts)
    assert states() == ["good", "good", "backup"]
    assert rows(found)[2].why == "priority 9, while there are good ones of priority 5"
    assert (rows(found)[2].well, problems(found)) == (True, [])
    assert states(2) == ["good", "other version", "good"]
    # Another source has priorities of its own.
    assert states(1) == ["other version", "good", "backup"]


def test_servers_of_other_sources_have_their_rows_and_keep_their_names_apart() -> None:
    found = service(farm("s."), 2, DNS_SD)
    alike = found.servers[1]._replace(name="distcc1.farm.test.", port=4000)
    found = found._replace(servers=(found.servers[0], alike))
    assert [(row.number, row.address, row.port) for row in rows(Health(Config(), found))] == [
        (1, "10.0.0.1", 3632),
        (0, "10.0.0.2:4000", 4000),
    ]
