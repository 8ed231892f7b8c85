"""Where our own installed files are, and other programs."""

import functools
import importlib
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from distcc_build.errors import NotFoundError

__all__ = ["alias", "find_program", "integrations", "launcher", "plan_paths"]

LAUNCHER = "distcc-launch"
ALIAS = "libexec/distcc-build/distcc"
"""Below the prefix.  LLVM's tools look through a launcher of this file name."""


@functools.cache
def launcher() -> Path:
    """The launcher, bin/distcc-launch.

    :raises NotFoundError: when it is not installed.
    """
    return _installed(LAUNCHER, "bin")


@functools.cache
def alias() -> Path:
    """The launcher under the file name `distcc`, off PATH; the launcher itself where there is none.

    :raises NotFoundError: when neither is installed.
    """
    try:
        return _installed(ALIAS, ".")
    except NotFoundError:
        return launcher()


def integrations() -> Path:
    """The folder of the files that build systems load by path.

    :raises NotFoundError: when it is not installed.
    """
    # Not importlib.resources: in an editable install it gives no real path for a folder.
    try:
        package = importlib.import_module("distcc_build.integrations")
    except ImportError:
        raise _missing("integrations") from None
    return Path(next(iter(package.__path__)))


def find_program(name: str, path: str | None) -> Path | None:
    """The program that `name` stands for, never one of ours.

    :param name: a name to look for on `path`, or a path with a slash.
    :param path: the value of PATH; None takes the system's default.
    :returns: an absolute path, links not followed; None when there is none.
    """
    if "/" in name:
        candidates = [os.path.abspath(name)]  # noqa: PTH100 - links are to stay
    else:
        folders = (os.defpath if path is None else path).split(os.pathsep)
        candidates = [os.path.join(one, name) for one in folders if one.startswith("/")]  # noqa: PTH118
    for one in candidates:
        if os.access(one, os.X_OK) and os.path.isfile(one) and not _ours(one):  # noqa: PTH113
            return Path(one)
    return None


def plan_paths(words: Sequence[str], environ: Mapping[str, str]) -> list[Path]:
    """Where the plans of these compiler words are; only the launcher knows.

    :raises NotFoundError: when there is no launcher, or no cache directory that it can use.
    """
    program = launcher()
    done = subprocess.run(
        [program, "--plan", *words],
        env=dict(environ),
        stdout=subprocess.PIPE,
        check=False,
    )
    paths = [Path(os.fsdecode(line)) for line in done.stdout.split(b"\n") if line]
    if done.returncode or len(paths) != len(words):
        msg = "no usable cache directory: expected one of this user with mode 0700"
        raise NotFoundError(f"{msg} (DISTCC_BUILD_CACHE_DIR sets another)")
    return paths


def _ours(path: str) -> bool:
    """Whether a program is the launcher, under whatever name."""
    found = _identity(path)
    return found is not None and found in _identities()


@functools.cache
def _identities() -> frozenset[tuple[int, int] | None]:
    try:
        return frozenset({_identity(launcher()), _identity(alias())}) - {None}
    except NotFoundError:
        return frozenset()


def _identity(path: str | Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _installed(name: str, folder: str) -> Path:
    """The first place, cheapest first, in which an installed file is."""
    for prefix in _prefixes():
        path = prefix / folder / name
        if os.access(path, os.X_OK):
            return path
    for path in (*_recorded(name), *_editable(name)):
        if os.access(path, os.X_OK):
            return path
    raise _missing(name)


def _prefixes() -> Iterator[Path]:
    # The running script's own folder comes first: it is where pip put both.
    script = Path(os.path.abspath(sys.argv[0]))  # noqa: PTH100 - a venv may be reached by a link
    if script.name == "distcc-build":
        yield script.parent.parent
    yield Path(sys.prefix)
    yield Path(sysconfig.get_path("data"))
    if user := sysconfig.get_path("data", f"{os.name}_user"):
        yield Path(user)


def _recorded(name: str) -> Iterator[Path]:
    """Where pip says that it put the file."""
    from importlib.metadata import PackageNotFoundError, files

    try:
        recorded = files("distcc-build") or []
    except PackageNotFoundError:
        return
    for one in recorded:
        if str(one).endswith(f"/{name}"):
            yield Path(os.path.normpath(str(one.locate())))


def _editable(name: str) -> Iterator[Path]:
    """An editable install leaves programs in its build folder (meson-python)."""
    yield from Path(__file__).parent.parent.glob(f"build/cp*/**/{Path(name).name}")


def _missing(name: str) -> NotFoundError:
    return NotFoundError(f"{name} is not installed; install distcc-build again with pip")
