"""distcc-build run: a command with the environment in which its compiles are distributed."""

import argparse
import os
import re
from collections.abc import Mapping

from distcc_build.cli.common import add_options, cache_directory, environment, warn
from distcc_build.errors import UsageError

HELP = "run a build with jobs, hosts and ccache set up for the farm"
EXAMPLE = "distcc-build run -- make CC='distcc gcc'"


COMPILERS = ("gcc", "g++")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser)
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to run")


def run(args: argparse.Namespace) -> int:
    """Become the command; its exit status is this one's."""
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not words or not words[0]:
        raise UsageError("run: expected a command, as in: distcc-build run -- make")
    environ = environment(args)
    try:
        environ = build_environment(environ)
    except Exception as error:  # noqa: BLE001 - whatever it is, the build goes on
        warn([f"{str(error) or type(error).__name__}; the command runs without the farm"])
    try:
        os.execvpe(words[0], words, environ)  # noqa: S606 - no shell is wanted
    except OSError as error:
        warn([f"{words[0]!a}: {error.strerror}"])
        return 127 if isinstance(error, FileNotFoundError) else 126


def build_environment(environ: dict[str, str]) -> dict[str, str]:
    """The environment for a build: whatever the user has set stays.

    :raises DistccBuildError: when there is no launcher or no usable configuration.
    """
    from distcc_build.config import switched_off
    from distcc_build.inputs import read_inputs
    from distcc_build.launch import assess, distcc_environment
    from distcc_build.paths import alias, launcher

    if switched_off(environ):
        return environ
    directory = cache_directory(environ)
    # A plain `distcc` takes one list for all compilers: those servers that are good for both.
    situation = assess(read_inputs(environ), directory, environ, *COMPILERS)
    warn(situation.inputs.warnings)
    hosts, number = situation.hosts(*COMPILERS), situation.jobs(*COMPILERS)
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
    return {**defaults, **environ, **env}


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
