"""What is asked for to browse a zone, and what comes of it, whatever the order of the answers."""

import ipaddress
import random
from collections.abc import Mapping

import pytest

from distcc_build.farmfile import REMEMBERED
from distcc_build.hostspec import DNS_SD
from distcc_build.offer import Gave
from distcc_build.resolve.answers import Answer, Failed, Found, Labels, Missing, Service
from distcc_build.resolve.packet import PTR, SRV, TXT, A
from distcc_build.sources.dnssd import MAX_BROWSED, MAX_STRANGE, TEXTS, WINDOW, Browse, Record
from distcc_build.sources.instances import MAX_SERVICES

NOW = 1_700_000_000.0
LATE = Failed("no answer")
NONE = Missing(300.0)

Zone = Mapping[tuple[int, str], Answer]


def labels(text: str) -> Labels:
    return tuple(text.encode().split(b".")) if text else ()


def names(*texts: str, ttl: float = 60) -> Found:
    return Found((), ttl, names=tuple(map(labels, texts)))


def srv(target: str, port: int = 3632, priority: int = 0, weight: int = 0) -> Service:
    return Service(priority, weight, port, labels(target))


def services(*given: Service, ttl: float = 60) -> Found:
    return Found((), ttl, services=given)


def text(*strings: str) -> Found:
    return Found((), 60, texts=(tuple(one.encode() for one in strings),))


def host(*addresses: str, ttl: float = 60) -> Found:
    return Found(tuple(map(ipaddress.ip_address, addresses)), ttl)


def instance(name: str, domain: str = "a.test") -> str:
    return f"{name}._distcc._tcp.{domain}"


ONE: Zone = {
    (PTR, "_distcc._tcp.a.test"): names(instance("one")),
    (SRV, instance("one")): services(srv("h1.a.test", 4000)),
    (TXT, instance("one")): text("jobs=7", "cc_version=12.2.0"),
    (A, "h1.a.test"): host("10.1.0.1", "fd00::1"),
}


def browse(
    zone: Zone, *domains: str, cap: int = 1024, seed: int = 0, asked: list[Record] | None = None
) -> Gave:
    """The result, which has to be the same for every order of the answers."""
    results = []
    for shuffle in range(seed, seed + 4):
        rng = random.Random(shuffle)
        machine = Browse(DNS_SD, domains or ("a.test",), cap=cap, now=NOW)
        out: list[Record] = []
        while not machine.finished:
            out += machine.ask()
            assert len([one for one in out if one.type != TXT]) <= WINDOW
            assert len([one for one in out if one.type == TXT]) <= TEXTS
            assert machine.settled == all(one.type == TXT for one in out)
            record = out.pop(rng.randrange(len(out)))
            if asked is not None and shuffle == seed:
                asked.append(record)
            key = record.type, b".".join(record.name).decode()
            machine.feed(record, zone.get(key, NONE))
        assert list(machine.ask()) == []
        assert machine.gave
        results.append(machine.gave)
    assert all(one == results[0] for one in results)
    return results[0]


def told(gave: Gave) -> list[tuple[str, str, str]]:
    return [tuple(line)[:3] for line in gave.account.lines]  # type: ignore[misc]


def offered(gave: Gave) -> list[tuple[str, str, int | None, int | None]]:
    return [(one.name, str(one.addresses[0]), one.port, one.limit) for one in gave.offers]


def test_a_service_becomes_a_server_with_its_own_port_and_limit() -> None:
    asked: list[Record] = []
    gave = browse(ONE, asked=asked)
    assert offered(gave) == [("h1.a.test.", "10.1.0.1", 4000, 7)]
    assert [str(one) for one in gave.offers[0].addresses] == ["10.1.0.1", "fd00::1"]
    back = "h1.a.test. port 4000: 10.1.0.1 fd00::1 (TTL 60), cc 12.2.0 jobs 7"
    assert gave.account.lines == (("one._distcc._tcp.a.test", back, "server", "h1.a.test."),)
    assert gave.account.why == "a.test lists no more services"
    assert (gave.account.source, gave.account.degraded, gave.keep) == (DNS_SD, False, 0)
    assert len(asked) == len(set(asked)) == 5


def test_what_is_first_known_to_expire_counts() -> None:
    assert browse(ONE).expires == NOW + 60
    assert browse({**ONE, (A, "h1.a.test"): host("10.1.0.1", ttl=9)}).expires == NOW + 9
    assert browse({**ONE, (PTR, "b._dns-sd._udp.a.test"): Missing(5)}).expires == NOW + 5
    assert browse({}).expires == NOW + 300
    assert browse({**ONE, (TXT, instance("one")): LATE}).expires == NOW


def test_names_may_hold_anything_and_no_case_matters() -> None:
    odd: Labels = ("Build\x1b höst. 1".encode(), b"_DISTCC", b"_TCP", b"a", b"TEST")
    same = (odd[0], b"_distcc", b"_tcp", b"a", b"test")
    zone = {
        (PTR, "_distcc._tcp.a.test"): Found((), 60, names=(odd, same)),
        (SRV, "Build\x1b höst. 1._DISTCC._TCP.a.TEST"): services(srv("H1.A.test")),
        (A, "h1.a.test"): host("10.1.0.1"),
    }
    gave = browse(zone)
    assert offered(gave) == [("h1.a.test.", "10.1.0.1", 3632, None)]
    assert gave.account.lines[0].name == r"Build\x1b h\xf6st. 1._DISTCC._TCP.a.TEST"


def test_without_any_domain_there_is_nothing_to_ask() -> None:
    machine = Browse(DNS_SD, (), cap=9, now=NOW)
    assert (machine.finished, machine.settled, list(machine.ask())) == (True, True, [])
    assert machine.gave
    assert machine.gave.account.why == "there is no domain to look in"


@pytest.mark.parametrize("absent", [Missing(30), Missing(30, nxdomain=False)])
def test_the_next_domain_is_tried_where_there_is_nothing_in_this_one(absent: Missing) -> None:
    zone = {**ONE, (PTR, "_distcc._tcp.dev.a.test"): absent}
    gave = browse(zone, "dev.a.test", "a.test", "test")
    assert len(gave.offers) == 1
    assert gave.account.why == "a.test lists no more services"
    gave = browse({}, "dev.a.test", "a.test", "dev.a.test")
    assert gave.account.why == "no _distcc._tcp in dev.a.test, a.test"
    assert not gave.account.degraded


@pytest.mark.parametrize("what", ["_distcc._tcp", "b._dns-sd._udp"])
def test_what_cannot_be_asked_does_not_lead_to_the_next_domain(what: str) -> None:
    asked: list[Record] = []
    gave = browse({**ONE, (PTR, f"{what}.dev.a.test"): LATE}, "dev.a.test", "a.test", asked=asked)
    assert gave.offers == ()
    assert gave.account.why == f"{what}.dev.a.test could not be asked: no answer"
    assert (gave.account.degraded, gave.keep) == (True, REMEMBERED)
    assert all(one.name[-3:] == labels("dev.a.test") for one in asked)


def test_the_first_domain_with_an_instance_wins_whatever_that_is_worth() -> None:
    zone = {**ONE, (PTR, "_distcc._tcp.dev.a.test"): names(instance("gone", "dev.a.test"))}
    gave = browse(zone, "dev.a.test", "a.test")
    assert gave.offers == ()
    assert gave.account.why == "none of the services that dev.a.test lists is a server"
    assert told(gave) == [("gone._distcc._tcp.dev.a.test", "no SRV record", "left out")]


def test_domains_to_browse_are_browsed_all() -> None:
    zone = {
        **ONE,
        (PTR, "b._dns-sd._udp.a.test"): names("B.test", "c.test", "", "b.test"),
        (PTR, "_distcc._tcp.b.test"): names(instance("two", "b.test")),
        (PTR, "_distcc._tcp.c.test"): names(instance("three", "c.test"), instance("two", "b.test")),
        (SRV, instance("two", "b.test")): services(srv("h2.b.test")),
        (SRV, instance("three", "c.test")): services(srv("h3.c.test")),
        (A, "h2.b.test"): host("10.1.0.2"),
        (A, "h3.c.test"): host("10.1.0.3"),
    }
    gave = browse(zone)
    assert [one.name for one in gave.offers] == ["h3.c.test.", "h2.b.test."]
    assert gave.account.why == "b.test, c.test list no more services"


def test_a_domain_to_browse_that_cannot_be_asked_takes_nothing_from_the_others() -> None:
    zone = {
        **ONE,
        (PTR, "b._dns-sd._udp.a.test"): names("a.test", "c.test"),
        (PTR, "_distcc._tcp.c.test"): LATE,
    }
    gave = browse(zone, "a.test", "test")
    assert len(gave.offers) == 1
    assert gave.account.why == "_distcc._tcp.c.test could not be asked: no answer"
    assert (gave.account.degraded, gave.keep) == (True, REMEMBERED)


def test_where_other_domains_are_browsed_this_one_does_not_matter() -> None:
    zone = {
        **ONE,
        (PTR, "b._dns-sd._udp.dev.test"): names("a.test"),
        (PTR, "_distcc._tcp.dev.test"): LATE,
    }
    gave = browse(zone, "dev.test")
    assert (len(gave.offers), gave.account.degraded) == (1, False)


def test_a_domain_that_was_browsed_for_one_before_is_not_asked_again() -> None:
    asked: list[Record] = []
    zone = {(PTR, "b._dns-sd._udp.dev.test"): names("a.test")}
    gave = browse(zone, "dev.test", "a.test", asked=asked)
    assert gave.account.why == "no _distcc._tcp in a.test"
    assert len(asked) == len(set(asked)) == 4
    loop = {
        (PTR, "b._dns-sd._udp.dev.test"): names("b._dns-sd._udp.x.test", "a.test"),
        (PTR, "b._dns-sd._udp.a.test"): names("dev.test"),
    }
    assert not browse(loop, "dev.test", "a.test").offers


def test_of_very_many_domains_the_first_are_browsed() -> None:
    many = [f"d{number:03}.test" for number in range(900)]
    asked: list[Record] = []
    browse({(PTR, "b._dns-sd._udp.a.test"): names(*reversed(many))}, asked=asked)
    assert [one.name[2:] for one in sorted(asked)[:MAX_BROWSED]][1:3] == [
        labels("d000.test"),
        labels("d001.test"),
    ]
    assert len(asked) == 2 + MAX_BROWSED


def test_names_of_no_distcc_service_are_told_of_and_not_asked_for() -> None:
    foreign = [f"p{number:02}._ipp._tcp.a.test" for number in range(30)]
    short = ["_distcc._tcp.a.test", "x._distcc._tcp", "x"]
    asked: list[Record] = []
    gave = browse({(PTR, "_distcc._tcp.a.test"): names(*foreign, *short)}, "a.test", asked=asked)
    assert gave.account.why == "no _distcc._tcp in a.test"
    assert len(gave.account.lines) == MAX_STRANGE
    assert {line.verdict for line in gave.account.lines} == {"no distcc service"}
    assert {one.type for one in asked} == {PTR}


def farm(count: int) -> dict[tuple[int, str], Answer]:
    found: dict[tuple[int, str], Answer] = {}
    listed = [instance(f"n{number:04}") for number in range(count)]
    found[PTR, "_distcc._tcp.a.test"] = names(*reversed(listed))
    for number, name in enumerate(listed):
        found[SRV, name] = services(srv(f"h{number}.a.test"))
        found[A, f"h{number}.a.test"] = host(f"10.1.{number // 250}.{number % 250 + 1}")
        found[TXT, name] = text(f"cpus={number + 1}")
    return found


def test_hundreds_are_found() -> None:
    gave = browse(farm(300))
    assert [one.limit for one in gave.offers] == [number + 3 for number in range(300)]


def test_there_are_no_more_than_the_cap() -> None:
    asked: list[Record] = []
    gave = browse(farm(9), cap=4, asked=asked)
    assert [one.name for one in gave.offers] == [f"h{number}.a.test." for number in range(4)]
    assert gave.account.why == "4 of 9 services in a.test are used (max_servers)"
    assert len(asked) == 2 + 3 * 4


def test_several_records_of_one_instance_are_several_servers() -> None:
    given = [srv("h1.a.test", port, 10 * (port % 2), port - 4000) for port in range(4000, 4004)]
    gave = browse({**ONE, (SRV, instance("one")): services(*given)})
    assert [(one.port, one.priority, one.weight) for one in gave.offers] == [
        (4002, 0, 2),
        (4000, 0, 0),
        (4003, 10, 3),
        (4001, 10, 1),
    ]
    assert "priority 10 weight 3" in gave.account.lines[2].came_back
    assert "priority" not in gave.account.lines[1].came_back
    assert len(browse({**ONE, (SRV, instance("one")): services(*given)}, cap=3).offers) == 3
    twice = services(srv("h1.a.test"), srv("H1.A.test"))
    assert len(browse({**ONE, (SRV, instance("one")): twice}).offers) == 1
    many = services(*(srv("h1.a.test", port) for port in range(1, 400)))
    assert [one.port for one in browse({**ONE, (SRV, instance("one")): many}).offers] == [
        *range(1, MAX_SERVICES + 1)
    ]


@pytest.mark.parametrize(
    ("given", "back", "verdict"),
    [
        (srv(""), "SRV target .", "it is not offered"),
        (srv("a b.test"), "SRV target a b.test port 3632", "left out: no host name"),
        (srv("h1.a.test", 0), "SRV target h1.a.test port 0", "left out: port 0"),
        (srv("none.test"), "none.test. port 3632: NXDOMAIN, cc 12.2.0 jobs 7", "left out"),
    ],
)
def test_a_record_that_leads_nowhere(given: Service, back: str, verdict: str) -> None:
    gave = browse({**ONE, (SRV, instance("one")): services(given)})
    assert told(gave) == [(instance("one"), back, verdict)]
    assert (gave.offers, gave.account.degraded) == ((), False)


@pytest.mark.parametrize("what", [(SRV, instance("one")), (A, "h1.a.test")])
def test_a_record_that_cannot_be_asked_for(what: tuple[int, str]) -> None:
    gave = browse({**ONE, what: LATE})
    assert gave.offers == ()
    assert gave.account.lines[0].verdict == "could not be asked"
    assert "no answer" in gave.account.lines[0].came_back
    assert (gave.account.degraded, gave.keep) == (True, REMEMBERED)


def test_no_server_depends_on_what_it_says_of_itself() -> None:
    gave = browse({**ONE, (TXT, instance("one")): LATE})
    assert offered(gave) == [("h1.a.test.", "10.1.0.1", 4000, None)]
    assert gave.account.lines[0].came_back.endswith("(TTL 60), TXT: no answer")
    assert not gave.account.degraded
    gave = browse({**ONE, (TXT, instance("one")): NONE})
    assert gave.account.lines[0].came_back.endswith("(TTL 60)")


def test_of_several_texts_the_order_does_not_matter() -> None:
    texts = ((b"jobs=9",), (b"jobs=3", b"x"))
    for given in (texts, texts[::-1]):
        gave = browse({**ONE, (TXT, instance("one")): Found((), 60, texts=given)})
        assert gave.offers[0].limit == 3


def test_an_answer_that_was_not_asked_for_is_ignored() -> None:
    machine = Browse(DNS_SD, ["a.test"], cap=9, now=NOW)
    first, second = machine.ask()
    machine.feed(Record(SRV, labels(instance("one"))), ONE[SRV, instance("one")])
    machine.feed(Record(TXT, labels(instance("one"))), ONE[TXT, instance("one")])
    machine.feed(first, NONE)
    machine.feed(first, ONE[PTR, "_distcc._tcp.a.test"])
    assert not machine.finished
    machine.feed(second, NONE)
    assert machine.gave
    assert machine.gave.account.why == "no _distcc._tcp in a.test"
