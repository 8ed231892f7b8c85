"""A terminal that a person sits at: keys as they are typed, and signals, while something waits."""

import os
import select
import signal
import sys
import termios
import tty
from typing import Self

__all__ = ["Terminal", "capable"]

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HEARD = (*ENDINGS, signal.SIGWINCH, signal.SIGTSTP)


def capable() -> bool:
    """Whether stdout is a terminal whose cursor can be moved."""
    kind = os.environ.get("TERM", "").lower()
    return sys.stdout.isatty() and kind not in {"", "dumb", "unknown"}


class Terminal:
    """Hears keys and signals instead of being ended by them; leaves all as it was."""

    def __enter__(self) -> Self:
        # Without Enter, and unseen; Ctrl-C stays a signal.
        self._keys = 0 if sys.stdin is not None and sys.stdin.isatty() else -1
        self._mode = termios.tcgetattr(self._keys) if self._keys >= 0 else None
        self.listen()
        # A handler of Python runs only when the wait is over: this ends it.
        self._heard, self._rung = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._rung, warn_on_full_buffer=False)
        # Ignored since before we started, as by nohup: it stays so.
        self._before = {
            one: signal.signal(one, lambda *_: None)
            for one in HEARD
            if signal.getsignal(one) is not signal.SIG_IGN
        }
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._heard)
        os.close(self._rung)
        self.restore()

    def listen(self) -> None:
        """Have keys as they are typed."""
        if self._mode is not None:
            tty.setcbreak(self._keys, termios.TCSADRAIN)

    def restore(self) -> None:
        """Give the terminal back as it was."""
        if self._mode is not None:
            termios.tcsetattr(self._keys, termios.TCSADRAIN, self._mode)

    def wait(self, seconds: float) -> tuple[bytes, set[int]]:
        """What came: keys, and numbers of signals; nothing when the time is over."""
        watched = [self._heard, *([self._keys] if self._keys >= 0 else [])]
        ready, _, _ = select.select(watched, [], [], max(seconds, 0))
        keys, signals = b"", set[int]()
        if self._heard in ready:
            signals = set(os.read(self._heard, 1024))
        if self._keys in ready:
            keys = os.read(self._keys, 1024)
            if not keys:
                self._keys = -1  # nobody types any more
        return keys, signals
