"""A farm whose servers take as long as we like, to look at builds that are under way."""

import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from e2e.workbench import PATIENT, SYSTEM_PATH, Workbench, write
from jsonschema import Draft202012Validator
from probing import odd_compilers
from running import eventually
from screens import Screen

import distcc_build
from distcc_build.farm.loopback import Farm

__all__ = [
    "HELD",
    "SERVERS",
    "WAITING",
    "Held",
    "building",
    "held_farm",
    "monitor",
    "shown",
    "start",
    "top",
]

SERVERS = 3
WAITING = 3

HELD = "-funroll-loops"
"""What servers take their time for: an option with which the objects of the tests are the same."""


class Held:
    """The farm, and what its servers wait for."""

    def __init__(self, farm: Farm, stop: Path) -> None:
        self.farm = farm
        self.stop = stop
        """While this file is there, compiles with the option HELD do not end."""

    @property
    def slots(self) -> int:
        return SERVERS * self.farm.daemons.slots

    def bench(self, installation: Path, folder: Path) -> Workbench:
        """The installation in the farm's network, with directories of its own."""
        home = folder / "home"
        (home / ".distcc").mkdir(parents=True)
        (folder / "distcc").mkdir()
        exports = {**self.farm.exports, **PATIENT, "DISTCC_DIR": str(folder / "distcc")}
        bench = Workbench(installation, home, exports)
        write(home / "first.c", "int first;\n")
        bench.run("distcc-launch", "gcc", "-c", "first.c", cwd=home)

        def all_good() -> bool:
            # On a busy machine one may be silent for too long at the first look.
            known = bench.query("hosts")
            if all(one in known for one in self.farm.daemons.addresses):
                return True
            bench.query("refresh")
            return False

        assert eventually(all_good, 120)
        return bench


@contextlib.contextmanager
def held_farm() -> Iterator[Held]:
    with tempfile.TemporaryDirectory(prefix="distcc-build-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        stop = Path(folder, "stop")
        script = f"""
case " $* " in *" {HELD} "*) while [ -e {stop} ]; do sleep 0.02; done ;; esac
exec $real "$@" """
        numbers = dict.fromkeys(range(1, SERVERS + 1), script)
        with (
            odd_compilers(numbers, "gcc") as differing,
            Farm(servers=SERVERS, differing=differing, environ={"PATH": SYSTEM_PATH}) as farm,
        ):
            yield Held(farm, stop)


@contextlib.contextmanager
def building(bench: Workbench, held: Held) -> Iterator[None]:
    """A build that has every slot of the farm, with three jobs more than there are slots."""
    held.stop.touch()
    jobs = []
    try:
        for number in range(held.slots + WAITING):
            write(bench.home / f"src/f{number}.c", f"int f{number};\n")
            words = ["gcc", HELD, "-c", f"src/f{number}.c", "-o", f"f{number}.o"]
            jobs.append(start(bench, "distcc-launch", *words))
        expected = {"Blocked": WAITING, "Compile": held.slots}
        assert eventually(lambda: shown(bench)["phases"] == expected, 60), shown(bench)
        yield
    finally:
        held.stop.unlink(missing_ok=True)
        statuses = [job.wait(60) for job in jobs]
    assert set(statuses) == {0}


def start(bench: Workbench, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, cwd=bench.home, env=bench.environ, stderr=subprocess.DEVNULL)


ROW = re.compile(r" *(\d+)  (\S+) +(\S*) +(\S+)\[(\d+)\]")


def monitor(bench: Workbench) -> set[tuple[str, ...]]:
    """The rows of distcc's own monitor: process, phase, file, host, slot."""
    # It removes those that are older than a minute; the build may have stood still for longer.
    for state in Path(bench.environ["DISTCC_DIR"], "state").iterdir():
        os.utime(state)
    said = bench.run("/usr/bin/distccmon-text", cwd=bench.home).out
    rows = [ROW.fullmatch(line) for line in said.splitlines() if line]
    assert all(rows), said
    return {row.groups() for row in rows if row}


def shown(bench: Workbench, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(bench.query("top", "--json", *words))
    schema = Path(distcc_build.__file__).parent / "schemas/top.json"
    Draft202012Validator(json.loads(schema.read_text("utf-8"))).validate(told)
    return told


def top(bench: Workbench, *words: str, columns: int, lines: int, **environ: str) -> Screen:
    environment = {**bench.environ, "TERM": "xterm-256color", **environ}
    program = str(bench.venv / "bin/distcc-build")
    return Screen([program, "top", "--interval", "0.25", *words], environment, columns, lines)
