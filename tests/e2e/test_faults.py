"""Every fault in a build: it ends well, soon, and with the right objects.

Each is met by one of the four build systems, by turns; with TEST_ALL=1 by all of them, and those
that resemble another one are met as well.
"""

import functools
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from e2e.faults.all import FAULTS, RELATED
from e2e.faults.daemons import open_farm
from e2e.faults.scene import Fault
from e2e.faults.stage import Run, Stage
from e2e.faults.systems import SYSTEMS

ALL = bool(os.environ.get("TEST_ALL"))
"""Whether there is time for all of them."""

MATRIX: dict[str, Fault] = {one.name: one for one in FAULTS if ALL or one.name not in RELATED}

MEETINGS = [
    (name, system.name)
    for number, name in enumerate(MATRIX)
    for turn, system in enumerate(SYSTEMS)
    if ALL or number % len(SYSTEMS) == turn
]
"""Faults, and the build systems that run into them."""

SLACK = 30.0
"""Seconds: of a machine that is busy with four builds at once, and more."""

Runner = Callable[[str, str], Run]


@pytest.fixture(scope="module")
def run(installation: Path) -> Iterator[Runner]:
    """Has builds of several systems run into a fault at once, and gives what came of one."""
    with open_farm() as farm, tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        stages = [Stage(one, Path(folder), installation, farm) for one in SYSTEMS]
        with ThreadPoolExecutor(len(stages)) as pool:
            list(pool.map(Stage.set_up, stages))

            @functools.cache
            def together(name: str) -> dict[str, Future[Run]]:
                return {
                    one.system.name: pool.submit(one.run, MATRIX[name], attempts=3)
                    for one in stages
                    if (name, one.system.name) in MEETINGS
                }

            yield lambda name, system: together(name)[system].result()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "system"), MEETINGS)
def test_a_build_survives(name: str, system: str, run: Runner) -> None:
    fault, came = MATRIX[name].met_by(system), run(name, system)
    for outcome in (came.cold, came.again):
        assert outcome.status == 0, outcome.said
        assert outcome.objects == came.expected, outcome.said
        assert outcome.seconds < fault.extra + SLACK
    assert came.lines <= fault.lines, (came.cold.ours, came.again.ours)
    assert (0 if fault.here else 3) == came.remote[1], (came.remote, came.again.said)


def test_there_are_enough_faults() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names) >= 100
    assert set(names) > RELATED
    assert len(MATRIX) >= 60
    assert {name for name, _ in MEETINGS} == {*MATRIX}
    assert {system for _, system in MEETINGS} == {one.name for one in SYSTEMS}
