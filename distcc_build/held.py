"""The plan that is kept for a compiler, and whether it holds: what the launcher would say of it."""

import os
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from distcc_build.errors import PlanError
from distcc_build.plan import MAX_SIZE, Dependency, Plan, freshness, parse_plan
from distcc_build.store import read_trusted

__all__ = ["Held", "State", "look_at"]


class State(Enum):
    """What a plan is worth."""

    NONE = "none"
    UNREADABLE = "unreadable"
    FRESH = "fresh"
    STALE = "stale, but used"
    OLD = "too old"
    CHANGED = "no longer true"


class Held(NamedTuple):
    """What was found."""

    state: State
    plan: Plan | None = None
    why: str = ""
    """What is wrong with the file, or which file is another one now than when it was made."""

    @property
    def holds(self) -> bool:
        """Whether the next compile uses it."""
        return self.state in {State.FRESH, State.STALE}

    @property
    def said(self) -> str:
        """The state in words."""
        changed = self.state is State.CHANGED
        return f"{self.state.value}: {self.why} has changed" if changed else self.state.value


def look_at(path: Path, now: float) -> Held:
    """Look at a plan as the launcher does (integrations/launcher/plan.c, deps.c).

    :param now: seconds since 1970.
    """
    data = read_trusted(path, MAX_SIZE)
    if data is None:
        return Held(State.NONE)
    try:
        plan = parse_plan(data)
    except PlanError as error:
        return Held(State.UNREADABLE, None, str(error))
    worth = freshness(plan, now)
    if worth == "none":
        return Held(State.OLD, plan)
    changed = next((one.path for one in plan.dependencies if not _same(one)), None)
    if changed is not None:
        return Held(State.CHANGED, plan, changed)
    return Held(State.FRESH if worth == "fresh" else State.STALE, plan)


def _same(seen: Dependency) -> bool:
    """Whether a file is as it was when the plan was made."""
    try:
        found = os.stat(seen.path)  # noqa: PTH116
    except OSError:
        return seen.mtime_ns is None
    now = Dependency(seen.path, found.st_mtime_ns, found.st_size, found.st_ino)
    return seen.mtime_ns is not None and now == seen
