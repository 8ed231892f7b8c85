"""Other programs, asked before a deadline; whatever they do, it is a value that comes back."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["LATE", "Here", "Said", "ask", "on_path"]

PATIENCE = 10.0
"""Seconds for a build system; SCons takes the longest, 0.5."""

MAX_SHOWN = 200
"""Characters of a line that somebody else wrote."""


LATE = "it takes longer than"
"""How the complaint of what was ended begins."""


class Said(NamedTuple):
    """How a program has ended, and what it said."""

    status: int | None
    """None when it did not end in time, or could not be started."""
    out: str = ""
    err: str = ""

    @property
    def complaint(self) -> str:
        """What went wrong, in a line: what it says of an error, else its last words."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        wrong = [line for line in lines if "error" in line.lower()]
        shown = (wrong or lines[-1:] or [""])[0][:MAX_SHOWN]
        ended = "it does not end" if self.status is None else f"status {self.status}"
        return "".join(one if one.isprintable() else "?" for one in shown) or ended


def on_path(program: Path) -> str:
    """What to do about a program of ours that is not on PATH."""
    return f"add {program.parent} to PATH"


def ask(
    words: Sequence[str], environ: Mapping[str, str], seconds: float, cwd: Path | None = None
) -> Said:
    """Run a program to its end, and end it when that is too late, with all that it started."""
    try:
        process = subprocess.Popen(
            words,
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Said(None, "", f"{words[0]} cannot be run: {getattr(error, 'strerror', error)}")
    try:
        out, err = process.communicate(timeout=seconds)
        status: int | None = process.returncode
    except subprocess.TimeoutExpired:
        out, err, status = b"", f"{LATE} {seconds:.1f} s".encode(), None
    finally:
        # Also on an exception from outside: nothing of ours goes on behind us.
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    return Said(status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


class Here(NamedTuple):
    """Where build systems are asked."""

    environ: Mapping[str, str]
    until: float
    """time.monotonic() at which all should be done."""

    def ask(self, *words: str, cwd: Path | None = None) -> Said:
        """Run a program to its end."""
        seconds = max(min(PATIENCE, self.until - time.monotonic()), 0.1)
        return ask(words, self.environ, seconds, cwd)

    def every(self, name: str) -> list[str]:
        """All programs of a name on PATH, in its order, each once however many links lead to it."""
        found: dict[str, str] = {}
        for folder in self.environ.get("PATH", os.defpath).split(os.pathsep):
            one = Path(folder, name)
            if folder.startswith("/") and os.access(one, os.X_OK) and one.is_file():
                found.setdefault(str(one.resolve()), str(one))
        return list(found.values())

    def first(self, name: str) -> str | None:
        """The program that a name stands for."""
        return next(iter(self.every(name)), None)
