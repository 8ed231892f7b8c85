"""One look at this machine: what was asked for, and what the stations have found so far."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from distcc_build import paths
from distcc_build.client import Client
from distcc_build.doctor.findings import Distribution
from distcc_build.doctor.targets import Job, jobs
from distcc_build.errors import DistccBuildError
from distcc_build.health import Health, reached
from distcc_build.inputs import Inputs
from distcc_build.launch import Situation
from distcc_build.reference import Compiler
from distcc_build.verdict import Verdict

__all__ = ["Case", "opened", "scratch"]


@dataclass
class Case:
    """What a station has to go on; each adds what those behind it need."""

    environ: dict[str, str]
    """The environment of the compiles."""
    words: tuple[str, ...]
    """The compilers that were asked for; empty for those of CC and CXX, or the usual ones."""
    directory: Path
    """The cache directory; where there is none that can be used, an empty one for now."""
    until: float
    """time.monotonic() at which all should be done."""
    no_directory: str = ""
    """Why there is no cache directory."""
    told: Callable[[int, int], object] = lambda done, total: None  # noqa: ARG005
    """Called with what a station has done, and of how many, for whoever waits."""
    looking: bool = False
    """A station is at work, and may be told that the time is over."""
    client: Client | None = None
    compilers: dict[str, Compiler] = field(default_factory=dict)
    """By word."""
    inputs: Inputs | None = None
    """None where they cannot be used."""
    health: Health | None = None
    """None where no farm was looked for."""
    asked: tuple[str, ...] = ()
    """The words that the verdict is about."""
    distributions: tuple[Distribution, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """What was not looked at, as it is of another farm: compilers that were asked for, farms."""

    @property
    def path(self) -> str | None:
        """Where programs are looked for: the value of PATH."""
        return self.environ.get("PATH")

    def left(self, most: float) -> float:
        """Seconds that something may take; at least a moment."""
        return max(min(most, self.until - time.monotonic()), 0.1)

    def jobs(self) -> list[Job]:
        """Each compiler that was asked for at each host that gets its compiles."""
        situation = self.situation()
        # Without a directory for its plans the launcher runs the compiler itself.
        if situation is None or self.no_directory:
            return []
        return jobs(situation, self.asked)

    def situation(self) -> Situation | None:
        """What the next compile would go by, were it to look now; None without inputs.

        Made from this look, so that nothing is asked twice and nothing has to be kept.
        """
        if self.inputs is None or self.client is None:
            return None
        if self.health is None or not self.inputs.hosts.discover:
            return Situation(self.inputs, None, self.path, self.client)
        farm, end = self.health.farm, reached(self.health.farm, self.inputs.config)
        proofs: dict[str, dict[str, Verdict]] = {}
        for address, by_word in self.health.verdicts.items():
            for word, verdict in by_word.items():
                if word in self.compilers:
                    proofs.setdefault(self.compilers[word].key, {})[address] = verdict
        reasons = {
            self.compilers[word].key: why
            for word, why in self.health.reasons.items()
            if word in self.compilers
        }
        limits = self.health.limits
        farm = farm._replace(
            servers=tuple(
                one._replace(limit=one.limit or limits.get(str(one.address)))
                for one in farm.servers
                if one.number < end
            ),
            proofs=proofs,
            reasons=reasons,
        )
        return Situation(self.inputs, farm, self.path, self.client)


@contextlib.contextmanager
def opened(environ: Mapping[str, str], words: Sequence[str], seconds: float) -> Iterator[Case]:
    """Begin to look; whatever is missing, there is a directory to work in.

    :param seconds: the longest that all of it should take.
    :raises OSError: when not even a temporary file can be made.
    """
    until = time.monotonic() + seconds
    try:
        directory, why = paths.plan_paths(["gcc"], environ)[0].parent, ""
    except (DistccBuildError, OSError) as error:
        directory, why = Path(tempfile.mkdtemp(prefix="distcc-build-")), str(error)
    try:
        yield Case(dict(environ), tuple(words), directory, until, why)
    finally:
        if why:
            shutil.rmtree(directory, ignore_errors=True)


def scratch(case: Case) -> Path:
    """A new folder for programs that are tried; the caller removes it.

    :raises OSError: when there is no place for one.
    """
    given = case.environ.get("TMPDIR", "")
    usable = given.startswith("/") and os.access(given, os.W_OK | os.X_OK)
    return Path(tempfile.mkdtemp(prefix="distcc-build-", dir=given if usable else None))
