"""What doctor says of sources beside the numbered names."""

import ipaddress

import pytest

from distcc_build.doctor.findings import Loss, Status
from distcc_build.doctor.sources import NAMED, look_at
from distcc_build.farmfile import Farm
from distcc_build.hostspec import DNS_SD, ZEROCONF
from distcc_build.offer import Account, Line
from distcc_build.policy import Server, State

FILE = "--discover-file=/etc/build-hosts"


def farm(source: str, *states: State) -> Farm:
    servers = tuple(
        Server(0, f"b{n}.test.", ipaddress.ip_address(f"10.0.0.{n}"), state, source=source)
        for n, state in enumerate(states, 1)
    )
    return Farm(made=0.0, until=1.0, stale=1.0, surroundings="", servers=servers)


def test_a_source_that_is_well() -> None:
    account = Account(DNS_SD, why="a.test lists no more services", seconds=0.004)
    # What another source has named before is as good.
    states = (State.USED, State.OWN, State.DUPLICATE, State.REFUSED)
    (check,) = look_at(farm(DNS_SD, *states), account, Loss.ALL)
    assert (check.name, check.status) == (DNS_SD, Status.OK)
    assert check.text == "3 servers (4 ms): a.test lists no more services"
    # Servers of other sources are none of this one.
    (check,) = look_at(farm(ZEROCONF, *states), account, Loss.ALL)
    assert (check.status, check.loss) == (Status.PROBLEM, Loss.ALL)


def test_a_source_whose_servers_may_not_be_used() -> None:
    (check,) = look_at(farm(DNS_SD, State.REFUSED), Account(DNS_SD), Loss.SERVERS)
    assert (check.text, check.loss) == ("it names no server that may be used", Loss.SERVERS)


@pytest.mark.parametrize(
    ("source", "why", "degraded", "remedy"),
    [
        (
            DNS_SD,
            "no _distcc._tcp in a.test, b.test",
            False,
            "list the servers in DNS: distcc-build zone --dns-sd --domain a.test SERVER... prints",
        ),
        (DNS_SD, "there is no domain to look in", False, "set the domain of the servers: "),
        (DNS_SD, "x could not be asked: not validated", True, "sign the zone and validate"),
        (
            DNS_SD,
            'x could not be asked: resolver = "system" knows addresses only',
            True,
            'set resolver = "dns"',
        ),
        (
            DNS_SD,
            "_distcc._tcp.a.test could not be asked: SERVFAIL",
            True,
            "see that the name servers answer: dig _distcc._tcp.a.test PTR; ",
        ),
        (DNS_SD, "no answer within 2 s", True, "see that the name servers answer: distcc-build "),
        (DNS_SD, "none of the services is a server", False, "list the servers in DNS: "),
        (ZEROCONF, "nobody answered", False, "start distccd with --zeroconf"),
        (ZEROCONF, "python-zeroconf is not installed", True, "see that it can be asked: "),
        (FILE, "it does not exist", True, "see that /etc/build-hosts lists the servers"),
    ],
)
def test_a_source_without_servers(source: str, why: str, degraded: bool, remedy: str) -> None:
    (check,) = look_at(farm(source), Account(source, why=why, degraded=degraded), Loss.ALL)
    assert (check.text, check.loss) == (f"no servers: {why}", Loss.ALL)
    assert check.remedy.startswith(remedy)
    assert "distcc1" not in check.remedy


def test_servers_from_before() -> None:
    account = Account(DNS_SD, why="no answer within 2 s", degraded=True, seconds=2)
    (check,) = look_at(farm(DNS_SD, State.USED), account, Loss.ALL)
    assert check.text == "1 server (2 s), but not all could be asked: no answer within 2 s"
    assert (check.status, check.loss) == (Status.PROBLEM, Loss.SERVERS)


@pytest.mark.parametrize("source", [DNS_SD, FILE])
def test_names_that_came_to_nothing(source: str) -> None:
    lines = [Line(f"n{number}", "no SRV record", "left out") for number in range(NAMED + 2)]
    lines.append(Line("printer", "PTR record", "no distcc service"))
    account = Account(source, tuple(lines), why="a.test lists no more")
    first, *bad, more = look_at(farm(source, State.USED), account, Loss.ALL)
    assert first.status is Status.OK
    assert [one.name for one in bad] == [f"n{number}" for number in range(NAMED)]
    assert bad[0].text == "no SRV record: left out"
    assert ("PTR record" in bad[0].remedy) is (source == DNS_SD)
    assert more.text == "2 more names left out (distcc-build explain)"
