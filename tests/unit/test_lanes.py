"""Lanes: no two jobs of one lie upon another, whatever the journal says."""

import itertools

from hypothesis import given
from journals import BEGAN, JOBS, A, B, job, some_jobs

from distcc_build.record.journal import UNKNOWN, Job, Phase
from distcc_build.record.lanes import Lane, arrange, microseconds, spans


@given(JOBS)
def test_jobs_of_a_lane_follow_each_other(jobs: list[Job]) -> None:
    lanes, bars = arrange(jobs, 0.0, {})
    assert [bar.job for bar in bars] == jobs
    for number, lane in enumerate(lanes):
        row = sorted(bar[2:] for bar in bars if bar.lane == number)
        assert row, "a lane is there because of a job"
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(row))
        assert all(begin < end for begin, end in row)
        for bar in bars:
            if bar.lane == number:
                assert (bar.job.host, bar.job.slot) == lane[:2]


@given(JOBS)
def test_phases_follow_each_other_within_their_bar(jobs: list[Job]) -> None:
    _, bars = arrange(jobs, 0.0, {})
    for bar in bars:
        found = spans(bar, 0.0)
        edges = [bar.begin, *(edge for one in found for edge in (one.begin, one.end)), bar.end]
        assert edges == sorted(edges)
        assert all(one.begin < one.end for one in found)


def test_servers_are_in_the_order_of_their_numbers_and_this_machine_is_last() -> None:
    hosts = ["", UNKNOWN, B, A, "c"]
    jobs = [job(1, 2, host, slot) for host in hosts for slot in (1, None, 0)]
    lanes, _ = arrange(jobs, 0.0, {A: "distcc2", B: "distcc10", "c": "distcc1"})
    assert [lane.host for lane in lanes[::3]] == ["c", A, B, UNKNOWN, ""]
    assert [lane.slot for lane in lanes[:3]] == [0, 1, None]


def test_a_job_that_distcc_had_let_go_of_ends_when_the_next_begins() -> None:
    _, bars = arrange([job(0, 10.05), job(10, 20)], 0.0, {})
    assert [bar[1:] for bar in bars] == [(0, 0, 10_000_000), (0, 10_000_000, 20_000_000)]


def test_jobs_that_really_were_at_once_have_lanes_of_their_own() -> None:
    lanes, bars = arrange([job(0, 10), job(9, 20), job(10, 12)], 0.0, {})
    assert lanes == [Lane(A, 0, 0), Lane(A, 0, 1)]
    assert [bar.lane for bar in bars] == [0, 1, 0]
    lanes, _ = arrange([job(0, 0.1), job(0, 0.2)], 0.0, {})
    assert len(lanes) == 2, "the first would have had its slot for no time"
    lanes, _ = arrange([job(0, 10.05, slot=None), job(10, 20, slot=None)], 0.0, {})
    assert len(lanes) == 2, "without a slot nothing says that they were not at once"


def test_a_bar_begins_when_its_job_has_a_slot() -> None:
    phases = (Phase(1, "start", ""), Phase(2, "wait", ""), Phase(5, "compile", A))
    _, (bar,) = arrange([job(1, 9, phases=phases)], 1.0, {})
    assert bar[2:] == (4_000_000, 8_000_000)
    (span,) = spans(bar, 1.0)
    assert (span.name, *span[2:]) == ("compile", 4_000_000, 8_000_000)


def test_a_job_that_was_killed_ends_where_it_was_last_heard_of() -> None:
    phases = (Phase(2, "preprocess", "localhost"), Phase(5, "compile", A))
    _, bars = arrange([job(1, None, phases=phases), job(1, None, slot=1)], 0.0, {})
    assert [bar[2:] for bar in bars] == [(2_000_000, 5_000_000), (1_000_000, 1_000_001)]


def test_a_farm_as_it_is_needs_no_more_lanes_than_it_has_slots() -> None:
    jobs = [one for one in some_jobs(300) if one.remote]
    lanes, _ = arrange(jobs, BEGAN, {})
    assert len(lanes) == 16
    assert microseconds(BEGAN + 1, BEGAN) == 1_000_000
