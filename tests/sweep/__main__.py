"""Run the whole sweep: `./dev sweep [--jobs N] [--every N] [TEXT]`.

Every call of launcher and refresher fails once, in every way that it can fail, and the program
is killed at every call; of calls that are like many others, at some.
"""

import argparse
import itertools
import sys
import time
from collections import Counter
from pathlib import Path

# At the end: the package under test is the one that is installed.
sys.path.append(str(Path(__file__).parents[1]))

from sweep.points import KILL, Point
from sweep.run import RECOVERY, enumerate_points, judge, workers
from sweep.runner import Result

AGAIN = 3
"""Times that a slow recovery is looked at again: another program may have had the processor."""


def main() -> int:
    """Try the points, say what went wrong at which, and sum up; 1 when anything did."""
    parser = argparse.ArgumentParser(prog="./dev sweep")
    parser.add_argument("--jobs", type=int, default=2, help="points at once (default: 2)")
    parser.add_argument("--every", type=int, default=1, help="try one point in so many")
    parser.add_argument("text", nargs="?", default="", help="only points whose name contains this")
    args = parser.parse_args()
    start = time.monotonic()
    with workers(args.jobs) as by:
        every = [one for one in enumerate_points(by[0]) if args.text in name(one)][:: args.every]
        print(f"{len(every)} points", flush=True)
        done = itertools.count(1)

        def tell(result: Result) -> None:
            told(result)
            if (number := next(done)) % 500 == 0:
                print(f"{number} tried", flush=True)

        results = judge(every, by, tell)
        for result in results:
            for _ in range(AGAIN):
                if (result.recovery or 0) <= RECOVERY:
                    break
                result.recovery = judge([result.point], by[:1])[0].recovery
            if (result.recovery or 0) > RECOVERY:
                result.problems.append(f"recovered after {result.recovery:.3f} s")
                told(result)
    return sum_up(results, time.monotonic() - start)


def name(point: Point) -> str:
    """How a point is called: `cold/refresher/openat/17/EIO`."""
    return "/".join(map(str, point))


def told(result: Result) -> None:
    """Tell what went wrong."""
    for problem in result.problems:
        print(f"{name(result.point)}: {problem}\n    {result.hit[:160]}", flush=True)


def sum_up(results: list[Result], seconds: float) -> int:
    """Print the figures."""
    hit = [one for one in results if one.hit]
    failed = [one for one in results if one.problems]
    kinds = Counter(one.point.action for one in hit)
    print(f"{len(hit)} faults in {seconds:.0f} s: ", end="")
    print(", ".join(f"{many} {kind}" for kind, many in sorted(kinds.items())))
    print(f"{len(results) - len(hit)} points that a run did not come to")
    print(f"{sum(one.local for one in hit)} times the next minute's compiles stay here")
    if recoveries := sorted(one.recovery for one in hit if one.recovery is not None):
        middle, last = recoveries[len(recoveries) // 2], recoveries[-1]
        print(
            f"{len(recoveries)} times the lock of one that was killed was another's after ", end=""
        )
        print(f"{middle * 1000:.1f} ms (median), {last * 1000:.0f} ms (slowest)")
    for kill in (True, False):
        slow = [one for one in hit if (one.point.action == KILL) is kill]
        if slow:
            worst = max(slow, key=lambda one: one.seconds)
            print(f"slowest point: {worst.seconds:.1f} s, {name(worst.point)}")
    print(f"{len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
