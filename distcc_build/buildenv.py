"""The environment of a whole build: jobs, hosts and ccache set up for the farm."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from distcc_build.belonging import by_farm
from distcc_build.config import switched_off
from distcc_build.hosts import HostsList
from distcc_build.inputs import Inputs, read_inputs
from distcc_build.launch import Situation, assess, distcc_environment
from distcc_build.paths import alias, launcher, plan_paths

__all__ = ["COMPILERS", "Basis", "build_environment", "find_basis"]

COMPILERS = ("gcc", "g++")
"""What a plain `distcc` is given servers for."""


class Basis(NamedTuple):
    """What the environment of a build rests on."""

    inputs: Inputs
    parts: Sequence[tuple[Situation, tuple[str, ...]]]
    """Each farm, with those of the build's compilers that have it; the first compiler's first."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each thing that was left out."""
        said = (one for situation, _ in self.parts for one in situation.inputs.warnings)
        return tuple(dict.fromkeys(said))

    @property
    def hosts(self) -> HostsList:
        """For a plain `distcc`, which takes one list for all: good for each compiler of a farm."""
        situation, words = self.parts[0]
        return situation.hosts(*words)

    @property
    def jobs(self) -> int:
        """As many as the largest farm takes: nobody knows how many compiles will go to each."""
        return max(situation.jobs(*words) for situation, words in self.parts)

    @property
    def limits(self) -> dict[str, int]:
        """By host of any farm, the jobs at once that it is given."""
        lists = (situation.hosts(*words).hosts for situation, words in self.parts)
        return {one.host: one.slots for hosts in lists for one in hosts if one.usable}


def find_basis(
    environ: Mapping[str, str],
    directory: Path,
    compilers: Sequence[str],
    *,
    content: bool = False,
) -> Basis:
    """Learn what there is for a build to compile on.

    See `assess` for the arguments and the errors.
    """
    inputs, groups = read_inputs(environ), [tuple(compilers)]
    if inputs.hosts.discover and not inputs.off:
        groups = by_farm(inputs, compilers, environ.get("PATH"), directory)
    parts = [
        (assess(inputs, directory, environ, *words, content=content), words) for words in groups
    ]
    return Basis(inputs, parts)


def build_environment(
    environ: dict[str, str], compilers: Sequence[str] = COMPILERS
) -> tuple[dict[str, str], Basis | None]:
    """The environment for a build, and what it rests on: whatever the user has set stays.

    :param compilers: those of the build; jobs are for the farms of all, and the list for a plain
        `distcc` is for those that have the first one's farm.
    :returns: the same environment, and nothing, where DISTCC_BUILD is off.
    :raises DistccBuildError: when there is no launcher or no usable configuration.
    """
    if switched_off(environ):
        return environ, None
    directory = plan_paths(COMPILERS[:1], environ)[0].parent
    basis = find_basis(environ, directory, compilers)
    number = basis.jobs
    env, defaults = distcc_environment(basis.parts[0][0], basis.hosts, environ, directory)
    if "DISTCC_HOSTS" in env:
        # The launcher goes on discovering; the expanded list is for distcc called by name.
        env["DISTCC_BUILD_HOSTS"] = str(basis.inputs.hosts)
    jobs = f"-j{number}"
    # `distcc gcc` goes through the launcher, so that each compiler has servers of its own.
    folders = [*([str(alias().parent)] if alias().name == "distcc" else [])]
    folders += environ.get("PATH", os.defpath).split(os.pathsep)
    env["PATH"] = os.pathsep.join(dict.fromkeys([*folders, str(launcher().parent)]))
    defaults |= {
        "CCACHE_PREFIX": str(launcher()),
        "CMAKE_BUILD_PARALLEL_LEVEL": str(number),
    }
    for variable in ("MAKEFLAGS", "SCONSFLAGS"):
        if not has_jobs(environ, variable):
            env[variable] = with_jobs(environ.get(variable, ""), jobs)
    return {**defaults, **environ, **env}, basis


def with_jobs(flags: str, jobs: str) -> str:
    """Add the number of jobs to the flags of Make or SCons.

    GNU make writes short options without a dash as the first word, and variables behind `--`.

    >>> [with_jobs(flags, "-j4") for flags in ("", "k", "-k", "-- CC=gcc", "k -- A=b")]
    ['-j4', 'k -j4', '-k -j4', '-j4 -- CC=gcc', 'k -j4 -- A=b']
    """
    options, sign, variables = f" {flags}".partition(" -- ")
    return f"{options} {jobs}{sign}{variables}".strip()


def has_jobs(environ: Mapping[str, str], variable: str) -> bool:
    """Whether flags for Make or SCons already say how many jobs to run.

    >>> [has_jobs({"M": text}, "M") for text in ("-k -j4", "kj", "--jobs=3", "-j 2", "k -- A=-j")]
    [True, True, True, True, False]
    """
    flags = environ.get(variable, "").partition(" -- ")[0]
    # GNU make writes its short options together as the first word, without the dash.
    together = flags.split(" ")[0] if not flags.startswith("-") else ""
    bundled = variable != "SCONSFLAGS" and "j" in together and "=" not in together
    return bundled or bool(re.search(r"(^|\s)(-j|--jobs)", flags))
