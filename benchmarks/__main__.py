"""Run benchmarks: `./dev bench [--quick] [NAME...]`; without names, all of them.

--quick makes fewer runs and leaves the largest sizes out: whether they work, not figures.
"""

import importlib
import os
import sys
from pathlib import Path

QUICK = "BENCH_QUICK"  # measure.py reads it

ALL = [
    "launchers",
    "warm_launcher",
    "cc",
    "order",
    "bad_servers",
    "cold_discovery",
    "hosts_line",
    "cold_start",
    "refresh",
    "sizes",
    "null_build",
    "whole_build",
    "client_cpu",
    "real_build",
    "many_clients",
    "report",
]
BY_NAME = ["faults"]  # takes a quarter of an hour


def main(words: list[str]) -> int:
    if "--quick" in words:
        os.environ[QUICK] = "1"
    names = [word for word in words if word != "--quick"]
    unknown = set(names) - {*ALL, *BY_NAME}
    if unknown:
        print(f"no benchmark {' '.join(sorted(unknown))}; there are: {' '.join([*ALL, *BY_NAME])}")
        return 2
    # At the end: the package under test is the one that is installed.
    root = Path(__file__).parents[1]
    sys.path += [str(root), str(root / "tests")]
    for name in names or ALL:
        importlib.import_module(f"benchmarks.{name}").main()
        # Some go to a folder that is no more.
        os.chdir(root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
