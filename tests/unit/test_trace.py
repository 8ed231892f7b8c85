"""The trace: what Perfetto and speedscope take."""

import json
from collections import defaultdict
from typing import Any

from hypothesis import given
from journals import HOSTILE, JOBS, a_build, job, some_jobs

from distcc_build.record.journal import UNKNOWN, Job
from distcc_build.record.quoting import visible
from distcc_build.record.tally import Build
from distcc_build.record.trace import trace

BUILD = Build(("make",), "/src", 0.0, 60.0, 0, "here", 4, 8, {"10.0.0.2": "distcc2"})


def events(jobs: list[Job], build: Build = BUILD) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(trace(build, jobs))["traceEvents"]
    return found


def named(found: list[dict[str, Any]], kind: str) -> dict[tuple[int, int], Any]:
    """By process and thread, what metadata events say."""
    return {
        (one["pid"], one["tid"]): next(iter(one["args"].values()))
        for one in found
        if one["ph"] == "M" and one["name"] == kind
    }


@given(JOBS)
def test_slices_of_a_thread_lie_beside_or_within_each_other(jobs: list[Job]) -> None:
    threads = defaultdict(list)
    found = events(jobs)
    for one in found:
        if one["ph"] == "X":
            threads[one["pid"], one["tid"]].append(one)
    assert sum(one["cat"] != "phase" for row in threads.values() for one in row) == len(jobs)
    for row in threads.values():
        ends: list[int] = []
        # In the order of the file: a reader need not sort, and a slice comes before those in it.
        for one in row:
            assert type(one["ts"]) is int
            assert one["dur"] > 0
            while ends and ends[-1] <= one["ts"]:
                ends.pop()
            assert not ends or one["ts"] + one["dur"] <= ends[-1]
            assert (one["cat"] == "phase") == bool(ends)
            ends.append(one["ts"] + one["dur"])


@given(JOBS)
def test_every_thread_and_process_has_a_name_and_a_place(jobs: list[Job]) -> None:
    found = events(jobs)
    for kind in ("thread_name", "thread_sort_index"):
        used = {(one["pid"], one["tid"]) for one in found if one["ph"] == "X"}
        assert set(named(found, kind)) == used
    for kind in ("process_name", "process_sort_index"):
        assert {pid for pid, _ in named(found, kind)} == {one["pid"] for one in found}
    # A thread has one process, which some readers take for granted.
    assert len({one["tid"] for one in found if one["ph"] == "X"}) == len(
        named(found, "thread_name")
    )


def test_places_are_named_as_people_know_them() -> None:
    jobs = [
        job(1, 2, "10.0.0.2", 3),
        job(1, 2, "10.0.0.2", 3),
        job(1, 2, "10.9.9.9", None),
        job(1, 2, ""),
        job(1, None, UNKNOWN, None),
    ]
    found = events(jobs)
    assert list(named(found, "process_name").values()) == [
        "10.9.9.9",
        "distcc2 (10.0.0.2)",
        "not known where",
        "this machine (here)",
    ]
    rows = list(named(found, "thread_name").values())
    assert rows == ["lane 1", "slot 3", "slot 3, again (1)", "lane 1", "slot 0"]


def test_a_slice_says_what_is_known_of_its_job() -> None:
    jobs = some_jobs(300)
    build = a_build(jobs, status=2)
    told = json.loads(trace(build, jobs))
    assert told["otherData"]["command"] == "make -k -j16 'CC=distcc gcc'"
    assert told["otherData"]["status"] == 2
    slices = [one for one in told["traceEvents"] if one.get("cat", "phase") != "phase"]
    by_pid = {one["args"]["compiler_pid"]: one for one in slices}
    assert len(by_pid) == 300
    for one in jobs:
        found = by_pid[one.pid]
        assert found["name"] == (one.file or one.output)
        assert found["args"].get("status") == one.status
        assert found["args"].get("why", "") == one.why
        assert ("failed" in found["cat"]) == (one.status != 0)
        assert one.output in found["args"]["command"]
    remote = next(one for one in jobs if one.remote and one.status == 0)
    inner = [
        one["name"] for one in told["traceEvents"] if one["ph"] == "X" and "host" in one["args"]
    ]
    assert {phase.name for phase in remote.phases} <= set(inner)


def test_the_trace_is_plain_text_whatever_the_names_are() -> None:
    jobs = [job(n, n + 1, "", file=name, argv=("gcc", name)) for n, name in enumerate(HOSTILE)]
    text = trace(BUILD, jobs)
    assert text.isascii()
    names = {one["name"] for one in json.loads(text)["traceEvents"] if one["ph"] == "X"}
    assert names == {visible(name) for name in HOSTILE}
    assert events([job(1, 2, file="", output="")])[-1]["name"] == "gcc"
