"""What a build's compiles come to, in figures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from distcc_build.record.journal import UNKNOWN, Job

__all__ = ["Build", "Row", "Tally", "tally_of"]

SLOWEST = 10
FAILURES = 5


class Build(NamedTuple):
    """The command that the compiles were for."""

    command: tuple[str, ...]
    cwd: str
    begin: float
    """Seconds since 1970."""
    end: float
    status: int
    """Its exit status; 128 + N if signal N ended it."""
    client: str
    """The name of this machine."""
    cores: int
    jobs: int
    """How many jobs at once it was told to run."""
    names: Mapping[str, str] = {}
    """By address, the servers' names."""
    limits: Mapping[str, int] = {}
    """By address, how many jobs at once a server was given."""
    whole: bool = True
    """Whether all of its compiles could be recorded to their ends."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.begin


class Row(NamedTuple):
    """What one server did."""

    host: str
    """As in the hosts list; empty for this machine."""
    compiles: int
    seconds: float
    """For which distcc waited for its compiler; for this machine, that its compiles took."""
    slots: int
    """How many of its slots were used at all."""


class Tally(NamedTuple):
    """The figures."""

    compiles: int
    """All that make an object or assembler from one source."""
    remote: int
    """Those of them that a server compiled."""
    others: int
    """Links, checks and whatever else was given to the launcher."""
    failed: int
    """Of the compiles, those that ended with another status than 0, or were killed."""
    unknown: int
    """Of the compiles, those whose end is not known."""
    rows: tuple[Row, ...]
    """By server, the one with most compiles first; this machine last."""
    causes: tuple[tuple[str, int], ...]
    """Why compiles stayed here, the most frequent first."""
    slowest: tuple[Job, ...]
    elsewhere: float
    """Seconds of compiling that servers did."""
    saved: float | None
    """Seconds that these would have taken here at most, with all cores busy with nothing else:
    that is what the build was sooner at best.  None where the servers are on this machine."""
    failures: tuple[Job, ...]
    """Of the compiles that failed, the first."""
    peak: int
    """The most jobs, of all kinds, that ran or waited at once."""

    @property
    def share(self) -> float:
        """Part of the compiles that servers did, 0 to 1; 0 where there was none."""
        return self.remote / self.compiles if self.compiles else 0.0


def tally_of(jobs: Sequence[Job], cores: int) -> Tally:
    """The figures of these jobs.

    A server is taken to be as fast as this machine, and what it let wait counts as compiling:
    so what was saved is an upper bound.

    :param cores: of this machine.
    """
    compiles = [one for one in jobs if one.compiles]
    remote = [one for one in compiles if one.remote]
    elsewhere = sum(map(_compiling, remote))
    causes = Counter(one.why for one in compiles if not one.remote)
    return Tally(
        compiles=len(compiles),
        remote=len(remote),
        others=len(jobs) - len(compiles),
        failed=sum(one.failed for one in compiles),
        unknown=sum(one.status is None and not one.failed for one in compiles),
        rows=tuple(_rows(compiles)),
        causes=tuple(causes.most_common()),
        slowest=tuple(sorted(compiles, key=lambda one: -one.seconds)[:SLOWEST]),
        elsewhere=elsewhere,
        saved=None if _on_loopback(remote) else elsewhere / max(cores, 1),
        failures=tuple(one for one in compiles if one.failed)[:FAILURES],
        peak=_peak(jobs),
    )


def _rows(compiles: Sequence[Job]) -> list[Row]:
    by_host: dict[str, list[Job]] = {}
    for one in compiles:
        by_host.setdefault(one.host, []).append(one)
    rows = [_row(host, jobs) for host, jobs in by_host.items()]
    return sorted(rows, key=lambda row: (row.host in {"", UNKNOWN}, -row.compiles, row.host))


def _row(host: str, jobs: Sequence[Job]) -> Row:
    busy = sum(_compiling(one) if one.remote else one.seconds for one in jobs)
    return Row(host, len(jobs), busy, len({one.slot for one in jobs if one.slot is not None}))


def _compiling(job: Job) -> float:
    """Seconds for which a server compiled it, at most."""
    # On a busy machine a phase can pass unseen.
    return job.seconds_in("compile") or job.seconds


def _on_loopback(remote: Sequence[Job]) -> bool:
    """Whether the servers have no processors of their own, as with a farm to try things with."""
    return bool(remote) and all(one.host.startswith(("127.", "::1")) for one in remote)


def _peak(jobs: Sequence[Job]) -> int:
    ends = [(one.end, -1) for one in jobs if one.end is not None]
    running = most = 0
    for _, change in sorted([*((one.begin, 1) for one in jobs), *ends]):
        running += change
        most = max(most, running)
    return most
