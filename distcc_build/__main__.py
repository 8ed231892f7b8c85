"""The command distcc-build: finds the subcommand, runs it, turns errors into one line."""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from distcc_build.cli import COMMANDS
from distcc_build.errors import DistccBuildError

if TYPE_CHECKING:
    from distcc_build.cli.parsing import Parser


def parser(only: str | None = None) -> "Parser":
    """The parser of the whole command line.

    :param only: import and describe just this subcommand, as one run needs no other;
        None describes all of them.
    """
    import importlib

    from distcc_build.cli.parsing import Parser

    top = Parser(
        prog="distcc-build",
        description="Find the distcc servers of this network and send compiles there.",
        epilog="distcc-build help COMMAND (or COMMAND --help) tells more about a command.",
    )
    top.add_argument(
        "--version", action="store_true", help="print the versions of all that takes part"
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, module_name in COMMANDS.items():
        if only not in (None, name):
            continue
        module = importlib.import_module(f"distcc_build.cli.{module_name}")
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=f"{module.HELP[0].upper()}{module.HELP[1:]}.",
        )
        command.example, command.status = module.EXAMPLE, getattr(module, "STATUS", "")
        module.configure(command)
        command.set_defaults(run=module.run)
    return top


def _at_once(words: list[str]) -> int | None:
    """The exit status of what somebody waits for: without a parser; None for all else."""
    if words[:1] == ["_refresh"]:
        # Started by the launcher, which compiles wait for.
        from distcc_build.renew import background

        return background(words[1:])
    if words[:1] == ["cc"] and words[1:] and not words[1].startswith("-"):
        # By make, in its $(shell).
        from distcc_build.wrap import print_wrapped

        return 0 if print_wrapped(words[1:]) else 2
    if words[:1] in (["jobs"], ["hosts"]):
        # By builds, when they start.
        from distcc_build.quick import answered

        return 0 if answered(words) else None
    return None


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    :param argv: the words behind the program's name; None takes this process's own.
    :returns: the exit status: the command's own, 2 for bad usage, else the error's.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    # What is closed nobody reads; left as None, stdout would get what is for stderr.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    try:
        status = _at_once(words)
        if status is None:
            status = _run(words)
        sys.stdout.flush()
    except DistccBuildError as error:
        _warn(str(error))
        return error.exit_code
    except BrokenPipeError:
        # The reader went away (`| head`).
        return _unwritten(141)
    except OSError as error:
        _warn(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))
        return _unwritten(74)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("DISTCC_BUILD_VERBOSE"):
            raise
        # A fault of ours; what a user can mend is a DistccBuildError.
        _warn(f"{type(error).__name__}: {error} (DISTCC_BUILD_VERBOSE=1 shows where)")
        return 70
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        # Nobody heard it, which is no reason for another exit status.
        _forget(sys.stderr)
    return status


def _run(words: list[str]) -> int:
    if words[:1] == ["help"]:
        # As with git; whatever stands behind the command does not matter.
        words = [*words[1:2], "--help"]
    first = words[0] if words and not words[0].startswith("-") else None
    if first is not None and first not in COMMANDS:
        from distcc_build.cli.parsing import unknown_command

        raise unknown_command(first, COMMANDS)
    top = parser(first)
    # What follows an option that stands before all commands is not looked at.
    number = len(words) if first else 1
    args = top.parse_for(words[:number], first, words[number:])
    if args.version:
        from distcc_build.cli.version import print_versions

        print_versions()
        return 0
    if args.command is None:
        top.print_help()
        return 2
    return int(args.run(args))


def _warn(text: str) -> None:
    from distcc_build.cli.common import warn

    warn([text])


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - until the end


def _unwritten(status: int) -> int:
    """The status, with nothing left that Python would try to write once more at its end."""
    _forget(sys.stdout)
    return status


def _forget(stream: TextIO) -> None:
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
