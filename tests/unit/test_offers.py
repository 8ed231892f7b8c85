"""What several sources give together: one farm, each server once, each source with its account."""

import ipaddress
from collections.abc import Sequence
from typing import Any

import pytest

from distcc_build.config import Config
from distcc_build.farmfile import REMEMBERED, Farm, format_farm, parse_farm
from distcc_build.hostspec import DISCOVER, DNS_SD, ZEROCONF
from distcc_build.offer import Account, Gave, Line, Offer
from distcc_build.outcome import LINK_STALE, outcome
from distcc_build.policy import State
from distcc_build.problems import lost
from distcc_build.resolve.answers import Found, Step, Verdict, WalkResult
from distcc_build.sources.numbered import Walked, of_one_site

NOW = 1_700_000_000.0
CONFIG = Config(sources=(DNS_SD, ZEROCONF))


def offer(name: str, *addresses: str, port: int | None = 3632, **more: Any) -> Offer:
    found = tuple(ipaddress.ip_address(one) for one in addresses)
    return Offer(name, found, NOW, port=port, **more)


def gave(source: str, *offers: Offer, **more: Any) -> Gave:
    account = Account(source, (Line("name", "came back", "verdict"),), f"{source} has no more")
    return Gave(account, offers, **more)


def farm_of(
    *given: Gave, old: Farm | None = None, now: float = NOW, config: Config = CONFIG
) -> Farm:
    return outcome(None, given, config, old=old, own=lambda _: False, now=now)


def states(farm: Farm) -> Sequence[tuple[str, str, State]]:
    return [(one.name, one.endpoint, one.state) for one in farm.servers]


def test_the_same_server_of_two_sources_is_one_with_what_either_knows_of_its_limit() -> None:
    farm = farm_of(
        gave(ZEROCONF, offer("b.local.", "10.1.0.1", limit=8)),
        gave(DNS_SD, offer("a.test.", "10.1.0.1")),
    )
    assert states(farm) == [
        ("a.test.", "10.1.0.1", State.USED),
        ("b.local.", "10.1.0.1", State.DUPLICATE),
    ]
    assert farm.used[0].limit == 8
    assert farm.servers[1].why == "has the address of a.test."


@pytest.mark.parametrize("turned", [False, True])
def test_the_priority_of_a_server_that_is_named_twice_is_the_lower_one(turned: bool) -> None:
    both = [
        offer("x.test.", "10.1.0.1", priority=5, weight=9),
        offer("alias.test.", "10.1.0.1", priority=0, weight=2),
        offer("alias.test.", "10.1.0.1", priority=0, weight=3),
    ]
    farm = farm_of(gave(DNS_SD, *(both[::-1] if turned else both)))
    assert [(one.priority, one.weight) for one in farm.used] == [(0, 3)]


@pytest.mark.parametrize("first", [DNS_SD, ZEROCONF])
def test_the_priority_of_a_server_of_two_sources_is_that_of_the_first(first: str) -> None:
    sources = (first, ZEROCONF if first == DNS_SD else DNS_SD)
    given = [
        gave(DNS_SD, offer("a.test.", "10.1.0.1", priority=10, weight=2)),
        gave(ZEROCONF, offer("a.local.", "10.1.0.1")),
    ]
    (server,) = farm_of(*given, config=CONFIG._replace(sources=sources)).used
    assert (server.source, server.priority) == (first, 10 if first == DNS_SD else 0)


def test_another_port_is_another_server() -> None:
    given = gave(DNS_SD, offer("a.test.", "10.1.0.1"), offer("b.test.", "10.1.0.1", port=4000))
    assert [one.endpoint for one in farm_of(given).used] == ["10.1.0.1", "10.1.0.1:4000"]
    six = farm_of(gave(DNS_SD, offer("a.test.", "fd00::1", port=4000)))
    assert six.used[0].endpoint == "[fd00::1]:4000"


def test_a_port_is_compared_with_the_configured_one() -> None:
    config = CONFIG._replace(port=4000)
    offers = offer("a.test.", "10.1.0.1", port=4000), offer("b.test.", "10.1.0.1", port=None)
    farm = farm_of(gave(DNS_SD, *offers), config=config)
    assert [one.state for one in farm.servers] == [State.USED, State.DUPLICATE]


def test_numbered_names_stand_where_their_word_does() -> None:
    address = ipaddress.ip_address("10.1.0.9")
    step = Step(1, "distcc1.test.", Found((address,), 90), Verdict.SERVER, (address,))
    walked = Walked(WalkResult("test", (step,), "distcc2.test. does not exist", False), {})
    config = CONFIG._replace(sources=(ZEROCONF, DISCOVER))
    given = gave(ZEROCONF, offer("a.local.", "10.1.0.1"))
    farm = outcome(walked, [given], config, old=None, own=lambda _: False, now=NOW)
    assert [one.name for one in farm.used] == ["a.local.", "distcc1.test."]
    assert farm.why == (
        "+zeroconf: +zeroconf has no more; --discover-distccN: distcc2.test. does not exist"
    )
    assert farm.known(NOW).addresses == {1: (address,)}


def test_one_source_is_not_named_in_why() -> None:
    assert farm_of(gave(DNS_SD), config=CONFIG._replace(sources=(DNS_SD,))).why.endswith("no more")


@pytest.mark.parametrize(("keep", "kept"), [(0.0, False), (50.0, False), (REMEMBERED, True)])
def test_what_a_source_named_before_is_kept_as_long_as_it_says(keep: float, kept: bool) -> None:
    old = farm_of(
        gave(DNS_SD, offer("a.test.", "10.1.0.1", "fd00::1", port=4000, limit=3, weight=7))
    )
    silent = Gave(Account(DNS_SD, why="no answer", degraded=True), keep=keep)
    farm = farm_of(silent, gave(ZEROCONF, offer("b.local.", "10.1.0.2")), old=old, now=NOW + 60)
    assert (farm.used[0] == old.used[0]) is kept
    assert [one.name for one in farm.used] == (["a.test."] if kept else []) + ["b.local."]
    assert (farm.degraded, farm.until) == (True, NOW + 60 + CONFIG.ttl_min)


def test_what_a_source_names_now_is_not_kept_beside() -> None:
    old = farm_of(gave(DNS_SD, offer("a.test.", "10.1.0.1")))
    farm = farm_of(
        gave(DNS_SD, offer("a.test.", "10.1.0.2"), keep=REMEMBERED), old=old, now=NOW + 9
    )
    assert [one.endpoint for one in farm.used] == ["10.1.0.2"]


def test_of_several_services_of_one_host_those_are_kept_that_are_not_named_now() -> None:
    both = [offer("a.test.", "10.1.0.1", port=port) for port in (3632, 4000)]
    old = farm_of(gave(DNS_SD, *both))
    for port in (3632, 4000, None):
        given = gave(DNS_SD, offer("a.test.", "10.1.0.1", port=port), keep=REMEMBERED)
        farm = farm_of(given, old=old, now=NOW + 9)
        assert {one.endpoint for one in farm.used} == {"10.1.0.1", "10.1.0.1:4000"}


def test_only_the_names_are_kept_that_a_source_still_has() -> None:
    old = farm_of(
        gave(DNS_SD, offer("a.test.", "10.1.0.1"), offer("gone.test.", "10.1.0.2")),
        gave(ZEROCONF, offer("b.local.", "10.1.0.3")),
    )
    now = gave(DNS_SD, keep=REMEMBERED, still=("a.test.", "b.local."))
    farm = farm_of(now, gave(ZEROCONF), old=old, now=NOW + 9)
    assert [one.name for one in farm.used] == ["a.test."]
    nothing = farm_of(now._replace(still=()), gave(ZEROCONF), old=old, now=NOW + 9)
    assert nothing.used == ()


def test_fresh_until_the_first_source_expires() -> None:
    one, other = offer("a.test.", "10.1.0.1"), offer("b.test.", "10.1.0.2")
    farm = farm_of(gave(DNS_SD, one, expires=NOW + 200), gave(ZEROCONF, other, expires=NOW + 100))
    assert farm.until == NOW + 100
    assert farm_of(gave(DNS_SD, one), gave(ZEROCONF, other)).until == NOW + CONFIG.ttl_min


@pytest.mark.parametrize(
    ("source", "stale", "used"),
    [(DNS_SD, 600.0, 600.0), (ZEROCONF, 600.0, LINK_STALE), (ZEROCONF, 10.0, 10.0)],
)
def test_what_was_heard_on_a_link_is_not_used_for_long_without_another_look(
    source: str, stale: float, used: float
) -> None:
    given = gave(source, offer("a.local.", "10.1.0.1"), expires=NOW + 100)
    farm = farm_of(given, config=CONFIG._replace(stale=stale))
    assert (farm.until, farm.stale) == (NOW + 100, NOW + 100 + used)


def test_a_server_of_two_families_has_the_other_address_for_later() -> None:
    (server,) = farm_of(gave(DNS_SD, offer("a.test.", "10.1.0.1", "8.8.8.8", "fd00::1"))).used
    assert (str(server.address), [str(one) for one in server.others]) == ("10.1.0.1", ["fd00::1"])


def test_the_file_holds_all_of_it() -> None:
    farm = farm_of(
        gave(DNS_SD, offer("a.test.", "10.1.0.1", "fd00::1", port=4000, priority=10, weight=3)),
        gave(ZEROCONF, offer("b.local.", "8.8.8.8")),
    )
    farm = farm._replace(files="1,2,3")
    assert parse_farm(format_farm(farm)) == farm


def test_a_limit_that_could_not_be_asked_for_is_as_before() -> None:
    old = farm_of(gave(DNS_SD, offer("a.test.", "10.1.0.1", port=4000, limit=64)))
    unknown = gave(DNS_SD, offer("a.test.", "10.1.0.1", port=4000, limit_known=False))
    gone = gave(DNS_SD, offer("a.test.", "10.1.0.1", port=4000))
    assert farm_of(unknown, old=old, now=NOW + 9).used[0].limit == 64
    assert farm_of(unknown).used[0].limit is None
    assert farm_of(gone, old=old, now=NOW + 9).used[0].limit is None


def test_a_server_is_kept_by_the_line_that_told_of_it() -> None:
    lines = (Line("big._distcc", "a.test. port 3632", "server", "a.test."),)
    account = Account(DNS_SD, lines, "no more")
    old = farm_of(Gave(account, (offer("a.test.", "10.1.0.1"), offer("b.test.", "10.1.0.2"))))
    now = gave(DNS_SD, keep=REMEMBERED, still=("big._distcc",))
    assert [one.name for one in farm_of(now, old=old, now=NOW + 9).used] == ["a.test."]


ADDRESS = ipaddress.ip_address("10.1.0.9")
STEP = Step(1, "distcc1.b.", Found((ADDRESS,), 90), Verdict.SERVER, (ADDRESS,))


@pytest.mark.parametrize(
    ("walk", "zone", "domains", "left"),
    [
        ("a", "a", ["a", "b"], (True, True)),
        ("a", "b", ["a", "b"], (True, False)),
        ("b", "a", ["a", "b"], (False, True)),
        ("a", "", ["a", "b"], (True, True)),
        ("", "b", ["a", "b"], (False, True)),
        ("b", "", ["a", "b"], (True, True)),
        # A name as it is, and the domain of another source that is none of the list.
        ("c", "b", ["a", "b"], (True, True)),
    ],
)
def test_the_servers_are_those_of_one_site(
    walk: str, zone: str, domains: list[str], left: tuple[bool, bool]
) -> None:
    walked = Walked(WalkResult(walk, (STEP,) if walk else (), "no more", False), {})
    given = gave(DNS_SD, *([offer("s.", "10.2.0.1")] if zone else []), domain=zone)
    link = gave(ZEROCONF, offer("l.local.", "10.3.0.1"))
    now, (services, heard), site = of_one_site(walked, [given, link], domains)
    assert now is not None
    assert (bool(now.result.servers), bool(services.offers) or not zone) == left
    assert heard == link
    for why, there in ((now.result.why, left[0] or not walk), (services.account.why, left[1])):
        assert ("are left out, as there are some in a" in why) is not there
    assert site == min({walk, zone} & {"a", "b"}, default="")
    if walk and not left[0]:
        assert {one.verdict for one in now.result.steps} == {Verdict.LATER_DOMAIN}
    assert of_one_site(None, [given], domains)[:2] == (None, [given])


LISTED = Line("one._distcc._tcp.b", "s. port 3632", "server", "s.")


@pytest.mark.parametrize(
    ("doubted", "before", "used", "kept", "site"),
    [
        # Nobody knows whether the first site has servers: the other's are none of ours.
        ("a", "", False, True, "a"),
        ("a", "a", False, True, "a"),
        ("b", "a", True, False, "b"),
        ("b", "b", True, True, "b"),
        ("c", "b", True, False, "b"),
        # There were none in it before, and it can be asked again later.
        ("a", "b", True, True, "b"),
        ("a", "c", True, False, "b"),
    ],
)
def test_nothing_is_used_behind_a_domain_that_could_not_be_asked(
    doubted: str, before: str, used: bool, kept: bool, site: str
) -> None:
    domains = ["a", "b", "c"]
    walked = Walked(WalkResult("b", (STEP,), "no more", False), {})
    silent = Gave(Account(DNS_SD, why="no answer", degraded=True), keep=9.0, domain=doubted)
    now, (zone,), where = of_one_site(walked, [silent], domains, before)
    assert now is not None
    assert (bool(now.result.servers), bool(zone.keep), where) == (used, kept, site)
    assert ("not known whether there are any in a" in now.result.why) is not used
    assert zone.account == silent.account


@pytest.mark.parametrize(("failed", "used"), [(True, False), (False, True)])
def test_services_behind_a_domain_whose_first_name_could_not_be_asked(
    failed: bool, used: bool
) -> None:
    nothing = Walked(WalkResult("a", (), "no answer", degraded=failed), {})
    account = Account(DNS_SD, (LISTED, Line("x", "PTR record", "no distcc service")), "no more")
    given = Gave(account, (offer("s.", "10.2.0.1"),), domain="b")
    _, (zone,), site = of_one_site(nothing, [given], ["a", "b"])
    assert (bool(zone.offers), site) == (used, "b" if used else "a")
    lines = [(line.verdict, line.offer) for line in zone.account.lines]
    left = ("server", "s.") if used else (Verdict.LATER_DOMAIN.value, "")
    assert lines == [left, ("no distcc service", "")]
    assert lost(farm_of(zone)) == []


def test_where_nothing_is_found_what_was_known_before_stays() -> None:
    silent = Gave(Account(DNS_SD, why="no answer", degraded=True), keep=9.0, domain="a")
    assert of_one_site(None, [silent], ["a", "b"], "b") == (None, [silent], "b")


def test_what_is_lost_of_a_source_is_a_problem() -> None:
    lines = (
        Line("line 3", "'a/0': expected a limit", "left out"),
        Line("b", "no answer in time", "could not be asked"),
        Line("c", "10.1.0.1", "server"),
        Line("line 9", "'d,down': marked down", "not used"),
    )
    whole = Gave(Account(DNS_SD, lines, "no more", degraded=True), (offer("c", "10.1.0.1"),))
    broken = Gave(Account(ZEROCONF, (), "there is no link", degraded=True))
    assert lost(farm_of(whole, broken)) == [
        "--discover-dns-sd: line 3  'a/0': expected a limit: left out",
        "--discover-dns-sd: b  no answer in time: could not be asked",
        "+zeroconf: there is no link",
    ]
    assert lost(farm_of(gave(DNS_SD))) == []
