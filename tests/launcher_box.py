"""An installation of the launcher in a directory of its own, with fake programs around it."""

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher import SANITIZERS, build, recorder

__all__ = ["Box", "Record", "record"]

# What every fake refresher has: $2 is the plan's path, fd 3 the lock.
_REFRESHER = """\
echo "$$ $*" >>"$BOX/refreshes"
write_plan() {
    sed "s/NOW/$(date +%s)/; s/LATER/$(($(date +%s) + 300))/; s/LAST/$(($(date +%s) + 900))/" \\
        "$BOX/plan" >"$2.$$"
    chmod 600 "$2.$$"
    mv "$2.$$" "$2"
    : >/dev/fd/3
}
"""


@dataclass(frozen=True)
class Record:
    """How a program was started, as tests/recorder.c tells it."""

    lines: tuple[tuple[str, bytes], ...]

    def all(self, key: str) -> list[bytes]:
        return [value for name, value in self.lines if name == key]

    @property
    def argv(self) -> list[bytes]:
        return self.all("arg")

    @property
    def env(self) -> dict[str, str]:
        pairs = (os.fsdecode(entry).partition("=") for entry in self.all("env"))
        return {name: value for name, _, value in pairs}


@dataclass(frozen=True)
class Box:
    """Below ``root``: prefix (the installation), tools (on PATH), cache, home, work."""

    root: Path
    name: str = "plain"
    """Which build of the launcher."""

    def __post_init__(self) -> None:
        for directory in ("prefix/bin", "prefix/libexec/distcc-build", "tools", "work", "home"):
            (self.root / directory).mkdir(parents=True)
        shutil.copy(build(self.name) / "distcc-launch", self.launcher)
        shutil.copy(build(self.name) / "distcc", self.alias)
        shutil.copy(build(self.name) / "distcc-record", self.alias.parent)
        for tool in ("gcc", "distcc"):
            shutil.copy(recorder(), self.root / "tools" / tool)
        self.plan_for_refresher()

    @property
    def launcher(self) -> Path:
        return self.root / "prefix/bin/distcc-launch"

    @property
    def alias(self) -> Path:
        return self.root / "prefix/libexec/distcc-build/distcc"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def refreshes(self) -> list[list[str]]:
        """Process id and arguments of every refresher that was started."""
        started = self.root / "refreshes"
        return (
            [line.split() for line in started.read_text().splitlines()] if started.exists() else []
        )

    def environ(self, **changes: str | None) -> dict[str, str]:
        """A small environment that leads nowhere outside the box; None takes a name away."""
        environ: dict[str, str | None] = {
            "PATH": f"{self.root}/tools:/usr/bin:/bin",
            "HOME": f"{self.root}/home",
            "DISTCC_BUILD_CACHE_DIR": str(self.cache),
            # A refresher that does its work is waited for, however busy the machine is.
            "DISTCC_BUILD_DEADLINE": "60",
            **(SANITIZERS if self.name == "sanitized" else {}),
            **changes,
        }
        return {name: value for name, value in environ.items() if value is not None}

    def script(self, path: str, text: str) -> Path:
        """Write a program in sh, in which ``$BOX`` is the root."""
        program = self.root / path
        program.write_text(f"#!/bin/sh\nBOX={shlex.quote(str(self.root))}\n{text}")
        program.chmod(0o755)
        return program

    def refresher(self, text: str) -> None:
        """Let distcc-build do this; ``write_plan "$@"`` does what it is meant to do."""
        self.script("prefix/bin/distcc-build", _REFRESHER + text)

    def run(
        self,
        *words: str | bytes | Path,
        environ: Mapping[str, str | None] | None = None,
        **options: Any,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the launcher, or the program that the first word is the path of."""
        program = [] if words and isinstance(words[0], Path) else [self.launcher]
        options = {"cwd": self.root / "work", "capture_output": True, "timeout": 60, **options}
        return subprocess.run(
            [*program, *words], env=self.environ(**environ or {}), check=False, **options
        )

    def start(self, *words: str, **environ: str) -> subprocess.Popen[bytes]:
        """Start the launcher."""
        return subprocess.Popen(
            [self.launcher, *words],
            env=self.environ(**environ),
            cwd=self.root / "work",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def plan_path(self, word: str = "gcc", /, **environ: str | None) -> Path:
        """Where the launcher looks for the plan of a compiler."""
        done = self.run("--plan", word, environ=environ)
        assert (done.returncode, done.stderr) == (0, b"")
        return Path(os.fsdecode(done.stdout).removesuffix("\n"))

    def lock_path(self, **environ: str | None) -> Path:
        """The lock of all plans of an environment."""
        path = self.plan_path("gcc", **environ)
        return path.with_name(f"lock-{path.name.split('-')[1]}")

    def plan_text(self, *lines: str, made: str, until: str, stale: str) -> str:
        """A plan for tools/distcc, unless the lines have an exec of their own."""
        program = [f"exec distcc {self.root}/tools/distcc"]
        if any(line.startswith("exec ") for line in lines):
            program = []
        head = ["distcc-build plan 1", f"made {made}", f"until {until}", f"stale {stale}", "jobs 4"]
        return "".join(f"{line}\n" for line in [*head, *lines, *program, "end"])

    def plan_for_refresher(self, *lines: str) -> None:
        """What write_plan writes."""
        text = self.plan_text(*lines, made="NOW", until="LATER", stale="LAST")
        (self.root / "plan").write_text(text)

    def write_plan(self, *lines: str, age: int = 0, word: str = "gcc", **environ: str) -> Path:
        """Put a plan where the launcher looks: fresh for 300 s, then stale for 600 s."""
        path = self.plan_path(word, **environ)
        made = int(time.time()) - age
        text = self.plan_text(*lines, made=f"{made}", until=f"{made + 300}", stale=f"{made + 900}")
        path.write_text(text)
        path.chmod(0o600)
        return path


def record(data: bytes) -> Record:
    """What the recorder wrote."""
    pairs = (line.partition(b"=") for line in data.split(b"\0")[:-1])
    return Record(tuple((key.decode(), value) for key, _, value in pairs))
