"""Files in the cache directory: trusted or as good as not there, replaced whole, locked."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from distcc_build.config import Config
from distcc_build.errors import NotFoundError
from distcc_build.farmfile import Farm
from distcc_build.store import (
    farm_path,
    locked,
    note_network,
    read_farm,
    read_trusted,
    replace,
    sweep,
    write_farm,
)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir(0o700)
    return folder


def test_what_is_written_is_read(cache: Path) -> None:
    replace(cache / "a", b"one")
    replace(cache / "a", b"two")
    assert read_trusted(cache / "a", 100) == b"two"
    assert [one.name for one in cache.iterdir()] == ["a"]
    assert (cache / "a").stat().st_mode & 0o777 == 0o600


def plant_link(path: Path) -> None:
    path.with_name("target").write_bytes(b"x")
    path.symlink_to("target")


def plant_second_name(path: Path) -> None:
    path.with_name("target").write_bytes(b"x")
    os.link(path.with_name("target"), path)


def plant_writable(path: Path) -> None:
    path.write_bytes(b"x")
    path.chmod(0o622)


def plant_large(path: Path) -> None:
    path.write_bytes(b"x" * 101)


def plant_foreign(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give a file away")
    path.write_bytes(b"x")
    os.chown(path, 12345, 12345)


def plant_open_directory(path: Path) -> None:
    path.write_bytes(b"x")
    path.parent.chmod(0o755)


@pytest.mark.parametrize(
    "plant",
    [
        plant_link,
        plant_second_name,
        plant_writable,
        plant_large,
        plant_foreign,
        plant_open_directory,
        os.mkfifo,
        Path.mkdir,
        lambda _: None,
    ],
)
def test_what_is_not_to_be_trusted_is_not_there(
    plant: Callable[[Path], object], cache: Path
) -> None:
    plant(cache / "a")
    assert read_trusted(cache / "a", 100) is None


def test_a_directory_that_is_a_link_is_not_trusted(cache: Path) -> None:
    (cache / "a").write_bytes(b"x")
    link = cache.with_name("link")
    link.symlink_to(cache)
    assert read_trusted(link / "a", 100) is None
    with pytest.raises(OSError, match="link"):
        replace(link / "a", b"x")


def test_nothing_is_written_where_others_can_enter(cache: Path) -> None:
    cache.chmod(0o755)
    with pytest.raises(NotFoundError, match="mode 0700"):
        replace(cache / "a", b"x")
    assert list(cache.iterdir()) == []


def test_a_write_that_fails_leaves_nothing(cache: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        replace(cache / ("a" * 300), b"x")
    assert list(cache.iterdir()) == []


def test_a_directory_in_the_place_of_a_file_is_moved_away(cache: Path) -> None:
    (cache / "a").mkdir()
    (cache / "a" / "b").touch()
    replace(cache / "a", b"x")
    assert (cache / "a").read_bytes() == b"x"
    sweep(cache, time.time() + 2 * 3_600)
    assert [one.name for one in cache.iterdir()] == ["a"]


def test_a_farm_is_kept_by_configuration(cache: Path) -> None:
    farm = Farm(1.0, 2.0, 3.0, "here")
    path = farm_path(cache, Config())
    assert read_farm(path) is None
    write_farm(path, farm)
    assert read_farm(path) == farm
    assert farm_path(cache, Config(gap=1)) != path
    path.write_bytes(b"{}")
    assert read_farm(path) is None


def _hold(path: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with locked(path, 5):
        ready.set()
        time.sleep(60)


def test_a_lock_ends_with_its_holder(cache: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=_hold, args=(cache / "a", ready))
    holder.start()
    try:
        assert ready.wait(30)
        with locked(cache / "a", 0) as mine:
            assert not mine
        assert holder.pid
        os.kill(holder.pid, signal.SIGSTOP)
        with locked(cache / "a", 0.05) as mine:
            assert not mine
        os.kill(holder.pid, signal.SIGKILL)
        with locked(cache / "a", 30) as mine:
            assert mine
    finally:
        holder.kill()
        holder.join()


def test_no_place_for_a_lock_is_no_obstacle(tmp_path: Path) -> None:
    with locked(tmp_path / "missing" / "a" / "b", 1) as mine:
        assert mine
    assert not (tmp_path / "missing").exists()
    (tmp_path / "c.lock").symlink_to("target")
    with locked(tmp_path / "c", 1) as mine:
        assert mine
    assert not (tmp_path / "target").exists()


def test_only_what_is_old_is_swept(cache: Path) -> None:
    now = time.time()
    for name in ("plan-1", "said-1", ".tmp-1", "farm-1.json", "farm-1.json.lock", "lock-1", "x"):
        (cache / name).touch()
        os.utime(cache / name, (now - 7200, now - 7200))
    sweep(cache, now)
    left = {one.name for one in cache.iterdir()}
    assert left == {"plan-1", "farm-1.json", "farm-1.json.lock", "lock-1", "x"}
    sweep(cache, now + 31 * 86_400)
    assert {one.name for one in cache.iterdir()} == {"farm-1.json.lock", "lock-1", "x"}
    sweep(cache / "missing", now)


def test_another_network_takes_the_plans_and_nothing_else(cache: Path) -> None:
    names = ("plan-1-2", "plan-3-4", "plan-1-2.lock", "farm-1.json", "reference-1")

    def left(network: str) -> set[str]:
        for name in names:
            (cache / name).write_bytes(b"x")
        note_network(cache, network)
        return {one.name for one in cache.iterdir() if not one.name.startswith("network-")}

    # Where nothing is known yet, plans may be of this network as well as of another.
    assert left("a") == left("a") == {*names}
    assert left("b") == {*names} - {"plan-1-2", "plan-3-4"}
    assert left("b") == {*names}
