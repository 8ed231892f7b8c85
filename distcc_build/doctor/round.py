"""The round: every station once, in the order in which a compile meets them, whatever happens."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from distcc_build.doctor import client, compilers, discovery, faces, plans, servers, settings, trial
from distcc_build.doctor.case import Case, scratch
from distcc_build.doctor.findings import Check, Loss, Report, Section, late, problem, skipped
from distcc_build.errors import DistccBuildError

__all__ = ["TooLate", "go_round"]

SECONDS = 20.0
"""For all build systems together, counted from when all else is done."""

WAITED_FOR = {
    "discovery": "asking the servers",
    "faces": "asking the build systems",
    "trial": "compiling on the servers",
}

EXPECTED = (DistccBuildError, OSError)
"""What a user can mend; all else is a fault of ours."""

OURS = "run it with DISTCC_BUILD_VERBOSE=1, and report what it says"


class TooLate(Exception):  # noqa: N818 - an order from outside, not an error
    """The time for all of it is over."""


class Faces:
    """The build systems, asked beside everything else."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._checks: list[Check] = []
        # Not a daemon: where somebody interrupts, it ends what it has started, and cleans up.
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        try:
            folder = scratch(self._case)
            try:
                self._checks = faces.look(self._case.environ, folder, self._case.until)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        except Exception as error:  # noqa: BLE001 - it is said in its place
            self._checks = [_trouble("build systems", error)]

    def look(self, case: Case) -> Section:
        """What they came to."""
        self._thread.join(case.left(SECONDS))
        checks = self._checks or [skipped("build systems", "they do not answer in time")]
        return Section("faces", "build systems", tuple(checks))


Told = Callable[[int, int], object]


def go_round(
    case: Case,
    shown: Callable[[Section], object],
    waiting: Callable[[str], AbstractContextManager[Told]],
) -> Report:
    """Look at everything.

    :param shown: called with each section as soon as it is known.
    :param waiting: a block in which people see what is waited for.
    :returns: also where the time was over: then the rest is said to be skipped.
    """
    found: list[Section] = []
    systems = Faces(case)
    for name, title, look in _stations(systems):
        section = Section(name, title, (late(title),))
        try:
            if time.monotonic() < case.until:
                with waiting(WAITED_FOR.get(name, f"looking at the {title}")) as case.told:
                    case.looking = True
                    section = look(case)
                    case.looking = False
        except TooLate:
            case.looking = False
        except Exception as error:
            # Whatever it is: a doctor outlives what he looks at.
            case.looking = False
            if case.environ.get("DISTCC_BUILD_VERBOSE") and not isinstance(error, EXPECTED):
                raise
            section = Section(name, title, (_trouble(title, error),))
        found.append(section)
        shown(section)
    return Report(tuple(found), case.distributions, case.elsewhere)


def _stations(systems: Faces) -> Iterator[tuple[str, str, Callable[[Case], Section]]]:
    yield "client", "distcc client", client.look
    yield "compilers", "compilers", compilers.look
    yield "hosts", "hosts list", settings.look_at_hosts
    yield "configuration", "configuration", settings.look_at_configuration
    yield "discovery", "discovery", discovery.look
    yield "servers", "servers", servers.look
    yield "plans", "plans", plans.look
    yield "faces", "build systems", systems.look
    yield "trial", "test compile", trial.look


def _trouble(title: str, error: Exception) -> Check:
    text = str(error)
    if isinstance(error, EXPECTED):
        return problem(title, f"cannot be looked at: {text}", "mend what is named", Loss.ADVICE)
    return problem(title, f"cannot be looked at: {type(error).__name__}: {text}", OURS, Loss.ADVICE)
