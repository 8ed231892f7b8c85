"""Servers with several addresses, some of which are dead: one that answers is used."""

import asyncio
import contextlib
import ipaddress
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from peers import closed_port
from probing import references

from distcc_build import proving, reach
from distcc_build.config import Config
from distcc_build.farm.loopback import Farm as Loopback
from distcc_build.farmfile import Farm
from distcc_build.hostspec import IPAddress
from distcc_build.policy import Server, State
from distcc_build.probe import probe
from distcc_build.reach import STAGGER, connect_first, in_turn
from distcc_build.reference import Reference, References, find_compiler
from distcc_build.verdict import Cause, Verdict

V4 = ipaddress.ip_address("127.0.0.1")


def addresses(*texts: str) -> list[IPAddress]:
    return [ipaddress.ip_address(text) for text in texts]


@contextlib.contextmanager
def deaf(address: str, port: int) -> Iterator[None]:
    """A port whose packets come to nothing: a full backlog drops connections."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server((address, port), backlog=0))
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield


def reached(*texts: str, port: int) -> tuple[IPAddress, bool, float]:
    """The address that was taken, whether it is connected, and how long that took."""

    async def connect() -> tuple[IPAddress, bool]:
        address, link = await connect_first(addresses(*texts), port, 4)
        if link is None:
            return address, False
        with link:
            return address, link.getpeername()[0] == str(address)

    began = time.monotonic()
    address, connected = asyncio.run(connect())
    return address, connected, time.monotonic() - began


def test_families_take_turns() -> None:
    given = addresses("10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1")
    assert in_turn(given) == addresses("10.0.0.1", "fd00::1", "10.0.0.2", "10.0.0.3")
    assert in_turn(addresses("fd00::1", "10.0.0.1")) == addresses("fd00::1", "10.0.0.1")
    assert in_turn([V4]) == [V4]


def test_preferred_address_is_taken_and_no_other_one_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with socket.create_server(("127.0.0.2", port)) as second:
            assert reached("127.0.0.1", "127.0.0.2", port=port)[:2] == (V4, True)
            second.setblocking(False)
            with pytest.raises(BlockingIOError):
                second.accept()


def test_refused_address_costs_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "STAGGER", 60)
    with socket.create_server(("127.0.0.2", 0)) as second:
        port = second.getsockname()[1]
        address, connected, seconds = reached("127.0.0.1", "127.0.0.2", port=port)
    assert (str(address), connected) == ("127.0.0.2", True)
    assert seconds < 60


def test_dead_address_costs_the_stagger() -> None:
    with socket.create_server(("127.0.0.2", 0)) as second:
        port = second.getsockname()[1]
        with deaf("127.0.0.1", port):
            address, connected, seconds = reached("127.0.0.1", "127.0.0.2", port=port)
    assert (str(address), connected) == ("127.0.0.2", True)
    assert STAGGER <= seconds < 10


def test_where_none_answers_the_one_that_refused_is_named() -> None:
    port = closed_port(socket.SOCK_STREAM)
    # There is no way to a multicast group over TCP, so nobody refuses anything there.
    assert reached("224.0.0.1", "127.0.0.1", port=port)[:2] == (V4, False)
    assert str(reached("224.0.0.1", "224.0.0.2", port=port)[0]) == "224.0.0.1"


def test_peer_sees_an_end_and_no_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reached("127.0.0.1", "127.0.0.2", port=server.getsockname()[1])
        link, _ = server.accept()
        with link:
            link.settimeout(5)
            assert link.recv(1) == b""


@pytest.fixture(scope="module")
def gcc(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return references(tmp_path_factory.mktemp("cache") / "cache", "gcc")[0]


needs_distccd = pytest.mark.skipif(not shutil.which("distccd"), reason="distccd is not installed")


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with Loopback(servers=2) as farm:
        yield farm


def server(number: int, own: str, others: Sequence[str] = ()) -> Server:
    address = ipaddress.ip_address(own)
    further = tuple(addresses(*others))
    return Server(number, f"distcc{number}.a.test.", address, State.USED, others=further)


def proved(servers: Sequence[Server], port: int, cache: Path) -> Farm:
    """A farm of these, proved for gcc."""
    cache.mkdir(mode=0o700, exist_ok=True)
    compiler = find_compiler("gcc", "/usr/bin:/bin")
    assert compiler is not None
    farm = Farm(made=0, until=0, stale=0, surroundings="", servers=tuple(servers))
    with References(cache, [compiler]) as begun:
        return proving.prove(
            farm,
            begun,
            Config(allow_loopback=True, port=port),
            seconds=20,
            patient=False,
            distcc_dir=None,
            before=0.0,
        )


@needs_distccd
def test_farm_has_a_server_at_its_living_address(loopback: Loopback, tmp_path: Path) -> None:
    """The first address is dead in one way or the other; the second is the server's."""
    first, second = loopback.daemons.addresses
    port = loopback.daemons.port
    with deaf("127.1.0.200", port):
        servers = [server(1, "127.1.0.200", [first]), server(2, "127.1.0.201", [second])]
        farm = proved(servers, port, tmp_path / "cache")
    assert [str(one.address) for one in farm.used] == [first, second]
    assert [[str(other) for other in one.others] for one in farm.used] == [
        ["127.1.0.200"],
        ["127.1.0.201"],
    ]
    [verdicts] = farm.proofs.values()
    assert {one: verdict.cause for one, verdict in verdicts.items()} == {
        first: Cause.OK,
        second: Cause.OK,
    }


@needs_distccd
def test_server_that_said_nothing_is_heard_out_at_its_other_address(
    loopback: Loopback, gcc: Reference
) -> None:
    first, port, key = loopback.daemons.addresses[0], loopback.daemons.port, gcc.compiler.key
    silent = Farm(
        made=0,
        until=0,
        stale=0,
        surroundings="",
        servers=(server(1, "127.1.0.200", [first]),),
        proofs={key: {"127.1.0.200": Verdict(Cause.UNREACHABLE)}},
    )
    config = Config(allow_loopback=True, port=port)
    with deaf("127.1.0.200", port):
        heard = proving.prove_silent(silent, [gcc], config, seconds=20)
    assert [str(one.address) for one in heard.used] == [first]
    assert {one: verdict.cause for one, verdict in heard.proofs[key].items()} == {first: Cause.OK}


@needs_distccd
def test_two_names_that_lead_to_one_server_are_one(loopback: Loopback, tmp_path: Path) -> None:
    first, _ = loopback.daemons.addresses
    servers = [server(1, first), server(2, "127.1.0.200", [first])]
    farm = proved(servers, loopback.daemons.port, tmp_path / "cache")
    assert [one.name for one in farm.used] == ["distcc1.a.test."]
    assert farm.servers[1].state is State.DUPLICATE
    assert farm.servers[1].why == "has the address of distcc1.a.test."


@needs_distccd
def test_server_with_one_address_gets_no_more_connections_than_before(
    loopback: Loopback, gcc: Reference
) -> None:
    """Nor does one with several: what tells that an address answers is the first request."""
    daemons = loopback.daemons

    def connections() -> int:
        return sum(daemons.log(one).read_bytes().count(b"connection from") for one in counted)

    counted = daemons.addresses
    taken = []
    dead = ipaddress.ip_address("127.1.0.202"), daemons.port
    for others in ({}, {dead: addresses("127.1.0.203", counted[0])}):
        way = next(iter(others), (ipaddress.ip_address(counted[0]), daemons.port))
        before = connections()
        found = asyncio.run(probe([way], [gcc], match="exact", seconds=20, others=others))
        assert found[str(way[0]), way[1]][gcc.compiler.key].good
        taken.append(connections() - before)
    assert taken[0] == taken[1] > 0


@needs_distccd
def test_server_that_answers_nowhere_says_so(gcc: Reference) -> None:
    port = closed_port(socket.SOCK_STREAM)
    with deaf("127.0.0.1", port), deaf("127.0.0.2", port):
        others = {(V4, port): addresses("127.0.0.2")}
        found = asyncio.run(probe([(V4, port)], [gcc], match="exact", seconds=0.5, others=others))
    verdict = found["127.0.0.1", port][gcc.compiler.key]
    assert verdict.cause is Cause.UNREACHABLE
    assert verdict.why == "no answer at any of its addresses"
