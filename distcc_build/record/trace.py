"""A build's compiles in the Chrome trace event format, which Perfetto and speedscope read.

A process per server, this machine last, and a thread per slot; in it a slice per job, and within
that one for each phase.  The format: "Trace Event Format", Google, 2016: metadata events (M) and
complete events (X), whose times are microseconds.
"""

import json
from collections.abc import Sequence
from typing import Any

from distcc_build.record.journal import UNKNOWN, Job
from distcc_build.record.lanes import Bar, Lane, arrange, microseconds, spans
from distcc_build.record.quoting import command_line, visible
from distcc_build.record.tally import Build

__all__ = ["trace"]


def trace(build: Build, jobs: Sequence[Job]) -> str:
    """The trace as JSON: ASCII, whatever the names of files hold."""
    lanes, bars = arrange(jobs, build.begin, build.names)
    hosts = list(dict.fromkeys(lane.host for lane in lanes))
    # 0 is the idle process to some readers.
    pids = {host: number for number, host in enumerate(hosts, 1)}
    events = []
    for host, pid in pids.items():
        events.append(_metadata("process_name", pid, 0, name=_place(build, host)))
        events.append(_metadata("process_sort_index", pid, 0, sort_index=pid))
    for number, lane in enumerate(lanes, 1):
        pid = pids[lane.host]
        events.append(_metadata("thread_name", pid, number, name=_row(lane)))
        events.append(_metadata("thread_sort_index", pid, number, sort_index=number))
    # Readers take what begins at the same time in the order of the file: a job before its phases.
    for bar in sorted(bars, key=lambda one: (one.begin, one.lane)):
        events += _slices(bar, pids[bar.job.host], build)
    head = {
        "command": command_line(build.command),
        "cwd": visible(build.cwd),
        "status": build.status,
        "seconds": round(build.seconds, 6),
        "client": visible(build.client),
    }
    # An event per line can be looked through with grep.
    lines = ",\n".join(map(json.dumps, events))
    other = f'"displayTimeUnit": "ms", "otherData": {json.dumps(head)}'
    return f'{{{other}, "traceEvents": [\n{lines}\n]}}\n'


def _metadata(kind: str, pid: int, tid: int, **args: str | int) -> dict[str, Any]:
    return {"ph": "M", "name": kind, "pid": pid, "tid": tid, "args": args}


def _place(build: Build, host: str) -> str:
    if host == UNKNOWN:
        return "not known where"
    name = build.names.get(host, "") if host else build.client
    place = visible(f"{name} ({host})" if name and host else name or host)
    return place if host else f"this machine ({place})"


def _row(lane: Lane) -> str:
    if lane.slot is None:
        return f"lane {lane.extra + 1}"
    return f"slot {lane.slot}" + (f", again ({lane.extra})" if lane.extra else "")


def _slices(bar: Bar, pid: int, build: Build) -> list[dict[str, Any]]:
    job = bar.job
    where = {"ph": "X", "pid": pid, "tid": bar.lane + 1}
    args: dict[str, object] = {
        "command": command_line(job.argv),
        "cwd": visible(job.cwd),
        "output": visible(job.output),
        "waited_ms": max(bar.begin - microseconds(job.begin, build.begin), 0) / 1000,
        "status": job.status,
        "why": visible(job.why),
        "tried": [visible(one) for one in job.tried],
        "size": job.size,
        "compiler_pid": job.pid,
    }
    own = {
        **where,
        "name": visible(job.file or job.output or job.argv[0]),
        "cat": ("compile" if job.compiles else "other") + (",failed" if job.failed else ""),
        "ts": bar.begin,
        "dur": bar.end - bar.begin,
        # What is not known or empty is left out.
        "args": {name: value for name, value in args.items() if value not in (None, "", [])},
    }
    return [own] + [
        {
            **where,
            "name": one.name,
            "cat": "phase",
            "ts": one.begin,
            "dur": one.end - one.begin,
            "args": {"host": visible(one.host)},
        }
        for one in spans(bar, build.begin)
    ]
