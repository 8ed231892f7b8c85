"""distcc-build cmakedir: where find_package(DistccBuild) looks."""

import argparse

from distcc_build import paths
from distcc_build.errors import NotFoundError

HELP = "print the directory of the CMake package, for DistccBuild_DIR"
EXAMPLE = 'cmake -B build -DDistccBuild_DIR="$(distcc-build cmakedir)"'


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 - it has no arguments
    """Print the directory.

    :raises NotFoundError: the package's file is not installed.
    """
    directory = paths.integrations() / "cmake"
    if not (directory / "DistccBuildConfig.cmake").is_file():
        msg = f"DistccBuildConfig.cmake is not in {directory}; install distcc-build again"
        raise NotFoundError(msg)
    print(directory)
    return 0
