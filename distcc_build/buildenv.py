"""The environment of a whole build: jobs, hosts and ccache set up for the farm."""

import os
import re
from collections.abc import Mapping, Sequence

from distcc_build.config import switched_off
from distcc_build.inputs import read_inputs
from distcc_build.launch import Situation, assess, distcc_environment
from distcc_build.paths import alias, launcher, plan_paths

__all__ = ["COMPILERS", "build_environment"]

COMPILERS = ("gcc", "g++")
"""What a plain `distcc` is given servers for."""


def build_environment(
    environ: dict[str, str], compilers: Sequence[str] = COMPILERS
) -> tuple[dict[str, str], Situation | None]:
    """The environment for a build, and what it rests on: whatever the user has set stays.

    :param compilers: those of the build; jobs, and the list for a plain `distcc`, are for these.
    :returns: the same environment, and nothing, where DISTCC_BUILD is off.
    :raises DistccBuildError: when there is no launcher or no usable configuration.
    """
    if switched_off(environ):
        return environ, None
    directory = plan_paths(COMPILERS[:1], environ)[0].parent
    # A plain `distcc` takes one list for all compilers: those servers that are good for each.
    situation = assess(read_inputs(environ), directory, environ, *compilers)
    hosts, number = situation.hosts(*compilers), situation.jobs(*compilers)
    env, defaults = distcc_environment(situation, hosts, environ, directory)
    if "DISTCC_HOSTS" in env:
        # The launcher goes on discovering; the expanded list is for distcc called by name.
        env["DISTCC_BUILD_HOSTS"] = str(situation.inputs.hosts)
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
    return {**defaults, **environ, **env}, situation


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
