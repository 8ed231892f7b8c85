"""What this machine's own compilers make of the proof for pump mode (units.py)."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from distcc_build.reference import Compiler, Reference, compile_environment
from distcc_build.spawn import Spawned
from distcc_build.units import NAME, PUMP_OPTIONS, pump_files
from distcc_build.verdict import first_line

__all__ = ["pump_objects"]

SECONDS = 5.0
"""The longest that all of them may take; one takes 30 ms, or 400 in C++."""


def pump_objects(references: Sequence[Reference]) -> dict[str, bytes | str]:
    """The object that a server must give for each compiler, by its key, or why there is none.

    Each time anew: nobody can look in less time whether a header of the system has changed.
    """
    running: dict[str, Spawned] = {}
    made: dict[str, bytes | str] = {}
    try:
        for one in references:
            try:
                running[one.compiler.key] = _start(one.compiler)
            except OSError as error:
                made[one.compiler.key] = f"{one.compiler.path}: {error.strerror}"
        deadline = time.monotonic() + SECONDS
        for key, spawned in running.items():
            status = spawned.wait("compile", deadline)
            said = first_line(spawned.read("compile.err")) or "it is not compiled here"
            made[key] = said if status is None or status else spawned.read(f"{NAME}.o")
    finally:
        for spawned in running.values():
            spawned.end()
    return made


def _start(compiler: Compiler) -> Spawned:
    given = os.environ.get("TMPDIR", "")
    spawned = Spawned(Path(given if given.startswith("/") else "/tmp"))  # noqa: S108 - made 0700
    try:
        files = pump_files(compiler.name)
        for name, text in files.items():
            spawned.write(name, text)
        source, folder = next(iter(files)), spawned.folder
        words = [compiler.name, *PUMP_OPTIONS, "-o", f"{folder}/{NAME}.o", f"{folder}/{source}"]
        spawned.start("compile", compiler.path, words, compile_environment(compiler))
    except OSError:
        spawned.end()
        raise
    return spawned
