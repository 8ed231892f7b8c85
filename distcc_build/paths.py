"""Where our own installed files are, and other programs."""

# `distcc-build cc` waits for these imports in every Makefile: pathlib alone takes 5 ms.
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from distcc_build.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "alias",
    "alias_text",
    "find_program",
    "integrations",
    "launcher",
    "missing",
    "plan_paths",
    "recorder",
]

LAUNCHER = "bin/distcc-launch"
RECORDER = "libexec/distcc-build/distcc-record"
ALIAS = "libexec/distcc-build/distcc"
"""Below the prefix.  LLVM's tools look through a launcher of this file name."""

_found: dict[str, str] = {}


def launcher() -> "Path":
    """The launcher, bin/distcc-launch.

    :raises NotFoundError: when it is not installed.
    """
    from pathlib import Path

    return Path(_installed(LAUNCHER))


def alias() -> "Path":
    """The launcher under the file name `distcc`, off PATH; the launcher itself if there is none.

    :raises NotFoundError: when neither is installed.
    """
    from pathlib import Path

    return Path(alias_text())


def alias_text() -> str:
    """Where `alias` is, as text.

    :raises NotFoundError: when neither is installed.
    """
    try:
        return _installed(ALIAS)
    except NotFoundError:
        return _installed(LAUNCHER)


def recorder() -> "Path":
    """What waits for a compile in the launcher's place, and records it.

    :raises NotFoundError: when it is not installed.
    """
    from pathlib import Path

    return Path(_installed(RECORDER))


def integrations() -> "Path":
    """The folder of the files that build systems load by path.

    :raises NotFoundError: when it is not installed.
    """
    import importlib
    from pathlib import Path

    # Not importlib.resources: in an editable install it gives no real path for a folder.
    try:
        package = importlib.import_module("distcc_build.integrations")
    except ImportError:
        raise missing("integrations") from None
    return Path(next(iter(package.__path__)))


def find_program(name: str, path: str | None, *, skip: Sequence[str] = ()) -> "Path | None":
    """The program that `name` stands for, never one of ours.

    :param name: a name to look for on `path`, or a path with a slash.
    :param path: the value of PATH; None takes the system's default.
    :param skip: file names; programs that are links to one of them are passed over.
    :returns: an absolute path, links not followed; None when there is none.
    """
    from pathlib import Path

    if "/" in name:
        candidates = [os.path.abspath(name)]
    else:
        folders = (os.defpath if path is None else path).split(os.pathsep)
        candidates = [os.path.join(one, name) for one in folders if one.startswith("/")]
    for one in candidates:
        if not os.access(one, os.X_OK) or not os.path.isfile(one) or _ours(one):
            continue
        if os.path.basename(os.path.realpath(one)) not in skip:
            return Path(one)
    return None


def plan_paths(words: Sequence[str], environ: Mapping[str, str]) -> "list[Path]":
    """Where the plans of these compiler words are; only the launcher knows.

    :raises NotFoundError: when there is no launcher, or no cache directory that it can use.
    """
    import subprocess
    from pathlib import Path

    command = [_installed(LAUNCHER), "--plan", *words]
    done = subprocess.run(command, env=dict(environ), stdout=subprocess.PIPE, check=False)
    paths = [Path(os.fsdecode(line)) for line in done.stdout.split(b"\n") if line]
    if done.returncode or len(paths) != len(words):
        msg = "no usable cache directory: expected one of this user with mode 0700"
        raise NotFoundError(f"{msg} (DISTCC_BUILD_CACHE_DIR sets another)")
    return paths


def _ours(path: str) -> bool:
    """Whether a program is the launcher, under whatever name."""
    if os.path.realpath(path).endswith(f"/{ALIAS}"):
        return True  # or of another installation: each would become the other
    try:
        identity = _identity(path)
    except OSError:
        return False  # it went away just now
    for name in (LAUNCHER, ALIAS):
        try:
            if identity == _identity(_installed(name)):
                return True
        except (NotFoundError, OSError):
            continue
    return False


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _installed(name: str) -> str:
    """The first place, cheapest first, in which an installed file is."""
    if name not in _found:
        for path in _candidates(name):
            if os.access(path, os.X_OK):
                _found[name] = path
                break
        else:
            raise missing(os.path.basename(name))
    return _found[name]


def _candidates(name: str) -> Iterator[str]:
    # The running script's own folder comes first: it is where pip put both.
    if os.path.basename(sys.argv[0]) == "distcc-build":
        script = os.path.abspath(sys.argv[0])
        yield os.path.join(os.path.dirname(os.path.dirname(script)), name)
    yield os.path.join(sys.prefix, name)
    import sysconfig

    for scheme in (sysconfig.get_default_scheme(), f"{os.name}_user"):
        yield os.path.join(sysconfig.get_path("data", scheme), name)
    yield from _recorded(name)
    # An editable install leaves programs in its build folder (meson-python).
    import glob

    root = os.path.dirname(os.path.dirname(__file__))
    base = os.path.basename(name)
    yield from glob.iglob(os.path.join(glob.escape(root), f"build/cp*/**/{base}"), recursive=True)


def _recorded(name: str) -> Iterator[str]:
    """Where pip says that it put the file."""
    from importlib.metadata import PackageNotFoundError, files

    try:
        recorded = files("distcc-build") or []
    except PackageNotFoundError:
        return
    for one in recorded:
        if str(one).endswith(f"/{name}"):
            yield os.path.normpath(str(one.locate()))


def missing(name: str) -> NotFoundError:
    """What to say of a program that is not there."""
    mend = "install the package distcc" if name == "distcc" else "install distcc-build again"
    return NotFoundError(f"{name} is not installed; {mend}")
