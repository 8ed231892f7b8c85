"""What lsdistcc and distcc-build say to the same names, case by case: lsdistcc.toml, read."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["ANSWERS", "OPTIONS", "Case", "Said"]


class Said(NamedTuple):
    """What a command line came to."""

    lines: tuple[str, ...]
    """Of its stdout; `...` stands for what varies, and in a line alone for any lines."""
    status: int


class Case(NamedTuple):
    """One row of a table."""

    topic: str
    """The option as `lsdistcc --help` writes it, or what is the case."""
    scene: str
    """The names and servers that there are, by a name that the test knows."""
    theirs: str
    they: tuple[Said, ...]
    """All that lsdistcc may say, its lines in the order of the alphabet."""
    ours: str
    we: Said
    remark: str
    """Markdown."""
    default: str = ""
    """Of an option that has one, as `lsdistcc --help` gives it."""
    times: int = 1
    """How often ours says so, of as many times."""


def _said(parts: list[str | int]) -> Said:
    lines = tuple(one for one in parts if isinstance(one, str))
    return Said(lines, sum(one for one in parts if isinstance(one, int)))


def _case(table: dict[str, Any]) -> Case:
    """One row.

    :raises TypeError: when a field is missing, or there is none of that name.
    """
    they, we = tuple(map(_said, table.pop("they"))), _said(table.pop("we"))
    return Case(they=they, we=we, **table)


_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))

OPTIONS = tuple(map(_case, _TABLES["options"]))
"""Every option of lsdistcc 3.4, and every way in which it is called."""

ANSWERS = tuple(map(_case, _TABLES["answers"]))
"""What it gets wrong."""
