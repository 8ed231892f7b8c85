"""What the page is told of a build: one value for JSON, as small as its jobs allow.

Texts, which repeat from job to job, stand once, in a list, and are elsewhere given by their place
in it.  Times are microseconds since the build began.  data.js reads it.
"""

from collections.abc import Iterable, Sequence

from distcc_build.record.journal import PHASES, UNKNOWN, Job
from distcc_build.record.lanes import Bar, Lane, arrange, microseconds
from distcc_build.record.quoting import command_line, shell_word, visible
from distcc_build.record.remarks import remarks
from distcc_build.record.tally import Build, Tally, tally_of

__all__ = ["LONGEST", "report_data"]

LONGEST = 4096
"""Characters of a command line; what is behind them is left out."""


class _Texts:
    """Numbers for texts, in the order in which they come."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


def report_data(build: Build, jobs: Sequence[Job]) -> dict[str, object]:
    """All that the page shows, safe to be looked at and to be encoded."""
    lanes, bars = arrange(jobs, build.begin, build.names)
    tally = tally_of(jobs, build.cores)
    numbers = {id(job): number for number, job in enumerate(jobs)}
    texts = _Texts()
    hosts = list(dict.fromkeys(lane.host for lane in lanes))
    return {
        "build": _build(build),
        "tally": _tally(tally),
        "remarks": remarks(build, tally),
        "places": [_place(host, build, tally, lanes) for host in hosts],
        "names": {visible(host): visible(name) for host, name in build.names.items()},
        "lanes": [[hosts.index(lane.host), lane.slot, lane.extra] for lane in lanes],
        "causes": [[visible(why), number] for why, number in tally.causes],
        "slowest": [numbers[id(job)] for job in tally.slowest],
        "phases": PHASES,
        "jobs": [_job(bar, build.begin, texts) for bar in bars],
        # Last, when all jobs have named theirs.
        "texts": list(texts.numbers),
    }


def _build(build: Build) -> dict[str, object]:
    return {
        "command": command_line(build.command),
        "cwd": visible(build.cwd),
        "began": round(build.begin * 1000),
        "took": microseconds(build.end, build.begin),
        "status": build.status,
        "client": visible(build.client),
        "cores": build.cores,
        "told": build.jobs,
    }


def _tally(tally: Tally) -> dict[str, object]:
    return {
        "compiles": tally.compiles,
        "remote": tally.remote,
        "others": tally.others,
        "failed": tally.failed,
        "unknown": tally.unknown,
        "elsewhere": round(tally.elsewhere * 1e6),
        "saved": None if tally.saved is None else round(tally.saved * 1e6),
        "peak": tally.peak,
    }


def _place(host: str, build: Build, tally: Tally, lanes: Iterable[Lane]) -> dict[str, object]:
    row = next((one for one in tally.rows if one.host == host), None)
    return {
        "kind": {"": "here", UNKNOWN: "unknown"}.get(host, "server"),
        "host": visible(host),
        "name": visible(build.names.get(host, "") if host else build.client),
        "compiles": row.compiles if row else 0,
        "busy": round(row.seconds * 1e6) if row else 0,
        # A slot may have several lanes.
        "slots": len({one.slot for one in lanes if one.host == host and one.slot is not None}),
        "limit": build.limits.get(host),
    }


def _job(bar: Bar, origin: float, texts: _Texts) -> list[object]:
    """In the order in which data.js takes them."""
    job = bar.job
    words, more = _words(job.argv, texts)
    phases: list[int] = []
    for one in job.phases:
        phases += [
            microseconds(one.begin, origin),
            PHASES.index(one.name),
            texts(visible(one.host)),
        ]
    return [
        bar.lane,
        microseconds(job.begin, origin),
        bar.begin,
        bar.end,
        None if job.end is None else microseconds(job.end, origin),
        texts(visible(job.file)),
        texts(visible(job.output)),
        texts(visible(job.cwd)),
        job.status,
        job.size,
        texts(visible(job.why)),
        [texts(visible(host)) for host in job.tried],
        phases,
        words,
        more,
        int(job.compiles),
        int(job.failed),
        job.pid,
    ]


def _words(argv: Sequence[str], texts: _Texts) -> tuple[list[int], int]:
    """The words of a command line that are kept, and how many are not."""
    kept: list[int] = []
    left = LONGEST
    for word in argv:
        quoted = shell_word(word)
        left -= len(quoted) + 1
        if left < 0:
            break
        kept.append(texts(quoted))
    return kept, len(argv) - len(kept)
