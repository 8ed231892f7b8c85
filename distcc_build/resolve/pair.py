"""The A and the AAAA half of one name, put together.  Asks nothing itself.

A decides.  Where it is there and AAAA is not within GRACE, a partial answer goes out first,
so that nobody waits for a slow half.  Where A could not be asked the name has failed,
whatever AAAA says, or the result would depend on which of the two was lost.
"""

import functools
from collections.abc import Callable

from distcc_build.loop import Loop, Timer
from distcc_build.resolve.answers import Answer, Failed, Found, Missing

__all__ = ["Pair", "Reply"]

GRACE = 0.05
"""Seconds to wait for AAAA once A is there (RFC 8305 section 3 gives the same figure)."""

Reply = Callable[[Answer], None]
"""Takes the answer to one name; twice when the first was a partial Found."""


class Pair:
    """One name on its way."""

    def __init__(self, loop: Loop, start: Callable[[int, Reply], None], reply: Reply) -> None:
        """Start both halves.

        :param loop: where the second half is waited for.
        :param start: asks for the addresses of an IP version (4 or 6); answers once.
        :param reply: called with what the name comes to.
        """
        self._loop = loop
        self._reply: Reply | None = reply
        self._halves: dict[int, Answer] = {}
        self._partial: Timer | None = None
        for version in (4, 6):
            start(version, functools.partial(self._done, version))

    def _done(self, version: int, answer: Answer) -> None:
        self._halves[version] = answer
        four, six = self._halves.get(4), self._halves.get(6)
        if four is None or self._reply is None:
            return
        gone = isinstance(four, Missing) and four.nxdomain
        if gone or isinstance(four, Failed):
            self._say(four)
        elif six is not None:
            self._say(_together(four, six))
        elif isinstance(four, Found):
            early = four._replace(partial=True)
            self._partial = self._loop.call_later(GRACE, functools.partial(self._reply, early))

    def _say(self, answer: Answer) -> None:
        if self._partial is not None:
            self._partial.cancel()
        reply, self._reply = self._reply, None
        if reply is not None:
            reply(answer)


def _together(four: Answer, six: Answer) -> Answer:
    """What a name comes to whose A half is there or has no addresses."""
    if isinstance(four, Found) and isinstance(six, Found):
        return Found(four.addresses + six.addresses, min(four.ttl, six.ttl))
    if isinstance(four, Found):
        return four
    if isinstance(four, Missing) and isinstance(six, Missing):
        return Missing(min(four.ttl, six.ttl), nxdomain=False)
    return six
