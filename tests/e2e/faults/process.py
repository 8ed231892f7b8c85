"""Faults of the process and what it finds around it: environment, limits, programs, settings."""

import os
import shutil
from pathlib import Path

import pytest
from e2e.faults.kept import as_stranger
from e2e.faults.scene import Faults, Scene, needs_root

__all__ = ["PROCESS"]

PROCESS = Faults()


@PROCESS.add()
def nothing(scene: Scene) -> None:
    """All is well."""


@PROCESS.add()
def home_unset(scene: Scene) -> None:
    """HOME is not set."""
    del scene.environ["HOME"]


@PROCESS.add()
def home_nonexistent(scene: Scene) -> None:
    """HOME is /nonexistent, as of many system users."""
    scene.environ["HOME"] = "/nonexistent/home"


@PROCESS.add()
def home_not_writable(scene: Scene) -> None:
    """HOME is a place where nobody can write."""
    scene.environ["HOME"] = "/proc"


@PROCESS.add()
def nobody(scene: Scene) -> None:
    """The user is in no passwd file."""
    as_stranger(scene)


@PROCESS.add()
def nobody_without_home(scene: Scene) -> None:
    """The user is in no passwd file, and HOME is not set."""
    as_stranger(scene)
    del scene.environ["HOME"]


def without(*closed: int) -> None:
    def fault(scene: Scene) -> None:
        if 1 in closed and scene.system.name == "scons":
            pytest.skip("SCons itself fails without its stdout")
        scene.closed = frozenset(closed)

    names = [("stdin", "stdout", "stderr")[fd] for fd in closed]
    fault.__name__, fault.__doc__ = f"closed_{'_'.join(names)}", f"{', '.join(names)} closed"
    PROCESS.add(lines=0 if 2 in closed else None)(fault)


for _fds in ((0,), (1,), (2,), (0, 1, 2)):
    without(*_fds)


def limited(name: str, what: str, limit: str) -> None:
    def fault(scene: Scene) -> None:
        if "nproc" in limit:
            as_stranger(scene)  # root has no such limit
        scene.prefix += ["prlimit", limit]

    fault.__name__, fault.__doc__ = f"limit_{name}", what
    PROCESS.add(extra=4.0)(fault)


limited("files", "no more than 16 files may be open", "--nofile=16")
limited("memory", "a process may have 300 MB of addresses", "--as=300000000")
limited("processes", "the user may have 40 processes", "--nproc=40")


@PROCESS.add()
def tmpdir_missing(scene: Scene) -> None:
    """TMPDIR does not exist."""
    scene.environ["TMPDIR"] = "/nonexistent/tmp"


@PROCESS.add()
def tmpdir_is_a_file(scene: Scene) -> None:
    """TMPDIR is a file."""
    scene.environ["TMPDIR"] = "/etc/passwd"


@PROCESS.add()
def tmpdir_not_writable(scene: Scene) -> None:
    """TMPDIR cannot be written."""
    as_stranger(scene)
    scene.environ["TMPDIR"] = "/etc"


def over(scene: Scene, path: str, script: str | None) -> None:
    """Put a script in a program's place, for the build alone; None takes it away."""
    needs_root()
    number = len(list(scene.home.glob("instead-*")))
    instead = scene.home / f"instead-{number}"
    instead.write_text(f"#!/bin/sh\n{script}\n" if script is not None else "")
    instead.chmod(0o755 if script is not None else 0)
    mount = f'mount --bind "{instead}" "{path}" && exec "$@"'
    scene.prefix += ["unshare", "-m", "sh", "-c", mount, "sh"]


def distcc() -> str:
    found = shutil.which("distcc", path="/usr/local/bin:/usr/bin:/bin")
    assert found
    return os.path.realpath(found)


@PROCESS.add(here=True)
def distcc_missing(scene: Scene) -> None:
    """Distcc is not installed."""
    over(scene, distcc(), None)


@PROCESS.add(here=True)
def distcc_crashes(scene: Scene) -> None:
    """Distcc crashes as soon as it is started."""
    over(scene, distcc(), "kill -SEGV $$")


@PROCESS.add(here=True)
def distcc_is_something_else(scene: Scene) -> None:
    """What is called distcc is another program."""
    over(scene, distcc(), "exit 3")


@PROCESS.add(here=True)
def distcc_without_libraries(scene: Scene) -> None:
    """Distcc cannot be started: a library is missing."""
    over(scene, distcc(), "echo 'error while loading shared libraries: libx.so' >&2; exit 127")


@PROCESS.add(here=True, extra=3.0)
def distcc_hangs(scene: Scene) -> None:
    """Distcc does nothing and does not end."""
    over(scene, distcc(), "exec sleep 1000")


@PROCESS.add(here=True)
def distcc_too_old(scene: Scene) -> None:
    """Distcc is of 2008."""
    over(scene, distcc(), 'echo "distcc 2.18.3 i486-pc-linux-gnu (protocols 1 and 2)"; exit 0')


def command(scene: Scene) -> str:
    return str(scene.venv / "bin/distcc-build")


@PROCESS.add(here=True)
def distcc_build_missing(scene: Scene) -> None:
    """The command distcc-build is not there."""
    over(scene, command(scene), None)


@PROCESS.add(here=True)
def distcc_build_crashes(scene: Scene) -> None:
    """The command distcc-build crashes."""
    over(scene, command(scene), "kill -SEGV $$")


@PROCESS.add(here=True, extra=4.0, asked=True)
def distcc_build_hangs(scene: Scene) -> None:
    """What discovers does nothing and does not end."""
    scene.environ["DISTCC_BUILD_DEADLINE"] = "1"
    real = scene.home / "distcc-build"
    shutil.copy(command(scene), real)
    over(scene, command(scene), f'[ "$1" = _refresh ] && exec sleep 1000; exec "{real}" "$@"')


@PROCESS.add(here=True)
def python_broken(scene: Scene) -> None:
    """The Python of the installation cannot be started: it was upgraded away."""
    real = scene.home / "distcc-build"
    text = Path(command(scene)).read_text()
    real.write_text(text.replace(text.splitlines()[0], "#!/nonexistent/bin/python3", 1))
    over(scene, command(scene), "")
    (scene.home / "instead-0").write_text(real.read_text())


@PROCESS.add(here=True)
def package_broken(scene: Scene) -> None:
    """A module of ours cannot be imported."""
    (package,) = scene.venv.glob("lib/python3*/site-packages/distcc_build/planning.py")
    over(scene, str(package), "")
    (scene.home / "instead-0").write_text("raise ImportError('broken')\n")


@PROCESS.add()
def python_variables(scene: Scene) -> None:
    """The build sets variables of Python's for programs of its own, and has a json.py."""
    poison = scene.home / "poison"
    poison.mkdir()
    for name in ("json", "socket", "dns"):
        (poison / f"{name}.py").write_text("raise SystemExit(3)\n")
    # Where the build tool, or what it runs before it compiles, is not Python itself.
    if scene.system.name == "cmake":
        scene.environ |= {"PYTHONPATH": str(poison), "PYTHONIOENCODING": "bogus"}
    scene.environ["PYTHONSTARTUP"] = "/nonexistent"


@PROCESS.add(here=True)
def configuration_bad(scene: Scene) -> None:
    """The configuration file has an unknown option."""
    configured(scene, b"domian = 'x'\n")


@PROCESS.add(here=True)
def configuration_binary(scene: Scene) -> None:
    """The configuration file is no text."""
    configured(scene, bytes(range(256)))


@PROCESS.add(here=True)
def configuration_directory(scene: Scene) -> None:
    """A directory is in the place of the configuration file."""
    (scene.home / ".config/distcc-build/config.toml").mkdir(parents=True)


def configured(scene: Scene, data: bytes) -> None:
    folder = scene.home / ".config/distcc-build"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_bytes(data)


@PROCESS.add(here=True)
def variable_bad(scene: Scene) -> None:
    """A variable of ours has a value that it cannot have."""
    scene.environ["DISTCC_BUILD_PORT"] = "many"


@PROCESS.add(here=True)
def hosts_bad(scene: Scene) -> None:
    """Every word of DISTCC_HOSTS is one that distcc would hang on."""
    scene.environ["DISTCC_HOSTS"] = "a/-5 b,down --localslots=-1"


@PROCESS.add(lines=1)
def hosts_half_bad(scene: Scene) -> None:
    """A word of DISTCC_HOSTS is one that makes distcc drop the whole list."""
    scene.environ["DISTCC_HOSTS"] = "::1/0 --discover-distccN"


@PROCESS.add()
def other_locale(scene: Scene) -> None:
    """The locale does not exist, and names of the environment are no text."""
    scene.environ |= {"LC_ALL": "xx_YY.nowhere", "ODD\udcff": "\udcfe"}


@PROCESS.add()
def umask_of_nobody(scene: Scene) -> None:
    """The umask takes every right away but the owner's to read."""
    scene.prefix += ["sh", "-c", 'umask 377 && exec "$@"', "sh"]
