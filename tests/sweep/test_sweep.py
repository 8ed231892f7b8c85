"""A sample of the sweep; `./dev sweep` is all of it."""

import hashlib
import platform
from pathlib import Path

import pytest
from sweep.points import KILL, Call, Point, calls, points, sample
from sweep.run import enumerate_points, judge, workers
from sweep.torn import torn

LOG = """\
7  execve("/a", ["a"], 0x7ff /* 1 var */) = 0
7  openat(3</x>, "plan-0123456789abcdef", O_RDONLY) = 4
8  1795614.25 openat(AT_FDCWD, "/b", O_RDONLY <unfinished ...>
7  openat(3</x>, "plan-fedcba9876543210", O_RDONLY) = 5
8  <... openat resumed>) = 6
7  read(5</usr/lib/python3/a.pyc>, "", 1) = 0
8  +++ killed by SIGKILL +++
"""


def test_calls_are_counted_by_process_and_name() -> None:
    made = list(calls(LOG))
    assert [(one.pid, one.name, one.number) for one in made] == [
        ("7", "execve", 1),
        ("7", "openat", 1),
        ("8", "openat", 1),
        ("7", "openat", 2),
        ("7", "read", 1),
    ]
    assert [one.own for one in made] == [True, True, True, True, False]


def test_what_is_like_a_call_before_is_thinned() -> None:
    made = [Call("flock", n, True, f"flock({n}, LOCK_EX) = 0", "") for n in range(1, 13)]
    ways = [KILL, "EINTR", "ENOMEM", "EIO"]
    found = points("cold", "refresher", made, set(), 6)
    assert [one.action for one in found if one.number == 1] == ways
    assert [one.number for one in found if one.number != 1] == [7]
    every = points("cold", "launcher", made, set(), 1)
    assert len(every) == len(ways) * len(made)


def test_a_sample_is_of_all_kinds_and_always_the_same() -> None:
    every = [
        Point("cold", program, "openat", n, action)
        for program in ("a", "b")
        for action in ("EIO", KILL)
        for n in range(50)
    ]
    chosen = sample(every, 12)
    assert chosen == sample(every, 12)
    assert len(set(chosen)) == 12
    assert {(one.program, one.action) for one in chosen} == {
        (program, action) for program in ("a", "b") for action in ("EIO", KILL)
    }


def test_a_torn_file_is_seen(tmp_path: Path) -> None:
    rest = b"rest"
    digest = hashlib.sha256(rest).hexdigest().encode()
    (tmp_path / "reference-1").write_bytes(b"distcc-build reference 1 " + digest + b"\n" + rest)
    (tmp_path / "lock-1").write_bytes(b"")
    assert torn(tmp_path) == []
    for name, data in (("plan-1", b""), ("farm-1.json", b"{"), ("reference-2", b"x\nrest")):
        (tmp_path / name).write_bytes(data)
        assert torn(tmp_path) == [name]
        (tmp_path / name).unlink()


@pytest.mark.skipif(platform.system() != "Linux", reason="strace is Linux's")
def test_no_failed_system_call_fails_a_compile() -> None:
    with workers(2) as by:
        every = enumerate_points(by[0])
        assert len(every) > 1500
        results = judge(sample(every, 60), by)
    assert [one for one in results if one.problems] == []
    # A run may take another way than that without faults did; nearly all go the same.
    assert sum(bool(one.hit) for one in results) > 0.9 * len(results)
