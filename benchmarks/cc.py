"""`distcc-build cc gcc`, which every Makefile runs, against a Python that does nothing."""

import os
import shutil
import sys

from benchmarks.measure import Command, compare

GOAL = "goal: at most 25 ms"


def main() -> None:
    command = shutil.which("distcc-build")
    assert command
    ours = Command([command, "cc", "gcc"], dict(os.environ))
    nothing = Command([sys.executable, "-c", "pass"], dict(os.environ))
    # What it prints is for a Makefile.
    stdout = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        result = compare(ours, nothing, pairs=60)
    finally:
        os.dup2(stdout, 1)
    print(f"distcc-build cc / python -c pass   {result}   ({GOAL})")
