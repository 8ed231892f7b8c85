"""The stats page of real distccd servers, and of servers that are sick or none."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from peers import FakeDistccd, closed_port
from running import eventually

from distcc_build.farm.daemons import Differing
from distcc_build.farm.loopback import Farm
from distcc_build.stats import Stats, read_stats

HERE = ipaddress.ip_address("127.0.0.1")


def ask(port: int, *servers: str, seconds: float = 20.0) -> dict[str, Stats]:
    addresses = [ipaddress.ip_address(one) for one in servers or [str(HERE)]]
    return asyncio.run(read_stats(addresses, port, seconds=seconds))


@dataclass
class StatsServers:
    """Real `distccd --stats`."""

    farm: Farm
    port: int

    def alive(self, address: str) -> bool:
        """Whether the master, who serves the page, still is; its workers may outlive it."""
        return self.farm.daemons._processes[address].poll() is None


@pytest.fixture
def servers() -> Iterator[StatsServers]:
    port = closed_port(socket.SOCK_STREAM, "127.1.0.1")
    stats = ("--stats", f"--stats-port={port}")
    differing = {1: Differing(options=stats), 2: Differing(options=(*stats, "--jobs=6"))}
    with Farm(servers=3, slots=5, differing=differing) as farm:
        for address in farm.daemons.addresses[:2]:
            log = farm.daemons.log(address)
            assert eventually(lambda log=log: b"HTTP server started" in log.read_bytes())  # type: ignore[misc]
        yield StatsServers(farm, port)


def test_each_server_says_its_own(servers: StatsServers) -> None:
    # The third has no such page, the fourth does not exist.
    found = ask(servers.port, *(f"127.1.0.{n}" for n in (1, 2, 3, 4, 1)))
    kids = {address: one.max_kids for address, one in found.items()}
    assert kids == {"127.1.0.1": 5, "127.1.0.2": 6}
    assert all(one.load is not None and one.load >= 0 for one in found.values())


def test_a_server_asked_500_times_answers_each_time_and_stays_up(servers: StatsServers) -> None:
    async def often() -> int:
        address = ipaddress.ip_address("127.1.0.1")
        answers = 0
        for _ in range(500):
            answers += len(await read_stats([address], servers.port, seconds=20))
        return answers

    assert asyncio.run(often()) == 500
    assert servers.alive("127.1.0.1")


def test_a_server_that_wakes_after_we_have_gone_lives(servers: StatsServers) -> None:
    daemons = servers.farm.daemons
    for turn in range(20):
        daemons.signal("127.1.0.1", signal.SIGSTOP)
        # Nobody waits for a stopped one; the other may need its time as well.
        found = ask(servers.port, "127.1.0.1", "127.1.0.2", seconds=0.2 if turn else 5)
        assert "127.1.0.1" not in found
        assert "127.1.0.2" in found or turn
        daemons.signal("127.1.0.1", signal.SIGCONT)
        # It answers in turn: what was asked before has been dealt with.
        assert set(ask(servers.port, "127.1.0.1")) == {"127.1.0.1"}
        assert servers.alive("127.1.0.1")


def test_silence_is_waited_for_once_for_all() -> None:
    with FakeDistccd(None) as silent:
        start = time.monotonic()
        assert ask(silent.port, seconds=0.3) == {}
        # Generous: what matters is that it is not the system's time-out of minutes.
        assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"garbage\xff\0\n" * 40,
        b"<distccstats>\ndcc_max_kids 8\n",
        b"x" * 1_000_000,
        b"HTTP/1.0 200 OK\n\n"
        + b"y" * 20_000
        + b"\n<distccstats>\ndcc_max_kids 8\n</distccstats>\n",
    ],
    ids=["closes", "garbage", "truncated", "endless", "too long"],
)
def test_what_is_no_page_is_left_out(reply: bytes) -> None:
    with FakeDistccd(reply) as server:
        assert ask(server.port) == {}
        assert server.connections == 1


def test_a_page_in_pieces_is_put_together() -> None:
    with FakeDistccd(b"<distccstats>\ndcc_max_kids 8\ndcc_load1 0.50\n</distccstats>\n") as server:
        assert ask(server.port) == {str(HERE): Stats(8, 0.5)}


def test_a_closed_port_and_a_black_hole_are_left_out() -> None:
    assert ask(closed_port(socket.SOCK_STREAM)) == {}
    assert ask(3633, "240.0.0.1", seconds=0.3) == {}
    with black_hole() as port:
        assert ask(port, seconds=0.3) == {}


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port whose queue is full, so that the kernel drops what would connect."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind((str(HERE), 0))
        server.listen(0)
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]
