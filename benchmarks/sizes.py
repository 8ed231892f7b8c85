"""A farm of 1,000 servers and 6 compilers: what a compile, a refresh and a discovery take.

The servers answer at once, and are one process of this machine: what a refresh takes of the
processors is its own, and the time that it lasts is the two together.
"""

import os
import shutil
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import Command, Usage, compare, metered, quick, spread
from benchmarks.names import LateNames, farm_names, many_addresses
from benchmarks.stand_ins import at, instant_client, instant_servers
from distcc_build import paths

GOALS = "goals: launcher 1.50 x, refresh 2 s of CPU, discovery 80 MiB"

FEW, MANY = 3, 1000
PAIRS = 500
ROUNDS = 9
COMPILERS = ("gcc", "g++", "cc", "c++", "gcc-99", "g++-99")
"""The last two are made here: not every machine has six."""


def main() -> None:
    print(f"{MANY} servers, {len(COMPILERS)} compilers   ({GOALS})")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        environment = instant_client(folder)
        for word in COMPILERS[-2:]:
            real = shutil.which(word.removesuffix("-99"), path="/usr/bin:/bin")
            assert real
            (folder / word).symlink_to(real)
        os.chdir(folder)
        Path("x.c").write_text("int x;\n", "utf-8")
        zones = [farm_names(many_addresses(size), ttl=300) for size in (FEW, MANY)]
        with (
            instant_servers(folder, *COMPILERS, path=environment["PATH"]) as port,
            LateNames(zones[0]) as few,
            LateNames(zones[1]) as many,
        ):
            small = {**environment, **at(few, port, folder / "few")}
            large = {**environment, **at(many, port, folder / "many")}
            for word in COMPILERS[::2]:
                for one in (small, large):
                    metered([_command(), "hosts", "--compiler", word], one)
            _launchers(small, large)
            _refreshes(large)
            _discoveries(large)


def _launchers(small: Mapping[str, str], large: Mapping[str, str]) -> None:
    words = [str(paths.launcher()), "gcc", "-c", "x.c", "-o", "x.o"]
    result = compare(Command(words, large), Command(words, small), pairs=PAIRS)
    print(f"  launcher / the same with {FEW} servers   {result}")
    listed = [metered([_command(), "hosts"], one).output.split() for one in (large, small)]
    many, few = (sum(not word.startswith(("--", "localhost")) for word in one) for one in listed)
    print(f"    servers in the plan: {many} of {MANY}, {few} of {FEW}", flush=True)


def _refreshes(environment: Mapping[str, str]) -> None:
    runs = [metered([_command(), "refresh"], environment) for _ in range(2 if quick() else ROUNDS)]
    _print("refresh", runs)
    print(f"    {runs[-1].output}", flush=True)


def _discoveries(environment: Mapping[str, str]) -> None:
    """Discover from nothing but this machine's own objects: its compilers are not ours."""
    runs = []
    for _ in range(2 if quick() else ROUNDS):
        for one in Path(environment["DISTCC_BUILD_CACHE_DIR"]).iterdir():
            if one.is_file() and not one.name.startswith("reference-"):
                one.unlink()
        runs.append(metered([_command(), "hosts"], environment))
    _print("discovery", runs)
    found = metered([_command(), "hosts", "--all"], environment).output.split()
    print(f"    {len(found)} of {MANY} servers found in the last")


def _print(what: str, runs: list[Usage]) -> None:
    size = max(one.mebibytes for one in runs)
    cpu = statistics.median(one.cpu for one in runs)
    print(
        f"  {what:10} CPU {cpu:.2f} s, at most {size:.0f} MiB, "
        f"{spread([one.seconds for one in runs])}, {len(runs)} runs"
    )


def _command() -> str:
    return str(paths.launcher().with_name("distcc-build"))
