"""The one sequence: what is known, the lock, a second look, the walk, the proofs, what is kept."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from distcc_build import store
from distcc_build.compilers import sibling
from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.learned import silent
from distcc_build.search import surroundings
from distcc_build.sources.files import stamps
from distcc_build.trust import is_of_system

if TYPE_CHECKING:
    from distcc_build.reference import Compiler

__all__ = ["Wanted", "discover", "resolved"]

MAX_COMPILERS = 8
"""Compilers that are proved, and whose plans are renewed, together."""

RESERVE = 0.2
"""Seconds of the deadline that are left for what comes after."""


class Wanted(NamedTuple):
    """For whom a farm is looked at."""

    compilers: Sequence[str] = ()
    """Words, each to be proved on the servers, with its sibling."""
    path: str | None = None
    """Where to look for them: the value of PATH."""
    distcc_dir: Path | None = None
    """Where the user's distcc keeps its marks of servers that failed."""
    patient: bool = False
    """`hear_out` comes next, as nobody waits for the result."""


NOBODY = Wanted()

ANYWHERE = Config()
"""A configuration for which the network is all that name servers and routes tell of it."""


def discover(
    config: Config,
    directory: Path,
    wanted: Wanted = NOBODY,
    *,
    force: bool = False,
    content: bool = False,
    started: float | None = None,
) -> Farm:
    """What is known of the farm, learned anew where that no longer holds.

    :param config: which farm.
    :param directory: the cache directory.
    :param wanted: the compilers to prove on its servers.
    :param force: ask even for what is still fresh.
    :param content: what compiles are given meanwhile will do, though it is no longer fresh.
    :param started: time.monotonic() at which the waiting began; the deadline counts from it.
    :raises OSError: when the result cannot be kept.
    """
    started = time.monotonic() if started is None else started
    began = time.time()
    path = store.farm_path(directory, config)
    conf, fingerprint = surroundings(config)

    def holds(farm: Farm) -> bool:
        asked_since = not force or farm.made >= began
        same = farm.files == stamps(config)
        return asked_since and same and farm.fresh(fingerprint, time.time())

    def left() -> float:
        return max(config.deadline - RESERVE - (time.monotonic() - started), 0.1)

    old = store.read_farm(path)
    if old is not None and holds(old) and not _unproved(old, config, wanted):
        return old
    going_on = not force and old is not None and _served(old, fingerprint, config, wanted)
    if content and going_on and old is not None:
        return old
    # Nobody who can go on waits for who looks already: for a silent server that takes seconds.
    with store.locked(path, 0.0 if going_on else left()) as mine:
        # Another process may have been here while this one waited.
        old = store.read_farm(path)
        if not mine:
            usable = old is not None and _served(old, fingerprint, config, wanted)
            return old if old and usable else _nothing(fingerprint)
        walked = old is not None and holds(old)
        if old is not None and walked and not _unproved(old, config, wanted):
            return old
        # Imported here: a farm that holds is all that most callers need.
        from distcc_build.reference import References
        from distcc_build.search import find_servers

        compilers = _to_prove(old, config, wanted, all_of_them=not walked)
        # The local half of the proof runs while the names are walked.
        with References(directory, compilers) as references:
            if old is None or not walked:
                # What is found has to be proved as well.
                share = left() / 2 if compilers else left()
                farm = find_servers(
                    config,
                    conf,
                    fingerprint,
                    old,
                    force=force,
                    seconds=share,
                    meanwhile=_prepare_proving if compilers else lambda: None,
                )
                store.sweep(directory, farm.made)
            else:
                farm = old
            if compilers and farm.used:
                from distcc_build.proving import prove

                farm = prove(
                    farm,
                    references,
                    config,
                    seconds=left(),
                    patient=wanted.patient,
                    distcc_dir=wanted.distcc_dir,
                    before=old.made if old else farm.made,
                )
        farm = _remember(farm, wanted)
        # What others get holds for as long as `hear_out` may take.
        brief = farm.fresh_until(time.time() + config.deadline + 1)
        store.write_farm(path, brief if wanted.patient and silent(farm) else farm)
        if not walked:
            # The launcher looks at files only, and would go on with the servers of an old network.
            store.note_network(directory, surroundings(ANYWHERE)[1])
    return farm


def _prepare_proving() -> None:
    """Have the module that proves servers: asyncio, which it needs, takes 30 ms to import."""
    import distcc_build.proving  # noqa: F401


def _served(farm: Farm, fingerprint: str, config: Config, wanted: Wanted) -> bool:
    """Whether compiles by these compilers go on with it, fresh or not."""
    same = farm.surroundings == fingerprint and farm.files == stamps(config)
    return same and farm.made <= time.time() < farm.stale and not _unproved(farm, config, wanted)


def _unproved(farm: Farm, config: Config, wanted: Wanted) -> bool:
    """Whether a compiler is wanted that nothing is known of."""
    if not farm.used or not config.probe:
        return False
    missing = [one for one in resolved(wanted.compilers, wanted.path) if one.key not in farm.proofs]
    return bool(missing)


def _to_prove(
    farm: Farm | None, config: Config, wanted: Wanted, *, all_of_them: bool
) -> "list[Compiler]":
    """The compilers to probe for: those wanted and their siblings, perhaps all seen before."""
    if not config.probe:
        return []
    # What is remembered is run without being asked for.  Somebody else may have put another
    # program there meanwhile, or a pull of a project whose compiler it once was.
    seen = [one for one in (farm.compilers if farm else ()) if "/" not in one or is_of_system(one)]
    words = [*wanted.compilers, *(seen if all_of_them else ())]
    siblings = [
        other
        for word in words
        if (other := sibling(word)) and ("/" not in other or is_of_system(other))
    ]
    compilers = resolved(list(dict.fromkeys([*words, *siblings]))[: 2 * MAX_COMPILERS], wanted.path)
    known = {} if farm is None or all_of_them else farm.proofs
    return [one for one in compilers if one.key not in known]


def resolved(words: Sequence[str], path: str | None) -> "list[Compiler]":
    """The compilers that these words stand for; what is not there is left out."""
    from distcc_build.reference import find_compiler

    return [one for word in words if (one := find_compiler(word, path))]


def _remember(farm: Farm, wanted: Wanted) -> Farm:
    known = dict.fromkeys([*wanted.compilers, *farm.compilers])
    return farm._replace(compilers=tuple(known)[:MAX_COMPILERS])


def _nothing(surroundings: str) -> Farm:
    """What to go on with where nothing could be learned; it is not kept."""
    now, why = time.time(), "another discovery takes too long"
    # The other process ends any moment now.
    return Farm(now, now + 3, now + 3, surroundings, why=why, degraded=True)
