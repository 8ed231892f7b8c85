"""The four sample projects built on a loopback farm, and a table of who compiled what.

Run as `python -m distcc_build.farm.demo SAMPLES`, or `./dev demo`.  Each build is a cold start
of a copy of the sample, with nothing known of the farm; then the same is built here, to compare.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import rich.box
from rich.console import Console
from rich.table import Table

from distcc_build.errors import DistccBuildError
from distcc_build.farm.daemons import Compile
from distcc_build.farm.loopback import Farm

__all__ = ["RECIPES", "Recipe", "Row", "build", "main"]

# Objects of configure checks, which are compiled here on purpose.
CHECKS = re.compile(r"\.sconf_temp|meson-private|CMakeScratch|CMakeTmp|CompilerId\w+")
OBJECTS = {".o", ".os", ".obj"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a sample is built: what its README says, as a shell command in its directory."""

    system: str
    sample: str
    command: str


RECIPES = [
    Recipe("SCons", "scons", "scons -Q"),
    Recipe(
        "CMake, Ninja",
        "cmake",
        'cmake -G Ninja -B build && cmake --build build -j "$(distcc-build jobs)"',
    ),
    Recipe(
        "Meson",
        "meson",
        "distcc-build meson-native >farm.ini && meson setup build --native-file farm.ini"
        ' && ninja -C build -j "$(distcc-build jobs)"',
    ),
    Recipe("Make", "make", "make"),
]


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one build."""

    recipe: Recipe
    compiles: int
    """Objects of the program; objects of configure checks do not count."""
    servers: Mapping[str, int]
    """Compiles of the program by server address."""
    checks: int
    """Compiles of configure checks that were sent to a server: of no use, but of no harm."""
    walks: int
    seconds: float
    same: bool
    """Whether every object is byte for byte that of a build without the farm."""

    @property
    def faults(self) -> list[str]:
        """What is not as it has to be, in words."""
        there = sum(self.servers.values())
        checks = {
            f"{self.compiles - there} of {self.compiles} compiles were not on the farm": there
            >= self.compiles,
            f"{there - self.compiles} more compiles on the farm than objects": there
            <= self.compiles,
            "nothing was compiled": self.compiles > 0,
            f"{self.walks} walks of DNS instead of 1": self.walks == 1,
            "objects differ from those of a local build": self.same,
        }
        return [fault for fault, passed in checks.items() if not passed]


def build(recipe: Recipe, samples: Path, scratch: Path, *, patience: float = 5.0) -> Row:
    """Build one sample on a farm and again without it.

    Args:
        recipe: What to build.
        samples: Directory of the samples; nothing is written there.
        scratch: An empty directory to work in.
        patience: Seconds for the servers to write down what they have compiled.

    Raises:
        DistccBuildError: A build failed, with its output, or there is no farm.
    """
    # The same place for both builds: objects may hold the path of their source.
    project = scratch / recipe.sample

    def of_program(job: Compile) -> bool:
        source = Path(job.source)
        inside = not source.is_absolute() or source.is_relative_to(project)
        return inside and not CHECKS.search(job.source)

    with Farm() as farm:
        start = time.monotonic()
        objects = _objects(recipe, samples, project, farm.environment())
        seconds = time.monotonic() - start
        servers = farm.daemons.wait_for(len(objects), of_program, seconds=patience)
        checks = farm.daemons.compiles().total() - servers.total()
        # Every walk asks for one random name, to see through a wildcard.
        names = {query.name for query in farm.nameserver.queries}
        walks = sum(not re.match(r"distcc\d+\.", name) for name in names)
        local = _objects(recipe, samples, project, farm.environment() | {"DISTCC_BUILD": "off"})
    return Row(recipe, len(objects), servers, checks, walks, seconds, objects == local)


def _objects(
    recipe: Recipe, samples: Path, project: Path, environment: Mapping[str, str]
) -> dict[str, bytes]:
    """Build a fresh copy and return its object files by path."""
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(samples / recipe.sample, project, ignore=shutil.ignore_patterns("build"))
    scripts = sysconfig.get_path("scripts")
    path = f"{scripts}:{environment.get('PATH', os.defpath)}"
    done = subprocess.run(
        ["/bin/sh", "-c", recipe.command],
        cwd=project,
        env={**environment, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        said = done.stdout.decode("utf-8", "replace")
        raise DistccBuildError(f"{said}{recipe.system}: {recipe.command}: {done.returncode}")
    return {
        str(file.relative_to(project)): file.read_bytes()
        for file in sorted(project.rglob("*"))
        if file.suffix in OBJECTS and not CHECKS.search(str(file.relative_to(project)))
    }


def table(rows: Sequence[Row]) -> Table:
    """Return the rows as a table for people."""
    shown = Table(box=rich.box.SIMPLE_HEAD, pad_edge=False)
    servers = list(rows[0].servers)
    after = ["here", "checks", "DNS walks", "seconds", "same objects"]
    for heading in ["build system", "compiles", *servers, *after]:
        shown.add_column(heading, justify="left" if heading == "build system" else "right")
    for row in rows:
        here = row.compiles - sum(row.servers.values())
        there = [row.servers[server] for server in servers]
        counts = map(str, [row.compiles, *there, here, row.checks, row.walks])
        cells = [*counts, f"{row.seconds:.1f}", "yes" if row.same else "NO"]
        shown.add_row(row.recipe.system, *cells, style="red" if row.faults else None)
    return shown


def main(samples: Path, recipes: Sequence[Recipe] = RECIPES) -> int:
    """Build all samples and print the table; the exit status is 1 when anything is wrong."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="distcc-build-demo-") as scratch:
        for recipe in recipes:
            print(f"{recipe.system}: {recipe.command}", file=sys.stderr)
            rows.append(build(recipe, samples, Path(scratch).resolve()))
    # Without a terminal rich takes 80 columns, and breaks the headings.
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table(rows))
    for row in rows:
        for fault in row.faults:
            console.print(f"{row.recipe.system}: {fault}", style="red", highlight=False)
    return int(any(row.faults for row in rows))


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except DistccBuildError as error:
        print(f"distcc-build: {error}", file=sys.stderr)
        sys.exit(1)
