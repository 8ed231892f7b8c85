"""distcc-build refresh: discover anew, whatever is still fresh."""

import argparse

from distcc_build.cli.common import add_options, cache_directory, environment
from distcc_build.cli.progress import waiting

HELP = "discover the servers anew and renew the plans"
EXAMPLE = "distcc-build refresh"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compiler=True)


def run(args: argparse.Namespace) -> int:
    """Ask for every name again, and print what came of it."""
    from distcc_build.inputs import read_inputs
    from distcc_build.launch import assess, assess_silent
    from distcc_build.renew import write_plans
    from distcc_build.words import count

    environ = environment(args)
    inputs = read_inputs(environ)
    if inputs.off:
        print("DISTCC_BUILD is off: nothing to discover")
        return 0
    directory = cache_directory(environ, args.compiler)
    with waiting("looking for the servers"):
        # Whoever asks for it by hand wants to know; no compile waits.
        situation = assess(inputs, directory, environ, args.compiler, force=True, patient=True)
        situation = assess_silent(situation, directory, [args.compiler]) or situation
    write_plans(args.compiler, situation, environ)
    if situation.farm is None:
        print(f"nothing to discover: {situation.inputs.hosts_source} lists the servers")
        return 0
    farm = situation.farm
    good, jobs = len(situation.good([args.compiler])), situation.jobs(args.compiler)
    found = f"{count(len(farm.used), 'server')}, {good} good for {args.compiler}"
    print(f"{found}, {count(jobs, 'job')}: {farm.why}")
    return 0
