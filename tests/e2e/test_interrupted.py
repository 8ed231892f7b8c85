"""Builds that are interrupted: nothing runs on, and the next build is whole."""

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.faults.daemons import free, open_farm, servers
from e2e.faults.stage import Stage
from e2e.faults.systems import SYSTEMS
from e2e.faults.turncoat import turncoat
from running import eventually

from distcc_build.farm.loopback import Farm


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with open_farm() as running:
        yield running


@pytest.fixture(scope="module", params=SYSTEMS, ids=lambda one: str(one.name))
def stage(request: pytest.FixtureRequest, installation: Path, farm: Farm) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        made = Stage(request.param, Path(folder), installation, farm)
        made.set_up()
        yield made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_build_leaves_nothing_behind(
    stage: Stage, farm: Farm, number: signal.Signals
) -> None:
    scene = stage.scene()
    scene.begin()
    good, halves, released = (farm.daemons.addresses[0], farm.daemons.port), [], threading.Event()

    def half(reply: bytes) -> bytes:
        halves.append(reply)
        return reply

    with (
        turncoat(free(scene), good, half, while_judged=False, until=released),
        servers(scene, free(scene), good=0),
    ):
        scene.system.clean(scene.folder)
        with scene.start() as process:
            # Halves of objects are here, and what is still to come will never be.
            assert eventually(lambda: bool(halves), 60)
            os.killpg(process.pid, number)
            process.communicate(timeout=60)
        assert process.returncode != 0
        assert eventually(lambda: not scene.processes(), 60), scene.processes()
        released.set()
        again = scene.build(clean=False)
    assert again.status == 0, again.said
    assert again.objects == stage.expected
