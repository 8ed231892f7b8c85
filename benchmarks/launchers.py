"""What stands before a compile, by what it adds: our launcher with a plan, beside its peers.

Behind each is a distcc that ends at once, so that the rest of a compile blurs nothing.
"""

import os
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.measure import Command, interleaved, quick, spread
from benchmarks.names import LateNames, farm_names, many_addresses
from benchmarks.stand_ins import at, instant_client, instant_servers
from distcc_build import paths

GOAL = "goals: 0.50 ms, and 1.30 x of what env adds"

ARGUMENTS = ["gcc", "-O2", "-Wall", "-Iinclude", "-c", "x.c", "-o", "x.o"]


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        environment = instant_client(folder)
        with (
            instant_servers(folder, "gcc", "g++", path=environment["PATH"]) as port,
            LateNames(farm_names(many_addresses(20))) as names,
        ):
            environment |= at(names, port, folder / "cache")
            # As long as the measurement may take.
            environment["DISTCC_BUILD_TTL_MIN"] = environment["DISTCC_BUILD_TTL_MAX"] = "3600"
            os.chdir(folder)
            Path("x.c").write_text("int x;\n" * 500, "utf-8")
            script = folder / "wrapper"
            script.write_text(f'#!/bin/sh\nDISTCC_HOSTS="$HOSTS" exec {folder}/distcc "$@"\n')
            script.chmod(0o755)
            distcc = str(folder / "distcc")
            commands = {
                "distcc": Command([distcc, *ARGUMENTS], environment),
                "distcc-launch": Command([str(paths.launcher()), *ARGUMENTS], environment),
                "env": Command(["/usr/bin/env", "X=Y", distcc, *ARGUMENTS], environment),
                "a wrapper for /bin/sh": Command([str(script), *ARGUMENTS], environment),
            }
            # These do the whole work themselves; here they only start.
            for cache in ("ccache", "sccache"):
                if found := shutil.which(cache):
                    output = str(folder / "version")
                    commands[f"{cache} --version"] = Command(
                        [found, "--version"], os.environ, output
                    )
            trials = [one.seconds for one in commands.values()]
            took = interleaved(trials, rounds=50 if quick() else 1000, warm_up=5)
    times = dict(zip(commands, took, strict=True))
    bare = times["distcc"]
    added = {
        name: statistics.median(a - b for a, b in zip(one, bare, strict=True))
        for name, one in times.items()
    }
    print(f"added to a program that ends at once   ({GOAL})")
    for name, one in times.items():
        ratio = added[name] / added["env"]
        print(f"  {name:24} {ratio:5.2f} x of env   {added[name] * 1000:6.3f} ms   {spread(one)}")
