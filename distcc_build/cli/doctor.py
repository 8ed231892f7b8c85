"""distcc-build doctor: everything between a compile and its server, looked at once.

Exit status: 0 when compiles are distributed and nothing is to be mended (warnings do not
count); 1 when they are distributed, but a problem was found or one of the compilers has no
servers; 7 when nothing is distributed; 2 for bad usage.  It is about one farm, that of the first
compiler; the verdict names what is of another.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from distcc_build import values
from distcc_build.cli.common import (
    add_options,
    environment,
    print_json,
    printable,
    reader,
)
from distcc_build.cli.progress import waiting

if TYPE_CHECKING:
    from distcc_build.doctor.case import Case
    from distcc_build.doctor.findings import Section
    from distcc_build.doctor.screen import Piece

HELP = "look at everything between a compile and its server, and say what to do next"
EXAMPLE = "distcc-build doctor --compiler gcc --compiler clang++-15"
STATUS = (
    "0 if compiles are distributed and nothing is to be mended (warnings do not count), 1 if "
    "they are but there is a problem or a compiler without servers, 7 if nothing is distributed; "
    "compilers of another farm than the first one's are named in the verdict, and not looked at"
)

USUAL = "those that CC and CXX name, else gcc, g++"

DEADLINE = 60.0
"""Seconds; where all is well it takes two, and a silent server takes five."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compilers="the compiler that it is about", usual=USUAL)
    parser.add_argument(
        "--json", action="store_true", help="all that was found, as JSON (distcc-build schema)"
    )
    parser.add_argument(
        "--deadline",
        type=reader(values.seconds(0.001, 86_400)),
        default=DEADLINE,
        metavar="SECONDS",
        help="the longest that all of it may take (default: 60)",
    )


def run(args: argparse.Namespace) -> int:
    """Look, print what was found as it is found, and end with the verdict."""
    from distcc_build.doctor.case import opened
    from distcc_build.doctor.round import go_round
    from distcc_build.doctor.screen import ending, lines

    environ = environment(args)
    paper = _Paper()

    def shown(section: "Section") -> None:
        if not args.json:
            paper.print(lines(section, paper.width))

    with opened(environ, args.compiler, args.deadline) as case, _deadline(case):
        report = go_round(case, shown, waiting)
    if args.json:
        print_json(report.as_json())
    else:
        paper.print(ending(report, paper.width))
    return report.exit_status


class _Paper:
    """Stdout: colours and a width if it is a terminal."""

    def __init__(self) -> None:
        self._console = None
        self.width: int | None = None
        # rich takes long to import, and a pipe has no need of it.
        if sys.stdout.isatty() or os.environ.get("FORCE_COLOR"):
            from rich.console import Console

            self._console = Console(highlight=False, soft_wrap=True)
            # Nor has it a width, even if colours are forced.
            self.width = self._console.width if sys.stdout.isatty() else None

    def print(self, lines: "Iterable[list[Piece]]") -> None:
        """Print lines; nothing in them moves a cursor."""
        for line in lines:
            pieces = [(printable(one.text), one.style) for one in line]
            if self._console is None:
                print("".join(text for text, _ in pieces).rstrip())
                continue
            from rich.text import Text

            # As text: what a server says must not be taken for colours and links.
            shown = Text.assemble(*pieces)
            shown.rstrip()
            self._console.print(shown)
        sys.stdout.flush()


@contextmanager
def _deadline(case: "Case") -> Iterator[None]:
    """Let no station look for longer than there is time: whatever it waits for."""
    from distcc_build.doctor.round import TooLate

    def late(*_: object) -> None:
        if case.looking:
            raise TooLate

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, max(case.until - time.monotonic(), 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
