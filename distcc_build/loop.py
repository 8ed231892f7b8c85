"""Timers and sockets, one after the other: what a walk needs of asyncio.

asyncio takes 30 ms to import, which is as long as a walk.
"""

import heapq
import itertools
import select
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Loop", "Timer"]


class HasFile(Protocol):
    """A socket, or what else has a descriptor."""

    def fileno(self) -> int:
        """The descriptor."""


class Timer:
    """A call to come."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call: Callable[[], object] | None = call

    @property
    def cancelled(self) -> bool:
        """Whether it will not come, or has."""
        return self._call is None

    def cancel(self) -> None:
        """Let it not come."""
        self._call = None

    def run(self) -> None:
        """Let it come now, unless it was cancelled."""
        call, self._call = self._call, None
        if call is not None:
            call()


class Loop:
    """Calls what is due; in the thread that runs it only."""

    def __init__(self) -> None:
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._calls: dict[int, Callable[[], object]] = {}
        self._poll = select.poll()

    def time(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Call it then, after all that is due before."""
        timer = Timer(call)
        heapq.heappush(self._timers, (self.time() + seconds, next(self._numbers), timer))
        return timer

    def call_soon(self, call: Callable[[], object]) -> Timer:
        """Call it in the next turn."""
        return self.call_later(0.0, call)

    def watch(self, file: HasFile, call: Callable[[], object], *, write: bool = False) -> None:
        """Call it whenever the file can be read from, or written to; one call for each file."""
        self._calls[file.fileno()] = call
        self._poll.register(file.fileno(), select.POLLOUT if write else select.POLLIN)

    def forget(self, file: HasFile) -> None:
        """Watch it no longer; to be said before it is closed."""
        if self._calls.pop(file.fileno(), None) is not None:
            self._poll.unregister(file.fileno())

    def run(self, done: Callable[[], object], seconds: float) -> bool:
        """Run until `done`, which is asked after each turn.

        :param seconds: the longest that this takes.
        :returns: whether it is done.
        """
        end = self.time() + seconds
        while not done():
            now = self.time()
            if now >= end:
                # What has come while something took long counts.
                self._turn(0.0)
                return bool(done())
            while self._timers and self._timers[0][2].cancelled:
                heapq.heappop(self._timers)
            due = min(self._timers[0][0], end) if self._timers else end
            self._turn(max(due - now, 0.0))
        return True

    def _turn(self, seconds: float) -> None:
        for descriptor in self._ready(seconds):
            # What was called before it in this turn may have closed it.
            if (call := self._calls.get(descriptor)) is not None:
                call()
        now = self.time()
        # Not what these calls add: whatever they do, files get their turn.
        due = []
        while self._timers and self._timers[0][0] <= now:
            due.append(heapq.heappop(self._timers)[2])
        for timer in due:
            timer.run()

    def _ready(self, seconds: float) -> list[int]:
        """Descriptors for which there is something to do; waits for one at most that long."""
        # Rounded up by poll: a timer that is found too early would be looked for again at once.
        return [descriptor for descriptor, _ in self._poll.poll(seconds * 1000)]
