"""What a compile notices of a refresh: warm launchers, one after the other, while one runs.

Against launchers with a fresh plan.  On few processors a refresh takes one of them for a while,
which no launcher can help: beside it stand launchers while a program only computes.
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from compiling import age

from benchmarks.beside import beside
from benchmarks.measure import Command, quick
from benchmarks.names import LateNames, farm_names, many_addresses
from benchmarks.stand_ins import at, instant_client, instant_servers
from distcc_build import paths

GOAL = "goal: p99 at most 2.00 x, and none waits"

SERVERS, DELAY = 100, 0.020
ROUNDS = 30
AT_ONCE = 200
"""Launchers of a round with a fresh plan; during a refresh it is as many as it lasts for."""
STALE = 400
"""Seconds of age at which a plan is no longer fresh, and still used."""
PATIENCE = 30.0


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        environment = instant_client(folder)
        zone = farm_names(many_addresses(SERVERS), ttl=300)
        with (
            instant_servers(folder, "gcc", "g++", path=environment["PATH"]) as port,
            LateNames(zone, delay=DELAY) as names,
        ):
            environment |= at(names, port, folder / "cache")
            os.chdir(folder)
            Path("x.c").write_text("int x;\n", "utf-8")
            launcher = str(paths.launcher())
            command = Command([launcher, "gcc", "-c", "x.c", "-o", "x.o"], environment)
            command.seconds()
            plan = subprocess.check_output([launcher, "--plan", "gcc"], env=environment, text=True)
            fresh, during, beside_work, lasted = [], [], [], []
            for _ in range(3 if quick() else ROUNDS):
                fresh += [command.seconds() for _ in range(AT_ONCE)]
                with beside(_compute):
                    beside_work += [command.seconds() for _ in range(AT_ONCE)]
                age(folder / "cache", STALE)
                start = time.perf_counter()
                during += _until_new(command, Path(plan.rstrip("\n")))
                lasted.append(time.perf_counter() - start)
    ratio = _p99(during) / _p99(fresh)
    print(f"launcher during a refresh / fresh, p99   {ratio:5.2f} x   ({GOAL})")
    _print("fresh", fresh)
    _print("during a refresh", during)
    _print("beside a program that computes", beside_work)
    waited = sum(one > min(lasted) / 2 for one in during)
    print(
        f"    {len(lasted)} refreshes of {SERVERS} servers in {statistics.median(lasted):.2f} s; "
        f"launchers that took half as long as one: {waited}"
    )


def _until_new(command: Command, plan: Path) -> list[float]:
    """Start launchers until the plan is another one."""
    before, end = plan.stat().st_ino, time.monotonic() + PATIENCE
    times = []
    while plan.stat().st_ino == before:
        times.append(command.seconds())
        if time.monotonic() > end:
            raise RuntimeError("no refresh comes to an end")
    return times


def _compute() -> None:
    while True:
        pass


def _print(what: str, times: Sequence[float]) -> None:
    figures = statistics.median(times), _p99(times), max(times)
    middle, high, longest = (1000 * one for one in figures)
    print(
        f"    {what:30} p50 {middle:.2f} ms, p99 {high:.2f} ms, longest {longest:.2f} ms, "
        f"{len(times)} runs"
    )


def _p99(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=100)[98]
