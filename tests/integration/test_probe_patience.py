"""How long a probe waits, for whom, and how much of this machine it takes."""

import asyncio
import contextlib
import ipaddress
import os
import resource
import shutil
import socket
import time
from collections.abc import Iterator

import pytest
from peers import closed_port
from probing import here, odd_compilers, probed, references, servers

from distcc_build.exchange import Patience
from distcc_build.farm.loopback import Farm
from distcc_build.hostspec import IPAddress
from distcc_build.probe import probe
from distcc_build.reference import Reference
from distcc_build.verdict import Cause, Verdict

pytestmark = pytest.mark.skipif(not shutil.which("distccd"), reason="distccd is not installed")


@pytest.fixture(scope="module")
def gcc(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return references(tmp_path_factory.mktemp("cache") / "cache", "gcc")[0]


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with odd_compilers({2: ""}) as differing, Farm(servers=2, differing=differing) as farm:
        yield farm


def test_deadline_ends_it_where_nobody_answers(gcc: Reference) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        [[verdict]] = probed(here(server.getsockname()[1]), [gcc], seconds=0.3)
        assert 0.25 < time.monotonic() - began < 10
    assert verdict.cause is Cause.SILENT


def test_server_that_is_off(gcc: Reference) -> None:
    # A full backlog drops connections, as a host that is off does.
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        [[verdict]] = probed(here(server.getsockname()[1]), [gcc], seconds=0.3)
    assert verdict.cause is Cause.UNREACHABLE


@contextlib.contextmanager
def files(limit: int) -> Iterator[None]:
    """Let this process have so many files open, and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def silence(addresses: int) -> Iterator[list[tuple[IPAddress, int]]]:
    """Servers that take connections and say nothing."""
    with socket.create_server(("0.0.0.0", 0), backlog=128) as server:
        port = server.getsockname()[1]
        yield [(ipaddress.ip_address(f"127.0.9.{n}"), port) for n in range(1, addresses + 1)]


def test_silent_servers_hold_no_place_that_others_need(farm: Farm, gcc: Reference) -> None:
    # As many files as leave room for 16 connections.
    with silence(60) as silent, files(80):
        verdicts = probed([*silent, *servers(farm.daemons, [1])], [gcc], seconds=4)
    assert {one.cause for [one] in verdicts[:-1]} == {Cause.SILENT}
    assert verdicts[-1][0].cause is Cause.OK


def test_nothing_is_begun_when_patience_has_ended(gcc: Reference) -> None:
    with silence(60) as silent, files(80):
        began = time.monotonic()
        verdicts = probed(silent, [gcc], seconds=60, silence=0.2)
        assert time.monotonic() - began < 10
    assert {one.cause for [one] in verdicts} == {Cause.SILENT}
    assert ["no time" in one.why for [one] in verdicts].count(True) == 60 - 16


def test_lack_of_files_is_not_the_servers_fault(gcc: Reference) -> None:
    async def without_files() -> Verdict:
        free = os.dup(0)
        os.close(free)
        with files(free):
            found = await probe(here(1), [gcc], match="exact", seconds=5)
        return found["127.0.0.1", 1][gcc.compiler.key]

    verdict = asyncio.run(without_files())
    assert (verdict.cause, verdict.why) == (
        Cause.UNREACHABLE,
        "this machine: Too many open files",
    )


def test_each_server_is_told_of_once_it_is_known(farm: Farm, gcc: Reference) -> None:
    told: list[None] = []
    wanted = [*servers(farm.daemons), *here(closed_port(socket.SOCK_STREAM))]
    probed([*wanted, wanted[0]], [gcc], told=lambda: told.append(None))
    assert len(told) == 3


def test_nothing_to_ask() -> None:
    assert asyncio.run(probe([], [], match="exact", seconds=1)) == {}


def test_the_first_word_ends_the_longer_wait_for_it() -> None:
    async def waits() -> tuple[float, float]:
        patience = Patience(60, 10)
        now = asyncio.get_running_loop().time()
        before = patience._timer.when() - now
        patience.heard()
        after = patience._timer.when() - now
        patience.stop()
        return before, after

    before, after = asyncio.run(waits())
    assert round(before) == 20
    assert round(after) == 10
