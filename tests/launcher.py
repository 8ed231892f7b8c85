"""The C launcher for tests, built once per session, and what it says about test vectors."""

import functools
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest

__all__ = ["BUILDS", "SANITIZERS", "Verdicts", "build", "recorder"]

ROOT = Path(__file__).parents[1]

BUILDS = {
    "plain": [],
    "sanitized": ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debug"],
}
"""Name of a build -> its meson options."""

# A leak is nobody's loss in a program that is about to become another.
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=0:disable_coredump=0",
    "UBSAN_OPTIONS": "halt_on_error=1",
}


@functools.cache
def build(name: str) -> Path:
    """The directory with ``distcc-launch``, ``distcc`` and ``verdicts`` of a build."""
    meson = [sys.executable, "-m", "mesonbuild.mesonmain"]
    scripts = Path(sys.executable).parent
    environ = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    directory = _session_directory() / name
    programs = ("distcc-launch", "distcc", "distcc-record", "verdicts")
    targets = [f"integrations/launcher/{name}" for name in programs]
    _run([*meson, "setup", str(directory), str(ROOT), "-Dwerror=true", *BUILDS[name]], environ)
    _run(["ninja", "-C", str(directory), *targets], environ)
    return directory / "integrations" / "launcher"


@functools.cache
def recorder() -> Path:
    """A program that tells how it was started (tests/recorder.c)."""
    program = _session_directory() / "recorder"
    source = Path(__file__).with_name("recorder.c")
    _run(["cc", "-D_GNU_SOURCE", "-Wall", "-o", str(program), str(source)], {**os.environ})
    return program


def _run(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}")


@functools.cache
def _session_directory() -> Path:
    # Kept in the object, which removes the directory when the interpreter ends.
    holder = tempfile.TemporaryDirectory(prefix="distcc-build-launcher-")
    _HOLDERS.append(holder)
    return Path(holder.name)


_HOLDERS: list[tempfile.TemporaryDirectory[str]] = []


class Verdicts:
    """What the C parser and the C flag scanner say; a process that lives until the end."""

    def __init__(self, name: str) -> None:
        self._process = subprocess.Popen(
            [build(name) / "verdicts"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **SANITIZERS},
        )

    def plan(self, data: bytes, now: int) -> bytes:
        """``no plan``, or what the plan is worth and its lines in the order of the format."""
        return self._ask(f"plan {now}", [data])

    def local(self, argv: Sequence[str], cwd: str, environ: Sequence[str] = ()) -> str:
        """The reason to stay local; empty when there is none."""
        lists = [f"{name}=x" for name in environ], [cwd, *argv]
        return os.fsdecode(self._ask("flags", *([os.fsencode(one) for one in li] for li in lists)))

    def close(self) -> int:
        """End the process; returns its exit status."""
        self._pipe(self._process.stdin).close()
        status = self._process.wait()
        self._pipe(self._process.stdout).close()
        return status

    def _ask(self, request: str, *lists: Sequence[bytes]) -> bytes:
        question = f"{request}\n".encode()
        for blobs in lists:
            question += b"%d\n" % len(blobs)
            question += b"".join(b"%d\n%b" % (len(blob), blob) for blob in blobs)
        stdin, stdout = self._pipe(self._process.stdin), self._pipe(self._process.stdout)
        stdin.write(question)
        stdin.flush()
        return stdout.read(int(stdout.readline()))

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe
