"""distcc-build cc: what to write for a compiler in a Makefile, or for any CC=."""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence

from distcc_build.errors import UsageError

HELP = "print COMPILER with the launcher in front, for CC= and $(shell)"
EXAMPLE = "CC := $(or $(shell distcc-build cc gcc),gcc)"

_LAUNCHERS = {"distcc", "distcc-launch"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "words",
        metavar="COMPILER",
        nargs=argparse.REMAINDER,
        help="the compiler and its first arguments, as words or as one quoted command line",
    )


def run(args: argparse.Namespace) -> int:
    """Print the command, quoted for the shell.

    Prints the same whether distribution is on or off: a command that changes rebuilds everything.
    Prints the plain compiler where the launcher is missing, and exits 0 all the same, because in
    a Makefile nothing is worse than an empty CC.
    """
    words = compiler_words(args.words)
    if not words:
        msg = "cc: no compiler given, as in: distcc-build cc gcc"
        raise UsageError(msg)
    sys.stdout.write(shlex.join(with_launcher(words, find_alias(), os.environ)) + "\n")
    return 0


def find_alias() -> str | None:
    """Return the launcher under the name that goes into a build; None when it is not installed."""
    try:
        from distcc_build import paths

        return str(paths.alias())
    except Exception:  # noqa: BLE001 - half an uninstall may raise anything; the compile must go on
        return None


def compiler_words(given: Sequence[str]) -> list[str]:
    """Return the words of a compiler command.

    :param given: its words, or one word that is a whole command line ("ccache gcc").
    """
    words = [word for word in (given[1:] if given[:1] == ["--"] else given) if word]
    # A path with blanks in it is one word still.
    if len(words) == 1 and len(words[0].split()) > 1 and not os.access(words[0], os.X_OK):
        try:
            return shlex.split(words[0])
        except ValueError:
            return words[0].split()
    return words


def without_launcher(words: Sequence[str]) -> list[str]:
    """Return the words behind our launcher and plain distcc, if any are in front."""
    start = 0
    while start < len(words) and _base(words[start]) in _LAUNCHERS:
        start += 1
    return list(words[start:])


def with_launcher(
    words: Sequence[str], launcher: str | None, environ: Mapping[str, str]
) -> list[str]:
    """Return a compiler command that goes through the launcher, once.

    :param words: the compiler command, with or without a launcher in front.
    :param launcher: path of the launcher; None leaves the plain compiler.
    :param environ: the environment; a CCACHE_PREFIX in it is the user's and stays in force.
    """
    words = without_launcher(words)
    if launcher is None or not words:
        return words
    if _base(words[0]) == "env" and any(word.startswith("CCACHE_PREFIX=") for word in words):
        return words
    if _base(words[0]) == "sccache":
        # It looks for the compiler in its first word, knows no prefix, and distributes by itself.
        return words
    if _base(words[0]) == "ccache":
        # Before ccache the launcher would cost each hit a look at the farm; behind it, as
        # `ccache launcher gcc`, ccache takes gcc for a source file and caches nothing.  ccache
        # splits the prefix at blanks, so a path with one cannot be told to it.
        if "CCACHE_PREFIX" in environ or len(launcher.split()) > 1:
            return words
        return ["env", f"CCACHE_PREFIX={launcher}", *words]
    return [launcher, *words]


def _base(word: str) -> str:
    return word.rpartition("/")[2]
