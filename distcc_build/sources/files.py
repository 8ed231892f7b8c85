"""The files from which servers are read, and whether a file is another now."""

import os
from collections.abc import Iterable

from distcc_build.config import Config
from distcc_build.hostspec import DISCOVER_FILE
from distcc_build.plan import Dependency

__all__ = ["dependency", "listed_files", "stamps"]


def listed_files(sources: Iterable[str]) -> list[str]:
    """The files from which these sources read servers."""
    words = dict.fromkeys(one for one in sources if one.startswith(DISCOVER_FILE))
    return [word.removeprefix(DISCOVER_FILE) for word in words]


def stamps(config: Config) -> str:
    """What is another text when one of these files is another."""
    return " ".join(_stamp(dependency(path)) for path in listed_files(config.sources))


def _stamp(found: Dependency | None) -> str:
    return f"{found.mtime_ns},{found.size},{found.inode}" if found else "?"


def dependency(path: str) -> Dependency | None:
    """A file as it is now; None where that cannot be looked at, nor compared later."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return Dependency(path, None)
    except OSError:
        return None
    return Dependency(path, found.st_mtime_ns, found.st_size, found.st_ino)
