"""Many launchers at once where nothing is known: one discovers, the others wait for it.

Measured is the time until all have become distcc (one that ends at once: what each compile
takes then is not ours), and what the launchers themselves take of the processors.
"""

import functools
import itertools
import os
import resource
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import interleaved, quick, spread
from benchmarks.names import LateNames, farm_names, many_addresses
from benchmarks.stand_ins import at, instant_client, instant_servers
from distcc_build import paths

GOAL = "goal: at most 1.00 x of 1.3 cold starts and 1 ms for each launcher; one walk"

SERVERS, DELAY = 20, 0.005
COUNTS = (1, 50, 200, 500)
ROUNDS = 11
EACH = 0.001


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        environment = instant_client(folder)
        zone = farm_names(many_addresses(SERVERS), ttl=300)
        with (
            instant_servers(folder, "gcc", "g++", path=environment["PATH"]) as port,
            LateNames(zone, delay=DELAY) as names,
        ):
            os.chdir(folder)
            Path("x.c").write_text("int x;\n", "utf-8")
            crowds = [_Crowd(count, folder, environment, names, port) for count in COUNTS]
            trials = [trial for crowd in crowds for trial in (crowd.cold, crowd.warm)]
            times = interleaved(trials, rounds=3 if quick() else ROUNDS, warm_up=0)
            one = statistics.median(times[0])
            print(f"launchers at once, {SERVERS} servers, DNS {DELAY * 1000:.0f} ms   ({GOAL})")
            for crowd, cold, warm in zip(crowds, times[::2], times[1::2], strict=True):
                bound = 1.3 * one + EACH * crowd.count
                print(
                    f"  {crowd.count:4} cold  {statistics.median(cold) / bound:5.2f} x   "
                    f"{spread(cold)} against {bound * 1000:.0f} ms, {len(cold)} runs, "
                    f"walks in each: {sorted(set(crowd.walks))}"
                )
                print(
                    f"       limit: all started with a plan {spread(warm)}; CPU of each "
                    f"{spread(crowd.used)}, with a plan {spread(crowd.used_warm)}",
                    flush=True,
                )
                for line, count in Counter(crowd.said).items():
                    print(f"       {count} times: {line}", flush=True)


class _Crowd:
    """So many launchers at once, again and again."""

    def __init__(
        self,
        count: int,
        folder: Path,
        environment: Mapping[str, str],
        names: LateNames,
        port: int,
    ) -> None:
        self.count = count
        self.used: list[float] = []
        """Seconds of a processor for each launcher, in each cold start."""
        self.used_warm: list[float] = []
        self.walks: list[int] = []
        self.said: list[str] = []
        """What launchers have complained of: those that give up compile here, and soon."""
        self._environment, self._names, self._port = environment, names, port
        self._caches = (folder / f"cache-{count}-{number}" for number in itertools.count())
        self._cache = folder

    def cold(self) -> float:
        """Seconds until all have become distcc, and nothing was known."""
        self._cache = next(self._caches)
        walks = self._names.walks
        took = self._start(self.used)
        self.walks.append(self._names.walks - walks)
        return took

    def warm(self) -> float:
        """Seconds where the cold ones have left a plan."""
        # In any order of the trials.
        if not self.used:
            self.cold()
        return self._start(self.used_warm)

    def _start(self, used: list[float]) -> float:
        environment = {**self._environment, **at(self._names, self._port, self._cache)}
        launcher = str(paths.launcher())
        words = [launcher, "gcc", "-c", "x.c", "-o", "x.o"]
        log = self._cache.with_suffix(".log")
        to_log = (os.POSIX_SPAWN_OPEN, 2, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        spawn = functools.partial(
            os.posix_spawn, launcher, words, environment, file_actions=[to_log]
        )
        before = _used()
        start = time.perf_counter()
        running = [spawn() for _ in range(self.count)]
        statuses = [os.waitpid(pid, 0)[1] for pid in running]
        took = time.perf_counter() - start
        if any(statuses):
            raise RuntimeError(f"{self.count} launchers: some end with {set(statuses)}")
        self.said += log.read_text("utf-8").splitlines()
        log.unlink()
        used.append((_used() - before) / self.count)
        return took


def _used() -> float:
    """Seconds that all ended children have computed: who discovers is a child of nobody's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
