"""The findings as lines of text, for a terminal of any width or for a pipe.  Prints nothing."""

import textwrap
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from distcc_build.doctor.findings import DEGRADED, WELL, Check, Report, Section, Status

__all__ = ["Piece", "ending", "lines"]

TITLE, MARK = 15, 8
"""Columns for the title of a section, and for the state of a thing."""

NARROW = 60
"""Columns below which titles have lines of their own."""

WELL_SHOWN, BAD_SHOWN = 3, 8
"""Things of one section that are shown; a farm of a hundred servers is to fit as well."""

MARKS = {
    Status.OK: ("ok", "green"),
    Status.WARNING: ("warning", "yellow"),
    Status.PROBLEM: ("problem", "bold red"),
    Status.SKIPPED: ("-", "dim"),
}


class Piece(NamedTuple):
    """A part of a line, and how it looks where there are colours (rich's words)."""

    text: str
    style: str = ""


def lines(section: Section, width: int | None) -> Iterator[list[Piece]]:
    """What is printed of a section.

    :param width: of the terminal; None for a pipe, where each thing has one line with the
        section's title in it, for grep.
    """
    narrow = width is not None and width < NARROW
    if narrow:
        yield [Piece(section.title, "bold")]
    indent = 2 if narrow else TITLE
    for number, check in enumerate(_few(section)):
        title = section.title if not narrow and (number == 0 or width is None) else ""
        mark, style = MARKS[check.status]
        head = [Piece(title.ljust(indent), "bold"), Piece(mark.ljust(MARK), style)]
        told = f"{check.name}  {check.text}"
        if width is None:
            yield [*head, Piece(told), *([Piece(f" -> {check.remedy}")] if check.remedy else [])]
            continue
        start = indent + MARK
        dim = "dim" if check.status is Status.SKIPPED else ""
        for part in _wrapped(told, width - start):
            yield [*head, Piece(part, dim)]
            head = [Piece(" " * start)]
        for part in _wrapped(f"-> {check.remedy}", width - start) if check.remedy else ():
            yield [*head, Piece(part, "cyan")]


def ending(report: Report, width: int | None) -> Iterator[list[Piece]]:
    """The verdict, and what to do next."""
    style = {WELL: "bold green", DEGRADED: "bold yellow"}.get(report.exit_status, "bold red")
    told = [("verdict", [report.verdict], style)]
    steps = [f"{number}. {step.text}" for number, step in enumerate(report.steps, 1)]
    told += [("next", steps, "")] if steps else []
    narrow = width is not None and width < NARROW
    indent = 3 if narrow else TITLE
    yield []
    for title, texts, look in told:
        if narrow:
            yield [Piece(title, "bold")]
        head = Piece("" if narrow else title.ljust(indent), "bold")
        for text in texts:
            parts = [text] if width is None else _wrapped(text, width - indent)
            for part in parts:
                yield [head, Piece(part, look)]
                head = Piece(" " * indent)
            head = Piece("" if narrow else " " * indent)


def _few(section: Section) -> Iterator[Check]:
    """The things that are shown: those that are well are named no further where they are many."""
    by_state: dict[Status, list[Check]] = {}
    for check in section.checks:
        by_state.setdefault(check.status, []).append(check)
    limits = {Status.OK: WELL_SHOWN, Status.SKIPPED: WELL_SHOWN}
    hidden: dict[Status, int] = {}
    for state, found in by_state.items():
        most = limits.get(state, BAD_SHOWN)
        # "1 more" takes as much room as the one.
        hidden[state] = len(found) - most if len(found) > most + 2 else 0
    left = {state: len(found) - hidden[state] for state, found in by_state.items()}
    for check in section.checks:
        state = check.status
        if left[state]:
            left[state] -= 1
            yield check
        elif hidden[state]:
            more = f"{hidden.pop(state)} more"
            hidden[state] = 0
            yield Check(f"and {more}", state, "(--json names all)")


def _wrapped(text: str, width: int) -> Iterable[str]:
    """Lines of so many columns; a long path is not broken where that can be helped."""
    width = max(width, 20)
    found = textwrap.wrap(
        text,
        width,
        subsequent_indent="  ",
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return found or [""]
