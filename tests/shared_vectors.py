"""Test vectors that Python and C share; tests/vectors has the files."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from distcc_build.plan import Plan, freshness

__all__ = ["COMMAND_LINES", "PLANS", "CommandLine", "plan_lines"]

VECTORS = Path(__file__).parent / "vectors"

PLANS = sorted((VECTORS / "plan").iterdir())
"""Plans; a name begins with ``valid-`` or ``odd-``."""


def plan_lines(plan: Plan, now: int) -> bytes:
    """What a plan says, as integrations/launcher/verdicts.c writes it."""
    text = "".join(f"{line}\n" for line in _lines(plan, now))
    return text.encode("utf-8", "surrogateescape")


def _lines(plan: Plan, now: int) -> Iterator[str]:
    yield freshness(plan, now)
    yield f"made {plan.made}"
    yield f"until {plan.until}"
    yield f"stale {plan.stale}"
    for dep in plan.dependencies:
        if dep.mtime_ns is None:
            yield f"dep - {dep.path}"
        else:
            yield f"dep {dep.mtime_ns % 2**64} {dep.size} {dep.inode} {dep.path}"
    yield from ([f"debug {plan.debug}"] if plan.debug else [])
    yield from (f"env {name}={value}" for name, value in plan.env.items())
    yield from (f"default {name}={value}" for name, value in plan.defaults.items())
    yield f"exec {plan.program_kind} {plan.program}"
    yield from (f"note {note.cause} {note.text}" for note in plan.notes)


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
