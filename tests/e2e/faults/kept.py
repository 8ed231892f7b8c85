"""Faults of what we keep in files: plans, farms, locks, and the directory that they are in."""

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from e2e.faults.scene import UID, Faults, Scene, needs_root
from running import eventually

from distcc_build.farm.daemons import open_to_others

__all__ = ["FILES"]

FILES = Faults()

DAY = 86_400

OTHER_UID = 23456

LOCKS = ("lock-*", "*.lock")
"""The launcher's own, and that of a walk."""


def shifted(text: str, seconds: int) -> str:
    """A plan's or a farm's text as if the clock had been wrong when it was written."""
    change = lambda found: f"{found[1]}{int(found[2]) + seconds}"  # noqa: E731
    return re.sub(r'(?m)^((?:made|until|stale) |.*?"(?:made|until|stale)": ?)(\d+)', change, text)


def truncated(path: Path) -> None:
    """is cut in the middle"""
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    """is empty"""
    os.truncate(path, 0)


def binary(path: Path) -> None:
    """is full of bytes that are no text"""
    path.write_bytes(bytes(range(256)) * 16)


def other_version(path: Path) -> None:
    """is of another version"""
    text = path.read_text()
    path.write_text(re.sub(r"\d+", "99", text, count=1))


def from_the_future(path: Path) -> None:
    """was written on a day to come: the clock has been set back"""
    path.write_text(shifted(path.read_text(), 30 * DAY))


def long_ago(path: Path) -> None:
    """was written a month ago: the clock has been set ahead"""
    path.write_text(shifted(path.read_text(), -30 * DAY))


def huge(path: Path) -> None:
    """has a GiB"""
    os.truncate(path, 1 << 30)


def directory(path: Path) -> None:
    """is a directory"""
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def symlink(path: Path) -> None:
    """is a symbolic link to what it was"""
    path.rename(path.with_name(f"target-{path.name}"))
    path.symlink_to(f"target-{path.name}")


def hard_link(path: Path) -> None:
    """has a second name"""
    path.with_name(f"second-{path.name}").hardlink_to(path)


def fifo(path: Path) -> None:
    """is a FIFO"""
    path.unlink()
    os.mkfifo(path)


def foreign(path: Path) -> None:
    """belongs to somebody else"""
    needs_root()
    os.chown(path, OTHER_UID, -1)


def writable(path: Path) -> None:
    """can be written by everybody"""
    path.chmod(0o666)


def kept(kind: str, patterns: tuple[str, ...], damage: Callable[[Path], None]) -> None:
    def fault(scene: Scene) -> None:
        scene.warm()
        for path in [one for pattern in patterns for one in scene.cache.glob(pattern)]:
            damage(path)

    fault.__name__ = f"{kind}_{damage.__name__}"
    fault.__doc__ = f"each {kind} {damage.__doc__}"
    FILES.add()(fault)


DAMAGES = [truncated, empty, binary, other_version, from_the_future, long_ago, huge, directory]
DAMAGES += [symlink, hard_link, fifo, foreign, writable]
for _damage in DAMAGES:
    kept("plan_and_farm", ("plan-*", "farm-*.json"), _damage)
for _damage in (directory, fifo, symlink, foreign):
    kept("lock", LOCKS, _damage)


def as_stranger(scene: Scene) -> None:
    """Let the build run as a user without an entry in passwd, who owns home and project."""
    needs_root()
    # One for each build system: some limits are of a user, not of a process.
    uid = UID + ["scons", "cmake", "meson", "make"].index(scene.system.name)
    for place in (scene.home, scene.folder):
        subprocess.run(["chown", "-R", str(uid), place], check=True)
    scene.prefix = ["setpriv", f"--reuid={uid}", "--clear-groups", *scene.prefix]
    # What is in an environment may be a copy of the program, without the library.
    python: list[Path | str] = [(scene.venv / "bin/python").resolve().parent, sys.base_prefix]
    if not all(open_to_others(one) for one in python):
        # The Python of the installation is in root's home.
        read = "-caps=+dac_read_search"
        scene.prefix[1:1] = [f"--inh{read}", f"--ambient{read}"]


@FILES.add()
def plan_unreadable(scene: Scene) -> None:
    """No plan or farm can be read."""
    scene.warm()
    as_stranger(scene)
    for path in scene.cache.iterdir():
        path.chmod(0)


@FILES.add()
def lock_deleted_while_held(scene: Scene) -> Iterator[None]:
    """Somebody holds the locks, and somebody else deletes them."""
    scene.warm()
    with holding(scene):
        for path in [*locks(scene), *scene.cache.glob("plan-*")]:
            path.unlink()
        yield


@FILES.add(here=True, extra=4.0, asked=True)
def lock_holder_stopped(scene: Scene) -> Iterator[None]:
    """Who discovers was stopped, and holds the locks."""
    scene.environ["DISTCC_BUILD_DEADLINE"] = "1"
    scene.build()
    with holding(scene):
        for path in scene.cache.glob("plan-*"):
            path.unlink()
        yield


def locks(scene: Scene) -> list[Path]:
    return [path for pattern in LOCKS for path in scene.cache.glob(pattern)]


@contextlib.contextmanager
def holding(scene: Scene) -> Iterator[None]:
    """Hold every lock, as a process does that was stopped just now."""
    with contextlib.ExitStack() as stack:
        for path in locks(scene):
            file = stack.enter_context(path.open("r+"))
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(f"{time.clock_gettime_ns(time.CLOCK_BOOTTIME):019} 1\n")
            file.flush()
        yield


@FILES.add()
def lock_holder_killed(scene: Scene) -> None:
    """Who discovers was killed a moment ago, and the build with it."""
    scene.system.clean(scene.folder)
    with scene.start() as process:
        assert eventually(lambda: bool(scene.refreshers()), 30)
        scene.end()
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@FILES.add()
def lock_from_the_future(scene: Scene) -> None:
    """A lock's stamp is of a time to come."""
    scene.warm()
    for path in locks(scene):
        path.write_text(f"{2**62:019} 9\n")
    for path in scene.cache.glob("plan-*"):
        path.unlink()


@FILES.add()
def cache_cannot_be_made(scene: Scene) -> None:
    """A file is in the place of the cache directory."""
    scene.cache.parent.mkdir()
    scene.cache.touch()


@FILES.add()
def cache_is_a_link(scene: Scene) -> None:
    """The cache directory is a symbolic link."""
    scene.cache.parent.mkdir()
    (scene.home / "elsewhere").mkdir(mode=0o700)
    scene.cache.symlink_to(scene.home / "elsewhere")


@FILES.add()
def cache_open_to_all(scene: Scene) -> None:
    """Everybody can write into the cache directory."""
    scene.warm()
    scene.cache.chmod(0o777)


@FILES.add()
def cache_foreign(scene: Scene) -> None:
    """The cache directory belongs to somebody else."""
    needs_root()
    scene.warm()
    os.chown(scene.cache, OTHER_UID, -1)


@FILES.add()
def cache_without_permission(scene: Scene) -> None:
    """The cache directory cannot be written."""
    scene.warm()
    as_stranger(scene)
    scene.cache.chmod(0o500)


@FILES.add()
def cache_goes(scene: Scene) -> None:
    """The cache directory is removed between two builds."""
    scene.meanwhile = lambda: subprocess.run(["rm", "-rf", scene.cache.parent], check=True)


def mounted(scene: Scene, place: Path, *options: str) -> None:
    """Mount something over a place, for the build alone, and nothing to flee to either."""
    needs_root()
    place.mkdir(parents=True, exist_ok=True)
    mount = f'mount {" ".join(options)} "{place}" && chmod 700 "{place}"; exec "$@"'
    scene.prefix = ["unshare", "-m", "sh", "-c", mount, "sh"]


@FILES.add()
def cache_read_only(scene: Scene) -> None:
    """The home is mounted read-only."""
    # Plans are in /tmp then, where those of other faults are: this one has its own.
    scene.environ["DISTCC_BUILD_MAX_JOBS"] = "500"
    mounted(scene, scene.home, "-t tmpfs -o ro,mode=700 none")


@FILES.add(here=True, extra=4.0)
def cache_full(scene: Scene) -> None:
    """There is no space where the cache is."""
    mounted(scene, scene.cache, "-t tmpfs -o size=4k,mode=700 none")
    scene.prefix[4] = scene.prefix[4].replace(
        "; exec", f'; head -c 4096 /dev/zero >"{scene.cache}/x"; exec'
    )


@FILES.add(here=True, extra=4.0)
def cache_without_inodes(scene: Scene) -> None:
    """No file can be made where the cache is."""
    mounted(scene, scene.cache, "-t tmpfs -o nr_inodes=1,mode=700 none")


@FILES.add()
def cache_without_locks(scene: Scene) -> None:
    """The file system has no locks."""
    library = scene.home.parent / "no-locks.so"
    source = (
        "#include <errno.h>\n"
        "int flock(int fd, int how) { (void)fd; (void)how; errno = ENOLCK; return -1; }\n"
    )
    if not library.exists():
        command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)]
        subprocess.run(command, input=source, text=True, check=True)
    scene.environ["LD_PRELOAD"] = str(library)
