"""Event loops whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from distcc_build.loop import Loop

__all__ = ["ImpatientLoop", "VirtualLoop"]

T = TypeVar("T")


class _Impatient(selectors.DefaultSelector):
    """Looks for events, and lets the clock run on where there are none."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout is None:
            raise AssertionError("it waits for what will never come")
        if not events and timeout:
            self.now += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """One for all inputs; for code that talks to nothing but memory."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)
        self._trouble: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _, context: self._trouble.append(context))

    def time(self) -> float:
        return self._impatient.now

    def lead(self, start: Callable[[], Awaitable[T]]) -> T:
        """Run it to its end; what fails in a callback or a forgotten task fails here too."""

        async def whole() -> T:
            result = await start()
            # A turn for what was cancelled at the end.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return result

        self._trouble.clear()
        result = self.run_until_complete(whole())
        for context in self._trouble:
            raise AssertionError(context["message"]) from context.get("exception")
        return result


class ImpatientLoop(Loop):
    """The same for walks, which have a loop of their own."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def _ready(self, seconds: float) -> list[int]:
        self._now += seconds
        return []
