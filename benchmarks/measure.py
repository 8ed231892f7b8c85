"""Two commands timed in pairs, taking turns, so that a machine's moods meet both alike."""

import math
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

QUICK = "BENCH_QUICK"
"""Without the prefix of the product's options: it would say that it does not know it."""


def quick() -> bool:
    """Whether a short run is asked for (`./dev bench --quick`)."""
    return os.environ.get(QUICK) == "1"


@dataclass(frozen=True, eq=False)
class Command:
    """What is timed: a program by absolute path with its arguments and its whole environment."""

    words: Sequence[str]
    environment: Mapping[str, str]
    output: str = ""
    """The file that it writes to; empty for where we do."""

    def seconds(self) -> float:
        """Run it once."""
        write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [(os.POSIX_SPAWN_OPEN, 1, self.output, write, 0o600)] if self.output else []
        # subprocess.run would add ten times what some of these commands take.
        start = time.perf_counter()
        pid = os.posix_spawn(
            self.words[0], list(self.words), self.environment, file_actions=actions
        )
        _, status = os.waitpid(pid, 0)
        took = time.perf_counter() - start
        if status:
            raise RuntimeError(f"{' '.join(self.words)}: {os.waitstatus_to_exitcode(status)}")
        return took


# What is started by a large process has at least its size, as far as the kernel tells.
_METER = """
import os, sys, time
start = time.monotonic()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(pid, 0)
took = time.monotonic() - start
print("", status, took, used.ru_utime + used.ru_stime, used.ru_maxrss, sep="\\n")
"""


class Usage(NamedTuple):
    """What a program took, with the programs that it has waited for."""

    seconds: float
    cpu: float
    """Seconds of all processors."""
    mebibytes: float
    """The most memory that one of them had."""
    output: str


def metered(words: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run a program, by absolute path, once."""
    meter = [sys.executable, "-I", "-S", "-c", _METER, *words]
    done = subprocess.run(meter, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    *output, status, seconds, cpu, size = done.stdout.splitlines()
    if int(status):
        raise RuntimeError(f"{' '.join(words)}: {os.waitstatus_to_exitcode(int(status))}")
    return Usage(float(seconds), float(cpu), int(size) / 1024, "\n".join(output).strip())


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
    """Time both commands `pairs` times (a tenth when quick), in pairs, either one first."""
    rounds = max(pairs // 10, 5) if quick() else pairs
    return Comparison(*interleaved([ours.seconds, theirs.seconds], rounds=rounds, warm_up=warm_up))


def interleaved(
    trials: Sequence[Callable[[], float]],
    *,
    rounds: int,
    warm_up: int = 1,
    seconds: float = math.inf,
) -> list[list[float]]:
    """Do all trials once a round, in a new order each time; what each returned, round by round.

    After `seconds` no further round is begun, once there are three.
    """
    for _ in range(warm_up):
        for trial in trials:
            trial()
    order = random.Random(1)
    results: list[list[float]] = [[] for _ in trials]
    end = time.monotonic() + seconds
    for number in range(rounds):
        if number >= 3 and time.monotonic() > end:
            break
        for index in order.sample(range(len(trials)), len(trials)):
            results[index].append(trials[index]())
    return results


def spread(times: Sequence[float]) -> str:
    """The median and the middle half."""
    low, middle, high = statistics.quantiles(times, n=4)
    return f"{_ms(middle)} ({_ms(low)} to {_ms(high)})"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
