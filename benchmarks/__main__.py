"""Run benchmarks: `./dev bench [NAME...]`; without names, all of them."""

import importlib
import sys
from pathlib import Path

ALL = [
    "warm_launcher",
    "cc",
    "order",
    "bad_servers",
    "null_build",
    "whole_build",
    "client_cpu",
    "real_build",
    "many_clients",
]
BY_NAME = ["faults"]  # takes a quarter of an hour


def main(names: list[str]) -> int:
    unknown = set(names) - {*ALL, *BY_NAME}
    if unknown:
        print(f"no benchmark {' '.join(sorted(unknown))}; there are: {' '.join([*ALL, *BY_NAME])}")
        return 2
    # At the end: the package under test is the one that is installed.
    sys.path.append(str(Path(__file__).parents[1]))
    for name in names or ALL:
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
