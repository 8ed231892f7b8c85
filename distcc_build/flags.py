"""Command lines that stay on this machine, each with its reason.  Data for Python and for C.

The launcher's table is generated from ``ROWS`` at build time (integrations/launcher/flag_table.py),
and both scan in the same way: word by word, every word against all rows in their order; the
first row that matches gives the reason.  What distcc 3.4 does with each flag was measured.
A flag that distcc itself keeps local (``-march=native``, ``--coverage``, ``-flto``, ...) needs no
row: there the compile waits for one of distcc's local slots, which it would not without distcc.

Standard library only, and nothing of this package: the build loads this file by its path.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = ["NO_INPUT", "ROWS", "Kind", "Row", "why_local"]


class Kind(Enum):
    """What of a command line a row looks at."""

    WORD = "the word is this"
    PREFIX = "the word begins with this"
    VALUE = "this option has this value, joined or as the next word"
    OUTPUT = "the value of -o ends with this"
    SUFFIX = "an input file ends with this"
    NAME = "the last component of an input file begins with this"
    PATH = "a file or the working directory is below this; * is the rest of a component"
    TAKES = "the word after this one is its value, not an input file; keeps nothing local"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of command line that stays local."""

    kind: Kind
    text: str
    reason: str
    value: str = ""
    """Only for Kind.VALUE: the value of the option ``text``."""


NO_INPUT = "there is nothing to compile"
"""The reason for a command line without any input file, as ``gcc -v``."""


def why_local(argv: Sequence[str], cwd: str = "") -> str | None:
    """Why this command line is for the compiler itself; None when distcc may have it.

    :param argv: the compiler and its arguments.
    :param cwd: where it runs; empty when that is not known.
    """
    for row in ROWS:
        if row.kind is Kind.PATH and _below(row.text, f"{cwd}/"):
            return row.reason
    some_input = False
    for previous, word, is_input in _words(argv):
        some_input |= is_input
        for row in ROWS:
            if _matches(row, previous, word, is_input=is_input):
                return row.reason
    return None if some_input else NO_INPUT


def _words(argv: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """The word before, the word, and whether it names an input file."""
    previous, takes_value = "", False
    for word in argv[1:]:
        yield previous, word, not takes_value and (word == "-" or not word.startswith("-"))
        takes_value = not takes_value and word in _TAKES_VALUE
        previous = word


def _matches(row: Row, previous: str, word: str, *, is_input: bool) -> bool:
    match row.kind:
        case Kind.WORD:
            return word == row.text
        case Kind.PREFIX:
            return word.startswith(row.text)
        case Kind.VALUE:
            return word == row.text + row.value or (previous, word) == (row.text, row.value)
        case Kind.OUTPUT:
            return word.endswith(row.text) and (previous == "-o" or word.startswith("-o"))
        case Kind.SUFFIX:
            return is_input and word.endswith(row.text)
        case Kind.NAME:
            return is_input and word.rpartition("/")[2].startswith(row.text)
        case Kind.PATH:
            return not word.startswith("-") and _below(row.text, word)
    return False


def _below(directory: str, path: str) -> bool:
    pattern = re.escape(directory).replace(r"\*", "[^/]*")
    return re.search(f"(?:^|/){pattern}/", path) is not None


def _rows(kind: Kind, reason: str, *texts: str) -> tuple[Row, ...]:
    return tuple(Row(kind, text, reason) for text in texts)


_CHECK = "it is a configure check"
_NO_OBJECT = "it makes no object"
_LEFT_THERE = "distcc would leave a file that it writes on the server"
_MACROS = "distcc would precompile a header without its macros"
_FROM_PCH = "clang does not put what is in a precompiled header into preprocessed text"
_MODULES = "C++ modules and their maps are files of this machine"
_NATIVE = "native would mean the server's processor"
_NAMES = "what the server compiles has another name than the source"
_FROM_HERE = "it reads a file of this machine that preprocessed text does not hold"
_SPELLING = "distcc does not know this spelling of an option that it has to change"
_RUNS_HERE = "it names a program or a plugin of this machine"

ROWS: tuple[Row, ...] = (
    # Configure checks: thousands of tiny compiles, often meant to fail.
    *_rows(
        Kind.PATH,
        _CHECK,
        "meson-private",
        "CMakeFiles/CMakeScratch",
        "CMakeFiles/CMakeTmp",
        "CMakeFiles/*/CompilerId*",
        ".sconf_temp",
    ),
    *_rows(Kind.NAME, _CHECK, "conftest."),
    # Meson tries a C++ standard in the system's temporary directory (Meson 1.12: cpp.py,
    # _test_cpp_std_arg); the object of each of its checks has this name.
    *_rows(Kind.OUTPUT, _CHECK, "/output.obj"),
    *_rows(Kind.WORD, _NO_OBJECT, "-E", "-M", "-MM", "-###", "-fsyntax-only", "--analyze"),
    *_rows(Kind.WORD, _NO_OBJECT, "--version", "--help", "--target-help"),
    *_rows(Kind.PREFIX, _NO_OBJECT, "--help=", "-print-", "--print-"),
    # Not the prefix -dump: -dumpbase and -dumpdir go with ordinary compiles (gcc 11).
    *_rows(Kind.WORD, _NO_OBJECT, "-dumpfullversion", "-dumpmachine", "-dumpspecs", "-dumpversion"),
    # distcc#225: the .o even names /tmp/distccd_*.dwo.
    *_rows(Kind.PREFIX, _LEFT_THERE, "-gsplit-dwarf"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-save-temps", "--save-temps", "-fdump-", "-fcallgraph-info"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fsave-optimization-record", "-foptimization-record-file="),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-ftime-trace", "-MJ", "-index-store-path"),
    *_rows(Kind.WORD, _LEFT_THERE, "-fstack-usage", "-aux-info", "-emit-ast"),
    *_rows(
        Kind.WORD,
        _LEFT_THERE,
        "-fdiagnostics-format=json-file",
        "-fdiagnostics-format=sarif-file",
    ),
    # The .gch that comes back lacks all macros, and any later local compile fails on it.
    *(
        Row(Kind.VALUE, "-x", _MACROS, language)
        for language in (
            "c-header",
            "c++-header",
            "objective-c-header",
            "objective-c++-header",
            "c++-system-header",
            "c++-user-header",
        )
    ),
    *_rows(Kind.OUTPUT, _MACROS, ".gch", ".pch"),
    *_rows(Kind.WORD, _MACROS, "-emit-pch"),
    # gcc's own list of header suffixes.
    *_rows(Kind.SUFFIX, _MACROS, ".h", ".hh", ".hp", ".hpp", ".hxx", ".h++"),
    *_rows(Kind.SUFFIX, _MACROS, ".H", ".HPP", ".tcc"),
    *_rows(Kind.WORD, _FROM_PCH, "-include-pch"),
    *_rows(Kind.PREFIX, _MODULES, "-fmodule", "-fprebuilt-module", "-fdeps-", "--precompile"),
    *_rows(Kind.WORD, _MODULES, "-emit-module", "-emit-module-interface"),
    *(Row(Kind.VALUE, "-x", _MODULES, language) for language in ("c++-module", "pcm")),
    *_rows(Kind.OUTPUT, _MODULES, ".pcm"),
    *_rows(Kind.SUFFIX, _MODULES, ".cppm", ".ixx", ".cxxm", ".c++m", ".ccm", ".mxx", ".mpp"),
    # CMake hands clang's module flags over in a response file: @CMakeFiles/.../x.cpp.o.modmap
    *_rows(Kind.SUFFIX, _MODULES, ".modmap", ".pcm"),
    # distcc looks for the words -o, -c and -S only, and then sends or writes the wrong thing.
    *_rows(Kind.PREFIX, _SPELLING, "--output"),
    *_rows(Kind.WORD, _SPELLING, "--compile", "--assemble", "--preprocess", "--"),
    # With a language given, the server compiles distccd_XXXX.i by that name; coverage too.
    *(Row(Kind.VALUE, "-x", _NAMES, language) for language in ("c", "c++")),
    *_rows(Kind.PREFIX, _NAMES, "-fcoverage-mapping", "-fprofile-instr-generate"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fopt-info", "-da", "--dump", "-dumpdir", "-save-stats"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fproc-stat-report", "-serialize-diagnostics"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "--serialize-diagnostics", "-fdiagnostics-format=sarif-file"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-fdiagnostics-format=json-file", "-fprofile-note"),
    # What is handed on to an inner program may name files of its own.
    *_rows(Kind.WORD, _LEFT_THERE, "-Xassembler", "-Xclang", "-mllvm"),
    *_rows(Kind.PREFIX, _LEFT_THERE, "-Wa,-a", "-Wa,--MD", "-Wa,--listing"),
    *_rows(Kind.WORD, _FROM_PCH, "-fpch-preprocess"),
    *_rows(Kind.WORD, _FROM_HERE, "-fpreprocessed"),
    *_rows(Kind.PREFIX, _FROM_HERE, "-fsanitize-ignorelist=", "-fsanitize-blacklist="),
    *_rows(Kind.PREFIX, _FROM_HERE, "-fprofile-sample-use", "-fauto-profile"),
    *(Row(Kind.VALUE, "-MF", _SPELLING, name) for name in ("-", "/dev/stdout", "/dev/stderr")),
    # -march and -mtune are known to distcc, this one is not.
    *_rows(Kind.WORD, _NATIVE, "-mcpu=native"),
    # Refused by distccd, so each such compile would fail there first.
    *_rows(Kind.PREFIX, _RUNS_HERE, "-fplugin", "-wrapper"),
    *_rows(Kind.TAKES, "", "-o", "-x", "-A", "-B", "-D", "-F", "-G", "-I", "-L", "-T", "-U"),
    *_rows(Kind.TAKES, "", "-e", "-l", "-u", "-z", "-MF", "-MJ", "-MQ", "-MT"),
    *_rows(Kind.TAKES, "", "-include", "-imacros", "-include-pch", "-idirafter", "-iquote"),
    *_rows(Kind.TAKES, "", "-isystem", "-cxx-isystem", "-isysroot", "-iwithsysroot", "--sysroot"),
    *_rows(Kind.TAKES, "", "-iprefix", "-iwithprefix", "-iwithprefixbefore", "-imultilib"),
    *_rows(Kind.TAKES, "", "-iframework", "-framework", "-ivfsoverlay", "-working-directory"),
    *_rows(Kind.TAKES, "", "-Xlinker", "-Xassembler", "-Xpreprocessor", "-Xclang", "-mllvm"),
    *_rows(Kind.TAKES, "", "-arch", "-target", "--param", "-aux-info", "-wrapper"),
    *_rows(Kind.TAKES, "", "-dumpbase", "-dumpbase-ext", "-dumpdir", "-rpath"),
    *_rows(Kind.TAKES, "", "-index-store-path", "-serialize-diagnostics"),
)

_TAKES_VALUE = frozenset(row.text for row in ROWS if row.kind is Kind.TAKES)
