"""When a question that is out is to be sent again: soon where it was lost, else in good time.

A name server that is slow, or stands still, is slow for all questions.  One that was sent
before many that are answered by now, and is out for twice as long as the slowest of them,
was lost (the thought behind TCP's fast retransmit, RFC 5681 section 3.2).
"""

from typing import NamedTuple

__all__ = ["CHECK", "RETRY", "Losses", "Sent"]

RETRY = 0.2
"""Seconds after which a question is sent again in any case, to the next name server."""

CHECK = 0.03
"""Seconds between looks at it."""

MANY = 8
"""Answers since it was sent."""


class Sent(NamedTuple):
    """When a question was sent."""

    time: float
    """The last time, by the clock of the loop."""
    begun: float
    """The first time."""
    answers: int
    """How many had come before the last time."""


class Losses:
    """Keeps how long answers take."""

    def __init__(self) -> None:
        self._answers = 0
        self._slowest = 0.0

    def sent(self, now: float, before: Sent | None) -> Sent:
        """Note that a question goes out, for which `before` was noted the last time."""
        return Sent(now, before.begun if before else now, self._answers)

    def answered(self, sent: Sent, now: float) -> None:
        """Note that an answer has come."""
        self._answers += 1
        # Where it was sent twice this may be too long; that is the safe side.
        self._slowest = max(self._slowest, now - sent.begun)

    def lost(self, sent: Sent, now: float) -> bool:
        """Whether it is to be sent again, and to the same name server: it may just be slow."""
        # What is lost twice may be dropped on purpose.
        many = sent.time == sent.begun and self._answers - sent.answers >= MANY
        return many and now - sent.time > 2 * self._slowest
