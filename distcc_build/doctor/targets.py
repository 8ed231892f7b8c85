"""Whom the compiles of a compiler are sent to, by the hosts list and by what servers are worth."""

from collections.abc import Container, Sequence
from typing import NamedTuple

from distcc_build.doctor.findings import Distribution
from distcc_build.doctor.words import plain
from distcc_build.hosts import Hostspec, Kind
from distcc_build.launch import Situation

__all__ = ["Job", "Target", "distributions", "jobs"]

ONE = 1
"""Job at once that a test asks of its server: there is but one."""


class Target(NamedTuple):
    """A host that compiles are sent to."""

    name: str
    """For people."""
    host: Hostspec
    """As a test is to reach it."""
    slots: int
    tried: bool = True
    """False for one that distcc reaches by ssh, which may ask for a password."""
    given: bool = True
    """False for a good one that this client's list leaves out: it can feed no more."""


class Job(NamedTuple):
    """One compiler at one host."""

    word: str
    target: Target


def jobs(situation: Situation, words: Sequence[str]) -> list[Job]:
    """Each compiler at each host that gets its compiles; none where nothing is distributed."""
    if situation.inputs.off or not situation.client.usable:
        return []
    here = [word for word in words if situation.compilers([word])]
    return [Job(word, one) for word in here for one in _targets(situation, word)]


def distributions(
    words: Sequence[str], found: Sequence[Job], failed: Container[Job] = ()
) -> tuple[Distribution, ...]:
    """What becomes of each compiler's compiles on this machine.

    :param failed: the jobs that came to nothing.
    """
    used = [job for job in found if job not in failed]
    counted = []
    for word in words:
        own = [job.target for job in used if job.word == word and job.target.given]
        counted.append(Distribution(word, len(own), sum(one.slots for one in own)))
    return tuple(counted)


def _targets(situation: Situation, word: str) -> list[Target]:
    config = situation.inputs.config
    lzo = ("lzo",) if config.compression == "lzo" else ()
    listed = {one.place for one in situation.hosts(word).hosts}
    found = []
    for one in situation.candidates([word]):
        host = Hostspec.server(one.server.address, one.server.port or config.port, ONE, lzo)
        given = host.place in listed
        found.append(Target(plain(one.server.name), host, one.limit, given=given))
    for host in situation.inputs.hosts.hosts:
        if host.usable and host.kind is not Kind.LOCAL:
            # Pump mode needs its include server, and nothing of it shows in the object.
            pump = "cpp" in host.options
            kept = () if pump else tuple(one for one in host.options if one == "lzo")
            kept += tuple(one for one in host.options if one.startswith("auth"))
            alone = host._replace(limit=ONE, options=kept, verbatim="")
            found.append(Target(host.host, alone, host.slots, host.kind is Kind.TCP))
    return found
