"""A compiler command with the launcher in front of it: once, and where it belongs.

`distcc-build cc` stands in $(shell ...), so what is imported here is imported while make waits.
"""

import os
import sys
from collections.abc import Mapping, Sequence

__all__ = ["compiler_words", "find_alias", "print_wrapped", "with_launcher", "without_launcher"]

LAUNCHERS = {"distcc", "distcc-launch"}

SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_")
"""Characters that no shell takes for more than themselves."""


def print_wrapped(given: Sequence[str]) -> bool:
    """Print a compiler command with the launcher, quoted for the shell; False if there is none.

    Prints the same whether distribution is on or off: a command that changes rebuilds everything.
    Prints the plain compiler where the launcher is missing, because in a Makefile nothing is
    worse than an empty CC.
    """
    words = with_launcher(compiler_words(given), find_alias(), os.environ)
    if words:
        sys.stdout.write(" ".join(_quoted(word) for word in words) + "\n")
    return bool(words)


def find_alias() -> str | None:
    """Return the launcher under the name that goes into a build; None when it is not installed."""
    try:
        from distcc_build import paths

        return paths.alias_text()
    except Exception:  # noqa: BLE001 - half an uninstall may raise anything; the compile must go on
        return None


def compiler_words(given: Sequence[str]) -> list[str]:
    """Return the words of a compiler command.

    :param given: its words, or one word that is a whole command line ("ccache gcc").
    """
    words = [word for word in (given[1:] if given[:1] == ["--"] else given) if word]
    # A path with blanks in it is one word still.
    if len(words) == 1 and len(words[0].split()) > 1 and not os.access(words[0], os.X_OK):
        import shlex

        try:
            return shlex.split(words[0])
        except ValueError:
            return words[0].split()
    return words


def without_launcher(words: Sequence[str]) -> list[str]:
    """Return the words behind our launcher and plain distcc, if any are in front."""
    start = 0
    while start < len(words) and _base(words[start]) in LAUNCHERS:
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


def _quoted(word: str) -> str:
    if word and SAFE.issuperset(word):
        return word
    import shlex

    return shlex.quote(word)
