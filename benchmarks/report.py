"""A build that is watched (`run --report --trace`) beside the same build that is not.

On loopback, where client and servers share this machine's cores: what the recorder takes is missing
to the compiles.  The whole command is timed, with the page that it writes at its end.
"""

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import interleaved, metered, quick
from benchmarks.real_build import MAKEFILE, write_sources
from distcc_build.farm.loopback import Farm
from distcc_build.record.journal import read_journal

ROUNDS, FILES, FUNCTIONS = (3, 40, 20) if quick() else (7, 300, 3)
GOAL = "goal: at most 3 % more"

# The journal is gone when `run` ends.
COUNTED = """\
prog: {objects}
\t@gcc -o $@ $^
\t@if [ "$$_DISTCC_BUILD_JOURNALS" ]; then cp "$$_DISTCC_BUILD_JOURNALS" journal; fi
%.o: %.c
\t@{launcher}gcc -O2 -c -o $@ $<
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, Farm(environ=dict(os.environ)) as farm:
        project, environment = Path(scratch), farm.environment()
        write_sources(project, FILES, FUNCTIONS)
        objects = " ".join(f"f{number}.o" for number in range(FILES))
        assert MAKEFILE.splitlines()[-1] == COUNTED.splitlines()[-1]
        text = COUNTED.format(objects=objects, launcher="distcc-launch ")
        (project / "Makefile").write_text(text, "utf-8")
        program = shutil.which("distcc-build")
        assert program
        make = ["--", "make", "-s", "-C", str(project), "prog"]
        files = ["--report", str(project / "report.html"), "--trace", str(project / "trace.json")]

        def build(*options: str) -> float:
            for one in [*project.glob("*.o"), project / "prog"]:
                one.unlink(missing_ok=True)
            words = [sys.executable, program, "run", *options, *make]
            return metered(words, environment).seconds

        watched, plain = interleaved([lambda: build(*files), build], rounds=ROUNDS)
        jobs = read_journal((project / "journal").read_bytes())
        size = (project / "report.html").stat().st_size / (1 << 20)
    ratios = [one / other for one, other in zip(watched, plain, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(f"report of a build: {FILES} files, {ROUNDS} rounds   ({GOAL})")
    print(
        f"  {middle:5.3f} x (middle half {low:.3f} to {high:.3f}) of "
        f"{statistics.median(plain):.2f} s ({min(plain):.2f} to {max(plain):.2f}); "
        f"{sum(one.compiles for one in jobs)} compiles recorded, a page of {size:.1f} MiB"
    )
