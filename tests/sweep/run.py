"""The sweep as a whole: a farm of one server, workers, and every point once."""

import contextlib
import queue
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sweep.points import THIN, Point, points
from sweep.runner import SCENARIOS, Result, Worker

from distcc_build.farm.loopback import Farm

__all__ = ["enumerate_points", "judge", "workers"]

RECOVERY = 0.05
"""Seconds at most that the lock of one that was killed may be nobody's."""


@contextlib.contextmanager
def workers(many: int) -> Iterator[list[Worker]]:
    """Workers beside one farm."""
    with (
        Farm(servers=1, environ={"PATH": "/usr/bin:/bin"}) as farm,
        tempfile.TemporaryDirectory(prefix="distcc-build-sweep-") as directory,
    ):
        yield [Worker(Path(directory, f"worker{n}"), farm) for n in range(many)]


def enumerate_points(worker: Worker) -> list[Point]:
    """All points, found by runs without faults."""
    every: list[Point] = []
    known: set[str] = set()
    for scenario, programs in SCENARIOS.items():
        for program in programs:
            # The launcher makes few calls, and stands before every compile: all of them.
            thin = THIN if program == "refresher" else 1
            every += points(scenario, program, worker.calls(scenario, program), known, thin)
    return every


def judge(
    every: Iterable[Point], by: list[Worker], told: Callable[[Result], object] = lambda _: None
) -> list[Result]:
    """Try points, each worker one at a time."""
    waiting: queue.SimpleQueue[Point] = queue.SimpleQueue()
    for point in every:
        waiting.put(point)

    def work(worker: Worker) -> list[Result]:
        results: list[Result] = []
        with contextlib.suppress(queue.Empty):
            while True:
                results.append(worker.run(waiting.get_nowait()))
                told(results[-1])
        return results

    with ThreadPoolExecutor(len(by)) as pool:
        return [result for results in pool.map(work, by) for result in results]
