"""What a fault is, and the place in which a build meets it."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from e2e.faults.systems import System
from running import HEARING, eventually

from distcc_build.farm.loopback import Farm

__all__ = ["MARK", "UID", "Fault", "Faults", "Outcome", "Scene", "needs_root"]

UID = 12345
"""Of somebody who is in no passwd file."""

MARK = "DISTCC_MARK"
"""A variable by which processes are recognized; SCons hands on what begins so."""

PATIENCE = 90.0
"""Seconds after which a build hangs."""


@dataclass
class Scene:
    """One build system's project, with a home that is new for every fault.

    A fault changes it before the build.
    """

    system: System
    folder: Path
    """Of the project; set up already."""
    home: Path
    venv: Path
    """The installation."""
    farm: Farm
    """Shared by all: its servers are not to be touched."""
    environ: dict[str, str] = field(default_factory=dict)
    prefix: list[str] = field(default_factory=list)
    """Words in front of the build's command, each of which runs the rest."""
    closed: frozenset[int] = frozenset()
    """Of the standard three, those that the build is started without."""
    meanwhile: Callable[[], object] = lambda: None
    """What happens between the first build and the next."""

    @property
    def cache(self) -> Path:
        return self.home / ".cache/distcc-build"

    def warm(self) -> None:
        """Let there be plans and a farm, as after an earlier build of the same."""
        template = self.home.with_name(f"{self.home.name}-warm")
        if not template.exists():
            self.build()
            # The plan of the compiler's sibling comes after the first one's.
            assert eventually(lambda: len(list(self.cache.glob("plan-*"))) >= 2, 30)
            assert eventually(lambda: not self.refreshers(), 30)
            shutil.copytree(self.home, template)
        self.begin()
        shutil.copytree(template, self.home, dirs_exist_ok=True)

    def begin(self) -> None:
        """Have nothing known."""
        self.end()
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(mode=0o700)

    def end(self) -> None:
        """Leave nothing behind that runs: a refresher would write into the next one's cache."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def refreshers(self) -> list[int]:
        """What discovers behind this project's builds."""
        discovering = {b"_refresh", b"jobs"}
        return [pid for pid, words in self.processes().items() if discovering & {*words}]

    def processes(self) -> dict[int, list[bytes]]:
        """All that this project's builds have started and that still runs: its words."""
        found = {}
        mine = f"{MARK}={self.system.name} {os.getpid()}".encode()
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                words = entry.with_name("cmdline").read_bytes().split(b"\0")
                if mine in entry.read_bytes().split(b"\0"):
                    found[int(entry.parent.name)] = words
        return found

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start the build, as a process group of its own."""
        closing = "".join(f" {fd}>&-" for fd in sorted(self.closed))
        shell = ["sh", "-c", f'exec "$@"{closing}', "sh"] if closing else []
        return subprocess.Popen(
            [*shell, *HEARING, *self.prefix, *(words or self.system.command)],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )

    def build(self, *, clean: bool = True) -> "Outcome":
        """Build all of it; where that hangs, kill it.

        :param clean: take away what an earlier build has made.
        """
        if clean:
            self.system.clean(self.folder)
        before = time.monotonic()
        with self.start() as process:
            try:
                said, _ = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                said, _ = process.communicate()
        seconds = time.monotonic() - before
        return Outcome(process.returncode, said.decode("utf-8", "replace"), seconds, self.objects())

    def objects(self) -> dict[str, bytes]:
        """By path; what was compiled with -g without what -g adds."""
        found = {}
        for path in self.system.made(self.folder):
            if path.suffix == ".o":
                content = path.read_bytes()
                if "three" in path.name:
                    content = self._stripped(path)
                found[str(path.relative_to(self.folder))] = content
        return found

    def _stripped(self, path: Path) -> bytes:
        """Without what is for debuggers: the name of a server's folder gets into it."""
        with tempfile.NamedTemporaryFile(dir=self.folder.parent) as copy:
            done = subprocess.run(
                ["strip", "--strip-debug", "-o", copy.name, path], capture_output=True, check=False
            )
            return Path(copy.name).read_bytes() if done.returncode == 0 else done.stderr

    def remote(self) -> int:
        """How many compiles of this project the servers have done, ever."""
        return self.farm.daemons.compiles(self._is_mine).total()

    def remote_soon(self, number: int) -> int:
        """The same, as soon as it is so many: a server writes its log late."""
        return self.farm.daemons.wait_for(number, self._is_mine).total()

    def _is_mine(self, job: object) -> bool:
        return str(getattr(job, "source", "")).rpartition("/")[2].startswith(f"{self.system.name}-")


@dataclass(frozen=True)
class Outcome:
    """What came of a build."""

    status: int
    said: str
    seconds: float
    objects: dict[str, bytes]

    @property
    def ours(self) -> list[str]:
        """Lines of ours, but for what the SCons tool tells of a farm that is well."""
        return [
            line
            for line in self.said.splitlines()
            if line.startswith(("distcc-build:", "distcc-launch:", "distcc-build ", "Traceback"))
            or ("distcc_discover:" in line and " servers, " not in line)
        ]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    what: str
    """In a line."""
    happen: Callable[[Scene], AbstractContextManager[None]]
    here: bool
    """Whether everything is compiled here; else servers do it."""
    extra: float
    """Seconds that it may cost a build, once."""
    lines: int
    """How many lines of ours it may take; never more than one."""
    asked: bool = False
    """Whether who asks for jobs before it compiles, as SCons does, gets a plan so."""

    def met_by(self, system: str) -> "Fault":
        """The same, as this build system meets it."""
        return replace(self, here=False) if self.asked and system == "scons" else self


class Faults(list[Fault]):
    """A list that faults are added to by a decorator."""

    def add(
        self,
        *,
        here: bool = False,
        extra: float = 1.0,
        lines: int | None = None,
        asked: bool = False,
    ) -> Callable[[Callable[[Scene], Iterator[None] | None]], None]:
        """Add a fault: a function whose name and docstring say what it is.

        It changes the scene, and yields where there is something to put right afterwards.
        """

        def decorator(function: Callable[[Scene], Iterator[None] | None]) -> None:
            @contextlib.contextmanager
            def happen(scene: Scene) -> Iterator[None]:
                steps = function(scene)
                if steps is None:
                    yield
                else:
                    yield from steps

            name, what = function.__name__.replace("_", "-"), (function.__doc__ or "").strip()
            assert what, name
            said = int(here) if lines is None else lines
            self.append(Fault(name, what.rstrip("."), happen, here, extra, said, asked))

        return decorator


def needs_root() -> None:
    """Skip where there is no way to mount something for one build alone, or to be another user."""
    if os.geteuid() != 0:
        pytest.skip("only root can do this to a build of its own")
    tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"there are no mount namespaces: {tried.stderr.decode().strip()}")
