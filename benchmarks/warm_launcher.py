"""One compile through the launcher with a plan, against bare distcc with the same addresses."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.measure import Command, compare
from distcc_build import paths
from distcc_build.farm.loopback import Farm

GOAL = "goal: at most 0.50 ms added"


def main() -> None:
    distcc = shutil.which("distcc")
    assert distcc
    with tempfile.TemporaryDirectory() as scratch, Farm(environ=dict(os.environ)) as farm:
        os.chdir(scratch)
        Path("small.c").write_text("int f(int x) { return x + 1; }\n", "utf-8")
        arguments = ["gcc", "-c", "small.c", "-o", "small.o"]
        environment = farm.environment()
        ours = Command([str(paths.launcher()), *arguments], environment)
        # The first launch is the cold one.
        ours.seconds()
        hosts = subprocess.run(
            ["distcc-build", "hosts"], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
        asked = len(farm.nameserver.queries)
        # Our plan sets this too: both send the same name for the same work.
        bare = {**environment, "DISTCC_HOSTS": hosts, "DISTCC_NO_REWRITE_CROSS": "1"}
        result = compare(ours, Command([distcc, *arguments], bare), pairs=300)
        print(f"warm launcher / bare distcc   {result}   ({GOAL})")
        print(f"    DNS queries meanwhile: {len(farm.nameserver.queries) - asked}")
