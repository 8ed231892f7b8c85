"""What somebody else could have put into the cache directory is neither used nor changed."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from launcher import BUILDS
from launcher_box import Box, record

OTHER = 12345
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture(params=BUILDS)
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Box:
    return Box(tmp_path / "box", request.param)


def program(box: Box) -> bytes:
    done = box.run("gcc", "-c", "a.c")
    assert done.returncode == 0
    return record(done.stdout).argv[0]


def link(path: Path, victim: Path) -> None:
    path.replace(victim)
    path.symlink_to(victim)


def hard_link(path: Path, victim: Path) -> None:
    victim.hardlink_to(path)


def writable_for_group(path: Path, victim: Path) -> None:
    path.chmod(0o620)


def writable_for_all(path: Path, victim: Path) -> None:
    path.chmod(0o602)


def fifo(path: Path, victim: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def directory(path: Path, victim: Path) -> None:
    path.unlink()
    path.mkdir(0o700)


def device(path: Path, victim: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def of_another(path: Path, victim: Path) -> None:
    os.chown(path, OTHER, OTHER)


FILES = [
    *(link, hard_link, writable_for_group, writable_for_all, fifo, directory, device),
    pytest.param(of_another, marks=as_root),
]
Plant = Callable[[Path, Path], None]


@pytest.mark.parametrize("plant", FILES)
def test_planted_plan_is_not_used(box: Box, plant: Plant) -> None:
    path = box.write_plan()
    assert program(box) == b"distcc"
    plant(path, box.root / "victim")
    assert program(box) == b"gcc"


@pytest.mark.parametrize("plant", FILES)
def test_planted_lock_is_not_used_and_its_victim_unchanged(box: Box, plant: Plant) -> None:
    box.refresher('write_plan "$@"')
    lock, victim = box.lock_path(), box.root / "victim"
    lock.write_text("precious")
    lock.chmod(0o600)
    plant(lock, victim)
    assert program(box) == b"gcc"
    assert box.refreshes == []
    assert not victim.exists() or victim.read_text() == "precious"


@pytest.mark.parametrize("plant", FILES)
def test_planted_marker_is_not_written_to(box: Box, plant: Plant) -> None:
    box.write_plan("note x hello")
    marker, victim = box.cache / f"said-{os.getsid(0)}-x", box.root / "victim"
    marker.write_text("precious")
    marker.chmod(0o600)
    os.utime(marker, (0, 0))
    plant(marker, victim)
    done = box.run("gcc", "-c", "a.c")
    assert (record(done.stdout).argv[0], done.stderr) == (b"distcc", b"")
    assert not victim.exists() or (victim.read_text(), victim.stat().st_mtime) == ("precious", 0)


def cache_link(cache: Path) -> None:
    cache.rename(cache.with_name("target"))
    cache.symlink_to("target")


def cache_link_to_nowhere(cache: Path) -> None:
    cache.rmdir()
    cache.symlink_to("nowhere")


def cache_file(cache: Path) -> None:
    cache.rmdir()
    cache.write_text("")


def cache_fifo(cache: Path) -> None:
    cache.rmdir()
    os.mkfifo(cache)


def cache_readable(cache: Path) -> None:
    cache.chmod(0o704)


def cache_writable_for_group(cache: Path) -> None:
    cache.chmod(0o720)


def cache_of_another(cache: Path) -> None:
    os.chown(cache, OTHER, OTHER)


CACHES = [
    *(cache_link, cache_link_to_nowhere, cache_file, cache_fifo),
    *(cache_readable, cache_writable_for_group),
    pytest.param(cache_of_another, marks=as_root),
]


@pytest.mark.parametrize("plant", CACHES)
def test_planted_directory_is_passed_over(box: Box, plant: Callable[[Path], None]) -> None:
    xdg = {"DISTCC_BUILD_CACHE_DIR": None, "XDG_CACHE_HOME": f"{box.root}/xdg"}
    first, second = box.root / "xdg/distcc-build", box.root / "home/.cache/distcc-build"
    assert box.plan_path("gcc", **xdg).parent == first
    assert not second.exists()
    plant(first)
    assert box.plan_path("gcc", **xdg).parent == second
    assert second.stat().st_mode & 0o777 == 0o700
    assert not (box.root / "xdg/nowhere").exists()


def test_relative_or_empty_cache_home_is_none(box: Box) -> None:
    for value in ("", "xdg", "./xdg", None):
        path = box.plan_path(DISTCC_BUILD_CACHE_DIR="", XDG_CACHE_HOME=value)
        assert path.parent == box.root / "home/.cache/distcc-build"
    assert list((box.root / "work").iterdir()) == []


def test_directory_that_we_make_is_ours_alone_whatever_the_umask(box: Box) -> None:
    done = box.run("--plan", "gcc", preexec_fn=lambda: os.umask(0))
    assert done.returncode == 0
    assert box.cache.stat().st_mode & 0o777 == 0o700


def test_slash_at_the_end_does_not_follow_a_link(box: Box, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(0o700)
    (tmp_path / "link").symlink_to(target)
    xdg = {"DISTCC_BUILD_CACHE_DIR": f"{tmp_path}/cache//"}
    assert box.plan_path("gcc", **xdg).parent == tmp_path / "cache"


# What may end in /tmp is tried in a mount namespace with a /tmp of its own, and the box at /mnt.
NAMESPACE = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
PREPARE = 'mount --bind "$1" /mnt && mount -t tmpfs tmpfs /tmp && eval "$2" && shift 2 && exec "$@"'


def can_unshare() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    check = [*NAMESPACE, "mount -t tmpfs tmpfs /tmp"]
    return subprocess.run(check, capture_output=True, check=False).returncode == 0


in_namespace = pytest.mark.skipif(not can_unshare(), reason="needs a mount namespace")


def plan_directory(box: Box, before: str, *program: str, **environ: str) -> str:
    """Where the launcher puts plans, with /tmp of its own in which ``before`` was done."""
    (box.root / "mnt").mkdir(exist_ok=True)
    words = [*NAMESPACE, PREPARE, "sh", str(box.root), before, *program]
    done = subprocess.run(
        [*words, "/mnt/prefix/bin/distcc-launch", "--plan", "gcc"],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.rpartition("/")[0]


@pytest.fixture
def plain(tmp_path: Path) -> Box:
    return Box(tmp_path / "box")


@in_namespace
def test_without_home_the_cache_is_in_tmp(plain: Box) -> None:
    assert plan_directory(plain, "true") == "/tmp/distcc-build-0"
    assert plan_directory(plain, "true", HOME="") == "/tmp/distcc-build-0"
    assert plan_directory(plain, "true", HOME="relative") == "/tmp/distcc-build-0"


@in_namespace
def test_home_that_is_not_there_is_not_made(plain: Box) -> None:
    assert plan_directory(plain, "true", HOME="/mnt/nohome") == "/tmp/distcc-build-0"
    assert not (plain.root / "nohome").exists()


@in_namespace
@pytest.mark.parametrize(
    ("before", "used"),
    [
        ("chmod 755 /mnt/home", True),
        ("chmod 777 /mnt/home", False),
        ("chmod 1777 /mnt/home", True),
        (f"chmod 775 /mnt/home && chgrp {OTHER} /mnt/home", False),
        ("chmod 775 /mnt/home && chgrp 0 /mnt/home", True),
        ("mkdir -m 777 /mnt/open && mv /mnt/home /mnt/open && ln -s open/home /mnt/home", False),
        ("mkdir -m 755 /mnt/shut && mv /mnt/home /mnt/shut && ln -s shut/home /mnt/home", True),
        (f"mkdir -m 777 /mnt/home/.cache; chown {OTHER} /mnt/home/.cache", False),
    ],
)
def test_cache_is_not_where_somebody_else_can_put_another(
    plain: Box, before: str, used: bool
) -> None:
    found = plan_directory(plain, before, HOME="/mnt/home")
    assert found == ("/mnt/home/.cache/distcc-build" if used else "/tmp/distcc-build-0")


@in_namespace
def test_root_makes_nothing_in_the_home_of_another(plain: Box) -> None:
    os.chown(plain.root / "home", OTHER, OTHER)
    assert plan_directory(plain, "true", HOME="/mnt/home") == "/tmp/distcc-build-0"
    xdg = {"XDG_CACHE_HOME": "/mnt/home/.cache"}
    assert plan_directory(plain, "true", HOME="/mnt/home", **xdg) == "/tmp/distcc-build-0"
    assert list((plain.root / "home").iterdir()) == []


@in_namespace
def test_cache_dir_that_cannot_be_used_leads_to_tmp(plain: Box) -> None:
    plain.cache.write_text("")
    for value in ("/mnt/cache", "relative", "/proc/cache"):
        environ = {"DISTCC_BUILD_CACHE_DIR": value, "HOME": "/mnt/home"}
        assert plan_directory(plain, "true", **environ) == "/tmp/distcc-build-0"


@in_namespace
def test_home_that_is_read_only_leads_to_tmp(plain: Box) -> None:
    (plain.root / "home/.cache/distcc-build").mkdir(parents=True, mode=0o700)
    before = "mount --bind /mnt/home /mnt/home && mount -o remount,ro,bind /mnt/home"
    assert plan_directory(plain, before, HOME="/mnt/home") == "/tmp/distcc-build-0"


@in_namespace
@pytest.mark.parametrize(
    "before",
    [
        "mkdir -m 755 /tmp/distcc-build-0",
        f"mkdir -m 700 /tmp/distcc-build-0 && chown {OTHER} /tmp/distcc-build-0",
        "mkdir -m 700 /tmp/x && ln -s x /tmp/distcc-build-0",
        "touch /tmp/distcc-build-0",
        "mkfifo /tmp/distcc-build-0",
    ],
)
def test_without_any_directory_there_is_no_plan(plain: Box, before: str) -> None:
    assert plan_directory(plain, before) == ""


@in_namespace
@pytest.mark.parametrize(("mode", "user"), [(0o4755, OTHER), (0o2755, 0)])
def test_set_uid_launcher_ignores_the_environment(plain: Box, mode: int, user: int) -> None:
    os.chown(plain.launcher, OTHER, OTHER)
    plain.launcher.chmod(mode)
    # It could use this one.
    plain.cache.mkdir(0o700)
    os.chown(plain.cache, user, OTHER)
    environ = {"DISTCC_BUILD_CACHE_DIR": "/mnt/cache", "HOME": "/mnt/home"}
    before = "chmod 1777 /tmp"
    assert plan_directory(plain, before, **environ) == f"/tmp/distcc-build-{user}"


@in_namespace
def test_set_gid_launcher_ignores_the_environment(plain: Box) -> None:
    os.chown(plain.launcher, 0, OTHER)
    plain.launcher.chmod(0o2755)
    environ = {"DISTCC_BUILD_CACHE_DIR": "/mnt/cache", "HOME": "/mnt/home"}
    assert plan_directory(plain, "true", **environ) == "/tmp/distcc-build-0"


@in_namespace
def test_ordinary_user_uses_its_own_home(plain: Box) -> None:
    os.chown(plain.root / "home", OTHER, OTHER)
    user = ["setpriv", f"--reuid={OTHER}", f"--regid={OTHER}", "--clear-groups"]
    environ = {"HOME": "/mnt/home"}
    assert plan_directory(plain, "true", *user, **environ) == "/mnt/home/.cache/distcc-build"
