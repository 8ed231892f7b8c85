"""Programs that run beside us in a folder of their own, and leave what they say in files there.

Not subprocess and tempfile, which take 20 ms to import: every refresh that meets a new compiler
would pay for them.
"""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from distcc_build import store

__all__ = ["Spawned"]

MAX_FILE = 1 << 20
"""Bytes of a file that are read; what a unit's compile makes has 10 KiB."""


class Spawned:
    """Programs started and not waited for, each under a name; `end` leaves nothing of them.

    :param directory: the cache directory, for the folder.
    :raises OSError: when neither that nor the usual place for temporary files can take it.
    """

    def __init__(self, directory: Path) -> None:
        self.folder = _folder(str(directory))
        self._running: dict[str, int] = {}
        self._statuses: dict[str, int] = {}

    def start(
        self, name: str, program: str, argv: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Start a program; its output goes to NAME.out and NAME.err.

        :raises OSError: when it cannot be started.
        """
        write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._statuses.pop(name, None)
        self._running[name] = os.posix_spawn(
            program,
            list(argv),
            {**environment, "TMPDIR": self.folder},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, f"{self.folder}/{name}.out", write, 0o600),
                (os.POSIX_SPAWN_OPEN, 2, f"{self.folder}/{name}.err", write, 0o600),
            ],
            # What it starts itself is ended with it.
            setpgroup=0,
            setsigmask=(),
            # Python ignores these, and what is ignored stays so in a child.
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
        )

    def wait(self, name: str, deadline: float) -> int | None:
        """How a program has ended, in the form of os.waitpid; None when it runs on.

        :param deadline: of time.monotonic().
        """
        while name in self._running:
            try:
                pid, status = os.waitpid(self._running[name], os.WNOHANG)
            except ChildProcessError:
                pid, status = 1, 0  # SIGCHLD is ignored, and the kernel took it: its files tell
            if pid:
                del self._running[name]
                self._statuses[name] = status
            elif time.monotonic() >= deadline:
                return None
            else:
                time.sleep(0.001)
        return self._statuses[name]

    def write(self, name: str, content: bytes) -> None:
        """Put a file into the folder."""
        with open(f"{self.folder}/{name}", "wb") as stream:  # noqa: PTH123
            stream.write(content)

    def read(self, name: str) -> bytes:
        """A file of the folder; empty when there is none."""
        try:
            with open(f"{self.folder}/{name}", "rb") as stream:  # noqa: PTH123
                return stream.read(MAX_FILE)
        except OSError:
            return b""

    def end(self) -> None:
        """Kill what still runs, and remove the folder."""
        for pid in self._running.values():
            try:
                os.killpg(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, PermissionError, ChildProcessError):
                continue
        self._running.clear()
        store.discard(self.folder)


def _folder(directory: str) -> str:
    """A new folder of ours, where a sweep finds it should we be killed; else in the usual place."""
    name = f".tmp-{os.urandom(8).hex()}"
    given = os.environ.get("TMPDIR", "")
    usual = given if given.startswith("/") else "/tmp"  # noqa: S108 - made new and 0700, or not
    for parent in (directory, usual):
        try:
            os.mkdir(f"{parent}/{name}", 0o700)  # noqa: PTH102
        except OSError as error:
            failed = error
        else:
            return f"{parent}/{name}"
    raise failed
