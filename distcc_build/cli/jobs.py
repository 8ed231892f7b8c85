"""distcc-build jobs: how many jobs a build should run at once."""

import argparse
import os

from distcc_build.cli.common import add_options, cache_directory, environment, keep_plans, warn
from distcc_build.cli.progress import waiting

HELP = "print how many jobs a build should run at once"
EXAMPLE = 'ninja -j "$(distcc-build jobs)"'


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compilers="count for a build with this compiler", usual="gcc")


def run(args: argparse.Namespace) -> int:
    """Print one number, whatever happens: it stands in command lines of builds."""
    environ = environment(args)
    try:
        from distcc_build.buildenv import find_basis

        words = args.compiler or ["gcc"]
        directory = cache_directory(environ)
        with waiting("looking for the servers"):
            basis = find_basis(environ, directory, words, content=True)
        warn(basis.warnings)
        jobs = basis.jobs
        here = [one for situation, some in basis.parts for one in situation.compilers(some)]
        if basis.inputs.hosts.discover and not here:
            warn([f"{' '.join(words)!a}: no such compiler on PATH; counting this machine only"])
        for situation, (word, *_) in basis.parts:
            keep_plans(word, situation, environ)
    except Exception as error:  # noqa: BLE001 - `-j "$(distcc-build jobs)"` takes anything for an answer
        warn([f"{str(error) or type(error).__name__}; counting this machine only"])
        jobs = os.cpu_count() or 1
    print(jobs)
    return 0
