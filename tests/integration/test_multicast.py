"""What is heard on a link, whoever announces it: machines in network namespaces."""

import itertools
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rrset
import pytest
from namespaces import Link, Machine, Program, needs_namespaces
from running import eventually

from distcc_build.config import Config
from distcc_build.hostspec import ZEROCONF
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.sources.multicast import browse_link
from distcc_build.sources.request import Request

TESTS = Path(__file__).parents[1]
PROGRAM = [sys.executable, "-P", str(TESTS / "browsing.py")]
LABELS = (b"_distcc", b"_tcp", b"local", b"")


def look(client: Machine, *before: str, **how: object) -> dict[str, Any]:
    # The last line: behind what programs that stand before have to say.
    found = json.loads(client.run(*before, *PROGRAM, json.dumps(how)).splitlines()[-1])
    assert found["left_open"] == []
    assert found["threads"] == 1
    return dict(found)


def service(number: int, *addresses: str, **more: object) -> dict[str, object]:
    return {
        "name": f"distcc@b{number}",
        "server": f"b{number}.local.",
        "port": 3632,
        "addresses": addresses or [f"10.77.1.{number}"],
        "properties": {"cpus": "2"},
        **more,
    }


def name(*labels: bytes) -> dns.name.Name:
    return dns.name.Name((*labels, *LABELS))


def packet(*records: dns.rrset.RRset) -> str:
    message = dns.message.Message(0)
    message.flags = dns.flags.QR | dns.flags.AA
    message.answer = list(records)
    return message.to_wire(max_size=9000).hex()


def records(instance: bytes, target: str, address: str, *, ttl: int = 120) -> str:
    """The packet of one service, whatever its name."""
    own = name(instance)
    made = [dns.rrset.from_text(dns.name.Name(LABELS), ttl, "IN", "PTR", own.to_text())]
    for owner, kind, text in (
        (own, "SRV", f"0 0 3632 {target}"),
        (own, "TXT", '"jobs=3" "cc_version=$(reboot)" "\\255\\000\\027"'),
        (dns.name.from_text(target), "A", address),
    ):
        made.append(dns.rrset.from_text(owner, ttl, "IN", kind, text))
    return packet(*made)


def pointer(instance: str) -> str:
    """The packet of a service of which nothing else is told."""
    own = f"{instance}.{name()}"
    return packet(dns.rrset.from_text(dns.name.Name(LABELS), 120, "IN", "PTR", own))


class Place:
    """A link with a client and somebody who announces."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.client, self.other = link.machine("client"), link.machine("other")
        self._running: list[Program] = []
        self._count = itertools.count()

    def announce(self, **what: object) -> Program:
        program = [sys.executable, "-P", str(TESTS / "announcing.py"), json.dumps(what)]
        running = self._link.start(self.other, *program, name=f"announcing{next(self._count)}")
        self._running.append(running)
        running.await_said("announced")
        return running

    def silence(self) -> None:
        """End all who announce, without a farewell; nobody keeps what they said."""
        for one in self._running:
            one.process.kill()
            one.process.wait()
        self._running.clear()


def hears(place: Place, names: set[str]) -> bool:
    """Whether these are heard, at the second look where this machine is too busy for the first."""
    return eventually(lambda: set(look(place.client, longest=60)["offers"]) == names, 60)


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("link")
    with Link(folder) as link:
        yield Place(link)


@pytest.fixture
def place(link: Place) -> Iterator[Place]:
    yield link
    link.silence()


@needs_namespaces
def test_servers_are_heard_with_both_families_and_the_look_ends_early(place: Place) -> None:
    both = service(1, "10.77.1.1", "fd77::1:1", "fe80::7", properties={"jobs": "9"})
    place.announce(services=[both, service(2, port=4000), service(3, "fd77::3")])
    found = look(place.client, longest=60)
    assert found["offers"] == {
        "b1.local.": [["10.77.1.1", "fd77::1:1"], 3632, 9],
        "b2.local.": [["10.77.1.2"], 4000, 4],
        "b3.local.": [["fd77::3"], 3632, 4],
    }
    assert not found["degraded"]
    assert found["took"] < 30


@needs_namespaces
def test_who_says_goodbye_is_gone_and_others_are_heard_on(place: Place) -> None:
    first, _ = place.announce(services=[service(1)]), place.announce(services=[service(2)])
    assert hears(place, {"b1.local.", "b2.local."})
    first.process.terminate()
    assert first.process.wait(20) == 0
    assert hears(place, {"b2.local."})


@needs_namespaces
def test_a_goodbye_while_we_listen_counts(place: Place) -> None:
    there = [records(b"a", "a.local.", "10.77.1.1"), records(b"b", "b.local.", "10.77.1.2")]
    place.announce(packets=[*there, records(b"a", "a.local.", "10.77.1.1", ttl=0)])
    found = look(place.client, longest=3)
    assert set(found["offers"]) <= {"a.local.", "b.local."}
    assert "b.local." in found["offers"]


HOSTILE = [
    (b"$(reboot)", "a.local.", "10.77.1.1"),
    (b"\x1b[2J\n\x00\xff", "b.local.", "10.77.1.2"),
    (b"x" * 63, "c.local.", "10.77.1.3"),
    (b"dots.in.it", "d.local.", "10.77.1.4"),
    (b"._distcc._tcp.local", "e.local.", "10.77.1.5"),
    (b"f", "-oProxyCommand\\=x.local.", "10.77.1.6"),
    (b"g", "g\\;rm\\032x.local.", "10.77.1.7"),
    (b"h", "distcc1.example.com.", "10.77.1.8"),
    (b"i", ".", "10.77.1.9"),
    (b"j", "j.local.", "0.0.0.0"),
]


@needs_namespaces
def test_hostile_names_and_texts_go_no_further(place: Place) -> None:
    place.announce(packets=[records(*one) for one in HOSTILE])
    found = look(place.client, longest=3)
    assert {"a.local.", "c.local.", "d.local."} <= set(found["offers"])
    assert set(found["offers"]) <= {f"{one}.local." for one in "abcdej"}
    assert found["offers"]["a.local."] == [["10.77.1.1"], 3632, 3]
    left_out = [line for line in found["lines"] if line[2] == "left out"]
    assert len(left_out) >= 4
    for line in found["lines"]:
        assert all(text.isascii() and text.isprintable() for text in line)
        assert "cc " not in line[1]


@needs_namespaces
@pytest.mark.parametrize(
    "text",
    ["", "00", "ff" * 8000, "000084000000ffff00000000" + "c00c" * 40],
    ids=["nothing", "a byte", "ones", "circle"],
)
def test_what_is_no_packet_is_passed_over(place: Place, text: str) -> None:
    place.announce(packets=[text, records(b"a", "a.local.", "10.77.1.1"), text])
    assert list(look(place.client, longest=60)["offers"]) == ["a.local."]


@needs_namespaces
def test_what_a_service_leaves_out_is_asked_for(place: Place) -> None:
    place.announce(packets=[pointer("a")], later=[records(b"a", "a.local.", "10.77.1.1")])
    found = look(place.client, longest=60)
    assert found["offers"] == {"a.local.": [["10.77.1.1"], 3632, 3]}
    assert found["took"] < 30


@needs_namespaces
def test_five_hundred_services_are_no_more_than_are_asked_for(place: Place) -> None:
    place.announce(services=[service(n, f"10.77.{n // 200 + 1}.{n % 200}") for n in range(500)])
    found = look(place.client, config={"max_servers": 100}, longest=60)
    assert len(found["offers"]) == 100
    assert found["why"] == "only the first 100 that were heard count (max_servers)"
    assert found["took"] < 30
    assert eventually(lambda: len(look(place.client, longest=60)["offers"]) == 500, 60)


@needs_namespaces
def test_a_flood_takes_no_longer_than_a_look(place: Place) -> None:
    flood = [records(b"x%d" % n, f"x{n}.local.", "10.77.1.1") for n in range(200)]
    place.announce(packets=flood, times=50)
    found = look(place.client, config={"max_servers": 20}, seconds=1)
    assert len(found["offers"]) <= 20
    assert found["took"] < 20


@needs_namespaces
def test_a_silent_link_takes_as_long_as_is_allowed(place: Place) -> None:
    found = look(place.client, seconds=0.3)
    assert 0.3 <= found["took"] < 20
    assert (found["offers"], found["degraded"]) == ({}, False)
    assert found["why"] == "no machine of this link announces _distcc._tcp"


@needs_namespaces
def test_a_service_that_never_says_all_does_not_hold_the_look_up(place: Place) -> None:
    place.announce(packets=[pointer("a"), pointer("-")])
    assert 0.9 <= look(place.client)["took"] < 20


def test_without_the_package_a_sentence_says_what_to_install() -> None:
    found = json.loads(
        subprocess.run(
            [*PROGRAM, '{"without": true}'], check=True, capture_output=True, text=True
        ).stdout
    )
    assert found["degraded"]
    python = shlex.quote(sys.executable)
    assert found["why"] == f"python-zeroconf is not installed: {python} -m pip install zeroconf"


def test_who_has_it_by_pipx_is_told_how_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    python = "/home/zo\xeb/pipx/venvs/distcc-build/bin/python"
    monkeypatch.setattr(sys, "executable", python)
    gave = browse_link(ZEROCONF, Request(Config(), ResolvConf((), ()), 1.0, 1.0))
    assert gave.account.why == (
        "python-zeroconf is not installed: '/home/zo\\xeb/pipx/venvs/distcc-build/bin/python' "
        "-m pip install zeroconf, or pipx inject distcc-build zeroconf"
    )


@needs_namespaces
def test_a_machine_without_a_network_says_so(place: Place) -> None:
    found = look(place.client, "unshare", "--net")
    assert (found["why"], found["degraded"]) == (
        "this machine has no network interface to ask at",
        True,
    )


TAKEN = """
import socket, subprocess, sys
taken = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
taken.bind(("::", 5353))
subprocess.run(sys.argv[1:], check=True)
"""


@needs_namespaces
def test_a_port_that_another_program_does_not_share_is_told_of(place: Place) -> None:
    found = look(place.client, sys.executable, "-c", TAKEN)
    assert found["degraded"]
    assert found["why"] == "another program has UDP port 5353 for itself (ss -lunp names it)"


@needs_namespaces
@pytest.mark.parametrize("call", ["bind", "socket", "setsockopt", "sendto,sendmsg"])
def test_without_permission_there_is_a_sentence_and_no_hang(place: Place, call: str) -> None:
    inject = ["strace", "-f", "-q", "-o/dev/null", "-e", f"inject={call}:error=EPERM"]
    found = look(place.client, *inject)
    assert found["offers"] == {}
    assert found["why"]
    assert found["took"] < 20
