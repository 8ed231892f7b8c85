"""`distcc-build farm` as a process, and what is left of it."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import distcc_build

__all__ = ["ENVIRONMENT", "FARM", "HEARING", "eventually", "processes"]

# Wherever the tests import it from, so that both see the same.
WHERE = [str(Path(distcc_build.__file__).parents[1]), *sys.path]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(WHERE)}
# Run in the background, or by nohup, tests ignore signals, and so would all that they start.
HEARING = ["env", "--default-signal=HUP,INT,QUIT,TERM"]
FARM = [*HEARING, sys.executable, "-P", "-m", "distcc_build", "farm"]


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return met


def processes(text: str) -> list[str]:
    """Return the command lines that contain `text`; zombies have none."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found
