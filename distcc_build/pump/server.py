"""distcc's include server for as long as a build runs: started, looked at, and always ended.

It is started as its own script does it (Debian: distcc-pump, elsewhere: pump), in a session that
does not outlive this process (farm/lifeline.py), with all of its files in a folder that goes too.
"""

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from distcc_build.errors import DistccBuildError
from distcc_build.farm.lifeline import Lifeline
from distcc_build.pump.gate import Gate, ask
from distcc_build.words import count

__all__ = ["PumpError", "Pumping", "pumping"]

NAMES = ("distcc-pump", "pump")

MARK = b"include_server"
"""Is in distcc's script; another program called pump is a DHCP client."""

MAX_SCRIPT = 1 << 16
"""Bytes; distcc 3.4's script has 17,000."""

SECONDS = 20.0
"""For the start, which takes a fifth of a second."""

GRACE = 5.0
"""For the end of a process that has been killed."""

FOLDER = "/tmp"  # noqa: S108 - the include server takes a folder of at most two levels
HEADER = "distcc-build-test.h"


class PumpError(DistccBuildError):
    """There can be no pump mode; the text says why."""


class Pumping(NamedTuple):
    """An include server that runs."""

    environment: dict[str, str]
    """What the build is to have."""
    gate: Gate

    def sentence(self) -> str:
        """How many compiles were preprocessed by servers, and why the others were not."""
        reasons = self.gate.reasons.copy()
        there = reasons.pop("", 0)
        text = f"pump mode: servers preprocessed {count(there, 'compile')}"
        if not reasons:
            return text
        why, number = reasons.most_common(1)[0]
        return f"{text}, this machine {reasons.total()} ({number} because {why})"


def find_script(path: str | None) -> Path:
    """Distcc's own script that starts its include server.

    :param path: the value of PATH.
    :raises PumpError: when there is none.
    """
    for name in NAMES:
        for folder in (os.defpath if path is None else path).split(os.pathsep):
            found = shutil.which(name, path=folder) if folder.startswith("/") else None
            if found and _is_distccs(Path(found)):
                return Path(found)
    raise PumpError("distcc's include server is not installed (Debian: apt install distcc-pump)")


def _is_distccs(script: Path) -> bool:
    try:
        with script.open("rb") as stream:
            text = stream.read(MAX_SCRIPT)
    except OSError:
        return False
    return text.startswith(b"#!") and MARK in text


@contextlib.contextmanager
def pumping(environ: Mapping[str, str]) -> Iterator[Pumping]:
    """Have an include server in the `with` block.

    :param environ: what the build runs with.
    :raises PumpError: on entering, when there can be none.
    """
    script = find_script(environ.get("PATH"))
    with contextlib.ExitStack() as stack:
        try:
            folder = Path(tempfile.mkdtemp(prefix="distcc-build-pump-", dir=FOLDER))
        except OSError as error:
            raise PumpError(f"{FOLDER}: {error.strerror}") from None
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        started: list[int] = []
        # After the lifeline is cut, which kills it; it is no child of ours.
        stack.callback(_await_end, started)
        lifeline = stack.enter_context(Lifeline())
        lifeline.remove(folder)
        port, pid = _start(script, folder, environ, lifeline)
        started.append(pid)
        _try(port, folder, environ)
        gate = stack.enter_context(Gate(folder / "gate", port))
        yield Pumping({"INCLUDE_SERVER_PORT": str(folder / "gate")}, gate)


def _start(
    script: Path, folder: Path, environ: Mapping[str, str], lifeline: Lifeline
) -> tuple[Path, int]:
    """Start the include server; its socket and its process.

    :raises PumpError: when it does not start.
    """
    kept = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
    kept.pop("DISTCC_POTENTIAL_HOSTS", None)
    log = folder / "startup"
    started = lifeline.start(
        [str(script), "--startup"],
        log=log,
        environment={
            **kept,
            # The script wants to see one; it does not matter which.
            "DISTCC_HOSTS": "127.0.0.1/1,lzo,cpp",
            "DISTCC_CLIENT_TMP": str(folder),
            "TMPDIR": str(folder),
            "PYTHONPATH": str(Path(__file__).with_name("mended")),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    deadline = time.monotonic() + SECONDS
    while started.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    said = log.read_text("utf-8", "replace")
    port = re.search(r"^export INCLUDE_SERVER_PORT='(/[^']+)'$", said, re.MULTILINE)
    pid = re.search(r"^export INCLUDE_SERVER_PID='([0-9]+)'$", said, re.MULTILINE)
    if started.poll() != 0 or not port or not pid:
        raise PumpError(f"{script} --startup does not start the include server{_last(said)}")
    return Path(port[1]), int(pid[1])


def _try(port: Path, folder: Path, environ: Mapping[str, str]) -> None:
    """See whether it answers.

    :raises PumpError: when it does not, as where its Python is too new for it.
    """
    source = folder / "distcc-build-test.c"
    source.write_text(f'#include "{HEADER}"\n', "utf-8")
    (folder / HEADER).write_text("int x;\n", "utf-8")
    compiler = shutil.which("cc", path=environ.get("PATH")) or "gcc"
    try:
        answer = ask(port, str(folder), [compiler, "-c", source.name, "-o", "x.o"])
    except OSError:
        answer = []
    if not any(f"/{HEADER}.lzo" in one for one in answer):
        said = "".join(
            one.read_text("utf-8", "replace") for one in sorted(port.parent.glob("std*"))
        )
        raise PumpError(f"distcc's include server does not work here{_last(said)}")


def _last(said: str) -> str:
    """The end of what it said, as part of a sentence."""
    lines = [line for line in said.splitlines() if line.strip("- ") and "export " not in line]
    return f": {lines[-1].strip()}" if lines else ""


def _await_end(pids: Sequence[int]) -> None:
    """Wait until processes that are being killed are gone."""
    deadline = time.monotonic() + GRACE
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            while time.monotonic() < deadline:
                os.kill(pid, 0)
                time.sleep(0.002)
