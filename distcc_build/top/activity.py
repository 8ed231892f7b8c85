"""What distcc clients do at one moment, summed up for people and programs.  Looks at nothing.

A `Snapshot` is what was seen; a `View` is what is shown of it, on a screen or by `report`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from distcc_build.hostspec import DEFAULT_PORT, Kind
from distcc_build.taskfile import HERE, Phase, Place
from distcc_build.top.given import Given

__all__ = [
    "Job",
    "Looked",
    "Row",
    "Snapshot",
    "View",
    "rate",
    "recent",
    "report",
    "view",
]

WINDOW = 5.0
"""Seconds over which the rate is taken."""


class Job(NamedTuple):
    """One distcc client at work."""

    pid: int
    phase: Phase
    file: str
    """Base name of the source, or of what is linked; may be empty."""
    host: str
    """As in the hosts list; empty while it waits for a slot of a server.

    Of a job that waits and has one, this machine is what it waits for: to preprocess.
    """
    slot: int | None
    """Of the host's slots, from 0 on; None where it has none."""
    age: float | None
    """Seconds since it was started; None where its process cannot be seen from here."""
    in_phase: float | None
    """Seconds in this phase; None where it says nothing of itself."""
    directory: str = ""
    """Its DISTCC_DIR."""


class Looked(NamedTuple):
    """What one DISTCC_DIR showed."""

    directory: str
    problem: str = ""
    """Why not all of it was seen, in a sentence; empty if it was."""
    jobs: tuple[Job, ...] = ()
    busy: frozenset[tuple[Place, int]] = frozenset()
    """Place and number of each slot whose lock is held."""
    backoff: Mapping[Place, float] = {}
    """Hosts that are passed over, with the seconds that are left."""
    finished: int = 0
    """Jobs that have ended since the last look."""


class Snapshot(NamedTuple):
    """All directories at one moment."""

    time: float
    """Seconds since 1970."""
    looked: tuple[Looked, ...]


class Row(NamedTuple):
    """One host and its slots."""

    place: Place
    name: str
    """Its name in the farm, else as the hosts list has it."""
    used: int
    """Slots in use, in all directories."""
    limit: int | None
    """Slots that one DISTCC_DIR gives it; None where that is not known."""
    backoff: float | None
    """Seconds for which distcc passes it over; None where it does not."""

    @property
    def address(self) -> str:
        """As the hosts list has it, without limit and options; the port if it is an unusual one."""
        kind, host, port = self.place
        if kind is Kind.SSH:
            return f"@{host}"
        if kind is Kind.LOCAL or port == DEFAULT_PORT:
            return host
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class View(NamedTuple):
    """What is shown."""

    time: float
    """Seconds since 1970."""
    servers: tuple[Row, ...]
    """Without this machine."""
    here: Row
    """This machine, whose slots compiles, links and preprocessors take."""
    jobs: tuple[Job, ...]
    """Those that wait for a slot are the last; among the others the oldest is the first."""
    phases: Mapping[Phase, int]
    """How many jobs are in each that has any."""
    rate: float | None
    """Jobs finished each second; None before there was a second look."""
    looked: tuple[Looked, ...]
    names: Mapping[str, str]
    problems: tuple[str, ...]

    @property
    def used(self) -> int:
        """Slots of servers in use."""
        return sum(row.used for row in self.servers)

    @property
    def limit(self) -> int | None:
        """Slots of all servers; None where it is not known of one that is in use."""
        if any(row.used and row.limit is None for row in self.servers):
            return None
        return sum(row.limit or 0 for row in self.servers)

    @property
    def waiting(self) -> int:
        """Jobs that wait for a slot of a server."""
        return sum(job.phase is Phase.BLOCKED and not job.host for job in self.jobs)

    @property
    def waiting_here(self) -> int:
        """Jobs that wait for a slot of this machine."""
        return self.phases.get(Phase.BLOCKED, 0) - self.waiting

    def name(self, job: Job) -> str:
        """The host of a job, by its name in the farm if it has one."""
        return self.names.get(job.host, job.host)


def recent(
    history: Sequence[tuple[float, int]], now: float, finished: int
) -> tuple[tuple[float, int], ...]:
    """What is to be remembered of the looks so far, for `rate`.

    :param history: what this returned at the look before; empty at the first.
    :param now: seconds, of a clock that is never set.
    :param finished: jobs that have ended since the look before.
    """
    kept = [one for one in history if now - one[0] <= WINDOW]
    # With a look each minute the last one is all there is to compare with.
    return (*(kept or history[-1:]), (now, finished))


def rate(history: Sequence[tuple[float, int]]) -> float | None:
    """Jobs finished each second; None where one look was all."""
    seconds = history[-1][0] - history[0][0]
    return sum(count for _, count in history[1:]) / seconds if seconds > 0 else None


def view(snapshot: Snapshot, known: Given, pace: float | None = None) -> View:
    """Sum up what was seen.

    :param pace: what `rate` says.
    """
    used = Counter(place for one in snapshot.looked for place, _ in one.busy)
    backoff: dict[Place, float] = {}
    for one in snapshot.looked:
        for place, left in one.backoff.items():
            backoff[place] = max(left, backoff.get(place, 0.0))
    strangers = sorted((used.keys() | backoff.keys()) - known.limits.keys(), key=_order)
    rows = [
        Row(
            place,
            known.names.get(place.host, place.host),
            used[place],
            known.limits.get(place),
            backoff.get(place),
        )
        for place in [*known.limits, *strangers]
    ]
    order = {address: number for number, address in enumerate(known.names)}
    rows.sort(key=lambda row: order.get(row.place.host, len(order)))
    here = [row for row in rows if row.place == HERE]
    jobs = [job for one in snapshot.looked for job in one.jobs if job.phase is not Phase.DONE]
    jobs.sort(key=lambda job: (job.phase is Phase.BLOCKED, -(job.age or 0), job.pid))
    problems = [f"{one.directory}: {one.problem}" for one in snapshot.looked if one.problem]
    return View(
        time=snapshot.time,
        servers=tuple(row for row in rows if row.place != HERE),
        here=here[0] if here else Row(HERE, HERE.host, 0, None, None),
        jobs=tuple(jobs),
        phases=Counter(job.phase for job in jobs),
        rate=pace,
        looked=snapshot.looked,
        names=known.names,
        problems=(*filter(None, [known.problem]), *problems),
    )


def _order(place: Place) -> tuple[str, str, int]:
    return place.kind.value, place.host, place.port


def report(shown: View) -> dict[str, Any]:
    """What is shown, for programs; schemas/top.json describes each field."""
    return {
        "time": shown.time,
        "rate": shown.rate,
        "totals": {
            "jobs": len(shown.jobs),
            "waiting": shown.waiting,
            "used": shown.used,
            "limit": shown.limit,
        },
        "phases": {one.word: shown.phases[one] for one in Phase if one in shown.phases},
        "here": {
            "used": shown.here.used,
            "limit": shown.here.limit,
            "waiting": shown.waiting_here,
        },
        "servers": [
            {
                "kind": row.place.kind.value,
                "host": row.place.host,
                "port": row.place.port or None,
                "name": row.name,
                "used": row.used,
                "limit": row.limit,
                "backoff": row.backoff,
            }
            for row in shown.servers
        ],
        "jobs": [
            {**job._asdict(), "phase": job.phase.word, "name": shown.name(job)}
            for job in shown.jobs
        ],
        "directories": [
            {
                "path": one.directory,
                "jobs": sum(job.directory == one.directory for job in shown.jobs),
                "used": len(one.busy),
                "problem": one.problem,
            }
            for one in shown.looked
        ],
        "problems": list(shown.problems),
    }
