"""What compiles are given: the hosts, and how many slots each has.  Looks nothing up."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from distcc_build.hostspec import Hostspec, Kind, Word
from distcc_build.taskfile import HERE, Place

__all__ = ["Given", "from_hosts"]

LOCAL_SLOTS = {"--localslots=": 4, "--localslots_cpp=": 8}
"""Slots of this machine, which compiles and preprocessors share, without a word (distcc 3.4)."""


class Given(NamedTuple):
    """What compiles are given, as far as that is known."""

    limits: Mapping[Place, int] = {}
    """Slots of each host in a DISTCC_DIR."""
    names: Mapping[str, str] = {}
    """Name of each address in the farm, in the farm's order."""
    problem: str = ""
    """Why it is not known, in a sentence; empty if it is."""


def from_hosts(entries: Sequence[Hostspec | Word], names: Mapping[str, str]) -> Given:
    """What a hosts list gives compiles.

    :param entries: of the hosts lists of all compilers.
    :param names: name of each address in the farm, in the farm's order.
    """
    limits: dict[Place, int] = {}
    for one in entries:
        if isinstance(one, Hostspec) and one.kind is not Kind.LOCAL and one.usable:
            place = Place(one.kind, one.host, one.port if one.kind is Kind.TCP else 0)
            # A host that is listed twice has one set of lock files.
            limits[place] = max(one.slots, limits.get(place, 0))
    return Given({**limits, HERE: _here(entries)}, names)


def _here(entries: Sequence[Hostspec | Word]) -> int:
    figures = dict(LOCAL_SLOTS)
    for start in LOCAL_SLOTS:
        said = [one.text for one in entries if isinstance(one, Word) and one.text.startswith(start)]
        if said:
            figures[start] = max(int(text.removeprefix(start)) for text in said)
    listed = [o.slots for o in entries if isinstance(o, Hostspec) and o.kind is Kind.LOCAL]
    return max([*figures.values(), *listed])
