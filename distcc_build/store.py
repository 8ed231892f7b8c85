"""Files in the cache directory: read if they can be trusted, replaced whole, locked.

A file is trusted when it is a regular file of this user, with one name, that nobody else
can write, in a directory of this user that nobody else can enter (the rules of ssh for its
keys; pip has them for its cache).  Any other is as good as not there.
"""

import contextlib
import fcntl
import hashlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from distcc_build.config import Config
from distcc_build.errors import NotFoundError
from distcc_build.farmfile import Farm, FarmFileError, format_farm, parse_farm

__all__ = [
    "discard",
    "farm_path",
    "locked",
    "note_network",
    "read_farm",
    "read_trusted",
    "replace",
    "sweep",
    "write_farm",
]

MAX_FARM = 8 << 20
"""Bytes; 1,024 servers make 400 KiB."""

MAX_NETWORK = 100
"""Bytes of what tells a network from others."""

OLD = {
    "plan-": 30 * 86_400,
    "said-": 3_600,
    "farm-": 30 * 86_400,
    "network-": 30 * 86_400,
    # What no file of a compiler tells, such as the program behind a wrapper, is seen in a day.
    "reference-": 86_400,
    # Of a build that is watched, which may have no compile for a long time.
    ".tmp-journal-": 7 * 86_400,
    ".tmp-": 3_600,
}
"""Seconds after which what begins so is swept away; what is in use is younger."""


def farm_path(directory: Path, config: Config) -> Path:
    """Where the farm of a configuration is kept."""
    # Homes are shared between machines; what one is to another, or to itself, is not the same.
    known = (socket.gethostname(), tuple(config))
    digest = hashlib.sha256(repr(known).encode()).hexdigest()
    return directory / f"farm-{digest[:16]}.json"


def read_farm(path: Path) -> Farm | None:
    """The farm as last written; None when there is none that can be used."""
    data = read_trusted(path, MAX_FARM)
    try:
        return None if data is None else parse_farm(data)
    except FarmFileError:
        return None


def write_farm(path: Path, farm: Farm) -> None:
    """Keep a farm; see `replace` for the errors."""
    replace(path, format_farm(farm))


def read_trusted(path: Path, limit: int) -> bytes | None:
    """The content of a file of ours; None when it is missing, not to be trusted or too large."""
    try:
        with _directory(path.parent) as folder:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            file = os.open(path.name, flags, dir_fd=folder)
            with open(file, "rb") as stream:  # noqa: PTH123 - a descriptor
                found = os.fstat(file)
                mine = found.st_uid == os.geteuid() and found.st_nlink == 1
                if not (stat.S_ISREG(found.st_mode) and mine) or found.st_mode & 0o022:
                    return None
                data = stream.read(limit + 1)
                return data if len(data) <= limit else None
    except (OSError, NotFoundError):
        return None


def replace(path: Path, data: bytes) -> None:
    """Put a file in the place of an old one, so that a reader sees the one or the other.

    :raises NotFoundError: when the directory is not to be trusted.
    :raises OSError: when it cannot be written; nothing is left behind.
    """
    with _directory(path.parent) as folder:
        name = f".tmp-{os.urandom(8).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with open(os.open(name, flags, 0o600, dir_fd=folder), "wb") as stream:  # noqa: PTH123
                stream.write(data)
            try:
                os.rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
            except IsADirectoryError:
                # Nobody else can have put it there; out of the way, where a sweep finds it.
                away = f".tmp-{os.urandom(8).hex()}"
                os.rename(path.name, away, src_dir_fd=folder, dst_dir_fd=folder)
                os.rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=folder)
            raise


@contextlib.contextmanager
def locked(path: Path, seconds: float) -> Iterator[bool]:
    """Hold the lock of `path` against other processes, whatever build tool they belong to.

    :param seconds: the longest to wait for it.
    :returns: False when somebody else held it all the time.  True also where the file system
        has no locks: two walks at once do no harm, as files are replaced whole.
    """
    file = _locked_at_once(f"{path}.lock")
    if file is not None:
        try:
            yield True
        finally:
            os.close(file)
        return
    if not path.parent.is_dir():
        # filelock would make it, with what stands above: a cache that ended while we began.
        yield True
        return
    # It takes 25 ms to import, and whoever comes here has to wait.
    import filelock

    lock = filelock.FileLock(f"{path}.lock", mode=0o600, fallback_to_soft=False)
    try:
        lock.acquire(timeout=max(seconds, 0), poll_interval=0.01)
        mine = True
    except filelock.Timeout:
        mine = False
    except (OSError, NotImplementedError):
        mine = True
    try:
        yield mine
    finally:
        lock.release(force=True)


def _locked_at_once(name: str) -> int | None:
    """The lock as filelock takes it, where that is simple: a descriptor to close, else None."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.open(name, flags, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(file)
        # One that was removed meanwhile is another one's no more than ours.
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == os.geteuid():
            return file
    except OSError:
        pass
    os.close(file)
    return None


def sweep(directory: Path, now: float) -> None:
    """Remove what nobody has used for long; leave locks, which others may hold."""
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            age = next((age for start, age in OLD.items() if entry.name.startswith(start)), None)
            if age is None or entry.name.endswith(".lock"):
                continue
            with contextlib.suppress(OSError):
                if now - entry.stat(follow_symlinks=False).st_mtime <= age:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    discard(entry.path)
                else:
                    os.unlink(entry.path)  # noqa: PTH108


def note_network(directory: Path, network: str) -> None:
    """Remove all plans where this machine is in another network than when this was last called.

    :param network: what tells it from others; the same for every configuration.
    :raises NotFoundError, OSError: when it cannot be noted.
    """
    path = directory / f"network-{hashlib.sha256(socket.gethostname().encode()).hexdigest()[:16]}"
    known = read_trusted(path, MAX_NETWORK)
    if known == network.encode():
        return
    replace(path, network.encode())
    if known is not None:
        _forget_plans(directory)


def _forget_plans(directory: Path) -> None:
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith("plan-") and not entry.name.endswith(".lock"):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108


def discard(folder: str) -> None:
    """Remove a folder and the files in it, as far as that is possible."""
    with contextlib.suppress(OSError):
        with os.scandir(folder) as entries:
            for entry in entries:
                os.unlink(entry.path)  # noqa: PTH108
        os.rmdir(folder)  # noqa: PTH106


@contextlib.contextmanager
def _directory(path: Path) -> Iterator[int]:
    """A descriptor of the directory, if it can be trusted."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(folder)
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise NotFoundError(f"{path}: expected a directory of this user with mode 0700")
        yield folder
    finally:
        os.close(folder)
