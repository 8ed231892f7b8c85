"""Lines of a journal and what is told from them, also when they are cut, odd or hostile."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distcc_build.record.journal import (
    COMPILED_AGAIN,
    DISTCC_CHOSE,
    FAILED_TWICE,
    KILLED,
    STILL_RAN,
    UNKNOWN,
    Job,
    Phase,
    ended,
    parted,
    read_journal,
)

S = 1_000_000_000
COMPILE = ["gcc", "-O2", "-c", "src/x.c", "-o", "x.o"]


def begin(pid: int = 7, **changes: Any) -> dict[str, Any]:
    record = {"pid": pid, "id": S, "begin": S, "as": "distcc", "program": "/usr/bin/distcc"}
    return {**record, "why": "", "cwd": "/src", "argv": COMPILE, **changes}


def end(pid: int = 7, **changes: Any) -> dict[str, Any]:
    return {"pid": pid, "id": S, "end": 3 * S, "status": 0, **changes}


def lines(*records: object) -> bytes:
    return b"".join(b"\n" + json.dumps(one).encode() + b"\n" for one in records)


def one(*records: object) -> Job:
    (job,) = read_journal(lines(*records))
    return job


REMOTE = [[S, 3, "localhost", 0], [S + S // 2, 4, "10.1.0.7", 2], [2 * S, 5, "10.1.0.7", 2]]


def test_compile_on_a_server() -> None:
    assert one(begin(), end(states=REMOTE, size=1104)) == Job(
        pid=7,
        begin=1.0,
        end=3.0,
        argv=tuple(COMPILE),
        cwd="/src",
        file="src/x.c",
        output="x.o",
        compiles=True,
        host="10.1.0.7",
        slot=2,
        tried=(),
        why="",
        phases=(
            Phase(1.0, "preprocess", "localhost"),
            Phase(1.5, "send", "10.1.0.7"),
            Phase(2.0, "compile", "10.1.0.7"),
        ),
        status=0,
        size=1104,
    )


def test_times_of_phases() -> None:
    job = one(begin(), end(states=REMOTE))
    assert [job.seconds_in(name) for name in ("preprocess", "send", "compile", "receive")] == [
        0.5,
        0.5,
        1.0,
        0.0,
    ]
    assert (job.seconds, job.remote) == (2.0, True)
    killed = job._replace(end=None)
    assert (killed.seconds, killed.seconds_in("compile")) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("first", "last", "host", "why"),
    [
        ({"as": "compiler", "why": "it is a configure check"}, {}, "", "it is a configure check"),
        (
            {"why": "no distcc servers"},
            {"states": [[S, 5, "localhost", 1]]},
            "",
            "no distcc servers",
        ),
        ({}, {"states": [*REMOTE, [2 * S, 5, "localhost", 0]]}, "", COMPILED_AGAIN),
        (
            {},
            {"states": [*REMOTE, [2 * S, 5, "localhost", 0]], "status": 1},
            "",
            FAILED_TWICE,
        ),
        ({}, {"states": [[S, 5, "localhost", 0]]}, "", DISTCC_CHOSE),
        ({}, {"states": [[S, 0, "", 0]]}, "", DISTCC_CHOSE),
        ({}, {}, UNKNOWN, DISTCC_CHOSE),
    ],
)
def test_compile_on_this_machine(
    first: dict[str, Any], last: dict[str, Any], host: str, why: str
) -> None:
    job = one(begin(**first), end(**last))
    assert (job.host, job.why, job.remote) == (host, why, False)
    assert job.tried == (("10.1.0.7",) if why in {COMPILED_AGAIN, FAILED_TWICE} else ())


def test_what_distcc_keeps_by_its_own_rules() -> None:
    job = one(
        begin(argv=["gcc", "-march=native", "-c", "x.c"]), end(states=[[S, 5, "localhost", 0]])
    )
    assert job.why == "native would mean the server's processor"


def test_killed_compile() -> None:
    job = one(begin())
    assert (job.end, job.status, job.why, job.host) == (None, None, KILLED, UNKNOWN)
    assert job.failed


def test_compile_that_runs_on() -> None:
    (job,) = read_journal(lines(begin()), {(7, S): STILL_RAN}.__getitem__)
    assert (job.end, job.status, job.why, job.failed) == (None, None, STILL_RAN, False)
    assert [one(begin(), end(status=status)).failed for status in (0, 1)] == [False, True]


def test_status_of_a_signal() -> None:
    assert one(begin(), {"pid": 7, "id": S, "end": S, "signal": 15}).status == -15


@pytest.mark.parametrize(
    ("words", "file", "output", "compiles"),
    [
        (["-c", "a.c", "-oa.o"], "a.c", "a.o", True),
        (["-S", "a.c", "b.cc"], "a.c", "", True),
        (["a.o", "b.o", "-o", "prog.c"], "", "prog.c", False),
        (["-E", "x.cpp", "-o"], "x.cpp", "", False),
        (["-include", "config.h", "-c", "-x", "c", "-"], "", "", True),
        (["@words"], "", "", False),
    ],
)
def test_source_and_output(words: list[str], file: str, output: str, compiles: bool) -> None:
    job = one(begin(argv=["gcc", *words]), end())
    assert (job.file, job.output, job.compiles) == (file, output, compiles)


def test_jobs_come_in_the_order_in_which_they_began_and_lines_in_any() -> None:
    records = [end(2), begin(3, begin=5, id=5), begin(2), end(3, id=5)]
    assert [job.pid for job in read_journal(lines(*records))] == [3, 2]


def test_line_that_was_cut_short_costs_no_other() -> None:
    cut = lines(begin(8))[:40]
    assert [job.pid for job in read_journal(lines(begin()) + cut + lines(end()))] == [7]


def test_compiles_that_are_not_finished_come_as_lines_again() -> None:
    odd = begin(9, argv=["gcc", "-c", "\udcff.c"], host="there")
    finished, (pending,) = parted(lines(begin(), odd, end()))
    assert [job.pid for job in finished] == [7]
    assert (pending.pid, pending.begin, pending.machine) == (9, 1.0, "there")
    (job,) = read_journal(pending.line.encode())
    assert job.argv == ("gcc", "-c", "\udcff.c")
    assert parted(lines(begin()))[1][0].machine == ""
    assert ended(lines(begin(), odd, end())) == {(7, S)}


def test_words_that_were_utf_8_are_so_again() -> None:
    assert one(begin(argv=["gcc", "-c", "\udcc3\udca4.c"])).file == "\u00e4.c"
    # Nobody but others than the recorder writes these.
    assert one(begin(argv=["gcc", "-c", "\ud800.c"])).file == "?.c"


ODD: Sequence[object] = [
    None,
    [],
    {},
    {"pid": 1},
    begin(pid=True),
    begin(id=1.5),
    begin(argv=[]),
    begin(argv=["gcc", 1]),
    begin(argv="gcc"),
    begin(cwd=None),
    end(status="0"),
    end(end="now"),
]


@pytest.mark.parametrize("record", ODD, ids=repr)
def test_what_is_no_record_is_left_out(record: object) -> None:
    assert read_journal(lines(record)) == []
    assert read_journal(lines(record, begin(), end()))[-1].pid == 7


@pytest.mark.parametrize(
    "states",
    [1, [1], [[S, 5]], [[S, 9, "h", 0]], [[S, -1, "h", 0]], [[S, 5, 5, 0]], [[S, True, "h", 0]]],
)
def test_states_that_are_none_are_left_out(states: object) -> None:
    assert one(begin(), end(states=states)).phases == ()


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    assert read_journal(data) == []
    assert len(read_journal(lines(begin(), end()) + data)) == 1


def test_deep_nesting_is_no_record() -> None:
    assert read_journal(b"[" * 100_000) == []
