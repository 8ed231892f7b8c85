"""A whole build on a farm of 8 servers x 4 slots: ours, its peers, and the ideal beside them.

The servers' compiler sleeps (sleeping.py).  Each way of building starts from nothing: no plan, no
marks of distcc's, and what it does to find servers is in its time.  Ours is shown once more with
the plan of a build before, as most builds have it.  The peers are

- a list by hand: all servers with their slots in DISTCC_HOSTS, distcc's defaults;
- lsdistcc at its best, once per build, as in $(shell): addresses, proved by a compile;
- the method of distcc-driver, not the program: each server's stats page in turn (10 s for one
  that says nothing), the largest first, lzo, a preprocessor for each core, and as many jobs as
  there are slots and cores.
"""

import heapq
import os
import random
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmarks.measure import quick
from benchmarks.sleeping import sleeping_farm, stats_port, write_project
from distcc_build import machine
from distcc_build.errors import DistccBuildError
from distcc_build.farm.loopback import DOMAIN, Farm
from distcc_build.farm.nameserver import NameServer

SERVERS, SLOTS = 8, 4
ROUNDS, FILES, MEAN = (1, 60, 300) if quick() else (3, 300, 1000)
"""Builds each, files of a build, milliseconds of a compile."""

MOST, MOST_FROZEN = 60.0, (5.0 if quick() else 60.0)
"""Seconds after which a build is stopped: distcc waits for a frozen server for 300."""

NAMESERVER = "127.53.53.53"  # port 53 is taken elsewhere, and resolv.conf names no port
GOAL = "goal: at least 0.90 of the ideal, and faster than every peer"

Found: TypeAlias = tuple[str | None, int]
"""DISTCC_HOSTS, and jobs at once; ours gives no list to make."""

Find: TypeAlias = Callable[[Mapping[str, str]], Found]

PEERS = ("list by hand", "lsdistcc", "distcc-driver")

HEADS = {"peer": "CC := distcc gcc", "ours": "CC := $(or $(shell distcc-build cc gcc),gcc)"}


@dataclass(frozen=True)
class Built:
    """One build."""

    seconds: float
    finding: float
    """Seconds of these before make began."""
    whole: bool
    """Whether it was not stopped."""


def main() -> None:
    lengths = random.Random(1)
    # The largest first: what an unlucky order costs at the end is nobody's merit.
    times = sorted((lengths.randint(MEAN // 2, MEAN * 3 // 2) for _ in range(FILES)), reverse=True)
    port = stats_port()
    with (
        tempfile.TemporaryDirectory() as scratch,
        sleeping_farm(SERVERS, SLOTS, "--stats", f"--stats-port={port}") as farm,
    ):
        bench = Bench(farm, Path(scratch), times, port)
        ways: dict[str, Find] = {
            "distcc-build": bench.jobs,
            "  and again": bench.jobs_again,
            "list by hand": lambda _: (bench.listed(farm.daemons.addresses), SERVERS * SLOTS),
            "lsdistcc": bench.lsdistcc,
            "distcc-driver": bench.driver,
        }
        with bench.names() as resolvable:
            if not resolvable:
                print("lsdistcc is left out: its names need root's mount namespace and port 53")
                del ways["lsdistcc"]
            # The first search makes this machine's own proof, once per compiler.
            bench.jobs(farm.environment())
            serial = bench.serial()
            print(f"whole build: {FILES} files, {sum(times) / 1000:.1f} s of work   ({GOAL})")
            bench.report("all well", ways, serial)
            if quick():
                # Its pauses alone would take the time of a short run.
                del ways["distcc-driver"]
            bench.report("two clients at once", ways, serial, clients=2)
            bench.report(f"-j {2 * SERVERS * SLOTS}", ways, serial, jobs=2 * SERVERS * SLOTS)
            farm.daemons.signal(farm.daemons.addresses[2], signal.SIGKILL)
            farm.daemons.signal(farm.daemons.addresses[5], signal.SIGSTOP)
            bench.report("one dead, one frozen", ways, serial, out=2, most=MOST_FROZEN)


@dataclass(frozen=True)
class Bench:
    """Builds, on one farm."""

    farm: Farm
    scratch: Path
    times: Sequence[int]
    stats: int
    """TCP port of the stats pages."""

    def names(self) -> "Names":
        """What makes the farm's names known to programs that read resolv.conf."""
        return Names(self.farm, self.scratch / "resolv.conf")

    def jobs(self, environment: Mapping[str, str]) -> Found:
        """How many jobs our build runs; what it finds stays in the cache for the compiles."""
        asked = subprocess.run(
            ["distcc-build", "jobs"], env=environment, check=True, capture_output=True
        )
        return None, int(asked.stdout)

    def jobs_again(self, environment: Mapping[str, str]) -> Found:
        """The same when a build has been before."""
        return self.jobs(environment)

    def listed(self, addresses: Iterable[str], options: str = "") -> str:
        return " ".join(f"{one}:{self.farm.daemons.port}/{SLOTS}{options}" for one in addresses)

    def lsdistcc(self, _: Mapping[str, str]) -> Found:
        port = str(self.farm.daemons.port)
        mount = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        command = ["unshare", "-m", "sh", "-c", mount, str(self.scratch / "resolv.conf")]
        command += ["lsdistcc", "-n", "-pgcc", f"-r{port}"]
        asked = subprocess.run(
            command, env=dict(os.environ), stdout=subprocess.PIPE, check=True, text=True
        )
        # It names no slots, so that distcc takes its usual number, which is ours here.
        found = asked.stdout.split()
        return " ".join(found), len(found) * SLOTS or machine.cores()

    def driver(self, _: Mapping[str, str]) -> Found:
        slots = {}
        for address in self.farm.daemons.addresses:
            try:
                with urllib.request.urlopen(f"http://{address}:{self.stats}/", timeout=10) as page:
                    lines = dict(line.decode().split(None, 1) for line in page if b" " in line)
            except OSError:
                continue
            slots[address] = int(lines["dcc_max_kids"])
        hosts = sorted(slots, key=lambda one: -slots[one])
        cores = machine.cores()
        words = f"--localslots_cpp={cores} {self.listed(hosts, ',lzo')}"
        return words, sum(slots.values()) + cores

    def serial(self) -> float:
        """Seconds of the part that no farm makes shorter: make, and one compile of no work."""
        project = self.scratch / "serial"
        write_project(project, [0], **HEADS)
        hosts = self.listed(self.farm.daemons.addresses)
        return statistics.median(
            self.build(project, lambda _: (hosts, 1)).seconds for _ in range(5)
        )

    def report(
        self,
        variant: str,
        ways: Mapping[str, Find],
        serial: float,
        *,
        clients: int = 1,
        jobs: int | None = None,
        out: int = 0,
        most: float = MOST,
    ) -> None:
        """Build in all ways, taking turns, and print what came of it.

        :param jobs: for all of them, instead of their own.
        :param out: servers that are of no use.
        :param most: seconds after which a build is stopped.
        """
        built: dict[str, list[Built]] = {name: [] for name in ways}
        for turn in range(ROUNDS):
            for name in random.Random(turn).sample(sorted(ways), len(ways)):
                # Once is enough of what has to be stopped.
                if all(one.whole for one in built[name]):
                    built[name].append(self.at_once(name, ways[name], clients, jobs, most))
        slots = (SERVERS - out) * SLOTS
        ideal = clients * sum(self.times) / 1000 / slots + serial
        order = _in_order([*self.times] * clients, slots) + serial
        print(f"{variant}: ideal {ideal:.2f} s; with no overhead, in make's order {order:.2f} s")
        first, again = (
            statistics.median(one.seconds for one in built[name])
            for name in ("distcc-build", "  and again")
        )
        for name, all_ in built.items():
            times = [one.seconds for one in all_]
            middle = statistics.median(times)
            finding = statistics.median(one.finding for one in all_)
            over = "" if all_[-1].whole else ", stopped"
            against = f"   ours: {first / middle:.2f} of it, again {again / middle:.2f}"
            against = against if name in PEERS else ""
            print(
                f"  {name:14} {ideal / middle:.2f} of the ideal   {middle:6.2f} s "
                f"({min(times):.2f} to {max(times):.2f}{over}), {finding:.2f} before make{against}",
                flush=True,
            )

    def at_once(self, name: str, find: Find, clients: int, jobs: int | None, most: float) -> Built:
        """Let some clients build at once; the result is that of the last to end."""
        ended: list[Built] = []

        def build(number: int) -> None:
            project = self.scratch / f"{name} {number}"
            shutil.rmtree(project, ignore_errors=True)
            write_project(project, self.times, **HEADS)
            ended.append(self.build(project, find, jobs, most))

        threads = [threading.Thread(target=build, args=(number,)) for number in range(clients)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert len(ended) == clients
        if not all(one.whole for one in ended):
            # What was stopped still has compiles on the servers.
            time.sleep(max(self.times) / 1000)
        return max(ended, key=lambda one: (not one.whole, one.seconds))

    def build(
        self, project: Path, find: Find, jobs: int | None = None, most: float = MOST
    ) -> Built:
        """Build once, as a user who has never built."""
        home = Path(tempfile.mkdtemp(dir=self.scratch))
        environment = {**self.farm.environment(), "HOME": str(home), "DISTCC_DIR": str(home)}
        environment["DISTCC_BUILD_CACHE_DIR"] = str(home)
        # But for this machine's part of the proof, which is made once for each compiler.
        for kept in (self.farm.directory / "cache").glob("reference-*"):
            shutil.copy(kept, home)
        if find == self.jobs_again:
            self.jobs(environment)
        start = time.perf_counter()
        hosts, count = find(environment)
        finding = time.perf_counter() - start
        if hosts is not None:
            environment["DISTCC_HOSTS"] = hosts
        makefile = f"{'ours' if hosts is None else 'peer'}.mk"
        words = ["make", "-s", "-C", str(project), "-f", makefile, f"-j{jobs or count}"]
        process = subprocess.Popen(
            words, env=environment, start_new_session=True, stderr=subprocess.DEVNULL
        )
        try:
            status = process.wait(max(0.1, most - finding))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return Built(time.perf_counter() - start, finding, whole=False)
        if status:
            raise RuntimeError(f"{' '.join(words)}: {status}")
        return Built(time.perf_counter() - start, finding, whole=True)


class Names:
    """A name server where resolv.conf can name it; entering says whether there is one."""

    def __init__(self, farm: Farm, conf: Path) -> None:
        self._server = NameServer(farm.nameserver.zone, address=NAMESERVER, port=53)
        self._conf = conf
        self._serves = False

    def __enter__(self) -> bool:
        self._conf.write_text(f"search {DOMAIN}\nnameserver {NAMESERVER}\n", "utf-8")
        tried = ["unshare", "-m", "true"]
        if not shutil.which("lsdistcc") or subprocess.run(tried, check=False).returncode:
            return False
        try:
            self._server.__enter__()
        except (OSError, DistccBuildError):
            return False
        self._serves = True
        return True

    def __exit__(self, *_: object) -> None:
        if self._serves:
            self._server.__exit__(None)


def _in_order(times: Sequence[int], slots: int) -> float:
    """Seconds when each compile starts, in this order, as soon as a slot is free."""
    free = [0] * slots
    for one in times:
        heapq.heapreplace(free, free[0] + one)
    return max(free) / 1000
