"""Figures of compiles as text, for a terminal: of one build, and of many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from distcc_build.record.journal import UNKNOWN, Job
from distcc_build.record.remarks import NOT_WHOLE, remarks
from distcc_build.record.tally import Build, Tally
from distcc_build.record.totals import Totals
from distcc_build.words import count

__all__ = ["build_lines", "totals_lines"]

WORTH_SAYING = 0.1
"""Seconds."""

SHOWN = 10
"""Rows of a table that may be long."""


def build_lines(build: Build, tally: Tally) -> list[str]:
    """What a build's compiles come to, a line each, and what has to be known before."""
    said = remarks(build, tally)
    if not tally.compiles:
        return said
    open_ = f", {tally.unknown} whose end is not known" if tally.unknown else ""
    more = _failed(tally.failed) + open_ + _others(tally.others)
    lines = [
        *said,
        f"{'compiles':14}{tally.compiles} in {build.seconds:.1f} s{more}",
        *_distributed(tally.remote, tally.compiles),
    ]
    if tally.saved is not None and tally.saved >= WORTH_SAYING:
        lines.append(
            f"{'saved':14}at most {tally.saved:.1f} s: servers compiled for "
            f"{tally.elsewhere:.1f} s, and this machine has {build.cores} cores"
        )
    rows = ((row.host, row.compiles, row.seconds) for row in tally.rows)
    lines += _servers(rows, build.names)
    lines += _causes(tally.causes)
    if tally.compiles > len(tally.slowest):
        lines += _jobs("slowest", tally.slowest, build.names)
    return lines + _jobs("failed", tally.failures, build.names)


def _jobs(title: str, jobs: Sequence[Job], names: Mapping[str, str]) -> list[str]:
    if not jobs:
        return []
    rows = [(_took(job), job.file or job.output or job.argv[0], job.host) for job in jobs]
    return ["", title, *(f"{took:>8} s  {name}  {_host(host, names)}" for took, name, host in rows)]


def _took(job: Job) -> str:
    return "?" if job.end is None else f"{job.seconds:.2f}"


def totals_lines(totals: Totals, since: str, names: Mapping[str, str]) -> list[str]:
    """What all compiles come to, a line each.  Where there was none, that is said.

    :param since: since when, as text.
    :param names: of servers, by address.
    """
    said = [] if totals.whole else [NOT_WHOLE]
    if not totals.compiles + totals.others:
        return [*said, f"nothing was recorded since {since}"]
    lines = [
        *said,
        f"{'since':14}{since}",
        f"{'compiles':14}{totals.compiles}{_failed(totals.failed)}{_others(totals.others)}",
        *_distributed(totals.remote, totals.compiles),
    ]
    if totals.remote:
        lines.append(f"{'':14}servers compiled for {totals.elsewhere:.1f} s")
    rows = [(host, one.compiles, one.seconds) for host, one in totals.servers.items()]
    rows.sort(key=lambda row: (row[0] in {"", UNKNOWN}, -row[1], row[0]))
    lines += _servers(rows, names)
    return lines + _causes(sorted(totals.causes.items(), key=lambda one: (-one[1], one[0])))


def _failed(number: int) -> str:
    return f", {number} failed" if number else ""


def _others(number: int) -> str:
    return f" (and {count(number, 'other command')}: links, checks)" if number else ""


def _distributed(remote: int, compiles: int) -> Iterator[str]:
    yield f"{'distributed':14}{remote} ({remote / max(compiles, 1):.1%})"


def _servers(rows: Iterable[tuple[str, int, float]], names: Mapping[str, str]) -> list[str]:
    rows = list(rows)
    if not rows:
        return []
    lines = ["", f"{'compiles':>8}  {'seconds':>8}  where"]
    lines += [f"{n:8}  {seconds:8.1f}  {_host(host, names)}" for host, n, seconds in rows]
    return lines


def _host(host: str, names: Mapping[str, str]) -> str:
    if host in {"", UNKNOWN}:
        return "this machine" if not host else "unknown"
    return f"{names[host].rstrip('.')} {host}" if host in names else host


def _causes(causes: Sequence[tuple[str, int]]) -> list[str]:
    if not causes:
        return []
    lines = ["", f"{'compiles':>8}  why they were compiled here"]
    lines += [f"{number:8}  {text}" for text, number in islice(causes, SHOWN)]
    if len(causes) > SHOWN:
        rest = sum(number for _, number in causes[SHOWN:])
        lines.append(f"{rest:8}  {len(causes) - SHOWN} other reasons")
    return lines
