"""What five bad servers cost a cold compile: a farm of six against its one good server alone."""

import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import quick
from distcc_build.farm.daemons import Differing
from distcc_build.farm.loopback import Farm

ROUNDS = 15
GOAL = "goal: under 1 s, once per refresh"

OTHER_VERSION = """#!/bin/sh
case $* in
*-dumpfullversion*) echo 1.2.3 ;;
*) exec {real} -fwrapv -fno-ident "$@" ;;
esac
"""


def main() -> None:
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    launcher, compiler = shutil.which("distcc-launch"), shutil.which("gcc")
    assert launcher
    assert compiler
    # Not below a directory that distccd may not search once it has given up root.
    with tempfile.TemporaryDirectory(prefix="distcc-build-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        wrapper = Path(folder, "gcc")
        wrapper.write_text(OTHER_VERSION.format(real=compiler))
        wrapper.chmod(0o755)
        differing = {
            4: Differing(allow="10.0.0.0/8"),
            5: Differing(path=f"{folder}:/usr/bin:/bin"),
            6: Differing(path="/nowhere"),
        }
        with (
            Farm(servers=1, slots=100, environ=environ) as good,
            Farm(servers=6, slots=100, environ=environ, differing=differing) as six,
        ):
            six.daemons.signal("127.1.0.2", signal.SIGKILL)
            six.daemons.signal("127.1.0.3", signal.SIGSTOP)
            words = [launcher, "gcc", "-c", "x.c", "-o", "x.o"]
            Path(folder, "x.c").write_text("int x;\n")
            alone, mixed = [], []
            for _ in range(3 if quick() else ROUNDS):
                alone.append(_cold(words, good, environ, folder))
                mixed.append(_cold(words, six, environ, folder))
    lost = statistics.median(b - a for a, b in zip(alone, mixed, strict=True))
    print(
        f"cold compile, 1 good of 6 / 1 of 1   lost {lost:.2f} s, "
        f"{statistics.median(mixed):.2f} s against {statistics.median(alone):.2f} s, "
        f"{len(alone)} pairs   ({GOAL})"
    )


def _cold(words: list[str], farm: Farm, environ: Mapping[str, str], folder: str) -> float:
    """Seconds of a compile when nothing is known of the farm, but for this machine's compiler."""
    for one in (farm.directory / "cache").iterdir():
        if one.is_file() and not one.name.startswith("reference-"):
            one.unlink()
    start = time.perf_counter()
    subprocess.run(words, cwd=folder, env=farm.environment({**environ, "HOME": folder}), check=True)
    return time.perf_counter() - start
