"""The distcc client of this machine, and whether it can be trusted with a compile."""

import os
import re
import time
from pathlib import Path
from typing import NamedTuple

from distcc_build import paths
from distcc_build.spawn import Spawned
from distcc_build.verdict import first_line

__all__ = ["Client", "find_client"]

OLDEST = (3, 3)
"""The first that DISTCC_NO_REWRITE_CROSS keeps from running another compiler than was typed."""

PATIENCE = 1.5
"""Seconds; it takes 3 ms, and everybody waits."""

_VERSION = re.compile(r"distcc\S* v?(\d+)\.(\d+)")


class Client(NamedTuple):
    """What a compile becomes where it is to be distributed.

    Once it is started there is no way back: with a client that fails, the build fails.
    """

    program: Path | None
    """None where there is none."""
    fault: str
    """Why it is not used, in a sentence; empty for one that is well."""
    version: str = ""
    """As it says itself, such as "3.4"; empty where it does not."""

    @property
    def usable(self) -> Path | None:
        """The program, if it is well."""
        return None if self.fault else self.program


_known: dict[str, Client] = {}


def find_client(path: str | None, directory: Path) -> Client:
    """Look for the client, and try it.

    :param path: the value of PATH; None takes the system's default.
    :param directory: the cache directory, for temporary files.
    """
    program = paths.find_program("distcc", path) or paths.find_program("distcc", None)
    if program is None:
        return Client(None, str(paths.missing("distcc")))
    # One process makes many plans; what is exchanged meanwhile is seen by the next.
    if str(program) not in _known:
        _known[str(program)] = _tried(program, directory)
    return _known[str(program)]


def _tried(program: Path, directory: Path) -> Client:
    try:
        spawned = Spawned(directory)
    except OSError:
        return Client(program, "")  # nothing is known against it
    try:
        # In the environment of the compiles: what breaks it there does so here.
        spawned.start("version", str(program), ["distcc", "--version"], os.environ)
        status = spawned.wait("version", time.monotonic() + PATIENCE)
        said = first_line(spawned.read("version.out"))
        wrong = first_line(spawned.read("version.err"))
    except OSError as error:
        return Client(program, f"{program} cannot be run: {error.strerror}")
    finally:
        spawned.end()
    if status is None:
        return Client(program, f"{program} --version does not end")
    if status:
        how = f"signal {status & 0x7F}" if status & 0x7F else f"status {status >> 8}"
        return Client(program, f"{program} --version ends with {how}{wrong and ': ' + wrong}")
    version = _VERSION.match(said)
    if version is None:
        return Client(program, f"{program} is not distcc: --version says {said or 'nothing'!r}")
    number, oldest = f"{version[1]}.{version[2]}", ".".join(map(str, OLDEST))
    old = (int(version[1]), int(version[2])) < OLDEST
    fault = f"{program} is version {number}, expected {oldest} or newer" if old else ""
    return Client(program, fault, number)
