"""Figures of a build and of many, and how they are said."""

import json
from typing import Any

import pytest

from distcc_build.record.journal import KILLED, STILL_RAN, UNKNOWN, Job, Phase
from distcc_build.record.remarks import NOT_WHOLE
from distcc_build.record.summary import build_lines, totals_lines
from distcc_build.record.tally import Build, Row, Tally, tally_of
from distcc_build.record.totals import (
    MOST,
    Kept,
    ServerTotal,
    Totals,
    added,
    format_kept,
    parse_kept,
)


def job(n: int, host: str, seconds: float, **changes: Any) -> Job:
    made = Job(
        pid=n,
        begin=float(n),
        end=n + seconds,
        argv=("gcc", "-c", f"f{n}.c"),
        cwd="/src",
        file=f"f{n}.c",
        output="",
        compiles=True,
        host=host,
        slot=n % 2,
        tried=(),
        why="" if host else "it is a configure check",
        phases=(Phase(n + seconds / 4, "compile", host),) if host else (),
        status=0,
        size=None,
    )
    return made._replace(**changes)


A, B = "10.1.0.1", "10.1.0.2"
JOBS = [
    job(1, A, 4.0),
    job(2, B, 2.0),
    job(3, A, 8.0),
    job(4, "", 1.0, status=1),
    job(5, UNKNOWN, 1.0, why=KILLED, status=None, end=None, slot=None),
    job(6, "", 9.0, compiles=False),
]


def test_figures_of_a_build() -> None:
    tally = tally_of(JOBS, cores=2)
    assert tally == Tally(
        compiles=5,
        remote=3,
        others=1,
        failed=2,
        unknown=0,
        rows=(Row(A, 2, 9.0, 1), Row(B, 1, 1.5, 1), Row("", 1, 1.0, 1), Row(UNKNOWN, 1, 0.0, 0)),
        causes=(("it is a configure check", 1), (KILLED, 1)),
        slowest=(JOBS[2], JOBS[0], JOBS[1], JOBS[3], JOBS[4]),
        elsewhere=10.5,
        saved=5.25,
        failures=(JOBS[3], JOBS[4]),
        # Those that end when another one begins do not run beside it.
        peak=3,
    )
    assert tally.share == 0.6
    assert tally_of([], cores=0).share == 0.0
    unseen = job(1, A, 4.0, phases=(Phase(1.0, "preprocess", "localhost"),))
    assert tally_of([unseen], cores=1).elsewhere == 4.0
    assert tally_of([job(1, "127.0.0.2", 4.0), job(2, "::1", 4.0)], cores=1).saved is None
    assert tally_of([], cores=1).peak == 0
    assert len(tally_of([job(n, A, 1.0) for n in range(40)], 1).slowest) == 10


BUILD = Build(
    command=("make",),
    cwd="/src",
    begin=0.0,
    end=12.0,
    status=0,
    client="here",
    cores=2,
    jobs=10,
    names={A: "distcc1.farm.test."},
)


def test_summary_of_a_build() -> None:
    assert build_lines(BUILD, tally_of(JOBS, 2)) == [
        "compiles      5 in 12.0 s, 2 failed (and 1 other command: links, checks)",
        "distributed   3 (60.0%)",
        "saved         at most 5.2 s: servers compiled for 10.5 s, and this machine has 2 cores",
        "",
        "compiles   seconds  where",
        "       2       9.0  distcc1.farm.test 10.1.0.1",
        "       1       1.5  10.1.0.2",
        "       1       1.0  this machine",
        "       1       0.0  unknown",
        "",
        "compiles  why they were compiled here",
        "       1  it is a configure check",
        "       1  it was killed before it could tell",
        "",
        "failed",
        "    1.00 s  f4.c  this machine",
        "       ? s  f5.c  unknown",
    ]


def test_compile_that_runs_on_has_not_failed() -> None:
    runs = job(5, "", 1.0, why=STILL_RAN, status=None, end=None)
    tally = tally_of([*JOBS, runs], 2)
    assert (tally.compiles, tally.failed, tally.unknown) == (6, 2, 1)
    assert runs not in tally.failures
    assert build_lines(BUILD, tally)[0] == (
        "compiles      6 in 12.0 s, 2 failed, 1 whose end is not known"
        " (and 1 other command: links, checks)"
    )


def test_slowest_are_named_where_there_are_many_more() -> None:
    jobs = [job(n, A, n / 10) for n in range(1, 13)]
    lines = build_lines(BUILD, tally_of(jobs, 2))
    assert lines[-12:-9] == ["", "slowest", "    1.20 s  f12.c  distcc1.farm.test 10.1.0.1"]
    assert lines[-1] == "    0.30 s  f3.c  distcc1.farm.test 10.1.0.1"
    on_loopback = [one._replace(host="127.0.0.1") for one in jobs]
    assert not any(
        line.startswith("saved") for line in build_lines(BUILD, tally_of(on_loopback, 2))
    )


def test_summary_of_a_build_that_distributed_nothing() -> None:
    here = [
        job(4, "", 1.0, file="", output="x.o", status=1),
        job(5, "", 1.0, file="", status=1),
    ]
    lines = build_lines(BUILD, tally_of(here, 2))
    assert lines[:3] == ["compiles      2 in 12.0 s, 2 failed", "distributed   0 (0.0%)", ""]
    assert lines[-2:] == ["    1.00 s  x.o  this machine", "    1.00 s  gcc  this machine"]


def test_summary_of_a_build_without_compiles_says_what_may_be_wrong() -> None:
    (line,) = build_lines(BUILD, tally_of([], 2))
    assert line.startswith("no compile went through the launcher: see that the build uses")
    (line,) = build_lines(BUILD, tally_of(JOBS[-1:], 2))
    assert line.startswith("no compile went through the launcher, only 1 other command: see")


def test_record_that_is_not_whole_is_said_to_be_so_first() -> None:
    partly = BUILD._replace(whole=False)
    assert build_lines(partly, tally_of([], 2)) == [NOT_WHOLE]
    assert build_lines(partly, tally_of(JOBS, 2)) == [
        NOT_WHOLE,
        *build_lines(BUILD, tally_of(JOBS, 2)),
    ]
    totals = added(Totals(5.0, whole=False), tally_of(JOBS, 1))
    whole = totals._replace(whole=True)
    assert totals_lines(totals, "now", {}) == [NOT_WHOLE, *totals_lines(whole, "now", {})]
    assert totals_lines(Totals(5.0, whole=False), "now", {})[0] == NOT_WHOLE
    assert parse_kept(format_kept(Kept(totals)), 9.0) == Kept(totals)
    # The file of before does not tell.
    old = json.loads(format_kept(Kept(whole)))
    del old["whole"], old["lost_before"]
    assert parse_kept(json.dumps(old).encode(), 9.0) == Kept(whole)


def test_totals_grow_by_tallies() -> None:
    totals = added(added(Totals(5.0), tally_of(JOBS, 1)), tally_of(JOBS[:2], 1))
    assert totals == Totals(
        since=5.0,
        compiles=7,
        remote=5,
        others=1,
        failed=2,
        elsewhere=15.0,
        servers={
            A: ServerTotal(3, 12.0),
            B: ServerTotal(2, 3.0),
            "": ServerTotal(1, 1.0),
            UNKNOWN: ServerTotal(1, 0.0),
        },
        causes={"it is a configure check": 1, KILLED: 1},
    )
    assert totals.share == 5 / 7
    assert Totals(5.0).share == 0.0


def test_totals_stay_small() -> None:
    jobs = [job(n, f"10.1.{n // 250}.{n % 250}", 1.0) for n in range(400)]
    jobs += [job(n, "", 1.0, why=f"reason {n}") for n in range(400)]
    totals = added(Totals(5.0), tally_of(jobs, 1))
    assert (len(totals.servers), len(totals.causes)) == (MOST + 1, MOST + 1)
    assert sum(one.compiles for one in totals.servers.values()) == 800
    assert totals.causes["others"] == 200


def test_totals_are_said() -> None:
    totals = added(Totals(5.0), tally_of(JOBS, 1))
    lines = totals_lines(totals, "2026-11-25 10:00:00", {B: "distcc2.farm.test."})
    assert lines[:8] == [
        "since         2026-11-25 10:00:00",
        "compiles      5, 2 failed (and 1 other command: links, checks)",
        "distributed   3 (60.0%)",
        "              servers compiled for 10.5 s",
        "",
        "compiles   seconds  where",
        "       2       9.0  10.1.0.1",
        "       1       1.5  distcc2.farm.test 10.1.0.2",
    ]
    links = Totals(5.0, others=2)
    assert totals_lines(links, "now", {}) == [
        "since         now",
        "compiles      0 (and 2 other commands: links, checks)",
        "distributed   0 (0.0%)",
    ]
    assert totals_lines(Totals(5.0), "now", {}) == ["nothing was recorded since now"]


def test_many_causes_are_cut_short() -> None:
    totals = Totals(5.0, compiles=78, causes={f"reason {n:02}": n for n in range(1, 13)})
    lines = totals_lines(totals, "now", {})
    assert lines[-1] == "       3  2 other reasons"
    assert len(lines) == 3 + 2 + 11


def test_kept_totals_are_read_as_written() -> None:
    kept = Kept(added(Totals(5.0), tally_of(JOBS, 1)), ('{"pid": 1}',), (1, 2, 3), 4.5)
    assert parse_kept(format_kept(kept), now=9.0) == kept


GOOD = json.loads(format_kept(Kept(added(Totals(5.0), tally_of(JOBS, 1)), ("x",), (1,))))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"compiles": -1},
        {"compiles": True},
        {"since": "yesterday"},
        {"since": float("inf")},
        {"servers": {"a": [1]}},
        {"servers": []},
        {"causes": {"a": None}},
        {"pending": [1]},
        {"pending": 5},
        {"summed": None},
        {"lost_before": "x"},
    ],
    ids=str,
)
def test_file_that_holds_no_totals_begins_them_anew(change: dict[str, object]) -> None:
    assert parse_kept(json.dumps({**GOOD, **change}).encode(), 9.0) == Kept(Totals(9.0))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_file_that_is_none_begins_them_anew(data: bytes) -> None:
    assert parse_kept(data, 9.0) == Kept(Totals(9.0))
