"""A first look at the farm: `distcc-build hosts` with an empty cache, against lsdistcc.

Both ask the same name server about the same zone, and neither asks the servers themselves,
but for the last row.  The limit is three round trips (distcc1, then as many names as may be in
flight, then what those tell of) and the start of a Python with the modules that are needed.
"""

import functools
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.measure import Command, interleaved, quick, spread
from benchmarks.names import DOMAIN, LateNames, farm_names, many_addresses, own_resolver
from distcc_build.farm.loopback import Farm

GOAL = "goal: at 100 servers and 20 ms at most 0.20 x of lsdistcc at its best"

NAMESERVER = "127.9.9.9"
SIZES = (10, 100, 500, 1000)
DELAYS = ((0.001, 0.0), (0.020, 0.0), (0.100, 0.0), (0.020, 0.01))
QUICK = ((10, 0.020, 0.0), (100, 0.020, 0.0), (100, 0.020, 0.01))
ROUNDS, ROW_SECONDS = 15, 20.0

PLAIN = ("-c0",)
BEST = ("-c0", "-o5", "-t60")
"""It has six processes that look names up: more in flight only queue, and are asked again.
It has no more than 500 names, whatever it is told."""
IMPATIENT = "-h100"
"""Of those tried the best where questions are lost; its own 500 ms elsewhere."""

IMPORTS = """
import contextlib, importlib
for one in {}:
    with contextlib.suppress(ImportError):
        importlib.import_module(one)
"""


def main() -> None:
    own_resolver(NAMESERVER, _in_its_domain)


def _in_its_domain() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(Path(folder))
        start = bench.start_up()
        print(f"cold hosts / lsdistcc at its best, / lsdistcc -c0   ({GOAL})")
        print(f"    start-up: python {spread(start[0])}, with our modules {spread(start[1])}")
        sizes = [(n, *how) for how, n in itertools.product(DELAYS, SIZES)]
        for size, delay, loss in QUICK if quick() else sizes:
            zone = farm_names(many_addresses(size, "10.2"))
            best = (*BEST, IMPATIENT) if loss else BEST
            with LateNames(zone, delay=delay, loss=loss, address=NAMESERVER, port=53):
                what = f"{size} servers, {delay * 1000:.0f} ms" + f", {loss:.0%} lost" * bool(loss)
                bench.row(what, size, [PLAIN, best], {"DISTCC_BUILD_PROBE": "off"})
            alone, modules = (1000 * (statistics.median(one) + 3 * delay) for one in start)
            print(f"    limit {modules:.0f} ms, of a Python without modules {alone:.0f} ms")
        with Farm(servers=5 if quick() else 20, environ=dict(os.environ)) as farm:
            zone = farm_names(farm.daemons.addresses)
            with LateNames(zone, delay=0.020, address=NAMESERVER, port=53):
                size, port = len(farm.daemons.addresses), farm.daemons.port
                proving = [("-pgcc", f"-r{port}", *rest) for rest in ((), ("-o5", "-t60"))]
                bench.row(f"{size} servers, 20 ms, proved", size, proving, {**farm.exports})


class _Bench:
    """Runs the commands of a row in turns; each of ours finds an empty cache."""

    def __init__(self, folder: Path) -> None:
        self._cache, self._output = folder / "cache", folder / "output"
        self._environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
        self._own = {
            "HOME": str(folder),
            "DISTCC_HOSTS": "--discover-distccN",
            "DISTCC_BUILD_DOMAIN": DOMAIN,
        }
        self._hosts = [sys.executable, _program("distcc-build"), "hosts"]

    def row(
        self,
        what: str,
        size: int,
        peers: Sequence[Sequence[str]],
        environ: Mapping[str, str],
    ) -> None:
        """Measure one size, and print it."""
        own = {**self._environment, **self._own, **environ}
        own |= {
            "DISTCC_BUILD_CACHE_DIR": str(self._cache),
            "DISTCC_BUILD_NAMESERVERS": NAMESERVER,
        }
        ours = Command(self._hosts, own, str(self._output))
        lsdistcc = _program("lsdistcc")
        theirs = [Command([lsdistcc, *one], self._environment, str(self._output)) for one in peers]
        listed: list[list[int]] = [[] for _ in peers]
        trials: list[Callable[[], float]] = [functools.partial(self._cold, ours)]
        trials += [
            functools.partial(self._counted, *one) for one in zip(theirs, listed, strict=True)
        ]
        rounds = 3 if quick() else ROUNDS
        times = interleaved(trials, rounds=rounds, seconds=ROW_SECONDS)
        found = subprocess.run([*self._hosts, "--all"], env=own, capture_output=True, check=True)
        plain, best = (statistics.median(times[0]) / statistics.median(one) for one in times[1:])
        print(
            f"{what:28} {best:5.2f} x {plain:5.2f} x   ours {spread(times[0])}, "
            f"{len(found.stdout.split())} of {size} listed; {len(times[0])} runs"
        )
        for flags, took, counts in zip(peers, times[1:], listed, strict=True):
            said = f"lsdistcc {' '.join(flags)}"
            print(f"    {said:30} {spread(took)}, {_range(counts)} of {size} listed", flush=True)

    def start_up(self) -> list[list[float]]:
        """Seconds of a Python that does nothing, and of one that only imports what we do."""
        with LateNames(farm_names(["10.2.0.1"]), address=NAMESERVER) as names:
            own = {**self._environment, **self._own, "DISTCC_BUILD_PROBE": "off"}
            own |= {
                "DISTCC_BUILD_CACHE_DIR": str(self._cache),
                "DISTCC_BUILD_NAMESERVERS": names.endpoint,
            }
            code = (
                "import sys; from distcc_build.__main__ import main; main(['hosts']); "
                "print('import', ','.join(sys.modules))"
            )
            told = subprocess.run(
                [sys.executable, "-c", code], env=own, capture_output=True, text=True, check=True
            )
        modules = told.stdout.split()[-1].split(",")
        commands = ["pass", IMPORTS.format([one for one in modules if one != "__main__"])]
        python = [Command([sys.executable, "-c", one], self._environment) for one in commands]
        return interleaved([one.seconds for one in python], rounds=5 if quick() else 25)

    def _cold(self, ours: Command) -> float:
        shutil.rmtree(self._cache, ignore_errors=True)
        return ours.seconds()

    def _counted(self, theirs: Command, counts: list[int]) -> float:
        took = theirs.seconds()
        counts.append(len(self._output.read_text().split()))
        return took


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:/usr/bin:/bin")
    assert found, f"{name} is not installed"
    return found


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"
