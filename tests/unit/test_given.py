"""How many slots compiles find, from the hosts lists that they are given."""

import pytest

from distcc_build.hosts import parse_hosts
from distcc_build.hostspec import Kind
from distcc_build.taskfile import HERE, Place
from distcc_build.top.given import from_hosts


def limits(text: str) -> dict[Place, int]:
    return dict(from_hosts(parse_hosts(text).entries, {}).limits)


def tcp(host: str, port: int = 3632) -> Place:
    return Place(Kind.TCP, host, port)


def test_each_kind_of_host_has_its_own_place() -> None:
    listed = limits("a/8 b:4000 [fd00::1]/2,lzo jo@c/3 localhost/1")
    assert listed == {
        tcp("a"): 8,
        tcp("b", 4000): 4,
        tcp("fd00::1"): 2,
        Place(Kind.SSH, "c"): 3,
        HERE: 8,
    }


def test_what_is_listed_twice_has_one_set_of_locks() -> None:
    assert limits("a/3 b/1 a/7 a/5")[tcp("a")] == 7


def test_what_is_marked_down_gets_nothing() -> None:
    assert set(limits("a/3,down b/1")) == {tcp("b"), HERE}


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("a", 8),
        ("a --localslots=3", 8),
        ("a --localslots=20", 20),
        ("a --localslots=2 --localslots_cpp=4", 4),
        ("a --localslots=2 --localslots_cpp=4 localhost/6", 6),
        ("a --localslots_cpp=3 --localslots_cpp=5", 5),
        ("localhost", 8),
        ("", 8),
    ],
)
def test_this_machines_slots_are_shared_by_all_that_runs_here(text: str, slots: int) -> None:
    assert limits(text)[HERE] == slots


def test_names_are_passed_on() -> None:
    known = from_hosts(parse_hosts("10.0.0.1").entries, {"10.0.0.1": "distcc1"})
    assert (known.names, known.problem) == ({"10.0.0.1": "distcc1"}, "")
