"""Which names of the farm are servers that source code may be sent to."""

import ipaddress

import pytest

from distcc_build.config import Config
from distcc_build.hostspec import DISCOVER, IPAddress
from distcc_build.offer import Offer
from distcc_build.policy import Server, State, judge, refusal, used
from distcc_build.resolve.answers import Found, Step, Verdict
from distcc_build.values import Network

CONFIG = Config()


def ip(text: str) -> IPAddress:
    return ipaddress.ip_address(text)


def step(number: int, *addresses: str) -> Step:
    found = tuple(ip(one) for one in addresses)
    name = f"distcc{number}.a.test."
    return Step(number, name, Found(found, 60), Verdict.SERVER, found)


def judged(*steps: Step, config: Config = CONFIG, own: str = "") -> tuple[Server, ...]:
    offers = [Offer(one.name, one.addresses, 7.0, one.number) for one in steps]
    return judge([(DISCOVER, offers)], config, lambda one: str(one) == own)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "fc00::1"]
)
def test_private_addresses_are_accepted(address: str) -> None:
    assert refusal(ip(address), CONFIG) is None


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("8.8.8.8", 'allow = ["8.8.8.0/24"]'),
        ("2001:db8:1:2::3", 'allow = ["2001:db8:1::/48"]'),
        ("127.1.0.1", "allow_loopback"),
        ("::1", "allow_loopback"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("0.0.0.0", "no address of one machine"),
        ("::", "no address of one machine"),
        ("224.0.0.1", "no address of one machine"),
        ("ff02::1", "no address of one machine"),
        ("255.255.255.255", "no address of one machine"),
        ("172.32.0.1", "not a private address"),
        ("100.128.0.1", "not a private address"),
        ("::ffff:10.0.0.1", "stands for 10.0.0.1 (give the name an A record"),
        ("::ffff:8.8.8.8", "stands for another address: 8.8.8.8 is not a private address (allow"),
        ("::10.0.0.1", "stands for 10.0.0.1"),
        ("64:ff9b::808:808", "stands for another address: 8.8.8.8"),
        ("2002:808:808::1", "stands for another address: 8.8.8.8"),
    ],
)
def test_others_are_refused_with_the_remedy(address: str, remedy: str) -> None:
    assert remedy in (refusal(ip(address), CONFIG) or "")


def test_what_the_user_allows_is_accepted() -> None:
    config = CONFIG._replace(allow=(ipaddress.ip_network("8.8.8.0/24"),), allow_loopback=True)
    assert refusal(ip("8.8.8.8"), config) is None
    assert refusal(ip("127.1.0.1"), config) is None
    loopback = CONFIG._replace(allow=(ipaddress.ip_network("127.1.0.0/16"),))
    assert refusal(ip("127.1.0.1"), loopback) is None
    assert refusal(ip("0.0.0.0"), CONFIG._replace(allow=(ipaddress.ip_network("0.0.0.0/0"),)))


def test_two_names_for_one_address_are_one_server() -> None:
    servers = judged(step(1, "10.0.0.1"), step(2, "10.0.0.1"), step(3, "10.0.0.3"))
    assert [one.state for one in servers] == [State.USED, State.DUPLICATE, State.USED]
    assert servers[1].why == "has the address of distcc1.a.test."
    assert [one.number for one in used(servers)] == [1, 3]
    assert servers[0].seen == 7.0


def test_the_first_acceptable_address_of_a_name_is_taken() -> None:
    (server,) = judged(step(1, "8.8.8.8", "10.0.0.1"))
    assert (str(server.address), server.state) == ("10.0.0.1", State.USED)


def test_a_refused_server_says_why() -> None:
    (server,) = judged(step(1, "8.8.8.8"))
    assert server.state is State.REFUSED
    assert "allow" in server.why


def test_this_machine_is_no_tcp_hop() -> None:
    servers = judged(step(1, "10.0.0.1"), step(2, "10.0.0.2"), own="10.0.0.2")
    assert [one.state for one in servers] == [State.USED, State.OWN]


def test_loopback_servers_are_servers_like_any_other() -> None:
    config = CONFIG._replace(allow_loopback=True)
    (server,) = judged(step(1, "127.1.0.1"), config=config, own="127.1.0.1")
    assert server.state is State.USED


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(one) for one in texts)


def only(*texts: str) -> Config:
    """Everything is allowed but for what `only` leaves out."""
    everywhere = networks("0.0.0.0/0", "::/0")
    return CONFIG._replace(only=networks(*texts), allow=everywhere, allow_loopback=True)


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("10.1.2.3", ["10.1.0.0/16"]),
        ("fd12::1", ["10.1.0.0/16", "fd12::/32"]),
        ("8.8.8.8", ["8.8.8.0/24"]),
        ("127.1.0.1", ["127.0.0.0/8"]),
        ("::ffff:10.1.2.3", ["10.1.0.0/16", "::ffff:0:0/96"]),
        ("64:ff9b::a01:203", ["10.1.0.0/16", "64:ff9b::/96"]),
    ],
)
def test_what_only_names_is_used(address: str, named: list[str]) -> None:
    assert refusal(ip(address), only(*named)) is None


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("10.2.0.1", ["10.1.0.0/16"]),
        ("8.8.8.8", ["10.1.0.0/16"]),
        ("127.1.0.1", ["10.1.0.0/16"]),
        ("::1", ["10.1.0.0/16"]),
        ("fd12::1", ["10.1.0.0/16"]),
        ("10.1.2.3", ["fd12::/32"]),
        ("169.254.1.1", ["10.1.0.0/16"]),
        # The connection ends at the IPv4 address, however it is written.
        ("::ffff:10.1.2.3", ["10.1.0.0/16"]),
        ("::ffff:8.8.8.8", ["10.1.0.0/16", "::/0"]),
        ("::8.8.8.8", ["10.1.0.0/16", "::/0"]),
        ("::ffff:0:8.8.8.8", ["10.1.0.0/16", "::/0"]),
        ("64:ff9b::808:808", ["10.1.0.0/16", "::/0"]),
        ("64:ff9b:1::808:808", ["10.1.0.0/16", "::/0"]),
        ("2002:808:808::1", ["10.1.0.0/16", "::/0"]),
        ("2001:0:a01:1::f7f7:f7f7", ["10.1.0.0/16", "::/0"]),
        ("::ffff:127.0.0.1", ["10.1.0.0/16", "::/0"]),
    ],
)
def test_what_only_leaves_out_is_refused_whatever_else_allows_it(
    address: str, named: list[str]
) -> None:
    why = refusal(ip(address), only(*named)) or ""
    assert f'outside only = ["{named[0]}"' in why
    assert "(add its network if it is yours)" in why
    assert "\n" not in why


def test_only_adds_nothing() -> None:
    config = CONFIG._replace(only=networks("8.8.8.0/24", "127.0.0.0/8"))
    assert 'allow = ["8.8.8.0/24"]' in (refusal(ip("8.8.8.8"), config) or "")
    assert "allow_loopback" in (refusal(ip("127.1.0.1"), config) or "")


def test_a_refusal_names_a_few_of_many_networks() -> None:
    many = CONFIG._replace(only=networks(*(f"10.{n}.0.0/16" for n in range(99))))
    why = refusal(ip("192.168.0.1"), many) or ""
    assert '"10.3.0.0/16", ...]' in why
    assert "10.4." not in why


def test_another_address_of_the_name_that_only_names_is_taken() -> None:
    (server,) = judged(step(1, "8.8.8.8", "10.2.0.1", "10.1.0.1"), config=only("10.1.0.0/16"))
    assert (str(server.address), server.state) == ("10.1.0.1", State.USED)


def test_this_machine_needs_no_leave_of_only() -> None:
    servers = judged(
        step(1, "10.2.0.1"),
        step(2, "10.2.0.2"),
        step(3, "127.0.0.1"),
        config=only("10.1.0.0/16"),
        own="10.2.0.2",
    )
    states = [one.state for one in servers]
    assert states == [State.REFUSED, State.OWN, State.OWN]
    assert used(servers) == ()
    # Without `allow_loopback` a loopback address is nobody's.
    config = CONFIG._replace(only=networks("10.1.0.0/16"))
    assert [one.state for one in judged(step(1, "127.0.0.1"), config=config)] == [State.REFUSED]


def test_an_own_address_among_others_is_not_the_server() -> None:
    # docker0 has the same address on all machines.
    (server,) = judged(step(1, "172.17.0.1", "192.168.1.20"), own="172.17.0.1")
    assert (server.state, str(server.address), server.others) == (State.USED, "192.168.1.20", ())
    (alone,) = judged(step(1, "172.17.0.1"), own="172.17.0.1")
    assert alone.state is State.OWN


def test_a_server_that_has_both_versions_is_known_by_either() -> None:
    six, both = step(1, "fd00::1"), step(2, "10.0.0.9", "fd00::1")
    assert [one.state for one in judged(six, both)] == [State.USED, State.DUPLICATE]
    assert [one.state for one in judged(both, six)] == [State.USED, State.DUPLICATE]
    # Two machines behind one name, and one of them by a name of its own.
    several = step(1, "10.0.0.1", "10.0.0.2"), step(2, "10.0.0.2")
    assert [one.state for one in judged(*several)] == [State.USED, State.USED]
