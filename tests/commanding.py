"""Runs distcc-build as a process, with its results in a pipe or on a terminal."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from running import ENVIRONMENT

from distcc_build.paths import launcher

__all__ = ["PROGRAM", "Said", "command", "environ", "from_json", "on_terminal"]

PROGRAM = [sys.executable, "-P", "-m", "distcc_build"]

# What would change how anything looks.
LOOKS = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS")


def environ(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which nothing of the user's is seen, and no farm unless `more` has one."""
    ours = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("DISTCC_")}
    return {
        **{name: value for name, value in ours.items() if name not in LOOKS},
        "PATH": f"{launcher().parent}:/usr/bin:/bin",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "DISTCC_BUILD_CACHE_DIR": str(home / "cache"),
        "DISTCC_BUILD_NAMESERVERS": "127.0.0.1:9",
        # Nobody is silent there, but the machine may be busy.
        "DISTCC_BUILD_DEADLINE": "60",
        "DISTCC_BUILD_WALK_BUDGET": "20",
        **(more or {}),
    }


class Said(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


def command(*words: str, env: Mapping[str, str], cwd: Path | None = None) -> Said:
    """Run distcc-build with pipes for its output."""
    done = subprocess.run(
        [*PROGRAM, *words],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def from_json(*words: str, env: Mapping[str, str], cwd: Path | None = None) -> Any:
    """What it prints, which is JSON whatever its exit status."""
    return json.loads(command(*words, env=env, cwd=cwd).out)


def on_terminal(*words: str, env: Mapping[str, str], out: bool = True) -> Said:
    """Run distcc-build with standard error on a terminal, and its results there too.

    :param out: False for results in a pipe; else all is in `out`, and `err` is empty.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *words],
        env={"TERM": "xterm-256color", **env},
        stdin=subprocess.DEVNULL,
        stdout=theirs if out else subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b"".join(_all_of(ours)).decode()
        os.close(ours)
        if process.stdout is None:
            return Said(process.wait(), shown, "")
        return Said(process.wait(), process.stdout.read().decode(), shown)


def _all_of(terminal: int) -> Sequence[bytes]:
    parts = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:  # Linux: nobody has the other side open any more
        pass
    return parts
