"""Many clients on a large farm: how long jobs wait for a server, and how even its load is.

A simulation without I/O of 10,000 clients and 1,000 servers of mixed sizes.  Each client starts
builds at random (Poisson) and gives its jobs to servers as distcc does: a first one to every host
of its list before a second to any, in the list's order, as many as the limits say (src/where.c).
A server runs as many as it has slots, and the rest wait there.  The central scheduler knows all
slots, which no client does: it is the limit.

What discovery costs the name server is in traffic.py, and printed behind it.
"""

import heapq
import itertools
import random
import statistics
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from benchmarks import traffic
from benchmarks.measure import quick
from benchmarks.order import SIZES
from distcc_build.choice import Candidate, complete
from distcc_build.config import Config
from distcc_build.hosts import parse_hosts
from distcc_build.hostspec import parse_address
from distcc_build.policy import Server, State

CLIENTS, SERVERS = (1_000, 100) if quick() else (10_000, 1_000)
SECONDS, WARM_UP = (30, 10) if quick() else (60, 20)
LOADS = (0.5, 0.8)
"""What the jobs need, of all slots."""

JOBS, WIDTH, CORES = 128, 32, 8
"""Of a build: its jobs of one second (exponential), how many at once; the client's cores."""

Pick: TypeAlias = Callable[[int, Counter[int]], int]
"""The server for a client's next job, by what it has out already; -1 leaves it to the servers."""


def main() -> None:
    rng = random.Random(1)
    sizes = [rng.choice(SIZES) for _ in range(SERVERS)]
    policies: dict[str, Callable[[], Pick]] = {
        "distcc-build": lambda: _listed(_own_order(sizes), sizes),
        "list order": lambda: _listed(lambda _: range(len(sizes)), sizes),
        "--randomize": lambda: _randomized(sizes),
        "central scheduler": lambda: lambda _client, _out: -1,
    }
    print(
        f"{CLIENTS} clients, {SERVERS} servers with {sum(sizes)} slots, builds of {JOBS} jobs "
        f"of 1 s, {WIDTH} at once: wait of a job (mean, 99 %), largest load over mean"
    )
    for load in LOADS:
        for name, policy in policies.items():
            start = time.perf_counter()
            waits, loads = Simulation(sizes, policy(), load).run()
            late = statistics.quantiles(waits, n=100)[-1]
            # The scheduler's servers are alike: whichever it takes does not matter to the jobs.
            uneven = max(loads) / statistics.fmean(loads) if any(loads) else 1.0
            print(
                f"  load {load:.1f}  {name:18} {statistics.fmean(waits):6.3f} s {late:6.2f} s "
                f"{uneven:6.2f} x   ({len(waits)} jobs, simulated in "
                f"{time.perf_counter() - start:.0f} s)",
                flush=True,
            )
    traffic.report(CLIENTS, SERVERS)


class Simulation:
    """One run; times are in seconds."""

    def __init__(self, sizes: Sequence[int], pick: Pick, load: float) -> None:
        self._sizes, self._pick = sizes, pick
        self._rng = random.Random(2)
        self._rate = load * sum(sizes) / JOBS / CLIENTS
        self._events: list[tuple[float, int, int, int]] = []
        self._number = itertools.count()
        self._out: dict[int, Counter[int]] = defaultdict(Counter)
        self._left: Counter[int] = Counter()
        # One queue for all is the central scheduler's.
        self._queues: dict[int, deque[tuple[float, int]]] = defaultdict(deque)
        self._running = [0] * len(sizes)
        self._free = sum(sizes)
        self._waits: list[float] = []
        self._work = [0.0] * len(sizes)

    def run(self) -> tuple[list[float], list[float]]:
        """How long each job waited, and the work of each server over its slots."""
        for client in range(CLIENTS):
            self._at(self._rng.expovariate(self._rate), client, -1)
        while self._events[0][0] < SECONDS:
            now, _, client, server = heapq.heappop(self._events)
            if server < 0:
                self._at(now + self._rng.expovariate(self._rate), client, -1)
                fresh = min(WIDTH, WIDTH - self._out[client].total())
                self._left[client] += JOBS
                for _ in range(fresh):
                    self._send(now, client)
            else:
                self._ended(now, client, server)
        # Those that wait still have waited at least for so long.
        for queue in self._queues.values():
            self._waits += [SECONDS - sent for sent, _ in queue if sent >= WARM_UP]
        return self._waits, [
            work / slots for work, slots in zip(self._work, self._sizes, strict=True)
        ]

    def _at(self, when: float, client: int, server: int) -> None:
        heapq.heappush(self._events, (when, next(self._number), client, server))

    def _send(self, now: float, client: int) -> None:
        if not self._left[client]:
            return
        self._left[client] -= 1
        server = self._pick(client, self._out[client])
        self._out[client][server] += 1
        self._queues[server].append((now, client))
        self._serve(now, server)

    def _serve(self, now: float, server: int) -> None:
        """Start what waits there, if there is a slot."""
        queue = self._queues[server]
        while queue and (self._free if server < 0 else self._running[server] < self._sizes[server]):
            sent, client = queue.popleft()
            took = self._rng.expovariate(1.0)
            if sent >= WARM_UP:
                self._waits.append(now - sent)
            if server >= 0:
                self._running[server] += 1
                self._work[server] += min(took, SECONDS - now)
            self._free -= 1
            self._at(now + took, client, server if server >= 0 else len(self._sizes))

    def _ended(self, now: float, client: int, server: int) -> None:
        central = server == len(self._sizes)
        self._free += 1
        self._out[client][-1 if central else server] -= 1
        if not central:
            self._running[server] -= 1
        self._serve(now, -1 if central else server)
        self._send(now, client)


def _listed(order: Callable[[int], Sequence[int]], sizes: Sequence[int]) -> Pick:
    """By a list of the client's own."""
    lists: dict[int, Sequence[int]] = {}

    def pick(client: int, out: Counter[int]) -> int:
        if client not in lists:
            lists[client] = order(client)
        # At most WIDTH jobs are out, so that as many hosts and one more decide.
        hosts = lists[client][: WIDTH + 1]
        usable = [one for one in hosts if out[one] < sizes[one]]
        return min(usable or hosts, key=out.__getitem__)

    return pick


def _own_order(sizes: Sequence[int]) -> Callable[[int], Sequence[int]]:
    """The hosts list that we give a client."""
    addresses = [f"10.0.{number // 250}.{number % 250 + 1}" for number in range(len(sizes))]
    numbers = {address: number for number, address in enumerate(addresses)}
    farm = [
        Candidate(Server(number, "", parse_address(address), State.USED), sizes[number])
        for number, address in enumerate(addresses)
    ]
    config, word = Config(), parse_hosts("--discover-distccN")

    def order(client: int) -> list[int]:
        full = complete(word, farm, config, client=f"client {client}", cores=CORES)
        return [numbers[one.host] for one in full.hosts if one.host in numbers]

    return order


def _randomized(sizes: Sequence[int]) -> Pick:
    """A shuffled list for every job: the first host where this client has no job yet."""
    rng = random.Random(3)

    def pick(_: int, out: Counter[int]) -> int:
        for _ in range(10 * len(sizes)):
            server = rng.randrange(len(sizes))
            if not out[server]:
                return server
        return rng.randrange(len(sizes))

    return pick
