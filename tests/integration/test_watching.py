"""Looks at a DISTCC_DIR: what is seen in it, and that nothing in it is changed by that."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tasks import state_file

from distcc_build.hostspec import Kind
from distcc_build.taskfile import HERE, Phase, Place
from distcc_build.top import processes
from distcc_build.top.activity import Looked
from distcc_build.top.watching import Watch

ONE = Place(Kind.TCP, "10.0.0.1", 3632)

# Locks files as distcc does (src/lock.c), and stays until its input ends.
HOLDER = """
import fcntl, sys
files = [open(name, "r+b") for name in sys.argv[1:]]
for file in files:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def distcc_dir(tmp_path: Path) -> Path:
    (tmp_path / "lock").mkdir()
    (tmp_path / "state").mkdir()
    return tmp_path


def look(directory: Path, period: float = 10.0) -> Looked:
    with Watch([directory]) as watch:
        (looked,) = watch.look(period).looked
    return looked


def state(directory: Path, data: bytes, pid: int, age: float = 0.0) -> Path:
    path = directory / "state" / f"binstate_{pid}"
    path.write_bytes(data)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def dead() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@contextlib.contextmanager
def holding(
    directory: Path, *names: str, within: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    """A process that has the locks of these names."""
    paths = [directory / "lock" / name for name in names]
    for path in paths:
        path.touch()
    process = subprocess.Popen(
        [*within, sys.executable, "-c", HOLDER, *map(str, paths)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        if within and process.stdout.readline() != "held\n":
            pytest.skip(f"this machine does not allow {within[0]}")
        elif not within:
            assert process.stdout.readline() == "held\n"
        yield process
        assert process.stdin
        process.stdin.close()


def test_a_slot_is_in_use_while_its_lock_is_held(distcc_dir: Path) -> None:
    free = distcc_dir / "lock/cpu_tcp_10.0.0.1_3632_1"
    free.touch()
    names = ["cpu_tcp_10.0.0.1_3632_0", "cpu_localhost_7", "cpu_ssh_far_0"]
    with holding(distcc_dir, *names):
        for _ in range(2):  # the first look must not have taken the locks away
            assert look(distcc_dir).busy == {
                (ONE, 0),
                (HERE, 7),
                (Place(Kind.SSH, "far"), 0),
            }
        with free.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # we hold none either
    assert look(distcc_dir).busy == frozenset()


def test_a_flock_is_no_slot_in_use(distcc_dir: Path) -> None:
    with (distcc_dir / "lock/cpu_localhost_0").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert look(distcc_dir).busy == frozenset()


def test_a_job_is_seen_while_its_client_lives(distcc_dir: Path) -> None:
    own = os.getpid()
    state(distcc_dir, state_file(own, 4), own, age=1.0)
    (job,) = look(distcc_dir).jobs
    assert job[:5] == (own, Phase.SEND, "hello.c", "10.0.0.1", 3)
    assert job.directory == str(distcc_dir)
    assert job.age is not None
    assert job.age > 0
    assert job.in_phase == pytest.approx(1.0, abs=30)


def test_what_a_dead_client_left_is_not_seen_and_stays(distcc_dir: Path) -> None:
    pid = dead()
    path = state(distcc_dir, state_file(pid), pid)
    assert look(distcc_dir).jobs == ()
    assert path.exists()


def test_another_process_with_the_number_of_a_dead_client_is_not_taken_for_it(
    distcc_dir: Path,
) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            path = state(distcc_dir, state_file(process.pid), process.pid)
            assert [job.pid for job in look(distcc_dir).jobs] == [process.pid]
            os.utime(path, (time.time() - 3600,) * 2)
            assert look(distcc_dir).jobs == ()
        finally:
            process.kill()


def test_a_client_that_lost_its_slot_waits_for_another(distcc_dir: Path, tmp_path: Path) -> None:
    # distcc 3.4 leaves the state as it was where it tries another server.
    program = shutil.copy("/bin/sleep", tmp_path / "distcc")
    with subprocess.Popen([program, "60"]) as process:
        try:
            state(distcc_dir, state_file(process.pid), process.pid, age=3600)
            (job,) = look(distcc_dir).jobs
            assert job[:5] == (process.pid, Phase.BLOCKED, "hello.c", "", None)
        finally:
            process.kill()


# A PID namespace of its own, as a container has one.
CONTAINER = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def test_a_client_in_a_container_is_seen_by_the_number_that_it_has_there(distcc_dir: Path) -> None:
    # Here, 1 is the number of a process that is far older.
    state(distcc_dir, state_file(1), 1)
    state(distcc_dir, state_file(4_000_000, slot=0), 4_000_000)
    with holding(distcc_dir, "cpu_tcp_10.0.0.1_3632_3", within=CONTAINER):
        looked = look(distcc_dir)
    assert looked.busy == {(ONE, 3)}
    (job,) = looked.jobs
    assert (job.pid, job.slot) == (1, 3)
    assert job.age is not None
    assert job.age < processes.clock() / 2


LOOK = """
import sys
from pathlib import Path
from distcc_build.top.watching import Watch
with Watch([Path(sys.argv[1])]) as watch:
    for job in watch.look(10).looked[0].jobs:
        print(job.pid, job.slot, job.age)
"""


@pytest.mark.parametrize("pid", [1, 4_000_000])
def test_from_a_container_a_client_outside_is_seen_by_its_lock(distcc_dir: Path, pid: int) -> None:
    state(distcc_dir, state_file(pid), pid)
    state(distcc_dir, state_file(4_000_001, slot=0), 4_000_001)
    with holding(distcc_dir, "cpu_tcp_10.0.0.1_3632_3"):
        done = subprocess.run(
            [*CONTAINER, sys.executable, "-Pc", LOOK, distcc_dir],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        pytest.skip("this machine does not allow unshare")
    assert done.stdout == f"{pid} 3 None\n"


def test_a_client_without_a_slot_has_none(distcc_dir: Path) -> None:
    own = os.getpid()
    state(distcc_dir, state_file(own, 1, b"", b"", 0), own)
    (job,) = look(distcc_dir).jobs
    assert (job.phase, job.host, job.slot) == (Phase.BLOCKED, "", None)


def test_backoff_has_the_seconds_that_are_left(distcc_dir: Path) -> None:
    for name, age in [("tcp_10.0.0.1_3632", 4.0), ("ssh_far", 1.0), ("tcp_10.0.0.2_3632", 11.0)]:
        path = distcc_dir / "lock" / f"backoff_{name}_0"
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age,) * 2)
    left = look(distcc_dir, period=10.0).backoff
    assert set(left) == {ONE, Place(Kind.SSH, "far")}
    assert 0 < left[ONE] <= 6


def tree(directory: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(directory.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino)
    return found


@pytest.fixture
def junk(distcc_dir: Path) -> Iterator[Path]:
    """A directory with whatever may lie in it, and one job."""
    own = os.getpid()
    states, locks = distcc_dir / "state", distcc_dir / "lock"
    state(distcc_dir, state_file(own), own)
    state(distcc_dir, b"", 11)
    state(distcc_dir, state_file(own)[:100], 12)
    state(distcc_dir, state_file(own, magic=1), 13)
    state(distcc_dir, state_file(own) * 1000, 14)
    state(distcc_dir, state_file(dead()), 15, age=7200)
    (states / "binstate_16").mkdir()
    os.mkfifo(states / "binstate_17")
    (states / "binstate_18").symlink_to("/dev/zero")
    (states / "binstate_19").symlink_to("nowhere")
    (states / "binstate_x").write_bytes(state_file(own))
    (states / "\udcff\x1b[1m").write_bytes(b"")
    (locks / "cpu_localhost_0").mkdir()
    os.mkfifo(locks / "cpu_localhost_1")
    (locks / "cpu_localhost_2").symlink_to("cpu_localhost_2")
    (locks / "cpu_localhost_3").symlink_to("nowhere")
    (locks / "cpu_localhost_99999").touch()
    (locks / "backoff_\udcff_0").touch()
    with socket.socket(socket.AF_UNIX) as server:
        # The path may be longer than a socket's name can be.
        before = Path.cwd()
        os.chdir(locks)
        server.bind("cpu_localhost_4")
        os.chdir(before)
        yield distcc_dir


def test_whatever_lies_in_it_is_told_of_and_left_alone(junk: Path) -> None:
    before = tree(junk)
    looked = look(junk)
    assert [job.pid for job in looked.jobs] == [os.getpid()]
    assert looked.busy == frozenset()
    assert looked.problem == (
        "3 files in state/ cannot be read; "
        "3 files in state/ from a distcc that writes them otherwise; "
        "4 files in lock/ cannot be read"
    )
    assert tree(junk) == before


def test_there_may_be_no_directory_or_none_that_can_be_read(tmp_path: Path) -> None:
    missing = look(tmp_path / "none")
    assert missing.problem == "there is no such directory; no compile has run with it"
    assert (missing.jobs, missing.busy, missing.backoff) == ((), frozenset(), {})
    assert not (tmp_path / "none").exists()
    assert look(tmp_path).problem == ""
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "lock").write_text("")
    (tmp_path / "state").symlink_to("state")
    assert look(tmp_path).problem == (
        "state/ cannot be read (Too many levels of symbolic links); "
        "lock/ cannot be read (Not a directory)"
    )


def test_what_ends_between_two_looks_is_counted_even_if_it_also_began_there(
    tmp_path: Path,
) -> None:
    def finished(watch: Watch) -> int:
        (looked,) = watch.look(10).looked
        return looked.finished

    own = os.getpid()
    directory = tmp_path / "distcc"
    with Watch([directory]) as watch:
        assert finished(watch) == 0
        (directory / "state").mkdir(parents=True)
        first = state(directory, state_file(own), own)
        assert finished(watch) == 0
        for pid in range(100, 107):
            state(directory, b"", pid).unlink()
        (directory / "state" / "other").touch()
        (directory / "state" / "other").unlink()
        assert finished(watch) == 7
        assert finished(watch) == 0
        first.unlink()
        assert finished(watch) == 1
        # As when a build directory is made anew.
        shutil.rmtree(directory)
        assert finished(watch) == 0
        (directory / "state").mkdir(parents=True)
        assert finished(watch) == 0
        state(directory, b"", 100).unlink()
        assert finished(watch) == 1


def test_a_directory_that_was_moved_away_is_not_counted_for_the_one_in_its_place(
    tmp_path: Path,
) -> None:
    directory, away = tmp_path / "distcc", tmp_path / "away"
    for one in (directory, away):
        (one / "state").mkdir(parents=True)
    with Watch([directory]) as watch:
        watch.look(10)
        (directory / "state").rename(directory / "old")
        (away / "state").rename(directory / "state")
        watch.look(10)
        (directory / "old" / "binstate_1").touch()
        (directory / "old" / "binstate_1").unlink()
        state(directory, b"", 2).unlink()
        assert watch.look(10).looked[0].finished == 1


def test_jobs_of_several_directories_are_told_apart(tmp_path: Path) -> None:
    own = os.getpid()
    for name in ("a", "b"):
        (tmp_path / name / "state").mkdir(parents=True)
        state(tmp_path / name, state_file(own, file=name.encode()), own)
    with Watch([tmp_path / "a", tmp_path / "b"]) as watch:
        looked = watch.look(10).looked
    assert [(job.file, job.directory) for one in looked for job in one.jobs] == [
        ("a", str(tmp_path / "a")),
        ("b", str(tmp_path / "b")),
    ]
