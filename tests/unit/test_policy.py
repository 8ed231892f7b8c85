"""Which names of the farm are servers that source code may be sent to."""

import ipaddress
from dataclasses import replace

import pytest

from distcc_build.config import Config
from distcc_build.hostspec import IPAddress
from distcc_build.policy import Server, State, judge, refusal, used
from distcc_build.resolve.answers import Found, Step, Verdict

CONFIG = Config()


def ip(text: str) -> IPAddress:
    return ipaddress.ip_address(text)


def step(number: int, *addresses: str) -> Step:
    found = tuple(ip(one) for one in addresses)
    name = f"distcc{number}.a.test."
    return Step(number, name, Found(found, 60), Verdict.SERVER, found)


def judged(*steps: Step, config: Config = CONFIG, own: str = "") -> tuple[Server, ...]:
    return judge(steps, config, lambda one: str(one) == own, lambda _: 7.0)


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
        ("::ffff:10.0.0.1", "not a private address"),
    ],
)
def test_others_are_refused_with_the_remedy(address: str, remedy: str) -> None:
    assert remedy in (refusal(ip(address), CONFIG) or "")


def test_what_the_user_allows_is_accepted() -> None:
    config = replace(CONFIG, allow=(ipaddress.ip_network("8.8.8.0/24"),), allow_loopback=True)
    assert refusal(ip("8.8.8.8"), config) is None
    assert refusal(ip("127.1.0.1"), config) is None
    loopback = replace(CONFIG, allow=(ipaddress.ip_network("127.1.0.0/16"),))
    assert refusal(ip("127.1.0.1"), loopback) is None
    assert refusal(ip("0.0.0.0"), replace(CONFIG, allow=(ipaddress.ip_network("0.0.0.0/0"),)))


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
    config = replace(CONFIG, allow_loopback=True)
    (server,) = judged(step(1, "127.1.0.1"), config=config, own="127.1.0.1")
    assert server.state is State.USED
