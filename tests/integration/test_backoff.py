"""Marks of servers where a compile failed: as distcc leaves them, and as nobody should."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from peers import closed_port

from distcc_build.backoff import forgive, in_backoff

NOW = 1_800_000_000.0


@pytest.fixture
def distcc_dir(tmp_path: Path) -> Path:
    (tmp_path / "lock").mkdir()
    return tmp_path


def mark(distcc_dir: Path, name: str, age: float = 0.0) -> Path:
    path = distcc_dir / "lock" / name
    path.write_bytes(b"x")
    os.utime(path, (NOW - age, NOW - age))
    return path


def test_a_mark_counts_for_the_period(distcc_dir: Path) -> None:
    mark(distcc_dir, "backoff_tcp_10.0.0.1_3632_0", age=9)
    mark(distcc_dir, "backoff_tcp_10.0.0.2_3632_0", age=10)
    mark(distcc_dir, "backoff_tcp_10.0.0.3_4000_0", age=1000)
    assert in_backoff(distcc_dir, NOW, 10) == {("10.0.0.1", 3632)}
    assert len(in_backoff(distcc_dir, NOW, 1001)) == 3
    assert in_backoff(distcc_dir, NOW, 0) == set()


def test_hosts_are_as_the_list_spells_them(distcc_dir: Path) -> None:
    for host in ("10.0.0.1", "fd00::1", "::1", "fe80::1%eth0", "big_box_7.example.com"):
        mark(distcc_dir, f"backoff_tcp_{host}_3632_0")
    found = {host for host, _ in in_backoff(distcc_dir, NOW, 10)}
    assert found == {"10.0.0.1", "fd00::1", "::1", "fe80::1%eth0", "big_box_7.example.com"}


def test_a_time_in_the_future_counts_as_it_does_for_distcc(distcc_dir: Path) -> None:
    mark(distcc_dir, "backoff_tcp_10.0.0.1_3632_0", age=-86_400)
    assert in_backoff(distcc_dir, NOW, 10) == {("10.0.0.1", 3632)}
    forgive(distcc_dir, "10.0.0.1", 3632)
    assert in_backoff(distcc_dir, NOW, 10) == set()


@pytest.mark.parametrize(
    "name",
    [
        "cpu_tcp_10.0.0.1_3632_0",
        "backoff_ssh_10.0.0.1_0",
        "backoff_tcp_10.0.0.1_3632_1",
        "backoff_tcp_10.0.0.1_3632",
        "backoff_tcp_10.0.0.1_0_0",
        "backoff_tcp_10.0.0.1_65536_0",
        "backoff_tcp_10.0.0.1_999999_0",
        "backoff_tcp_10.0.0.1_-1_0",
        "backoff_tcp__3632_0",
        "backoff_tcp_3632_0",
        "backoff_tcp_10.0.0.1_3632_0.tmp",
        "xbackoff_tcp_10.0.0.1_3632_0",
    ],
)
def test_other_files_are_no_marks(distcc_dir: Path, name: str) -> None:
    mark(distcc_dir, name)
    assert in_backoff(distcc_dir, NOW, 10) == set()


def test_links_and_directories_are_taken_as_distcc_takes_them(distcc_dir: Path) -> None:
    lock = distcc_dir / "lock"
    victim = mark(distcc_dir, "victim", age=1)
    (lock / "backoff_tcp_10.0.0.1_3632_0").symlink_to(victim)
    (lock / "backoff_tcp_10.0.0.2_3632_0").symlink_to(lock / "nowhere")
    (lock / "backoff_tcp_10.0.0.3_3632_0").symlink_to(lock / "backoff_tcp_10.0.0.3_3632_0")
    folder = lock / "backoff_tcp_10.0.0.4_3632_0"
    folder.mkdir()
    os.utime(folder, (NOW, NOW))
    os.mkfifo(lock / "backoff_tcp_10.0.0.5_3632_0")
    os.utime(lock / "backoff_tcp_10.0.0.5_3632_0", (NOW, NOW))
    expected = {(f"10.0.0.{n}", 3632) for n in (1, 4, 5)}
    assert in_backoff(distcc_dir, NOW, 10) == expected
    for n in range(1, 6):
        forgive(distcc_dir, f"10.0.0.{n}", 3632)
    assert in_backoff(distcc_dir, NOW, 10) == {("10.0.0.4", 3632)}
    assert victim.read_bytes() == b"x"
    assert sorted(one.name for one in lock.iterdir()) == [folder.name, "victim"]


def test_there_may_be_no_directory(tmp_path: Path) -> None:
    assert in_backoff(tmp_path / "none", NOW, 10) == set()
    forgive(tmp_path / "none", "10.0.0.1", 3632)
    (tmp_path / "lock").write_text("not a directory")
    assert in_backoff(tmp_path, NOW, 10) == set()
    forgive(tmp_path, "10.0.0.1", 3632)


def test_only_the_named_server_is_forgiven_and_nothing_outside(distcc_dir: Path) -> None:
    mark(distcc_dir, "backoff_tcp_10.0.0.1_3632_0")
    mark(distcc_dir, "backoff_tcp_10.0.0.1_3633_0")
    mark(distcc_dir, "backoff_tcp_10.0.0.11_3632_0")
    outside = distcc_dir / "x_3632_0"
    outside.write_text("kept")
    (distcc_dir / "lock" / "backoff_tcp_a").mkdir()
    forgive(distcc_dir, "10.0.0.1", 3632)
    forgive(distcc_dir, "a/../../x", 3632)
    forgive(distcc_dir, "10.0.0.11\0", 3632)
    assert in_backoff(distcc_dir, NOW, 10) == {("10.0.0.1", 3633), ("10.0.0.11", 3632)}
    assert outside.read_text() == "kept"


@pytest.mark.parametrize("host", ["127.1.0.77", "::1"])
def test_what_distcc_itself_leaves_is_read_and_what_we_forgive_it_uses(
    tmp_path: Path, host: str
) -> None:
    distcc = shutil.which("distcc", path="/usr/bin:/bin")
    assert distcc, "distcc is not installed"
    port = closed_port()
    token = f"[{host}]:{port}/1" if ":" in host else f"{host}:{port}/1"
    (tmp_path / "x.c").write_text("int x;\n")
    environ = {"PATH": "/usr/bin:/bin", "DISTCC_DIR": str(tmp_path), "DISTCC_HOSTS": token}

    def compile_it() -> str:
        words = [distcc, "gcc", "-c", "x.c", "-o", "x.o"]
        done = subprocess.run(
            words, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True
        )
        return done.stderr

    compile_it()
    now = (tmp_path / "x.o").stat().st_mtime
    assert in_backoff(tmp_path, now, 60) == {(host, port)}
    # Marked, it is not even tried; forgiven, it is.
    assert "connect" not in compile_it()
    forgive(tmp_path, host, port)
    assert in_backoff(tmp_path, now, 60) == set()
    assert "connect" in compile_it()
