"""The name server of the farm, asked by dnspython and compared with dnsmasq."""

import contextlib
import gc
import socket
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from asking import ask, records
from peers import DNSMASQ, dnsmasq
from servers import numbered

from distcc_build.farm.nameserver import NameServer, Query
from distcc_build.farm.zone import Zone

ZONE = Zone(
    {
        "distcc1.farm.test.": ["30 A 10.0.0.1", "30 A 10.0.0.2", "AAAA fd00::1", "TXT slots=16"],
        "distcc2.farm.test.": ["CNAME build.farm.test."],
        "distcc3.farm.test.": ["CNAME gone.farm.test."],
        "distcc4.farm.test.": ["CNAME distcc5.farm.test."],
        "distcc5.farm.test.": ["CNAME distcc4.farm.test."],
        "build.farm.test.": ["A 10.0.0.9"],
        "_distcc._tcp.farm.test.": ["SRV 0 0 3632 build.farm.test."],
        "*.wild.test.": ["A 10.9.9.9"],
        "a.wild.test.": ["TXT here"],
    },
    origins=["farm.test.", "wild.test."],
    negative_ttl=7,
)


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(ZONE) as server:
        yield server


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "answers"),
    [
        (
            "DISTCC1.Farm.Test.",
            "A",
            "NOERROR",
            ["distcc1.farm.test. 30 IN A 10.0.0.1", "distcc1.farm.test. 30 IN A 10.0.0.2"],
        ),
        ("distcc1.farm.test.", "AAAA", "NOERROR", ["distcc1.farm.test. 60 IN AAAA fd00::1"]),
        ("distcc1.farm.test.", "TXT", "NOERROR", ['distcc1.farm.test. 60 IN TXT "slots=16"']),
        ("distcc1.farm.test.", "MX", "NOERROR", []),
        ("distcc9.farm.test.", "A", "NXDOMAIN", []),
        ("distcc1.farm.test.elsewhere.", "A", "NXDOMAIN", []),
        # There is nothing at _tcp, but below it: the name exists.
        ("_tcp.farm.test.", "A", "NOERROR", []),
        (
            "distcc2.farm.test.",
            "A",
            "NOERROR",
            [
                "distcc2.farm.test. 60 IN CNAME build.farm.test.",
                "build.farm.test. 60 IN A 10.0.0.9",
            ],
        ),
        (
            "distcc3.farm.test.",
            "A",
            "NXDOMAIN",
            ["distcc3.farm.test. 60 IN CNAME gone.farm.test."],
        ),
        (
            "_distcc._tcp.farm.test.",
            "SRV",
            "NOERROR",
            ["_distcc._tcp.farm.test. 60 IN SRV 0 0 3632 build.farm.test."],
        ),
        ("x.wild.test.", "A", "NOERROR", ["x.wild.test. 60 IN A 10.9.9.9"]),
        ("x.y.wild.test.", "A", "NOERROR", ["x.y.wild.test. 60 IN A 10.9.9.9"]),
        ("x.wild.test.", "AAAA", "NOERROR", []),
        # A name that exists is not covered, nor is one below it.
        ("a.wild.test.", "A", "NOERROR", []),
        ("b.a.wild.test.", "A", "NXDOMAIN", []),
    ],
)
@pytest.mark.parametrize("edns", [False, True])
def test_zone_rules_hold_on_the_wire(
    server: NameServer, name: str, rdtype: str, rcode: str, answers: list[str], edns: bool
) -> None:
    response = ask(server, name, rdtype, edns=edns)
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert [line.lower() for line in records(response.answer)] == [a.lower() for a in answers]
    assert response.edns == (0 if edns else -1)


@pytest.mark.parametrize("name", ["distcc9.farm.test.", "_tcp.farm.test.", "distcc3.farm.test."])
def test_negative_answer_carries_the_soa_of_its_zone(server: NameServer, name: str) -> None:
    (soa,) = ask(server, name).authority
    assert (str(soa.name), soa.rdtype, soa.ttl, soa[0].minimum) == (
        "farm.test.",
        dns.rdatatype.SOA,
        7,
        7,
    )


def test_alias_loop_is_answered_and_ends(server: NameServer) -> None:
    response = ask(server, "distcc4.farm.test.")
    assert {rrset.rdtype for rrset in response.answer} == {dns.rdatatype.CNAME}


def test_questions_are_counted_by_name_type_and_transport(server: NameServer) -> None:
    ask(server, "Distcc1.farm.test.")
    ask(server, "distcc1.farm.test.", "AAAA")
    request = dns.message.make_query("distcc1.farm.test.", "A")
    dns.query.tcp(request, server.address, timeout=5, port=server.port)
    assert server.queries == [
        Query("distcc1.farm.test.", "A", "udp"),
        Query("distcc1.farm.test.", "AAAA", "udp"),
        Query("distcc1.farm.test.", "A", "tcp"),
    ]
    assert server.count() == 3
    assert server.count("distcc1.farm.test.", "A") == 2
    assert server.count(rdtype="A", transport="tcp") == 1


def test_long_answer_is_truncated_by_udp_and_whole_by_tcp() -> None:
    texts = [f'TXT "{n:03d} {"x" * 100}"' for n in range(50)]
    with NameServer({"distcc1.farm.test.": texts}) as server:
        for edns in (False, True):
            response = ask(server, "distcc1.farm.test.", "TXT", edns=edns)
            assert response.flags & dns.flags.TC
        request = dns.message.make_query("distcc1.farm.test.", "TXT")
        response, by_tcp = dns.query.udp_with_fallback(
            request, server.address, timeout=5, port=server.port
        )
        assert by_tcp
        assert len(response.answer[0]) == 50


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"", None),
        (b"\0" * 11, None),
        # An answer, which a server must not answer.
        (b"\x12\x34\x81\x80" + b"\0" * 8, None),
        (b"\x12\x34\x01\0\0\x01" + b"\0" * 6, b"\x12\x34\x80\x81" + b"\0" * 8),
    ],
)
def test_bytes_that_are_no_question(server: NameServer, data: bytes, reply: bytes | None) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((server.address, server.port))
        client.settimeout(5)
        client.send(data)
        # The question behind it is answered in any case, so silence needs no waiting.
        query = dns.message.make_query("distcc1.farm.test.", "A")
        client.send(query.to_wire())
        replies = [client.recv(4096)]
        if reply is not None:
            replies.append(client.recv(4096))
    ids = {reply[:2] for reply in replies}
    assert query.id.to_bytes(2, "big") in ids
    assert reply is None or reply in replies


def test_zone_can_be_replaced_while_the_server_runs(server: NameServer) -> None:
    assert ask(server, "distcc6.farm.test.").rcode() == dns.rcode.NXDOMAIN
    server.zone = Zone(numbered(6))
    assert records(ask(server, "distcc6.farm.test.").answer) == [
        "distcc6.farm.test. 60 IN A 10.0.0.7"
    ]


def test_server_listens_on_ipv6_too() -> None:
    with NameServer(ZONE, address="::1") as server:
        assert server.endpoint == f"[::1]:{server.port}"
        assert ask(server, "distcc1.farm.test.").answer


@pytest.mark.parametrize("name", ["distcc1.farm.test", "distcc1"])
def test_relative_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        Zone({name: ["A 10.0.0.1"]})


@pytest.mark.parametrize("text", ["", "A", "30", "30 A"])
def test_record_without_data_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a record"):
        Zone({"distcc1.farm.test.": [text]})


def test_server_leaves_neither_thread_nor_port_behind() -> None:
    with NameServer(ZONE) as server:
        ask(server, "distcc1.farm.test.")
    with NameServer(ZONE, port=server.port) as again:
        assert ask(again, "distcc1.farm.test.").answer


def test_connection_that_is_taken_while_the_server_stops_is_closed() -> None:
    gc.collect()  # what others left is not ours
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for attempt in range(200):
            with contextlib.ExitStack() as clients, NameServer(ZONE) as server:
                for _ in range(3):
                    client = clients.enter_context(socket.socket())
                    client.setblocking(False)
                    client.connect_ex((server.address, server.port))
                # From at once to when all are in conversation; sleep() is too coarse.
                end = time.perf_counter() + attempt % 10 * 2e-5
                while time.perf_counter() < end:
                    pass
        gc.collect()
    assert [str(warning.message) for warning in seen] == []


def test_burst_of_a_thousand_questions_is_answered() -> None:
    zone = numbered(1000)
    with NameServer(zone) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        client.connect((server.address, server.port))
        client.settimeout(10)
        # As many at once as the smallest usual receive buffer holds on either side.
        names = list(zone)
        for start in range(0, len(names), 100):
            for name in names[start : start + 100]:
                client.send(dns.message.make_query(name, "A").to_wire())
            for _ in names[start : start + 100]:
                client.recv(4096)
        assert server.count() == 1000


@pytest.mark.skipif(DNSMASQ is None, reason="dnsmasq is not installed (Debian: dnsmasq-base)")
def test_our_answers_are_those_of_dnsmasq(tmp_path: Path) -> None:
    lines = [
        "local=/farm.test/wild.test/",
        "host-record=distcc1.farm.test,10.0.0.1,fd00::1,30",
        "txt-record=distcc1.farm.test,slots=16",
        "cname=distcc2.farm.test,distcc1.farm.test,30",
        "address=/wild.test/10.9.9.9",
    ]
    zone = {
        "distcc1.farm.test.": ["30 A 10.0.0.1", "30 AAAA fd00::1", "30 TXT slots=16"],
        "distcc2.farm.test.": ["30 CNAME distcc1.farm.test."],
        "*.wild.test.": ["30 A 10.9.9.9"],
    }
    questions = [
        (name, rdtype)
        for name in (
            "distcc1.farm.test.",
            "distcc2.farm.test.",
            "distcc3.farm.test.",
            "x.wild.test.",
        )
        for rdtype in ("A", "AAAA", "TXT")
    ]
    with NameServer(zone) as ours, dnsmasq(tmp_path, lines) as theirs:
        for name, rdtype in questions:
            seen = []
            for port in (ours.port, theirs.port):
                request = dns.message.make_query(name, rdtype)
                response = dns.query.udp(request, "127.0.0.1", timeout=5, port=port)
                seen.append((response.rcode(), sorted(records(response.answer))))
            assert seen[0] == seen[1], (name, rdtype)
    assert set(theirs.queries()) == {(rdtype, name[:-1]) for name, rdtype in questions}
