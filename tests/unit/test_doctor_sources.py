"""What doctor says of sources beside the numbered names."""

import ipaddress

import pytest

from distcc_build.doctor.findings import Loss, Status
from distcc_build.doctor.sources import NAMED, look_at
from distcc_build.errors import HostsError
from distcc_build.farmfile import Farm
from distcc_build.hostspec import DNS_SD, ZEROCONF
from distcc_build.offer import Account, Line
from distcc_build.policy import Server, State
from distcc_build.resolve.answers import Verdict
from distcc_build.trouble import ListError, Trouble

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


def test_a_source_whose_servers_are_another_sites() -> None:
    lines = (Line("x._distcc._tcp.b.test", "x.b.test. port 3632", Verdict.LATER_DOMAIN.value),)
    why = "the servers of b.test are left out, as there are some in a.test, which comes first"
    (check,) = look_at(farm(DNS_SD), Account(DNS_SD, lines, why), Loss.SERVERS)
    assert (check.status, check.text) == (Status.OK, why)


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
        (ZEROCONF, "no answer within 2 s", True, "see that this machine can ask by multicast"),
        (ZEROCONF, "another program has UDP port 5353 for itself", True, "end it, or let it share"),
        (ZEROCONF, "nothing proves it (require_dnssec)", False, "take +zeroconf out of the hosts"),
        (FILE, "can't start new thread", True, "see that /etc/build-hosts lists the servers"),
    ],
)
def test_a_source_without_servers(source: str, why: str, degraded: bool, remedy: str) -> None:
    (check,) = look_at(farm(source), Account(source, why=why, degraded=degraded), Loss.ALL)
    assert (check.text, check.loss) == (f"no servers: {why}", Loss.ALL)
    assert check.remedy.startswith(remedy)
    assert "distcc1" not in check.remedy


REMEDIES = {
    Trouble.MISSING: "write the servers into /etc/build-hosts, HOST:PORT/LIMIT each, or correct",
    Trouble.UNREADABLE: "let your user read it (namei -l /etc/build-hosts shows who may), then",
    Trouble.NO_FILE: "name a file that lists the servers",
    Trouble.NO_LIST: "see that /etc/build-hosts is the right one: it is to say HOST:PORT/LIMIT",
    Trouble.NOT_RUN: "if it is a command, chmod +x /etc/build-hosts, then distcc-build refresh",
    Trouble.NO_HEADER: "if a command, begin it with a #! line; if a list, chmod a-x /etc/build-",
    Trouble.MAY_NOT_RUN: "let your user run it, and what its #! line names (namei -l /etc/",
    Trouble.CANNOT_RUN: "correct the #! line of /etc/build-hosts: ",
    Trouble.FAILED: "mend it: (cd / && /etc/build-hosts) </dev/null shows what it says",
    Trouble.LATE: "write what /etc/build-hosts prints into a file by a timer, and name that; or ",
    Trouble.EMPTY: "write the servers into /etc/build-hosts, HOST:PORT/LIMIT each",
    Trouble.PRINTS_NOTHING: "see why no servers come from /etc/build-hosts",
    Trouble.UNUSABLE: "see that /etc/build-hosts names servers beside this machine",
    Trouble.UNKNOWN: "",
}


def test_an_error_of_a_list_says_what_it_is() -> None:
    error = ListError("/x: Permission denied", Trouble.UNREADABLE)
    assert isinstance(error, HostsError)
    assert (str(error), error.trouble) == ("/x: Permission denied", Trouble.UNREADABLE)


@pytest.mark.parametrize("trouble", [*REMEDIES])
def test_what_is_to_be_done_about_a_list(trouble: Trouble) -> None:
    assert {*REMEDIES, Trouble.NOT_BELIEVED} == {*Trouble}
    account = Account(FILE, why="as it is", degraded=True, trouble=trouble)
    (check,) = look_at(farm(FILE), account, Loss.ALL)
    assert (check.text, check.loss) == ("no servers: as it is", Loss.ALL)
    assert check.remedy.startswith(REMEDIES[trouble])
    assert bool(check.remedy) is (trouble is not Trouble.UNKNOWN)


@pytest.mark.parametrize(
    ("source", "matter", "sign", "remedy"),
    [
        (
            FILE,
            "/etc/build-hosts is not believed: /etc can be written by others",
            " ({})",
            "chmod go-w /etc, then distcc-build refresh",
        ),
        (
            FILE,
            "/etc/build-hosts is not believed: it belongs to joe, neither to you nor to root",
            "",
            "chown it to yourself, or to root, then distcc-build refresh",
        ),
        (
            ZEROCONF,
            "python-zeroconf cannot be used (a.so: no such file)",
            ": {}",
            "/usr/bin/python3 -m pip install zeroconf, or pipx inject distcc-build zeroconf",
        ),
    ],
)
def test_a_sentence_that_says_what_to_do_is_parted(
    source: str, matter: str, sign: str, remedy: str
) -> None:
    said = remedy.removesuffix(", then distcc-build refresh")
    trouble = Trouble.NOT_BELIEVED if source == FILE else None
    account = Account(source, why=matter + sign.format(said), degraded=True, trouble=trouble)
    (check,) = look_at(farm(source), account, Loss.ALL)
    assert (check.text, check.remedy) == (f"no servers: {matter}", remedy)


def test_names_that_could_not_be_asked_are_told() -> None:
    late = "could not be asked"
    lines = [Line(f"b{n}.test:4000", "no answer in time", late) for n in range(1, 4)]
    account = Account(FILE, tuple(lines), "/etc/build-hosts lists no more", degraded=True)
    (check,) = look_at(farm(FILE, State.USED), account, Loss.ALL)
    names = "b1.test:4000, b2.test:4000, b3.test:4000"
    assert check.text.endswith(f"but not all could be asked: {names}: no answer in time")
    assert check.remedy.startswith("see that it can be looked up: getent ahosts b1.test; ")
    more = account._replace(lines=(*lines, lines[0]))
    (check,) = look_at(farm(FILE), more, Loss.ALL)
    assert check.text == f"no servers: {names} and 1 more: no answer in time"


@pytest.mark.parametrize(
    ("came_back", "remedy"),
    [
        ("no such name", "give it an address in DNS or /etc/hosts, or take it out of /etc/build-"),
        ("'+x': no host; put it into the hosts list itself", "move it from /etc/build-hosts into"),
        ("'a': only 9 are taken (max_servers)", "set max_servers higher"),
        ("'a': require_dnssec asks for an address", "write addresses instead of names into /etc/"),
        ("'a:b': expected a port", "correct it in /etc/build-hosts: HOST:PORT/LIMIT is expected"),
    ],
)
def test_a_word_of_a_list_that_is_left_out_has_a_next_step(came_back: str, remedy: str) -> None:
    why = "/etc/build-hosts lists no server whose address is known"
    line = Line("line 4", came_back, "left out")
    account = Account(FILE, (line,), why, trouble=Trouble.UNKNOWN)
    first, check = look_at(farm(FILE), account, Loss.ALL)
    # What to do is said of the word.
    assert (first.text, first.remedy) == (f"no servers: {why}", "")
    assert check.text == f"{came_back}: left out"
    assert check.remedy.startswith(remedy)


def test_servers_from_before() -> None:
    account = Account(DNS_SD, why="no answer within 2 s", degraded=True, seconds=2)
    (check,) = look_at(farm(DNS_SD, State.USED), account, Loss.ALL)
    assert check.text == "1 server (2 s), but not all could be asked: no answer within 2 s"
    assert (check.status, check.loss) == (Status.PROBLEM, Loss.SERVERS)


@pytest.mark.parametrize("source", [DNS_SD, ZEROCONF, FILE])
def test_names_that_came_to_nothing(source: str) -> None:
    lines = [Line(f"n{number}", "no SRV record", "left out") for number in range(NAMED + 2)]
    lines.append(Line("printer", "PTR record", "no distcc service"))
    account = Account(source, tuple(lines), why="a.test lists no more")
    first, *bad, more = look_at(farm(source, State.USED), account, Loss.ALL)
    assert first.status is Status.OK
    assert [one.name for one in bad] == [f"n{number}" for number in range(NAMED)]
    assert bad[0].text == "no SRV record: left out"
    assert ("PTR record" in bad[0].remedy) is (source == DNS_SD)
    assert ("avahi-browse" in bad[0].remedy) is (source == ZEROCONF)
    assert all(one.remedy for one in (*bad, more))
    assert more.text == "2 more names left out (distcc-build explain)"
