"""Jobs side by side: which lane of a picture each is drawn in, so that no two lie upon another.

A lane is a slot of a server or of this machine.  distcc locks a slot for one job at a time, but
what the journal tells of it is late by some milliseconds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from distcc_build.record.journal import UNKNOWN, Job

__all__ = ["Bar", "Lane", "Span", "arrange", "microseconds", "spans"]

LATE = 100_000
"""Microseconds by which a job may seem to be still in a slot that the next one has: distcc lets
go of it, and then removes its files, ends, and is seen to have ended."""

NOT_BEGUN = frozenset({"start", "wait"})
"""Phases in which a job has no slot yet."""


class Lane(NamedTuple):
    """One row of the picture."""

    host: str
    """As in the hosts list; empty for this machine; UNKNOWN."""
    slot: int | None
    """None for jobs of which it is not known."""
    extra: int
    """0, or a number for a further row of the same slot."""


class Bar(NamedTuple):
    """Where a job is drawn."""

    job: Job
    lane: int
    """Counted from 0."""
    begin: int
    """Microseconds since the origin: when it had its slot."""
    end: int
    """Later than begin.  For a job that never told of its end, when it was last heard of."""


class Span(NamedTuple):
    """A phase of a job within its bar."""

    name: str
    host: str
    begin: int
    """Microseconds since the origin."""
    end: int


def microseconds(when: float, origin: float) -> int:
    """A time as it stands in the picture.

    :param when: seconds since 1970.
    :param origin: the same, of what is 0 in the picture.
    """
    return round((when - origin) * 1e6)


def arrange(
    jobs: Iterable[Job], origin: float, names: Mapping[str, str]
) -> tuple[list[Lane], list[Bar]]:
    """Give each job a lane in which no other is at its time.

    :param origin: seconds since 1970 of what is 0 in the picture.
    :param names: servers' names by address, by which they are sorted.
    :return: the lanes, servers first and this machine last, and a bar per job in the jobs' order.
    """
    by_slot: dict[tuple[str, int | None], list[tuple[int, Bar]]] = {}
    for number, job in enumerate(jobs):
        begin, end = _extent(job, origin)
        by_slot.setdefault((job.host, job.slot), []).append((number, Bar(job, 0, begin, end)))
    lanes: list[Lane] = []
    bars: dict[int, Bar] = {}
    for host, slot in sorted(by_slot, key=lambda one: (_rank(one[0], names), _slot(one[1]))):
        rows = _rows(by_slot[host, slot], LATE if slot is not None else 0)
        for extra, row in enumerate(rows):
            bars.update((number, bar._replace(lane=len(lanes))) for number, bar in row)
            lanes.append(Lane(host, slot, extra))
    return lanes, [bars[number] for number in range(len(bars))]


def spans(bar: Bar, origin: float) -> list[Span]:
    """The phases of a job within its bar, one behind the other; what took no time is left out."""
    begins = [microseconds(one.begin, origin) for one in bar.job.phases]
    found = []
    last = bar.begin
    for phase, begin, end in zip(bar.job.phases, begins, [*begins[1:], bar.end], strict=False):
        # A clock that was set while the build ran must not turn them round.
        first, last = max(begin, last), max(min(end, bar.end), last)
        if phase.name not in NOT_BEGUN and first < last:
            found.append(Span(phase.name, phase.host, first, last))
    return found


def _extent(job: Job, origin: float) -> tuple[int, int]:
    had_slot = [one.begin for one in job.phases if one.name not in NOT_BEGUN]
    begin = microseconds(had_slot[0] if had_slot else job.begin, origin)
    last = job.phases[-1].begin if job.phases else job.begin
    end = microseconds(last if job.end is None else job.end, origin)
    return begin, max(end, begin + 1)


def _rows(bars: list[tuple[int, Bar]], late: int) -> list[list[tuple[int, Bar]]]:
    """As few rows as there are jobs at once; who comes first is in the first."""
    rows: list[list[tuple[int, Bar]]] = []
    for number, bar in sorted(bars, key=lambda one: one[1][2:]):
        for row in rows:
            before, last = row[-1]
            over = last.end - bar.begin
            if over <= 0 or (over <= late and last.begin < bar.begin):
                row[-1] = before, last._replace(end=min(last.end, bar.begin))
                row.append((number, bar))
                break
        else:
            rows.append([(number, bar)])
    return rows


def _rank(host: str, names: Mapping[str, str]) -> tuple[int, Sequence[str | int], str]:
    """Servers by their numbers, then what is not known, then this machine."""
    # Every second part is a number, so that parts are compared with their like.
    parts = re.split(r"([0-9]+)", names.get(host, host))
    natural = [int(part) if number % 2 else part for number, part in enumerate(parts)]
    return {UNKNOWN: 1, "": 2}.get(host, 0), natural, host


def _slot(slot: int | None) -> tuple[bool, int]:
    return slot is None, slot or 0
