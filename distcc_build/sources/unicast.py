"""Browses DNS zones for distccd's service (unicast DNS-SD, RFC 6763)."""

import functools
from collections.abc import Sequence
from typing import Protocol

from distcc_build.loop import Loop
from distcc_build.offer import Gave
from distcc_build.resolve.answers import Answer, Failed, Found, Labels
from distcc_build.resolve.choosing import resolver_for
from distcc_build.resolve.packet import A
from distcc_build.resolve.pair import Reply
from distcc_build.sources.dnssd import Browse, Record
from distcc_build.sources.request import Request
from distcc_build.sources.service import BROWSE

__all__ = ["browse_zones", "lead"]

MAX_NAME = 253
"""Characters of a name (RFC 1035 section 2.3.4, without the dot at its end)."""

TEXT_QUIET = 0.25
"""Seconds without an answer about TXT records, on which no server depends: a name server that
drops them costs no more."""


class Resolver(Protocol):
    """What can look up records of all types, or say that it cannot."""

    def ask(self, name: str, reply: Reply) -> None:
        """Start to look up the addresses of a name; `reply` may come twice, a half first."""

    def ask_records(self, name: Labels, rdtype: int, reply: Reply) -> None:
        """Start to look up other records."""


def browse_zones(word: str, request: Request) -> Gave:
    """Browse the domains in which names are looked for.

    :param word: that of the hosts list.
    """
    config = request.config
    browse = Browse(word, _domains(request), cap=config.max_servers, now=request.now)
    loop = Loop()
    with resolver_for(loop, config, request.conf) as resolver:
        gave = lead(browse, loop, resolver, seconds=request.seconds)
    gave = gave._replace(account=gave.account._replace(queries=resolver.queries))
    # The system's resolver is in doubt of every domain, and so says nothing of this one.
    return gave._replace(domain="") if config.resolver == "system" else gave


def _domains(request: Request) -> Sequence[str]:
    given = request.config.domain or request.conf.search
    return [one for one in given if len(f"{BROWSE}.{one}") <= MAX_NAME]


def lead(browse: Browse, loop: Loop, resolver: Resolver, *, seconds: float) -> Gave:
    """Lead `browse` to its end.

    :param loop: that of the resolver.
    :param seconds: the longest this may take; what has not answered by then has failed.
    """
    end = loop.time() + seconds
    led = _Led(browse, resolver)
    loop.run(led.settled, seconds)
    while not browse.finished and loop.run(
        functools.partial(led.more, led.heard), min(TEXT_QUIET, end - loop.time())
    ):
        pass
    return led.give_up(Failed("no answer in time"))


class _Led:
    """A machine, and what it has asked for."""

    def __init__(self, browse: Browse, resolver: Resolver) -> None:
        self._browse, self._resolver = browse, resolver
        self._out: dict[Record, Answer | None] = {}
        self.heard = 0
        """How many answers came, halves among them."""

    def settled(self) -> bool:
        """Whether nothing but TXT records is out."""
        self._ask()
        return self._browse.settled

    def more(self, before: int) -> bool:
        """Whether there are more answers than before."""
        self._ask()
        return self._browse.finished or self.heard > before

    def give_up(self, late: Failed) -> Gave:
        """What comes of it where no more answers come."""
        while self._browse.gave is None:
            self._out.update(dict.fromkeys(self._browse.ask()))
            for record, half in self._out.items():
                # The half that is there counts: a slow AAAA must not hide a server.
                self._browse.feed(record, half or late)
            self._out = {}
        return self._browse.gave

    def _ask(self) -> None:
        for record in self._browse.ask():
            self._out[record] = None
            take = functools.partial(self._take, record)
            if record.type == A:
                self._resolver.ask(b".".join(record.name).decode("ascii") + ".", take)
            else:
                self._resolver.ask_records(record.name, record.type, take)

    def _take(self, record: Record, answer: Answer) -> None:
        self.heard += 1
        if isinstance(answer, Found) and answer.partial:
            self._out[record] = answer._replace(partial=False)
        else:
            del self._out[record]
            self._browse.feed(record, answer)
