"""The ways that a launcher can go, and a box in which it goes one of them."""

import fcntl
import shutil
from collections.abc import Callable

from launcher_box import Box, Record, record
from starting import start

__all__ = ["WAYS", "Way"]

WAYS = ("fresh", "stale", "cold", "none", "off", "local", "recorded", "recorded-local")
"""How it comes to what it becomes: by a plan, by no plan, and without looking for one; and by the
recorder, which waits for it."""


class Way:
    """A box in which launchers go one of the ways."""

    def __init__(self, box: Box, name: str) -> None:
        self.box, self.name = box, name
        self.notes: list[str] = []
        local = name.endswith("local")
        self.words = [b"gcc", b"-E" if local else b"-c", b"a.c"]
        self.recorded = name.startswith("recorded")
        self.journal = box.root / "journal"
        if self.recorded:
            self.journal.touch()
        self.environ = box.environ(**({"DISTCC_BUILD": "off"} if name == "off" else {}))
        self.becomes = "distcc" if name in {"fresh", "stale", "cold", "recorded"} else "gcc"
        box.refresher("exit 1" if name == "none" else 'write_plan "$@"')

    def prepare(self) -> None:
        """Have the cache as the way needs it, with nothing said yet."""
        self.settle()
        shutil.rmtree(self.box.cache, ignore_errors=True)
        if self.name not in {"cold", "none"}:
            # Those that need no plan have one, to pass by.
            self.box.write_plan(*self.notes, age=400 if self.name == "stale" else 0)

    def settle(self) -> None:
        """Wait for the end of a refresher."""
        for path in self.box.cache.glob("lock-*"):
            with path.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)

    def launch(
        self,
        arrange: Callable[[], object] = lambda: None,
        *,
        words: list[bytes] | None = None,
        env: list[bytes] | None = None,
    ) -> int:
        """Run the launcher."""
        more = [f"{name}={value}".encode() for name, value in self.more.items()]
        entries = [*more, *(self.env if env is None else env)]
        return start(self.box.launcher, [b"launcher", *(words or self.words)], entries, arrange)

    def direct(self, arrange: Callable[[], object] = lambda: None) -> int:
        """Run what the launcher is to become."""
        words = [b"distcc", *self.words] if self.becomes == "distcc" else self.words
        return start(self.box.root / "tools" / self.becomes, words, self.env, arrange)

    @property
    def more(self) -> dict[str, str]:
        """What the launcher has in its environment, and the program is not to have."""
        return {"_DISTCC_BUILD_JOURNALS": str(self.journal)} if self.recorded else {}

    @property
    def env(self) -> list[bytes]:
        """The environment, in which the recorder writes to a file."""
        every = {**self.environ, "RECORD": str(self.box.root / "record")}
        return [f"{name}={value}".encode() for name, value in every.items()]

    def seen(self) -> Record:
        """What was recorded since the last look."""
        path = self.box.root / "record"
        data = path.read_bytes()
        path.unlink()
        return record(data)
