"""Which farm a compiler belongs to, by the tables of the configuration (farms.py)."""

import contextlib
import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from distcc_build import paths, store
from distcc_build.compilers import USUAL
from distcc_build.errors import NotFoundError, UsageError
from distcc_build.farms import FarmTable, fitting
from distcc_build.inputs import Inputs
from distcc_build.trust import is_of_system

if TYPE_CHECKING:
    from distcc_build.reference import Compiler

__all__ = [
    "belonging",
    "by_farm",
    "each_farm",
    "farm_of",
    "has_farm",
    "known_names",
    "of_farm",
    "taken",
    "usual_words",
]

ENDS = ("gcc", "g++", "++")
"""What stands for the star of a pattern such as arm-none-eabi-* or clang*."""

SECONDS = 1.0
"""For the compiler, to say what it compiles for."""


def belonging(inputs: Inputs, word: str, path: str | None, directory: Path) -> Inputs:
    """What is configured for a compiler: with the options of its farm.

    :param word: the compiler, as typed.
    :param path: where to look for it: the value of PATH.
    :param directory: the cache directory, where its target may be known.
    :raises NotFoundError: when it cannot be known in time which farm that is.
    """
    table = farm_of(inputs, word, path, directory)
    return inputs if table is None else _with(inputs, table)


def by_farm(
    inputs: Inputs, words: Sequence[str], path: str | None, directory: Path
) -> list[tuple[str, ...]]:
    """Compilers, those of one farm together, that of the first compiler first.

    One behind the first whose farm cannot be known in time is left out.  See `belonging` for the
    other arguments and, for the first compiler, the errors.
    """
    groups = {belonging(inputs, words[0], path, directory).farm: [words[0]]}
    for word in words[1:]:
        with contextlib.suppress(NotFoundError):
            groups.setdefault(belonging(inputs, word, path, directory).farm, []).append(word)
    return [tuple(group) for group in groups.values()]


def of_farm(inputs: Inputs, name: str) -> Inputs:
    """What is configured for the farm of this name.

    :raises UsageError: when there is none.
    """
    for table in inputs.farms:
        if table.name == name:
            return _with(inputs, table)
    if not inputs.farms:
        raise UsageError(f"no farm {name!a}: the configuration has no [farm.NAME] table")
    known = ", ".join(table.name for table in inputs.farms)
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


def usual_words(inputs: Inputs, path: str | None, directory: Path) -> list[str]:
    """Compilers of a farm to look at it for, where nobody says which.

    :param inputs: what is configured for it.
    :param path: where to look for them: the value of PATH.
    :returns: those that were used before, else those of the usual names that are here and have
        this farm; none where there are none.
    """
    for words in _candidates(inputs, directory):
        known = [one for one in words if paths.find_program(one, path)]
        if here := [one for one in known if has_farm(inputs, one, path, directory, ask=True)]:
            return here
    return []


def taken(inputs: Inputs, path: str | None, directory: Path) -> str:
    """Which table has the compilers that a farm was to have, where `usual_words` has none.

    :param inputs: what is configured for that farm.
    :returns: empty where none is known that would fit it: a pattern does not tell all.
    """
    alone = inputs._replace(farms=tuple(one for one in inputs.farms if one.name == inputs.farm))
    for word in itertools.chain(*_candidates(inputs, directory)):
        if paths.find_program(word, path) and has_farm(alone, word, path, directory, ask=True):
            for one in inputs.farms:
                if has_farm(inputs._replace(farm=one.name), word, path, directory, ask=True):
                    return f"[farm.{one.name}] is tried before it, and has {word}"
    return ""


def _candidates(inputs: Inputs, directory: Path) -> Iterator[list[str]]:
    """Words that may have this farm: those that were used before, then usual ones."""
    farm = store.read_farm(store.farm_path(directory, inputs.config))
    # What is remembered by its path may be another program by now, and would be run.
    yield [one for one in (farm.compilers if farm else ()) if "/" not in one or is_of_system(one)]
    patterns = (
        one for table in inputs.farms if table.name == inputs.farm for one in table.compilers
    )
    named = [pattern.replace("*", end) for pattern in patterns for end in ("", *ENDS)]
    yield list(dict.fromkeys([*named, *USUAL]))


def has_farm(
    inputs: Inputs, word: str, path: str | None, directory: Path, *, ask: bool = False
) -> bool:
    """Whether a compiler is known to have this farm.

    :param ask: it may be run, to say what it compiles for.
    """
    try:
        table = farm_of(inputs, word, path, directory, ask=ask)
    except NotFoundError:
        return False
    return (table.name if table else "") == inputs.farm


def _with(inputs: Inputs, table: FarmTable) -> Inputs:
    config = table.config
    if not table.own_sources:
        config = config._replace(sources=inputs.config.sources)
    return inputs._replace(config=config, farm=table.name)


def farm_of(
    inputs: Inputs, word: str, path: str | None, directory: Path, *, ask: bool = True
) -> FarmTable | None:
    """The farm of a compiler; None where it is the usual one.

    :param ask: the compiler may be run, to say what it compiles for.  What is only remembered
        may be another program by now.
    :raises NotFoundError: when that matters, and is not known.
    """
    if not inputs.farms:
        return None
    from distcc_build.reference import find_compiler

    compiler = find_compiler(word, path)
    words: Sequence[str] = (word,) if compiler is None else (word, compiler.path)
    known: list[str] = []

    def target() -> str:
        if not known:
            known.append("" if compiler is None else _target(compiler, directory, ask=ask))
        return known[0]

    return fitting(inputs.farms, words, target)


def _target(compiler: "Compiler", directory: Path, *, ask: bool) -> str:
    """What a compiler says that it compiles for; empty where it has no word for it.

    :raises NotFoundError: when it does not say: the usual farm may not be meant for it.
    """
    from distcc_build.reference import compile_environment, kept
    from distcc_build.spawn import Spawned
    from distcc_build.verdict import first_line

    reference = kept(directory, compiler)
    if reference is not None:
        return reference.target
    said, argv = None, [compiler.name, "-dumpmachine"]
    try:
        spawned = Spawned(directory)
        try:
            if ask:
                spawned.start("target", compiler.path, argv, compile_environment(compiler))
                said = spawned.wait("target", time.monotonic() + SECONDS)
            if said is not None:
                return first_line(spawned.read("target.out")) if said == 0 else ""
        finally:
            spawned.end()
    except OSError as error:
        raise NotFoundError(f"{compiler.path} cannot be run: {error.strerror}") from None
    raise NotFoundError(
        f"{compiler.path} does not say in time what it compiles for (-dumpmachine), so that its "
        "farm is not known"
    )
