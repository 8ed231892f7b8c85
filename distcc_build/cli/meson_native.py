"""distcc-build meson-native: a Meson native file that compiles on the farm."""

import argparse
import os
import sys
from collections.abc import Sequence

from distcc_build import paths
from distcc_build.errors import UsageError
from distcc_build.wrap import compiler_words, find_alias, without_launcher

HELP = "print a Meson native file for C and C++ compilers behind the launcher"
EXAMPLE = "meson setup build --native-file <(distcc-build meson-native)"

# Entry of [binaries] -> the variable Meson reads and what it looks for without it, in its order
# (mesonbuild/compilers/detect.py), so that the same compiler is found as without a native file.
LANGUAGES = {
    "c": ("CC", ("cc", "gcc", "clang")),
    "cpp": ("CXX", ("c++", "g++", "clang++")),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("--ccache", action="store_true", help="ask ccache first, then the farm")


def run(args: argparse.Namespace) -> int:
    """Print the file; without an installed launcher, one that names the plain compilers."""
    alias = find_alias()
    if alias is None:
        print("distcc-build: the launcher is missing; compiling locally", file=sys.stderr)
    lines = ["# Written by distcc-build meson-native.", "[binaries]"]
    for entry, (variable, names) in LANGUAGES.items():
        words = _compiler(variable, names)
        if words:
            lines.append(f"{entry} = {array(command(words, alias, ccache=args.ccache))}")
    # At a job count that fits the farm, links would all start here at once.
    links = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines += ["", "[built-in options]", f"backend_max_links = {links or 1}"]
    print("\n".join(lines))
    return 0


def command(words: Sequence[str], alias: str | None, *, ccache: bool) -> list[str]:
    """Return the words of one compiler entry.

    The launcher stands first even before ccache, which it then runs with CCACHE_PREFIX set to
    itself: Meson and clangd know no environment variables in a command.

    :param words: the user's compiler, perhaps with launchers in front.
    :param alias: the launcher; None leaves it out.
    :param ccache: put ccache before the compiler if it is not there.
    """
    words = without_launcher(words)
    first = words[0].rpartition("/")[2]
    if ccache and first not in {"ccache", "sccache"}:
        words = ["ccache", *words]
    if alias is None or first == "sccache":
        return words
    return [alias, *words]


def array(words: Sequence[str]) -> str:
    """Write words as a Meson array.

    >>> print(array(["/opt/it's/distcc", "gcc"]))
    ['''/opt/it's/distcc''', 'gcc']
    """
    return "[" + ", ".join(_string(word) for word in words) + "]"


def _string(word: str) -> str:
    # In a machine file Meson takes backslashes literally, so a quote cannot be escaped
    # (MachineFileParser._parse_section, "Windows paths"); three quotes hold one or two.
    if "\n" in word or "@DIRNAME@" in word or "@GLOBAL_SOURCE_ROOT@" in word:
        msg = f"a Meson native file cannot hold {word!r}; link it to a plainer name"
        raise UsageError(msg)
    if "'" not in word:
        return f"'{word}'"
    if "\\" in word or "'''" in word or word.endswith("'"):
        msg = f"a Meson native file cannot hold {word!r}; link it to a plainer name"
        raise UsageError(msg)
    return f"'''{word}'''"


def _compiler(variable: str, names: Sequence[str]) -> list[str]:
    given = os.environ.get(variable, "")
    if given.strip():
        return compiler_words([given])
    path = os.environ.get("PATH")
    return next(([name] for name in names if paths.find_program(name, path)), [])
