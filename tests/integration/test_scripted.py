"""The name server that misbehaves to order does what its modes say, and the other fakes too."""

import contextlib
import random
import socket
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
import servers
from asking import ask, records
from peers import FakeDistccd, closed_port
from servers import Mode, ScriptedNameServer, numbered

ZONE = {
    "distcc1.farm.test.": ["A 10.0.0.1", "A 10.0.0.2", "AAAA fd00::1"],
    "distcc2.farm.test.": ["A 10.0.0.9"],
}


@pytest.fixture
def server() -> Iterator[ScriptedNameServer]:
    with ScriptedNameServer(ZONE) as server:
        yield server


@pytest.mark.parametrize(
    ("mode", "rcode"),
    [
        (servers.servfail, dns.rcode.SERVFAIL),
        (servers.refused, dns.rcode.REFUSED),
        (servers.formerr, dns.rcode.FORMERR),
        (servers.nxdomain, dns.rcode.NXDOMAIN),
        (servers.nodata, dns.rcode.NOERROR),
    ],
)
def test_mode_fails_one_name_and_type(
    server: ScriptedNameServer, mode: Mode, rcode: dns.rcode.Rcode
) -> None:
    server.script["distcc1.farm.test.", "A"] = mode
    response = ask(server, "distcc1.farm.test.")
    assert (response.rcode(), response.answer) == (rcode, [])
    assert ask(server, "distcc1.farm.test.", "AAAA").answer
    server.script["*"] = mode
    assert ask(server, "distcc2.farm.test.").rcode() == rcode


@pytest.mark.parametrize(
    "mode", [servers.drop, servers.wrong_id, servers.wrong_question, servers.garbage]
)
def test_mode_gives_a_careful_client_nothing(server: ScriptedNameServer, mode: Mode) -> None:
    server.script["distcc1.farm.test."] = mode
    request = dns.message.make_query("distcc1.farm.test.", "A")
    with pytest.raises(dns.exception.Timeout):
        dns.query.udp(request, server.address, timeout=0.2, port=server.port, ignore_errors=True)
    assert server.count("distcc1.farm.test.") == 1


def test_first_drop_loses_the_first_questions_only(server: ScriptedNameServer) -> None:
    server.script["distcc1.farm.test."] = servers.first_drop(2)
    for _ in range(2):
        with pytest.raises(dns.exception.Timeout):
            ask(server, "distcc1.farm.test.", wait=0.05)
    assert ask(server, "distcc1.farm.test.").answer


def test_delayed_question_does_not_hold_up_others(server: ScriptedNameServer) -> None:
    server.script["distcc1.farm.test."] = servers.delay(30)
    with pytest.raises(dns.exception.Timeout):
        ask(server, "distcc1.farm.test.", wait=0.05)
    assert ask(server, "distcc2.farm.test.").answer


def test_random_delays_change_the_order_of_answers() -> None:
    zone = numbered(64)
    script = {"*": servers.random_delay(random.Random(1), 0.05)}
    with (
        ScriptedNameServer(zone, script) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.connect((server.address, server.port))
        client.settimeout(5)
        for name in zone:
            client.send(dns.message.make_query(name, "A").to_wire())
        replies = [dns.message.from_wire(client.recv(4096)) for _ in zone]
    order = [str(reply.question[0].name) for reply in replies]
    assert sorted(order) == sorted(zone)
    assert order != list(zone)


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        (servers.truncated, "answer"),
        (servers.truncated_tcp_closes, "closed"),
        (servers.truncated_tcp_silent, "silent"),
        (servers.truncated_tcp_truncated, "truncated"),
    ],
)
def test_truncation_sends_the_client_to_tcp(
    server: ScriptedNameServer, mode: Mode, outcome: str
) -> None:
    server.script["distcc1.farm.test."] = mode
    assert ask(server, "distcc1.farm.test.").flags & dns.flags.TC
    request = dns.message.make_query("distcc1.farm.test.", "A")
    try:
        wait = 0.2 if outcome == "silent" else 5
        response = dns.query.tcp(request, server.address, timeout=wait, port=server.port)
        seen = "truncated" if response.flags & dns.flags.TC else "answer"
    except EOFError:
        seen = "closed"
    except dns.exception.Timeout:
        seen = "silent"
    assert seen == outcome


def test_shuffled_answers_hold_the_same_addresses(server: ScriptedNameServer) -> None:
    server.script["distcc1.farm.test."] = servers.shuffled(random.Random(1))
    answers = [records(ask(server, "distcc1.farm.test.").answer) for _ in range(20)]
    assert {tuple(sorted(lines)) for lines in answers} == {tuple(sorted(answers[0]))}
    assert len({tuple(lines) for lines in answers}) == 2


def test_forged_answer_comes_first_and_has_another_id(server: ScriptedNameServer) -> None:
    server.script["distcc1.farm.test."] = servers.forged("203.0.113.1", count=3)
    query = dns.message.make_query("distcc1.farm.test.", "A")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((server.address, server.port))
        client.settimeout(5)
        client.send(query.to_wire())
        replies = [dns.message.from_wire(client.recv(4096)) for _ in range(4)]
    assert [reply.id == query.id for reply in replies] == [False, False, False, True]
    assert "203.0.113.1" in str(replies[0].answer[0])
    assert "10.0.0.1" in str(replies[3].answer[0])


def test_oversized_answer_is_larger_than_any_client_asked_for(
    server: ScriptedNameServer,
) -> None:
    server.script["distcc1.farm.test."] = servers.oversized
    response = ask(server, "distcc1.farm.test.", edns=True)
    assert not response.flags & dns.flags.TC
    assert len(response.to_wire()) > 4096


def test_cname_loop_has_no_address(server: ScriptedNameServer) -> None:
    server.script["distcc1.farm.test."] = servers.cname_loop
    assert [rrset.rdtype for rrset in ask(server, "distcc1.farm.test.").answer] == [
        dns.rdatatype.CNAME,
        dns.rdatatype.CNAME,
    ]


def test_failing_mode_fails_the_test_that_set_it() -> None:
    async def broken(x: servers.Exchange) -> list[bytes]:
        raise LookupError("broken mode")

    def use() -> None:
        with (
            ScriptedNameServer(ZONE, {"*": broken}) as server,
            contextlib.suppress(dns.exception.Timeout),
        ):
            ask(server, "distcc1.farm.test.", wait=0.05)

    with pytest.raises(LookupError, match="broken mode"):
        use()


def test_closed_port_refuses_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", closed_port()))
        client.settimeout(5)
        client.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            client.recv(1)


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_fake_distccd_says_its_line_and_closes(reply: bytes) -> None:
    with FakeDistccd(reply) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
            client.sendall(b"DIST00000001")
            assert client.makefile("rb").read() == reply
        assert server.connections == 1


def test_silent_fake_distccd_keeps_its_clients_waiting() -> None:
    with (
        FakeDistccd(None) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=0.1) as client,
    ):
        client.sendall(b"DIST00000001")
        with pytest.raises(TimeoutError):
            client.recv(1)
