"""Two commands timed in pairs, taking turns, so that a machine's moods meet both alike."""

import os
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

QUICK = "DISTCC_BUILD_BENCH_QUICK"


def quick() -> bool:
    """Whether a short run is asked for (`./dev bench --quick`)."""
    return os.environ.get(QUICK) == "1"


def surroundings() -> dict[str, str]:
    """The environment, but for our own variable: it has the prefix of the product's options,
    which would say that they do not know it, and take a slower way."""
    return {name: value for name, value in os.environ.items() if name != QUICK}


@dataclass(frozen=True, eq=False)
class Command:
    """What is timed: a program by absolute path with its arguments and its whole environment."""

    words: Sequence[str]
    environment: Mapping[str, str]

    def seconds(self) -> float:
        """Run it once."""
        # subprocess.run would add ten times what some of these commands take.
        start = time.perf_counter()
        pid = os.posix_spawn(self.words[0], list(self.words), self.environment)
        _, status = os.waitpid(pid, 0)
        took = time.perf_counter() - start
        if status:
            raise RuntimeError(f"{' '.join(self.words)}: {os.waitstatus_to_exitcode(status)}")
        return took


@dataclass(frozen=True)
class Comparison:
    """Seconds of `ours` and `theirs`, run by run."""

    ours: Sequence[float]
    theirs: Sequence[float]

    def __str__(self) -> str:
        ours, theirs = statistics.median(self.ours), statistics.median(self.theirs)
        added = [a - b for a, b in zip(self.ours, self.theirs, strict=True)]
        low, middle, high = statistics.quantiles(added, n=4)
        return (
            f"{ours / theirs:5.2f} x   {_ms(ours)} against {_ms(theirs)}, "
            f"added {_ms(middle)} (middle half {_ms(low)} to {_ms(high)}), {len(added)} pairs"
        )


def compare(ours: Command, theirs: Command, *, pairs: int, warm_up: int = 5) -> Comparison:
    """Time both commands `pairs` times, in pairs, either one first."""
    for _ in range(warm_up):
        ours.seconds()
        theirs.seconds()
    order = random.Random(1)
    times: dict[Command, list[float]] = {ours: [], theirs: []}
    for _ in range(pairs):
        for command in order.sample([ours, theirs], 2):
            times[command].append(command.seconds())
    return Comparison(times[ours], times[theirs])


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
