"""TXT records of names, asked for while other names are walked; nothing depends on these alone."""

import functools
from collections import deque
from collections.abc import Container

from distcc_build.loop import Loop
from distcc_build.resolve.answers import Answer, Failed
from distcc_build.resolve.survey import Resolver

__all__ = ["AT_ONCE", "Texts"]

AT_ONCE = 60
"""Questions in flight at most: with those of the walk more would overflow a socket's buffer."""


class Texts:
    """Asks for each name that is wanted.

    :param loop: that of the resolver.
    :param resolver: is asked.
    :param held: names of which it is known what their records say.
    """

    def __init__(self, loop: Loop, resolver: Resolver, held: Container[str]) -> None:
        self._loop, self._resolver = loop, resolver
        self._held = held
        self._left: deque[str] = deque()
        self._out: set[str] = set()
        self._heard = 0
        self._answers: dict[str, Answer] = {}
        self.wanted = 0
        """How many names are asked for in all."""

    def want(self, name: str) -> None:
        """Ask for the records of a name, when its turn comes."""
        if name not in self._held:
            self.wanted += 1
            self._left.append(name)
            self._ask()

    def collect(self, *, quiet: float, seconds: float) -> dict[str, Answer]:
        """Wait for what is still out.

        :param quiet: seconds without any answer after which no more are waited for.
        :param seconds: the longest this may take.
        :returns: by name; what could not be asked in time is left out.
        """
        end = self._loop.time() + seconds
        while self._out and self._more(min(quiet, end - self._loop.time())):
            pass
        return {name: one for name, one in self._answers.items() if not isinstance(one, Failed)}

    def _more(self, seconds: float) -> bool:
        """Whether another answer comes in that time."""
        before = self._heard
        return self._loop.run(lambda: self._heard > before, seconds)

    def _ask(self) -> None:
        while self._left and len(self._out) < AT_ONCE:
            name = self._left.popleft()
            self._out.add(name)
            self._resolver.ask_text(name, functools.partial(self._take, name))

    def _take(self, name: str, answer: Answer) -> None:
        self._out.discard(name)
        self._answers[name] = answer
        self._heard += 1
        self._ask()
