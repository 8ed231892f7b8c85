"""distcc-build check: for cron: silent when the farm is well, a line for each problem if not."""

import argparse

from distcc_build import values
from distcc_build.cli.common import (
    add_farm,
    add_options,
    cache_directory,
    chosen_farm,
    environment,
    reader,
    warn,
)
from distcc_build.cli.progress import waiting

HELP = "look for problems of the farm; silent and exit 0 when there are none"
EXAMPLE = "distcc-build check --expect 12 --max-latency 0.5"
STATUS = "0 if all is well, 1 if there is a problem"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compilers="prove the servers for this compiler")
    add_farm(parser)
    parser.add_argument(
        "--max-latency",
        type=reader(values.seconds(0.000001, 86_400)),
        metavar="SECONDS",
        help="a server that takes longer for its proof, a small compile, is a problem",
    )
    parser.add_argument(
        "--expect", type=_count, metavar="N", help="another number of servers is a problem"
    )


def run(args: argparse.Namespace) -> int:
    """Print a line for each problem; exit 1 if there is any."""
    from distcc_build.examine import examine
    from distcc_build.health import problems
    from distcc_build.inputs import read_inputs

    environ = environment(args)
    inputs = chosen_farm(args, read_inputs(environ), environ)
    warn(inputs.warnings)
    directory = cache_directory(environ)
    with waiting("asking the servers") as told:
        health = examine(inputs.config, directory, args.compiler, environ.get("PATH"), told)
    found = problems(health, max_latency=args.max_latency, expect=args.expect)
    for line in found:
        print(line)
    return 1 if found else 0


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}")
    return int(text)
