"""distcc-build schema: what the --json of a command prints, for programs that read it."""

import argparse
from pathlib import Path

import distcc_build
from distcc_build.errors import NotFoundError

HELP = "print the JSON Schema of what a command prints with --json"
EXAMPLE = "distcc-build schema servers > servers.schema.json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    names = sorted(one.stem for one in _folder().glob("*.json"))
    parser.add_argument(
        "about", choices=names, metavar="COMMAND", help=f"one of {', '.join(names)}"
    )


def run(args: argparse.Namespace) -> int:
    """Print the schema (draft 2020-12).

    :raises NotFoundError: it went away since the arguments were read.
    """
    file = _folder() / f"{args.about}.json"
    try:
        print(file.read_text("utf-8"), end="")
    except FileNotFoundError:
        raise NotFoundError(f"{file} is missing; install distcc-build again") from None
    return 0


def _folder() -> Path:
    """Beside the modules in every installation, an editable one too."""
    return Path(distcc_build.__file__).parent / "schemas"
