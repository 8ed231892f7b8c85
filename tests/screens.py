"""A program on a terminal of a given size: what it shows, and keys for it."""

import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

__all__ = ["Screen"]

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Screen:
    """A process whose whole world is a pseudo-terminal; it is killed at the end if it has to be.

    It is for programs that draw the whole screen each time, from its first line on.
    """

    def __init__(
        self, words: Sequence[str], environ: Mapping[str, str], columns: int, lines: int
    ) -> None:
        self.written = ""
        self.status: int | None = None
        own, theirs = os.openpty()
        self._own = own
        self._columns, self._lines = 0, 0
        self._size(columns, lines)
        self.mode = termios.tcgetattr(theirs)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.login_tty(theirs)
                for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
                    signal.signal(number, signal.SIG_DFL)
                os.execvpe(words[0], list(words), dict(environ))
            finally:
                os._exit(127)
        # Open until the end: what the program has done to it is to be seen then.
        self._theirs = theirs

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._own)
        os.close(self._theirs)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; the program is told by a signal."""
        self.written = ""
        self._size(columns, lines)

    def type(self, keys: bytes) -> None:
        os.write(self._own, keys)

    def wait_for(self, condition: Callable[[list[str]], bool], seconds: float = 20) -> list[str]:
        """Return the lines of the first screen that is as it should be, whole and of this size.

        :raises AssertionError: there was none.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for shown in self._screens():
                if condition(shown):
                    return shown
            self._read(left)
        raise AssertionError(f"never shown; last written: {self.written[-4000:]!r}")

    def end(self, seconds: float = 20) -> int:
        """Return the exit status of the program, which is to end by itself."""
        deadline = time.monotonic() + seconds
        while self.status is None:
            self._read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, self.written[-4000:]
        self._read(0)
        assert self.status is not None
        return self.status

    def mode_now(self) -> object:
        return termios.tcgetattr(self._theirs)

    def _size(self, columns: int, lines: int) -> None:
        self._columns, self._lines = columns, lines
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))

    def _read(self, seconds: float) -> None:
        ready, _, _ = select.select([self._own], [], [], seconds)
        if ready:
            self.written += os.read(self._own, 65536).decode("utf-8", "replace")

    def _screens(self) -> list[list[str]]:
        """All whole screens of this size so far: they fill it, with blanks if need be."""
        frames = (_STYLE.sub("", part) for part in self.written.split("\x1b[H"))
        drawn = (_CONTROL.sub("", frame).split("\r\n") for frame in frames)
        return [one for one in drawn if [len(line) for line in one] == self._shape]

    @property
    def _shape(self) -> list[int]:
        return [self._columns] * self._lines
