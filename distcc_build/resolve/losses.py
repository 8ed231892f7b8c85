"""When a question that is out is to be sent again: soon where it was lost, else in good time.

A name server that is slow, or stands still, is slow for all questions.  One that was sent
before many that are answered by now, and is out for twice as long as the slowest of them,
was lost (the thought behind TCP's fast retransmit, RFC 5681 section 3.2).
"""

from typing import NamedTuple

__all__ = ["CHECK", "RETRY", "Losses", "Sent"]

RETRY = 0.2
"""Seconds after which a question is sent again in any case."""

CHECK = 0.03
"""Seconds between looks at it."""

MANY = 8
"""Answers since it was sent."""


class Sent(NamedTuple):
    """When a question was sent."""

    time: float
    """By the clock of the loop."""
    answers: int
    """How many had come before."""
    first: bool
    """For the first time; what is lost twice may be dropped on purpose."""


class Losses:
    """Keeps how long answers take."""

    def __init__(self) -> None:
        self._answers = 0
        self._slowest = 0.0

    def sent(self, now: float, before: Sent | None) -> Sent:
        """Note that a question goes out, for which `before` was noted the last time."""
        return Sent(now, self._answers, before is None)

    def answered(self, sent: Sent, now: float) -> None:
        """Note that an answer has come."""
        self._answers += 1
        if sent.first:
            # Else nobody knows which of the two it answers.
            self._slowest = max(self._slowest, now - sent.time)

    def lost(self, sent: Sent, now: float) -> bool:
        """Whether it is to be sent again."""
        out = now - sent.time
        many = self._answers - sent.answers >= MANY
        # Timers come a little early where clocks are coarse.
        return out >= RETRY - 0.001 or (sent.first and many and out > 2 * self._slowest)
