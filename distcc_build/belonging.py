"""Which farm a compiler belongs to, by the tables of the configuration (farms.py)."""

import time
from collections.abc import Sequence
from pathlib import Path

from distcc_build import store
from distcc_build.errors import UsageError
from distcc_build.farms import FarmTable, fitting
from distcc_build.inputs import Inputs
from distcc_build.reference import Compiler, compile_environment, find_compiler, kept
from distcc_build.spawn import Spawned
from distcc_build.verdict import first_line

__all__ = ["belonging", "each_farm", "farm_of", "known_names", "of_farm"]

SECONDS = 1.0
"""For the compiler, to say what it compiles for."""


def belonging(inputs: Inputs, word: str, path: str | None, directory: Path) -> Inputs:
    """What is configured for a compiler: with the options of its farm.

    :param word: the compiler, as typed.
    :param path: where to look for it: the value of PATH.
    :param directory: the cache directory, where its target may be known.
    """
    table = farm_of(inputs, word, path, directory)
    return inputs if table is None else _with(inputs, table)


def of_farm(inputs: Inputs, name: str) -> Inputs:
    """What is configured for the farm of this name.

    :raises UsageError: when there is none.
    """
    for table in inputs.farms:
        if table.name == name:
            return _with(inputs, table)
    known = ", ".join(table.name for table in inputs.farms) or "none"
    raise UsageError(f"no farm {name!a}: expected one that a [farm.NAME] table names: {known}")


def each_farm(inputs: Inputs) -> list[Inputs]:
    """What is configured for each farm, the usual one first."""
    return [inputs, *(_with(inputs, table) for table in inputs.farms)]


def known_names(inputs: Inputs, directory: Path) -> dict[str, str]:
    """By address, the names of all servers of all farms that are known here.

    :param directory: the cache directory.
    """
    found: dict[str, str] = {}
    for one in each_farm(inputs):
        farm = store.read_farm(store.farm_path(directory, one.config))
        names = {str(server.address): server.name for server in (farm.servers if farm else ())}
        found = names | found
    return found


def _with(inputs: Inputs, table: FarmTable) -> Inputs:
    config = table.config
    if not table.own_sources:
        config = config._replace(sources=inputs.config.sources)
    return inputs._replace(config=config, farm=table.name)


def farm_of(inputs: Inputs, word: str, path: str | None, directory: Path) -> FarmTable | None:
    """The farm of a compiler; None where it is the usual one."""
    if not inputs.farms:
        return None
    compiler = find_compiler(word, path)
    words: Sequence[str] = (word,) if compiler is None else (word, compiler.path)
    known: list[str] = []

    def target() -> str:
        if not known:
            known.append("" if compiler is None else _target(compiler, directory))
        return known[0]

    return fitting(inputs.farms, words, target)


def _target(compiler: Compiler, directory: Path) -> str:
    """What a compiler says that it compiles for; empty where it says nothing."""
    reference = kept(directory, compiler)
    if reference is not None:
        return reference.target
    try:
        spawned = Spawned(directory)
    except OSError:
        return ""
    try:
        argv = [compiler.name, "-dumpmachine"]
        spawned.start("target", compiler.path, argv, compile_environment(compiler))
        said = spawned.wait("target", time.monotonic() + SECONDS)
        return first_line(spawned.read("target.out")) if said == 0 else ""
    except OSError:
        return ""
    finally:
        spawned.end()
