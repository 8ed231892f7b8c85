"""What a build costs its own machine at high -j: our settings against distcc's defaults.

A farm of 20 servers x 16 slots whose compiler sleeps (sleeping.py), so that most clients wait, for
a server or for a slot.  CPU is that of make and all it starts, the servers' apart; each source
needs a preprocessor, which is the part that no setting makes cheaper: its own is printed beside.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import quick
from benchmarks.sleeping import sleeping_farm, write_project

SERVERS, SLOTS = 20, 16
ROUNDS, FILES, MILLISECONDS = (1, 120, 500) if quick() else (3, 320, 2000)
GOAL = "goal: throughput no lower, CPU no higher"


class Run(NamedTuple):
    """One build, per compile."""

    cpu: float
    """Seconds of CPU, user and system."""
    seconds: float
    """Seconds of the clock."""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, sleeping_farm(SERVERS, SLOTS) as farm:
        project, environment = Path(scratch), farm.environment()
        heads = {"ours": "CC := distcc-launch gcc", "bare": "CC := distcc gcc"}
        write_project(project, [MILLISECONDS] * FILES, **heads)
        jobs = int(_output(environment, "distcc-build", "jobs"))
        listed = _output(environment, "distcc-build", "hosts").split()
        # Our list without our settings, and all there are.
        same = " ".join(one for one in listed if not one.startswith("--"))
        port = farm.daemons.port
        every = " ".join(f"{one}:{port}/{SLOTS}" for one in farm.daemons.addresses)
        ways = {
            "distcc-build": ("ours", {}),
            "same list": ("bare", {"DISTCC_HOSTS": same}),
            "all servers": ("bare", {"DISTCC_HOSTS": every}),
            # What we set when the list is the user's.
            "all, our settings": ("ours", {"DISTCC_HOSTS": every}),
        }
        print(
            f"client at high -j: {FILES} files of {MILLISECONDS} ms, {SERVERS} servers x {SLOTS}; "
            f"a preprocessor takes {_preprocessor(project) * 1000:.1f} ms of CPU   ({GOAL})"
        )
        high = [SERVERS * SLOTS] if quick() else [2 * jobs, SERVERS * SLOTS, 2 * SERVERS * SLOTS]
        for one in dict.fromkeys([jobs, *high]):
            runs: dict[str, list[Run]] = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, (makefile, more) in ways.items():
                    runs[name].append(_build(project, makefile, one, {**environment, **more}))
            said = " (ours)" if one == jobs else ""
            print(f"  -j {one}{said}, {len(same.split())} servers in our list")
            _print(runs)


def _print(runs: Mapping[str, list[Run]]) -> None:
    cpu = {name: statistics.median(one.cpu for one in all_) for name, all_ in runs.items()}
    rate = {name: 1 / statistics.median(one.seconds for one in all_) for name, all_ in runs.items()}
    for name, all_ in runs.items():
        times = [run.cpu * 1000 for run in all_]
        ratio = ""
        if name != "distcc-build":
            ours = cpu["distcc-build"] / cpu[name], rate["distcc-build"] / rate[name]
            ratio = f"   ours: {ours[0]:.2f} of its CPU, {ours[1]:.2f} of its throughput"
        print(
            f"    {name:18} {cpu[name] * 1000:6.1f} ms CPU a compile "
            f"({min(times):.1f} to {max(times):.1f}), {rate[name]:6.1f} compiles/s{ratio}",
            flush=True,
        )


def _build(project: Path, makefile: str, jobs: int, environment: Mapping[str, str]) -> Run:
    """Build all, from nothing but a plan."""
    for one in project.glob("*.o"):
        one.unlink()
    words = ["make", "-s", "-C", str(project), "-f", f"{makefile}.mk", f"-j{jobs}"]
    return _run(words, environment, FILES)


def _preprocessor(project: Path) -> float:
    """Seconds of CPU of one preprocessor, as distcc starts it."""
    words = ["gcc", "-E", str(project / "f0.c"), "-o", "/dev/null"]
    return statistics.median(_run(words, os.environ, 1).cpu for _ in range(20))


def _run(words: list[str], environment: Mapping[str, str], compiles: int) -> Run:
    program = shutil.which(words[0])
    assert program
    start = time.perf_counter()
    pid = os.posix_spawn(program, words, environment)
    # What its own children took is in it, once they have been waited for.
    _, status, used = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{' '.join(words)}: {os.waitstatus_to_exitcode(status)}")
    return Run((used.ru_utime + used.ru_stime) / compiles, seconds / compiles)


def _output(environment: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()
