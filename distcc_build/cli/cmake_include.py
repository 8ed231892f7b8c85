"""distcc-build cmake-include: CMake without an edit of the project."""

import argparse

from distcc_build import paths
from distcc_build.errors import NotFoundError

HELP = "print the file for CMAKE_PROJECT_TOP_LEVEL_INCLUDES (CMake 3.24 or newer)"
EXAMPLE = 'cmake -B build \\\n  -DCMAKE_PROJECT_TOP_LEVEL_INCLUDES="$(distcc-build cmake-include)"'


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 - it has no arguments
    """Print the path of the file.

    :raises NotFoundError: it is not installed.
    """
    # The package file serves here too: what it does needs nothing of find_package.
    file = paths.integrations() / "cmake" / "DistccBuildConfig.cmake"
    if not file.is_file():
        msg = f"{file} is missing; install distcc-build again"
        raise NotFoundError(msg)
    print(file)
    return 0
