"""What a probe says of what is no healthy distccd, byte by byte."""

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers import FakeDistccd, closed_port
from probing import here, probed, references

from distcc_build.reference import Reference
from distcc_build.verdict import Cause


@pytest.fixture(scope="module")
def gcc(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return references(tmp_path_factory.mktemp("cache") / "cache", "gcc")[0]


def test_daemon_that_does_not_run(gcc: Reference) -> None:
    port = closed_port(socket.SOCK_STREAM)
    [[verdict]] = probed(here(port), [gcc])
    assert verdict.cause is Cause.REFUSED
    assert verdict.latency is None


def test_address_without_a_route(gcc: Reference) -> None:
    [[verdict]] = probed([(ipaddress.ip_address("255.255.255.255"), 3632)], [gcc], seconds=5)
    assert verdict.cause is Cause.UNREACHABLE
    assert verdict.why


START = b"DONE00000001STAT00000000SERR00000000SOUT00000000"


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (None, Cause.SILENT),
        (b"", Cause.NOT_LISTED),
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", Cause.NOT_DISTCCD),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", Cause.NOT_DISTCCD),
        (b"\0" * 100_000, Cause.NOT_DISTCCD),
        (START + b"DOTOffffffff", Cause.NOT_DISTCCD),
        (b"DONE00000002STAT00000000", Cause.PROTOCOL),
        (b"DONE0000", Cause.FAILED),
        (START[:30], Cause.FAILED),
        (START + b"DOTO00000100" + b"\x7fELF", Cause.FAILED),
        (START + b"DOTO00000000", Cause.FAILED),
        (START + b"DOTO00000004\x7fELF", Cause.DIFFERENT),
        (START + b"DOTO00000004\x7fELF" + b"and more" * 20_000, Cause.DIFFERENT),
        (b"DONE00000001STAT00000100SERR00000005\x1b[2JnSOUT00000000DOTO00000000", Cause.FAILED),
        (b"DONE00000001STAT0000000bSERR00000000SOUT00000000DOTO00000000", Cause.FAILED),
        (b"DONE00000001STAT00006e00SERR00000000SOUT00000000DOTO00000000", Cause.MISSING),
    ],
)
@pytest.mark.parametrize("match", ["exact", "version"])
def test_server_that_is_none(gcc: Reference, reply: bytes | None, cause: Cause, match: str) -> None:
    with FakeDistccd(reply) as server:
        [[verdict]] = probed(
            here(server.port), [gcc], match=match, seconds=0.5 if reply is None else 20
        )
        assert server.connections in {1, 4}
    assert verdict.cause is cause
    assert verdict.sentence.isprintable()


@contextlib.contextmanager
def answering(
    *answers: tuple[bytes, bytes], host: str = "127.0.0.1", closes: bool = True
) -> Iterator[tuple[int, list[bytes]]]:
    """A server for as many connections as answers: the end of a request, and the reply.

    Gives its port, and what came after each request.
    """
    rest: list[bytes] = []

    def serve() -> None:
        for until, reply in answers:
            connection, _ = server.accept()
            with connection:
                received = b""
                while not received.endswith(until):
                    received += connection.recv(65536)
                for place in range(0, len(reply), 1500):
                    connection.sendall(reply[place : place + 1500])
                if closes:
                    connection.shutdown(socket.SHUT_WR)
                rest.append(connection.recv(65536))

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], rest
        thread.join()


def proof(reference: Reference) -> tuple[bytes, bytes]:
    made = reference.object
    return reference.unit, START + b"DOTO%08x" % len(made) + made


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_connection_is_closed_without_a_reset(gcc: Reference, host: str) -> None:
    """The whole request comes at once, the reply may come in pieces, and the end is clean."""
    with answering(proof(gcc), host=host) as (port, rest):
        [[verdict]] = probed([(ipaddress.ip_address(host), port)], [gcc])
    assert verdict.good
    # A reset would have been an exception in the server.
    assert rest == [b""]


def test_server_that_never_closes_is_not_waited_for(gcc: Reference) -> None:
    with answering(proof(gcc), closes=False) as (port, rest):
        began = time.monotonic()
        [[verdict]] = probed(here(port), [gcc], seconds=60)
        assert time.monotonic() - began < 20
    assert verdict.good
    assert rest == [b""]


@pytest.mark.parametrize(
    ("stream", "cause"),
    [
        (b'"x86_64-linux-gnu\n\x11\0\0', Cause.OK),
        # The second half of a long answer refers back to the first.
        (b"\x0154321\x80\x00more\x11\0\0", Cause.OK),
        (b"x86_64-linux-gnu\n", Cause.PROTOCOL),
    ],
)
def test_lzo_is_spoken_only_by_who_compresses(gcc: Reference, stream: bytes, cause: Cause) -> None:
    reply = b"DONE00000002STAT00000000SERR00000000SOUT%08x%sDOTO00000000"
    question = b"DOTI00000000", reply % (len(stream), stream)
    with answering(proof(gcc), question) as (port, rest):
        [[verdict]] = probed(here(port), [gcc], lzo=True)
    assert verdict.cause is cause
    assert rest == [b"", b""]


def test_server_that_is_none_is_asked_no_more(gcc: Reference, tmp_path: Path) -> None:
    words = ["g++", "cc", "c++", "/usr/bin/gcc", "/usr/bin/g++"]
    known = [gcc, *references(tmp_path / "cache", *words)]
    with FakeDistccd(b"no distccd") as server:
        [verdicts] = probed(here(server.port), known)
        assert server.connections == 4
    assert {one.cause for one in verdicts} == {Cause.NOT_DISTCCD}
