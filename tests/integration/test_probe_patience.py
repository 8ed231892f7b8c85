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
from pathlib import Path

import pytest
from peers import FakeDistccd, closed_port
from probing import here, odd_compilers, probed, references, servers

from distcc_build.config import Config
from distcc_build.discover import Wanted
from distcc_build.exchange import Patience
from distcc_build.farm.loopback import Farm
from distcc_build.farmfile import Farm as Known
from distcc_build.hearing import hear_out
from distcc_build.hostspec import IPAddress
from distcc_build.policy import Server, State
from distcc_build.probe import probe
from distcc_build.reference import Reference, find_compiler
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
        verdicts = probed([*silent, *servers(farm.daemons, [1])], [gcc], seconds=12)
    assert {one.cause for [one] in verdicts[:-1]} == {Cause.SILENT}
    assert verdicts[-1][0].cause is Cause.OK


def test_a_server_that_dribbles_is_waited_for_no_longer_than_a_silent_one(gcc: Reference) -> None:
    # The beginning of a reply, byte after byte, that never ends.
    reply = b"DONE00000001STAT00000000SERR00002710" + b"x" * 10_000
    with FakeDistccd(reply, every=0.01) as sick:
        began = time.monotonic()
        [[verdict]] = probed(here(sick.port), [gcc], seconds=60, silence=0.2)
        assert time.monotonic() - began < 10
    assert verdict.cause is Cause.SILENT


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


def test_hearing_out_runs_no_compiler_anew(tmp_path: Path) -> None:
    ran, gcc = tmp_path / "ran", tmp_path / "gcc"
    gcc.write_text(f'#!/bin/sh\n>>{ran}\nexec /usr/bin/gcc "$@"\n')
    gcc.chmod(0o755)
    compiler = find_compiler(str(gcc), None)
    assert compiler is not None
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = ipaddress.ip_address("127.0.0.1")
        config = Config(port=server.getsockname()[1])
        now = time.time()
        known = Known(
            now,
            now + 60,
            now + 600,
            "here",
            servers=(Server(1, "distcc1", address, State.USED),),
            proofs={compiler.key: {"127.0.0.1": Verdict(Cause.SILENT)}},
        )
        wanted = Wanted([str(gcc)])
        assert hear_out(config, tmp_path, known, wanted, 0.2) is known
        assert not ran.exists()
