"""distcc-build makefile: the fragment a Makefile includes."""

import argparse

from distcc_build import paths
from distcc_build.errors import NotFoundError

HELP = "print the path of the Makefile fragment that sets CC, CXX and -j"
EXAMPLE = "include $(shell distcc-build makefile)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 - it has no arguments
    """Print the path.

    :raises NotFoundError: the fragment is not installed; include then reads nothing.
    """
    file = paths.integrations() / "make" / "distcc-build.mk"
    if not file.is_file():
        msg = f"{file} is missing; install distcc-build again"
        raise NotFoundError(msg)
    print(file)
    return 0
