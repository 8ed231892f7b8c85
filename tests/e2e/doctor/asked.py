"""The command doctor, asked: what it says, and what is put around it."""

import contextlib
import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from compiling import Bench
from e2e.faults.scene import needs_root
from jsonschema import Draft202012Validator

import distcc_build
from distcc_build.farm.daemons import Compile
from distcc_build.farm.nameserver import NameServer
from distcc_build.farm.zone import Zone
from distcc_build.paths import launcher

SCHEMA = json.loads(
    Path(distcc_build.__file__).parent.joinpath("schemas/doctor.json").read_text("utf-8")
)

SECTIONS = (
    *("client", "compilers", "hosts", "configuration", "discovery", "servers", "plans"),
    *("faces", "trial"),
)


class Said(NamedTuple):
    """What doctor came to."""

    status: int
    table: dict[str, Any]

    def check(self, section: str, name: str) -> dict[str, str]:
        """The first thing of a section whose name begins so."""
        (found,) = [one for one in self.table["sections"] if one["name"] == section]
        return next(one for one in found["checks"] if one["name"].startswith(name))

    def bad(self) -> list[str]:
        """Names of the problems."""
        checks = [one for section in self.table["sections"] for one in section["checks"]]
        return [one["name"] for one in checks if one["status"] == "problem"]

    @property
    def steps(self) -> list[str]:
        return [one["remedy"] for one in self.table["next"]]


def doctor(bench: Bench, *words: str, prefix: tuple[str, ...] = ()) -> Said:
    """Ask it, for JSON; it never ends in a traceback or in an error of ours."""
    program = str(launcher().with_name("distcc-build"))
    done = subprocess.run(
        [*prefix, program, "doctor", "--json", *words],
        cwd=bench.directory,
        env=bench.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    table = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(table)
    assert table["version"] == 1
    assert table["exit_status"] == done.returncode
    assert tuple(one["name"] for one in table["sections"]) == SECTIONS
    assert "TypeError" not in done.stdout
    assert "cannot be looked at" not in done.stdout
    return Said(done.returncode, table)


def lean(bench: Bench) -> Bench:
    """One without build systems: these take most of the time."""
    folder = bench.directory / "lean"
    folder.mkdir()
    for name in ("gcc", "g++", "as", "distcc", "sleep"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    for ours in (launcher(), launcher().with_name("distcc-build")):
        (folder / ours.name).symlink_to(ours)
    bench.environ["PATH"] = str(folder)
    return bench


def is_trial(job: Compile) -> bool:
    return "distcc-build-doctor" in job.source


def hidden(folder: Path, *names: str) -> tuple[str, ...]:
    """What to put before a command, so that /usr/bin has no such programs for it."""
    needs_root()
    real, instead = folder / "real", folder / "instead"
    real.mkdir()
    instead.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name not in names:
            (instead / program.name).symlink_to(real / program.name)
    return mounted(f'"$m" --bind /usr/bin "{real}" && "$m" --bind "{instead}" /usr/bin')


def mounted(commands: str) -> tuple[str, ...]:
    """What to put before a command, so that these mounts are there for it alone; $m is mount."""
    script = f'm=/usr/bin/mount; {commands} && exec "$@"'
    return ("/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh")


def program(bench: Bench, name: str, script: str) -> None:
    """Put a program first on PATH."""
    folder = bench.directory / "first"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    if not bench.environ["PATH"].startswith(str(folder)):
        bench.environ["PATH"] = f"{folder}:{bench.environ['PATH']}"


@contextlib.contextmanager
def zone(bench: Bench, names: dict[str, list[str]]) -> Iterator[None]:
    with NameServer(Zone(names, origins=["farm.test."])) as server:
        bench.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        yield


def path_of(bench: Bench) -> str:
    """PATH with what a shell needs behind it."""
    return f"{bench.environ['PATH']}:/usr/bin:/bin"


def on_terminal(
    bench: Bench, *words: str, columns: int, status: int, environ: dict[str, str] | None = None
) -> str:
    """What a command writes to a terminal so wide."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["distcc-build", *words],
        cwd=bench.directory,
        env={**bench.environ, "COLUMNS": str(columns), "TERM": "xterm", **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        executable=launcher().with_name("distcc-build"),
    )
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # Linux: the other side is closed
        while part := os.read(ours, 65536):
            said += part
    os.close(ours)
    assert process.wait(60) == status, said
    return said.decode()
