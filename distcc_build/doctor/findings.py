"""What doctor found, what is to be done first, and the exit status.  Looks at nothing itself."""

from enum import Enum, IntEnum
from math import inf
from typing import Any, NamedTuple

from distcc_build.words import count, listed

__all__ = [
    "DEGRADED",
    "HERE",
    "WELL",
    "Check",
    "Distribution",
    "Loss",
    "Report",
    "Section",
    "Status",
    "Step",
    "late",
    "ok",
    "problem",
    "skipped",
    "warning",
]

WELL, DEGRADED, HERE = 0, 1, 7
"""Exit status: distributed and nothing to mend, distributed in part or with something to mend,
nothing distributed.  2 to 6 and from 64 on mean the same as with all other commands."""

STEPS = 3
"""Things to do next that are named: more nobody does at once."""


MORE_TIME = "give it more time: --deadline SECONDS"
"""What to do about what was not looked at for that."""


class Status(Enum):
    """How one thing is."""

    OK = "ok"
    WARNING = "warning"
    """It may matter, or not: the exit status does not show it."""
    PROBLEM = "problem"
    SKIPPED = "skipped"
    """There was nothing to look at, or no way to."""


class Loss(IntEnum):
    """What is lost by a thing that is not well: what loses most is to be mended first."""

    NOTHING = 0
    ADVICE = 1
    """Nothing for now."""
    SYSTEM = 2
    """The compiles of one build system."""
    SERVERS = 3
    """A part of the farm."""
    COMPILER = 4
    """The compiles of one compiler."""
    ALL = 5
    """No compile is distributed."""
    TRUST = 6
    """More than compiles: objects that this machine would not make."""


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    """Of the thing: a compiler's word, a server's name, ..."""
    status: Status
    text: str
    """What was found, for people."""
    remedy: str = ""
    """What to do; empty where nothing is to be done, or another check says it."""
    loss: Loss = Loss.NOTHING
    misleads: bool = False
    """Something was meant otherwise than it is understood: what is wrong behind it on the way
    may be wrong for that, and is not to be mended before it."""


def ok(name: str, text: str) -> Check:
    """A thing that is well."""
    return Check(name, Status.OK, text)


def skipped(name: str, text: str) -> Check:
    """A thing that was not looked at."""
    return Check(name, Status.SKIPPED, text)


def late(name: str) -> Check:
    """A thing for which no time was left."""
    return Check(name, Status.SKIPPED, "no time was left", MORE_TIME, Loss.ADVICE)


def warning(name: str, text: str, remedy: str, loss: Loss = Loss.ADVICE) -> Check:
    """A thing that may matter."""
    return Check(name, Status.WARNING, text, remedy, loss)


def problem(name: str, text: str, remedy: str, loss: Loss, *, misleads: bool = False) -> Check:
    """A thing to mend."""
    return Check(name, Status.PROBLEM, text, remedy, loss, misleads)


class Section(NamedTuple):
    """All that was found at one station of a compile's way."""

    name: str
    """Stable, for scripts."""
    title: str
    checks: tuple[Check, ...]


class Distribution(NamedTuple):
    """What becomes of one compiler's compiles."""

    word: str
    """The compiler as typed."""
    servers: int = 0
    """How many compile for it."""
    slots: int = 0
    """Jobs at once that these take."""


class Step(NamedTuple):
    """One thing to do."""

    subjects: tuple[str, ...]
    """Names of what it mends."""
    remedy: str
    loss: Loss
    wrong: bool
    """One of them is a problem."""
    misleads: bool = False
    """One of them does."""

    @property
    def text(self) -> str:
        """The whole of it, in one line."""
        shown = self.subjects[:STEPS]
        more = len(self.subjects) - len(shown)
        names = listed([*shown, *([f"{more} more"] if more else [])])
        return f"{names}: {self.remedy}"


class Report(NamedTuple):
    """Everything that doctor says."""

    sections: tuple[Section, ...]
    distributions: tuple[Distribution, ...] = ()
    """One for each compiler that it is about."""
    elsewhere: tuple[str, ...] = ()
    """What was not looked at: compilers and farms, for people."""

    @property
    def checks(self) -> list[Check]:
        """Those of all sections, top to bottom."""
        return [check for section in self.sections for check in section.checks]

    @property
    def exit_status(self) -> int:
        """For scripts."""
        remote = [one for one in self.distributions if one.servers]
        if not remote:
            return HERE
        wrong = any(one.status is Status.PROBLEM for one in self.checks)
        return DEGRADED if wrong or len(remote) < len(self.distributions) else WELL

    @property
    def verdict(self) -> str:
        """In one sentence, what becomes of compiles, and of which it is not known."""
        unknown = f"; not looked at: {listed(self.elsewhere)}" if self.elsewhere else ""
        return self._known + unknown

    @property
    def _known(self) -> str:
        by_result: dict[tuple[int, int, str], list[str]] = {}
        for one in self.distributions:
            why = "" if one.servers else self._why_here(one.word)
            by_result.setdefault((one.servers, one.slots, why), []).append(one.word)
        if not by_result:
            return f"nothing is known to be distributed: {self._why_here('')}"
        return "; ".join(
            f"compiles of {listed(words)} are distributed to {count(servers, 'server')} "
            f"with {count(slots, 'slot')}"
            if servers
            else f"compiles of {listed(words)} stay on this machine: {why}"
            for (servers, slots, why), words in by_result.items()
        )

    @property
    def steps(self) -> list[Step]:
        """What to do, the most decisive first: by what is lost, by how many it mends."""
        found: dict[str, Step] = {}
        for one in self.checks:
            if one.remedy:
                before = found.get(one.remedy, Step((), one.remedy, Loss.NOTHING, wrong=False))
                subjects = tuple(dict.fromkeys([*before.subjects, one.name]))
                wrong = before.wrong or one.status is Status.PROBLEM
                loss = max(before.loss, one.loss)
                misleads = before.misleads or one.misleads
                found[one.remedy] = Step(subjects, one.remedy, loss, wrong, misleads)
        problems = (one.loss for one in self.checks if one.status is Status.PROBLEM)
        worst = max((loss for loss in problems if loss < Loss.TRUST), default=Loss.NOTHING)
        # Sorting keeps the order of the way: what comes first hides what is behind it.
        return sorted(found.values(), key=lambda step: _urgency(step, worst))[:STEPS]

    def as_json(self) -> dict[str, Any]:
        """The form for scripts.

        Its schema (schemas/doctor.json) says what each field means.  Texts are for people, and
        may be worded otherwise at any time; names of sections stay.
        """
        return {
            "exit_status": self.exit_status,
            "distributed": any(one.servers for one in self.distributions),
            "verdict": self.verdict,
            "compilers": [one._asdict() for one in self.distributions],
            "next": [
                {
                    "remedy": one.remedy,
                    "subjects": list(one.subjects),
                    "loss": one.loss.name.lower(),
                }
                for one in self.steps
            ],
            "sections": [
                {
                    "name": section.name,
                    "title": section.title,
                    "checks": [_check(one) for one in section.checks],
                }
                for section in self.sections
            ],
        }

    def _why_here(self, word: str) -> str:
        """Why a compiler's compiles stay here: what stops all of them, else what stops these."""
        causes = [one for one in self.checks if one.loss is Loss.ALL]
        causes += [one for one in self.checks if one.loss is Loss.COMPILER and one.name == word]
        if not causes:
            hurried = any(one.remedy == MORE_TIME for one in self.checks)
            return "there was no time to look" if hurried else "it could not be found out why"
        return _said(causes[0])


def _said(cause: Check) -> str:
    """A cause as a clause."""
    name, text = cause.name, cause.text
    return f"{name} {text}" if text.startswith(("is ", "are ", "cannot ")) else text


def _urgency(step: Step, worst: Loss) -> tuple[bool, int, float]:
    """The smaller, the sooner; of a farm's faults the one first that most servers have.

    :param worst: the most that is lost by a thing that may follow from another.
    """
    loss = max(step.loss, worst) if step.misleads else step.loss
    number = (inf if step.misleads else len(step.subjects)) if loss is Loss.SERVERS else 0
    return not step.wrong, -loss, -number


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "status": check.status.value,
        "text": check.text,
        "remedy": check.remedy,
        "loss": check.loss.name.lower(),
    }
