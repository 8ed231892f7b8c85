"""Services that anybody on a link may announce: what is taken out of them, and what is left out."""

import ipaddress
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distcc_build.farmfile import REMEMBERED
from distcc_build.hostspec import ZEROCONF
from distcc_build.offer import Gave, Line
from distcc_build.sources.announced import HOLDS, KEEP, Heard, gathered, unheard

NOW = 1_700_000_000.0
TXT = b"\x09txtvers=1\x06cpus=4\x06jobs=6\x0ddistcc=3.4\xff"


def heard(
    instance: str = "distcc@build1",
    target: str = "build1.local.",
    port: int = 3632,
    addresses: tuple[str, ...] = ("10.77.0.1",),
    text: bytes = b"",
) -> Heard:
    found = tuple(ipaddress.ip_address(one) for one in addresses)
    return Heard(f"{instance}._distcc._tcp.local.", target, port, found, text)


def gave(*services: Heard, more: bool = False, odd: tuple[str, ...] = ()) -> Gave:
    return gathered(ZEROCONF, services, now=NOW, more=more, odd=odd)


def test_a_service_is_an_offer_with_its_host_its_addresses_and_its_jobs() -> None:
    given = gave(heard(addresses=("fd77::1", "10.77.0.1"), text=b"\x06jobs=6\x0bcc_version=\x00"))
    (offer,) = given.offers
    assert (offer.name, offer.port, offer.limit, offer.seen) == ("build1.local.", 3632, 6, NOW)
    assert [str(one) for one in offer.addresses] == ["10.77.0.1", "fd77::1"]
    assert (offer.number, offer.priority, offer.weight) == (0, 0, 0)
    assert given.account.why == "no further machine of this link announces _distcc._tcp"
    assert (given.expires, given.keep, given.account.degraded) == (NOW + HOLDS, KEEP, False)


def test_what_a_service_says_of_itself_is_for_people() -> None:
    text = b"\x0dcc_version=12\x1bcc_machine=x86_64-linux-gnu\x06jobs=5"
    (line,) = gave(heard(text=text)).account.lines
    itself = "cc 12 for x86_64-linux-gnu jobs 5"
    assert line == Line("build1.local.", f"distcc@build1 10.77.0.1 port 3632 ({itself})", "server")
    assert gave(heard()).account.lines[0].came_back == "distcc@build1 10.77.0.1 port 3632"


@pytest.mark.parametrize(
    ("text", "limit"),
    [(b"", None), (b"\x00\x06jobs=7", 7), (b"\x07jobs=7", None), (b"\xff", None)],
)
def test_a_text_record_that_is_cut_off_is_read_to_its_end(text: bytes, limit: int | None) -> None:
    assert gave(heard(text=text)).offers[0].limit == limit


@pytest.mark.parametrize(
    ("service", "why"),
    [
        (heard(target=""), "it does not say on which host it is"),
        (heard(target="."), "its host, ., is no name of local."),
        (heard(target="local."), "its host, local., is no name of local."),
        (heard(target="distcc1.example.com."), "its host, distcc1.example.com., is no name of"),
        (heard(target="build1.local.example."), "is no name of local."),
        (heard(target="-oProxyCommand=x.local."), "is no name of local."),
        (heard(target="a b;rm\n.local."), "its host, a b;rm\\n.local., is no name of local."),
        (heard(target="\u202egnp.local."), "its host, \\u202egnp.local., is no name of local."),
        (heard(target="a..local."), "is no name of local."),
        (heard(port=0), "its port is 0"),
        (heard(port=70_000), "its port is 70000"),
        (heard(addresses=()), "no address of build1.local. that distcc can reach was heard"),
        (heard(addresses=("fe80::1",)), "no address of build1.local. that distcc can reach"),
    ],
)
def test_what_is_left_out_has_a_line(service: Heard, why: str) -> None:
    given = gave(service)
    assert given.offers == ()
    (line,) = given.account.lines
    assert (line.name, line.verdict) == ("distcc@build1", "left out")
    assert why in line.came_back
    assert line.came_back.isascii()
    assert line.came_back.isprintable()
    assert given.account.why == "no machine of this link announces _distcc._tcp"
    assert given.expires == 0.0


def test_link_local_addresses_of_ipv6_are_left_out() -> None:
    (offer,) = gave(heard(addresses=("fe80::1", "169.254.1.1", "fd77::1"))).offers
    assert [str(one) for one in offer.addresses] == ["169.254.1.1", "fd77::1"]


def test_a_host_has_few_addresses_whatever_it_announces() -> None:
    many = tuple(f"10.77.{number}.1" for number in range(200))
    assert len(gave(heard(addresses=many)).offers[0].addresses) < 50


@pytest.mark.parametrize("name", ["a\x1b[2J", "x" * 63, "B\u00fcro", "\u202e", "a\nb", ""])
def test_a_service_s_own_name_is_printable(name: str) -> None:
    for service in (heard(name), heard(name, target="")):
        (line,) = gave(service).account.lines
        assert all(text.isascii() and text.isprintable() for text in line)


def test_offers_come_in_one_order() -> None:
    services = [heard(f"distcc@b{n}", f"b{n}.local.") for n in range(5)]
    assert gave(*services) == gave(*reversed(services))


def test_too_many_services_and_odd_packets_are_told_of() -> None:
    given = gave(heard(), more=True, odd=("IndexError('\x1b')",))
    assert given.account.why == "only the first 1 that were heard count (max_servers)"
    assert given.account.lines[1] == Line("_distcc._tcp.local.", "IndexError('\\x1b')", "left out")


ADDRESSES = st.lists(st.ip_addresses(), max_size=20).map(tuple)
ANYTHING = st.builds(
    *(Heard, st.text(), st.text() | st.text("ab.-_ ").map("{}.local.".format)),
    *(st.integers(), ADDRESSES, st.binary() | st.binary().map(lambda one: b"\x06jobs=7" + one)),
)


@settings(max_examples=300)
@given(st.lists(ANYTHING, max_size=4))
def test_whatever_is_announced_only_typed_values_go_on(services: list[Heard]) -> None:
    found = gave(*services)
    assert len(found.account.lines) == len(services)
    assert all(
        text.isascii() and text.isprintable() for line in found.account.lines for text in line
    )
    for offer in found.offers:
        assert re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.local\.", offer.name)
        assert 0 < (offer.port or 0) < 65536
        assert offer.limit is None or 0 < offer.limit <= 1000
        assert not any(one.version == 6 and one.is_link_local for one in offer.addresses)
        assert offer.addresses


def test_where_nothing_could_be_asked_servers_stay_for_a_while() -> None:
    given = unheard(ZEROCONF, "no interface")
    assert given == Gave(given.account, keep=KEEP)
    assert (given.account.why, given.account.degraded) == ("no interface", True)
    assert KEEP < REMEMBERED
