"""The man pages, made from what the code says of itself.  Usage: manual.py VERSION FOLDER.

Run when a wheel is built, so it needs nothing but Python: argparse-manpage and Sphinx would be
needed by everyone who installs from source.  The macros are those of man(7).
"""

import os
import re
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["LAUNCH", "PAGES", "main"]

FILL = 68
"""Characters of a line: with what is escaped in it, it stays below 80, as mandoc wants it."""


def distcc_build(version: str) -> str:
    """The page of distcc-build."""
    from making import facts

    commands = facts.commands()
    lines = [
        *_head("distcc-build", version, "find distcc servers in DNS and send compiles there"),
        ".SH SYNOPSIS",
        ".B distcc-build",
        r"[\fB\-\-version\fR] [\fB\-h\fR] \fICOMMAND\fR ...",
        ".SH DESCRIPTION",
        _text(
            "The administrator gives the distcc servers the DNS names distcc1, distcc2, ...; "
            "every compile of a build that distcc-launch(1) stands before goes to those of them "
            "that give the object that this machine gives. distcc-build shows what was found and "
            "what becomes of a compile, and sets builds up. Results go to standard output, all "
            "else to standard error."
        ),
        ".SH COMMANDS",
    ]
    for one in commands:
        lines += [f".SS {_text(one.name)}", _text(f"{one.summary}."), *_code(one.usage)]
        for argument in one.arguments:
            lines += [".TP", ", ".join(map(_bold, argument.forms)), _text(argument.help)]
        lines += [".PP", _text(f"Exit status: {one.status}.")] if one.status else []
        lines += [".PP", "Example:", *_code(one.example)]
    lines += [".SH CONFIGURATION"]
    lines += [
        _text(
            "None is needed. Options stand in /etc/distcc-build/config.toml and "
            "~/.config/distcc-build/config.toml (TOML); the variable DISTCC_BUILD_OPTION and "
            "-o OPTION=VALUE replace them."
        )
    ]
    for option in facts.options():
        lines += [".TP", _bold(option.name)]
        for paragraph in option.text.split("\n\n"):
            lines += [_text(" ".join(paragraph.split())), ".IP"]
        default = option.default or "none"
        expected = f" Expected: {option.expected}." if option.expected else ""
        lines += [_text(f"Default: {default}.{expected}")]
    lines += [".SH ENVIRONMENT", *_rows((one.name, one.text) for one in facts.variables())]
    lines += [".SH FILES", _text("In the cache directory (DISTCC_BUILD_CACHE_DIR):")]
    lines += _rows((name, f"{what}; swept away {when}") for name, what, when in facts.files())
    lines += [".SH EXIT STATUS", *_rows((one.name, one.text) for one in facts.exits())]
    lines += [".SH SEE ALSO", *_others("distcc-launch", "distcc", "distccd", "ccache")]
    return "\n".join(lines) + "\n"


LAUNCH = {
    "COMPILER ARGUMENTS...": "run the compile on a distcc server where that is possible, else "
    "here; the exit status is the compiler's own",
    "--plan COMPILER...": "print the path of each compiler's plan",
    "--why COMPILER ARGUMENTS...": "print what would be done, for programs; "
    "distcc-build why explains it",
    "--jobs [COMPILER]": "as distcc-build jobs, but at once while a plan holds",
    "--hosts [COMPILER]": "as distcc-build hosts, but at once while a plan holds",
    "--cc COMPILER...": "as distcc-build cc, but at once",
    "--makefile": "as distcc-build makefile, but at once",
    "--version": "print the version",
    "--help": "print this list",
}
"""Of distcc-launch; compared with what the program itself says (tests/docs/test_manual.py)."""


def distcc_launch(version: str) -> str:
    """The page of distcc-launch."""
    from making import facts

    lines = [
        *_head("distcc-launch", version, "compile on a distcc server where that is possible"),
        ".SH SYNOPSIS",
        ".B distcc-launch",
        r"\fICOMPILER ARGUMENTS\fR...",
        ".SH DESCRIPTION",
        _text(
            "It stands before the compiler in a build. Where a plan says so, it becomes distcc(1), "
            "with the servers that distcc-build(1) has found and proved; command lines that distcc "
            "would send away wrongly, and configure checks, go to the compiler itself. Where there "
            "is no plan, one process discovers the servers, and all others wait for it, three "
            "seconds at most. Whatever happens, the compile does."
        ),
        ".SH OPTIONS",
        *_rows(LAUNCH.items()),
        ".SH ENVIRONMENT",
        *_rows((one.name, one.text) for one in facts.variables()),
        ".SH EXIT STATUS",
        _text("That of the compiler. 1 where a question of an option has no answer."),
        ".SH EXAMPLES",
        "By hand, in CMake, and behind ccache:",
        *_code(
            "distcc-launch gcc -O2 -c hello.c -o hello.o\n"
            "cmake -B build -DCMAKE_C_COMPILER_LAUNCHER=distcc-launch\n"
            "CCACHE_PREFIX=distcc-launch ccache gcc -c hello.c"
        ),
        ".SH SEE ALSO",
        *_others("distcc-build", "distcc", "ccache"),
    ]
    return "\n".join(lines) + "\n"


PAGES = {"distcc-build.1": distcc_build, "distcc-launch.1": distcc_launch}


def _head(name: str, version: str, summary: str) -> Iterator[str]:
    # The convention of reproducible-builds.org: a build can be repeated byte for byte.
    now = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    date = time.strftime("%Y-%m-%d", time.gmtime(now))
    yield f'.TH {name.upper()} 1 "{date}" "distcc-build {version}" "User Commands"'
    yield from (".SH NAME", rf"{_text(name)} \- {_text(summary)}")


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in rows:
        yield from (".TP", _bold(name), _text(f"{text}."))


def _code(text: str) -> Iterator[str]:
    yield from (".PP", ".RS 4", ".nf", *map(_line, text.split("\n")), ".fi", ".RE")


def _others(*names: str) -> Iterator[str]:
    last = len(names) - 1
    for index, name in enumerate(names):
        yield f".BR {_text(name)} (1)" + ("" if index == last else " ,")


def _bold(text: str) -> str:
    return rf"\fB{_text(text)}\fR"


def _text(text: str) -> str:
    """Filled text; backquotes around code are left out."""
    return "\n".join(map(_line, textwrap.wrap(text.replace("`", ""), FILL, break_on_hyphens=False)))


def _line(text: str) -> str:
    """A line in which nothing means anything to roff."""
    # A dash between words may be broken and copied as another sign; a quote or a dot at the
    # beginning would be an order.
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    escaped = escaped.replace("^", r"\(ha").replace("~", r"\(ti").replace("`", r"\(ga")
    return re.sub(r"^(?=[.'])", r"\\&", escaped)


def main(version: str, folder: str) -> None:
    """Write all pages.

    :param folder: where to; it is made where it is missing.
    """
    here = Path(__file__).resolve()
    # Of the tree, not of what may be installed beside this Python.
    sys.path[:0] = [str(here.parents[2]), str(here.parents[1])]
    sys.dont_write_bytecode = True
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        Path(folder, name).write_text(page(version), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
