"""distcc-build --version: the versions of all that takes part in a compile."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from distcc_build import paths
from distcc_build.cli.common import printable, warn
from distcc_build.errors import NotFoundError
from distcc_build.verdict import first_line

__all__ = ["print_versions"]

PATIENCE = 2.0
"""Seconds for a program to tell its version; it takes 3 ms."""

LIBRARIES = ("dnspython", "filelock", "rich")

MISSING = "not installed"


def print_versions() -> None:
    """Print a line for each; the first is `distcc-build X.Y.Z`, for scripts."""
    ours = _library("distcc-build")
    try:
        launcher = str(paths.launcher())
        launched = _said(launcher, "distcc-launch")
    except NotFoundError:
        launcher, launched = "", MISSING
    # Where a compile looks for it (client.py).
    client = paths.find_program("distcc", os.environ.get("PATH"))
    client = client or paths.find_program("distcc", None)
    found = _said(str(client), "distcc") if client else MISSING
    python = ".".join(map(str, sys.version_info[:3]))
    rows = [
        ("distcc-build", ours, ""),
        ("distcc-launch", launched, launcher),
        ("distcc", found, str(client or "")),
        ("Python", python, sys.executable),
        *((name, _library(name), "") for name in LIBRARIES),
    ]
    for name, number, where in rows:
        print(printable(f"{name} {number}{f' ({where})' if where else ''}"))
    if launched != ours:
        warn([f"distcc-launch is {launched}, expected {ours}; install distcc-build again"])


def _library(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING


def _said(program: str, name: str) -> str:
    """The version that a program tells of itself, or why it tells none."""
    try:
        done = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "cannot be run"
    words = first_line(done.stdout).split()
    # "distcc 3.4 x86_64-pc-linux-gnu", and what stands for it in a test or a wrapper
    return words[1] if done.returncode == 0 and words[1:] and words[0] == name else "unknown"
