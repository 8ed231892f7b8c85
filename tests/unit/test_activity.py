"""What is made of looks at DISTCC_DIRs: sums for each host, the order of jobs, the rate."""

import json

import pytest

from distcc_build.hostspec import Kind
from distcc_build.taskfile import HERE, Phase, Place
from distcc_build.top.activity import Job, Looked, Row, Snapshot, View, rate, recent, report, view
from distcc_build.top.given import Given

ONE, TWO, THREE = (Place(Kind.TCP, f"10.0.0.{n}", 3632) for n in (1, 2, 3))
FAR = Place(Kind.SSH, "far")
NAMES = {"10.0.0.1": "distcc1", "10.0.0.2": "distcc2"}
KNOWN = Given({TWO: 4, ONE: 8, HERE: 2}, NAMES)


def job(pid: int, phase: Phase = Phase.COMPILE, age: float | None = 1.0) -> Job:
    waits = phase is Phase.BLOCKED
    host, slot = ("", None) if waits else ("10.0.0.1", pid)
    return Job(pid, phase, f"{pid}.c", host, slot, age, None if waits else 0.5, "/a")


def seen(*looked: Looked, known: Given = KNOWN, pace: float | None = None) -> View:
    return view(Snapshot(1000.0, looked), known, pace)


def busy(*slots: tuple[Place, int]) -> frozenset[tuple[Place, int]]:
    return frozenset(slots)


def test_slots_are_counted_for_each_host_and_in_all_directories() -> None:
    first = Looked("/a", busy=busy((ONE, 0), (ONE, 5), (HERE, 0)))
    second = Looked("/b", busy=busy((ONE, 0), (THREE, 1)))
    shown = seen(first, second)
    assert [(row.name, row.used, row.limit) for row in shown.servers] == [
        ("distcc1", 3, 8),
        ("distcc2", 0, 4),
        ("10.0.0.3", 1, None),
    ]
    assert (shown.here.used, shown.here.limit) == (1, 2)
    assert shown.used == 4
    # One that is in use has no limit that is known.
    assert shown.limit is None


def test_the_limit_of_all_is_that_of_the_hosts_that_are_given() -> None:
    assert seen(Looked("/a", backoff={THREE: 3.0})).limit == 12


def test_backoff_is_the_longest_of_all_directories() -> None:
    shown = seen(Looked("/a", backoff={ONE: 3.0, FAR: 1.0}), Looked("/b", backoff={ONE: 7.0}))
    assert {row.name: row.backoff for row in shown.servers} == {
        "distcc1": 7.0,
        "distcc2": None,
        "far": 1.0,
    }


def test_nothing_known_and_nothing_seen() -> None:
    shown = seen(known=Given())
    assert (shown.servers, shown.jobs, shown.used, shown.limit) == ((), (), 0, 0)
    assert shown.here == Row(HERE, "localhost", 0, None, None)
    assert shown.problems == ()


def test_the_oldest_job_is_the_first_and_those_that_wait_are_the_last() -> None:
    jobs = [
        job(1, Phase.BLOCKED, age=99.0),
        job(2, age=5.0),
        job(3, Phase.SEND, age=7.0),
        job(4, age=None),
        job(5, Phase.DONE),
        job(7, age=5.0),
    ]
    shown = seen(Looked("/a", jobs=tuple(jobs[::-1])))
    assert [one.pid for one in shown.jobs] == [3, 2, 7, 4, 1]
    assert shown.phases == {Phase.COMPILE: 3, Phase.SEND: 1, Phase.BLOCKED: 1}
    assert shown.waiting == 1
    assert {shown.name(one) for one in shown.jobs} == {"distcc1", ""}


def test_a_job_with_a_servers_slot_waits_for_this_machine() -> None:
    blocked = job(1, Phase.BLOCKED)
    jobs = (
        blocked,
        job(2),
        blocked._replace(pid=3, host="10.0.0.2", slot=1),
        blocked._replace(pid=4, host="localhost"),
    )
    shown = seen(Looked("/a", jobs=jobs))
    assert (shown.waiting, shown.waiting_here) == (1, 2)
    assert report(shown)["here"]["waiting"] == 2
    assert report(shown)["totals"]["waiting"] == 1


def test_problems_name_their_directory() -> None:
    known = Given(problem="no limits")
    assert seen(Looked("/a", "gone"), Looked("/b"), known=known).problems == (
        "no limits",
        "/a: gone",
    )


@pytest.mark.parametrize(
    ("place", "address"),
    [
        (ONE, "10.0.0.1"),
        (Place(Kind.TCP, "box", 4000), "box:4000"),
        (Place(Kind.TCP, "fd00::1", 3632), "fd00::1"),
        (Place(Kind.TCP, "fd00::1", 4000), "[fd00::1]:4000"),
        (FAR, "@far"),
        (HERE, "localhost"),
    ],
)
def test_an_address_shows_the_port_where_it_is_not_the_usual(place: Place, address: str) -> None:
    assert Row(place, "", 0, None, None).address == address


def rates(*looks: tuple[float, int]) -> list[float | None]:
    history: tuple[tuple[float, int], ...] = ()
    found = []
    for now, finished in looks:
        history = recent(history, now, finished)
        found.append(rate(history))
    return found


def test_the_rate_is_that_of_the_last_seconds() -> None:
    assert rates((100.0, 7)) == [None]
    assert rates((100.0, 7), (100.0, 3)) == [None, None]
    # What had ended before the first look is of no known time.
    assert rates((100.0, 7), (102.0, 10), (104.0, 0)) == [None, 5.0, 2.5]
    assert rates(*((n / 2, 4) for n in range(100)))[-1] == 8.0
    # Six seconds later, nothing of it is left.
    assert rates((0.0, 0), (1.0, 50), *((n / 2, 0) for n in range(3, 15)))[-1] == 0.0


def test_the_rate_of_looks_that_are_far_apart_is_taken_from_the_last_two() -> None:
    assert rates((0.0, 0), (60.0, 120), (120.0, 60)) == [None, 2.0, 1.0]


def test_the_report_has_everything_in_json() -> None:
    looked = Looked(
        "/a",
        "odd",
        jobs=(job(1), job(2, Phase.BLOCKED)),
        busy=busy((ONE, 1), (HERE, 0)),
        backoff={FAR: 2.5},
    )
    told = json.loads(json.dumps(report(seen(looked, Looked("/b"), pace=1.5))))
    assert told == {
        "time": 1000.0,
        "rate": 1.5,
        "totals": {"jobs": 2, "waiting": 1, "used": 1, "limit": 12},
        "phases": {"Blocked": 1, "Compile": 1},
        "here": {"used": 1, "limit": 2, "waiting": 0},
        "servers": [
            {
                "kind": "tcp",
                "host": "10.0.0.1",
                "port": 3632,
                "name": "distcc1",
                "used": 1,
                "limit": 8,
                "backoff": None,
            },
            {
                "kind": "tcp",
                "host": "10.0.0.2",
                "port": 3632,
                "name": "distcc2",
                "used": 0,
                "limit": 4,
                "backoff": None,
            },
            {
                "kind": "ssh",
                "host": "far",
                "port": None,
                "name": "far",
                "used": 0,
                "limit": None,
                "backoff": 2.5,
            },
        ],
        "jobs": [
            {
                "pid": 1,
                "phase": "Compile",
                "file": "1.c",
                "host": "10.0.0.1",
                "slot": 1,
                "age": 1.0,
                "in_phase": 0.5,
                "directory": "/a",
                "name": "distcc1",
            },
            {
                "pid": 2,
                "phase": "Blocked",
                "file": "2.c",
                "host": "",
                "slot": None,
                "age": 1.0,
                "in_phase": None,
                "directory": "/a",
                "name": "",
            },
        ],
        "directories": [
            {"path": "/a", "jobs": 2, "used": 2, "problem": "odd"},
            {"path": "/b", "jobs": 0, "used": 0, "problem": ""},
        ],
        "problems": ["/a: odd"],
    }
