"""distcc-build doctor: everything between a compile and its server, looked at once.

Exit status: 0 when compiles are distributed and nothing is to be mended (warnings do not
count); 1 when they are distributed, but a problem was found or one of the compilers has no
servers; 7 when nothing is distributed; 2 for bad usage.
"""

import argparse
import json
import math
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from distcc_build.cli.common import add_options, compiler_word, environment, printable

if TYPE_CHECKING:
    from distcc_build.doctor.case import Case
    from distcc_build.doctor.screen import Piece

HELP = "look at everything between a compile and its server, and say what to do next"
EXAMPLE = "distcc-build doctor --compiler gcc --compiler clang++-15"

STATUSES = """
exit status:
  0  compiles are distributed, and nothing is to be mended (warnings do not count)
  1  they are, but there is a problem, or one of the compilers has no servers
  7  nothing is distributed
  2  bad usage"""

DEADLINE = 60.0
"""Seconds; where all is well it takes two, and a silent server takes five."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{parser.epilog}\n{STATUSES}"
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="all that was found, as JSON")
    parser.add_argument(
        "--compiler",
        action="append",
        default=[],
        type=compiler_word,
        metavar="WORD",
        help="the compiler that it is about; several times for several (default: gcc, g++)",
    )
    parser.add_argument(
        "--deadline",
        type=_seconds,
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
    with opened(environ, args.compiler, args.deadline) as case, _deadline(case):
        waiting, paper = _Waiting(), _Paper()
        case.told = waiting.told
        try:
            report = go_round(
                case,
                (lambda _: None)
                if args.json
                else (lambda section: paper.print(lines(section, paper.width), waiting)),
            )
        finally:
            waiting.end()
    if args.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        paper.print(ending(report, paper.width), waiting)
    return report.exit_status


class _Waiting:
    """What is being done, in the last line of a terminal; nothing where stderr is none."""

    def __init__(self) -> None:
        self._status = None
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("")

    def told(self, text: str) -> None:
        """Say it until the next."""
        if self._status is not None:
            from rich.text import Text

            self._status.update(Text(text))
            self._status.start()

    def end(self) -> None:
        """Say nothing any more: something else is to be printed there."""
        if self._status is not None:
            self._status.stop()


class _Paper:
    """Stdout: colours and a width if it is a terminal."""

    def __init__(self) -> None:
        self._console = None
        self.width: int | None = None
        # Most of the time that rich takes to import is for what a pipe has no need of.
        if sys.stdout.isatty():
            from rich.console import Console

            self._console = Console(highlight=False, soft_wrap=True)
            self.width = self._console.width

    def print(self, lines: "Iterable[list[Piece]]", waiting: _Waiting) -> None:
        """Print lines; nothing in them moves a cursor."""
        waiting.end()
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


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < 1e6:
        raise argparse.ArgumentTypeError(f"expected seconds, such as 30, got {text!a}")
    return seconds
