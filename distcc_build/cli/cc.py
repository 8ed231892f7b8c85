"""distcc-build cc: what to write for a compiler in a Makefile, or for any CC=."""

import argparse

from distcc_build.errors import UsageError
from distcc_build.wrap import print_wrapped

HELP = "print COMPILER with the launcher in front, for CC= and $(shell)"
EXAMPLE = "CC := $(or $(shell distcc-build cc gcc),gcc)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "words",
        metavar="COMPILER",
        nargs=argparse.REMAINDER,
        help="the compiler and its first arguments, as words or as one quoted command line",
    )


def run(args: argparse.Namespace) -> int:
    """Print the command, quoted for the shell."""
    if not print_wrapped(args.words):
        msg = "cc: no compiler given, as in: distcc-build cc gcc"
        raise UsageError(msg)
    return 0
