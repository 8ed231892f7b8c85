"""A place to run real builds in: an installation of the wheel, a home, and programs' output."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_projects"

# Where Debian has compilers and build tools; nothing of the developer's own PATH.
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

SOURCES = {".c", ".cc", ".cpp"}

PATIENT = {"DISTCC_BUILD_DEADLINE": "60", "DISTCC_BUILD_WALK_BUDGET": "20"}
"""For clients of servers that are all well, on a machine that may be busy: a compile that is not
found a server in time runs here, and nothing is wrong with that."""


class Workbench:
    """Runs commands in an environment of their own; nothing of the real user's is read or changed.

    Args:
        venv: The installation whose commands are first on PATH.
        home: HOME, and where caches go.
        extra: More variables, for example a farm's.
    """

    def __init__(self, venv: Path, home: Path, extra: Mapping[str, str] | None = None) -> None:
        self.venv = venv
        self.home = home
        self.environ = {
            "PATH": f"{venv / 'bin'}:{SYSTEM_PATH}",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "CCACHE_DIR": str(home / "ccache"),
            "DISTCC_BUILD_CACHE_DIR": str(home / "cache"),
            # Nobody answers there, and at once: tests without a farm find no servers.
            "DISTCC_BUILD_NAMESERVERS": "127.0.0.1:9",
            **(extra or {}),
        }

    @property
    def alias(self) -> str:
        """The launcher as it is written into builds."""
        return str(self.venv / "libexec/distcc-build/distcc")

    def run(
        self,
        *words: str | Path,
        cwd: Path,
        status: int = 0,
        environ: Mapping[str, str | None] | None = None,
    ) -> "Output":
        """Run a command to its end.

        :param environ: variables to change; None takes one away.
        :raises AssertionError: its exit status is another; the text holds all output.
        """
        environment: dict[str, str] = dict(self.environ)
        for name, value in (environ or {}).items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        done = subprocess.run(
            [os.fspath(word) for word in words],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == status, f"{words} ended in {done.returncode}:\n{done}"
        return Output(done.stdout, done.stderr)

    def query(self, *words: str, environ: Mapping[str, str | None] | None = None) -> str:
        """Return what distcc-build prints, without the newline at its end."""
        return self.run("distcc-build", *words, cwd=self.home, environ=environ).out.removesuffix(
            "\n"
        )


class Output:
    """What a command wrote."""

    def __init__(self, out: str, err: str) -> None:
        self.out = out
        self.err = err
        self.text = out + err
        self.lines = out.splitlines()


def sample(name: str, to: Path) -> Path:
    """Copy a sample project, without what was built in it."""
    return Path(
        shutil.copytree(SAMPLES / name, to, ignore=shutil.ignore_patterns("build*", ".scon*"))
    )


def sources(directory: Path) -> list[Path]:
    """Return the C and C++ sources below a directory."""
    return sorted(path for path in directory.rglob("*") if path.suffix in SOURCES)


def objects(directory: Path) -> dict[str, str]:
    """Return a digest of each object file below a directory, but for configure checks'."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*.o"))
        if not {".sconf_temp", "meson-private", "CompilerIdC", "CompilerIdCXX"} & set(path.parts)
    }


def write(path: Path, text: str) -> Path:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
