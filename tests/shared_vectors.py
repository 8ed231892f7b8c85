"""Test vectors that Python and C share; tests/vectors has the files."""

import shlex
from pathlib import Path
from typing import NamedTuple

__all__ = ["COMMAND_LINES", "PLANS", "CommandLine"]

VECTORS = Path(__file__).parent / "vectors"

PLANS = sorted((VECTORS / "plan").iterdir())
"""Plans; a name begins with ``valid-`` or ``odd-``."""


class CommandLine(NamedTuple):
    """A compile, and whether it is to stay on this machine."""

    argv: list[str]
    cwd: str
    local: bool

    def __str__(self) -> str:
        return " ".join([self.cwd, *self.argv])


def _command_line(line: str) -> CommandLine:
    verdict, *words = shlex.split(line)
    cwd = ""
    if words[1:2] == ["$"]:
        cwd, words = words[0], words[2:]
    return CommandLine(words, cwd, {"local": True, "distcc": False}[verdict])


COMMAND_LINES = [
    _command_line(line)
    for line in (VECTORS / "flags").read_text("utf-8").splitlines()
    if not line.startswith("# ")
]
