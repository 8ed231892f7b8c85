"""How evenly many clients load a farm: our order of servers beside those of the peers.

A simulation of 1,000 clients and 200 servers of mixed sizes.  The figure is the largest load
of any server over its fair share (its slots over all slots), for each client's first job, and
for the first eight, which distcc gives to the first eight servers of the list (src/where.c:
it looks for a first slot on every host before a second on any).
"""

import heapq
import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from benchmarks.measure import quick
from distcc_build.choice import order

CLIENTS = 1_000
SIZES = [4] * 80 + [8] * 50 + [16] * 40 + [32] * 20 + [64] * 10
SEEDS = 100
GOAL = 1.10

Servers: TypeAlias = Sequence[tuple[str, int]]
Order: TypeAlias = Callable[[int, Servers], Iterable[str]]


def main() -> None:
    random.Random(1).shuffle(SIZES)
    farm = [(f"10.0.{n // 250}.{n % 250 + 1}", size) for n, size in enumerate(SIZES)]
    draws = [_loads(farm, _drawn(seed)) for seed in range(10 if quick() else SEEDS)]
    fair = [statistics.fmean(one) for one in zip(*draws, strict=True)]
    ours = _loads(farm, lambda client, servers: order(f"client {client}", servers))
    print(f"largest load over fair share, {CLIENTS} clients, {len(farm)} servers: 1 job, 8 jobs")
    rows = {
        "distcc-build": ours,
        f"weighted draws, mean of {len(draws)}": fair,
        "distcc --randomize": _loads(farm, _randomized),
        "list order": _loads(farm, lambda _, servers: [address for address, _ in servers]),
        "lsdistcc": _loads(farm, _completion(0.0)),
        "lsdistcc -pgcc": _loads(farm, _completion(0.025)),
    }
    for name, loads in rows.items():
        print(f"  {name:28} {loads[0]:8.2f} {loads[1]:8.2f}")
    ratio = max(a / b for a, b in zip(ours, fair, strict=True))
    print(f"distcc-build / weighted draws      {ratio:5.2f} x   (goal: at most {GOAL:.2f} x)")
    start = time.perf_counter()
    order("client", farm)
    print(
        f"one order of {len(farm)} servers          {(time.perf_counter() - start) * 1000:.2f} ms"
    )


def _loads(farm: Servers, arrange: Order) -> tuple[float, float]:
    """The largest load over fair share, for one job and for eight jobs a client."""
    orders = [list(arrange(client, farm))[:8] for client in range(CLIENTS)]
    total = sum(size for _, size in farm)

    def largest(jobs: int) -> float:
        load = Counter(address for one in orders for address in one[:jobs])
        return max(load[address] * total / (size * jobs * CLIENTS) for address, size in farm)

    return largest(1), largest(8)


def _drawn(seed: int) -> Order:
    """Weighted draws without replacement (Efraimidis and Spirakis 2006, by exponential keys)."""
    rng = random.Random(seed)

    def draw(_: int, servers: Servers) -> list[str]:
        keyed = [(-math.log(1.0 - rng.random()) / size, address) for address, size in servers]
        return [address for _, address in heapq.nsmallest(8, keyed)]

    return draw


def _randomized(client: int, servers: Servers) -> list[str]:
    """Each compile shuffles the list, without regard to sizes; slots taken are passed over."""
    return random.Random(client).sample([address for address, _ in servers], 8)


def _completion(compile_seconds: float) -> Order:
    """Lists servers as they answer: names asked in turn, two at a time (src/lsdistcc.c).

    Seconds are of a quiet local network: 1 ms for a name, 0.5 ms to connect, each give or take
    a half; a compile to prove it, where one is made, takes up to twice as long on some servers.
    """
    speed = random.Random(2)
    pace = [speed.uniform(1.0, 2.0) for _ in SIZES]

    def arrange(client: int, servers: Servers) -> list[str]:
        rng = random.Random(client)

        def about(seconds: float) -> float:
            return seconds * rng.uniform(0.5, 1.5)

        resolvers = [0.0, 0.0]
        done = []
        for (address, _), own in zip(servers, pace, strict=True):
            resolved = heapq.heappop(resolvers) + about(0.001)
            heapq.heappush(resolvers, resolved)
            done.append((resolved + about(0.0005) + about(compile_seconds * own), address))
        return [address for _, address in sorted(done)]

    return arrange
