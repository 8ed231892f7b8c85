"""A sign of life on the terminal, for whoever waits for more than a second."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["waiting"]

AFTER = 1.0
"""Seconds after which people want to know that something happens."""

Told = Callable[[int, int], None]
"""Called with what is done, and of how many."""


@contextlib.contextmanager
def waiting(what: str) -> Iterator[Told]:
    """Show what is waited for, and how long already, until the block ends; then it is wiped away.

    Nothing is written or imported in the first second, nor where standard error is no terminal
    that can move its cursor.  The block writes nothing itself.

    :param what: in a few words, such as "asking the servers".
    """
    bar = _Bar(what)
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") in {"dumb", "unknown"}:
        yield bar.told
        return
    # 0.7 ms; asyncio, which asks servers, needs it too.
    import threading

    timer = threading.Timer(AFTER, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield bar.told
    finally:
        timer.cancel()
        timer.join()
        bar.wipe()


class _Bar:
    """The bar, from when it is shown."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._done = (0, 0)
        self._shown: Progress | None = None

    def told(self, done: int, total: int) -> None:
        self._done = (done, total)
        if self._shown is not None:
            self._update(self._shown)

    def show(self) -> None:
        # Here, and not before: the import takes longer than most answers.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            # Results are not for standard error.
            redirect_stdout=False,
        )
        progress.add_task(self._what, total=None)
        self._shown = progress
        self._update(progress)
        progress.start()

    def wipe(self) -> None:
        if self._shown is not None:
            self._shown.stop()

    def _update(self, progress: "Progress") -> None:
        done, total = self._done
        count = f" ({done} of {total})" if total else ""
        (task,) = progress.task_ids
        progress.update(
            task, completed=done, total=total or None, description=f"{self._what}{count}"
        )
