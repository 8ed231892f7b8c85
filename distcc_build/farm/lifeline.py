"""Programs that never outlive this process, however it ends.

Each runs in a session of its own, where a shell waits for the end of a pipe that only this
process holds open for writing.  The kernel closes it on a normal end, a crash and SIGKILL alike.
(PR_SET_PDEATHSIG would be Linux only, and is cleared when distccd changes its user.)
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

__all__ = ["Lifeline", "group_is_there"]

# The program replaces the outer shell, so its pid, session and exit status are its own.
# distccd gives each compiler a process group, so "kill 0" is not enough: by /proc the whole
# session is found; where there is no /proc, compiles in progress run to their end.
SCRIPT = r"""
exec 3<&0 </dev/null
(
  exec 2>/dev/null
  trap '' HUP INT TERM
  read -r me _ </proc/self/stat
  read -r _ <&3
  for stat in /proc/[0-9]*/stat; do
    pid=${stat#/proc/}
    pid=${pid%/stat}
    read -r line <"$stat" || continue
    # pid (name) state parent group SESSION
    set -- ${line##*) }
    [ "$4" = "$$" ] && [ "$pid" != "$me" ] && kill -KILL "$pid"
  done
  kill -KILL 0
) 3<&3 &
exec "$@" 3<&-
"""

# Something killed a moment ago may still be writing: hence more than one try.
REMOVE = 'for _ in 1 2 3 4 5; do rm -rf -- "$1" 2>/dev/null && break; sleep 1; done'

# What a killed session may take to be gone.
GRACE = 5.0


class Lifeline:
    """Starts programs and ends them on leaving the `with` block, at the latest."""

    def __enter__(self) -> Self:
        self._read, self._write = os.pipe()
        self._processes: list[subprocess.Popen[bytes]] = []
        return self

    def start(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own; its pid is the session and the group.

        Args:
            command: Program and arguments.
            log: Gets what the program writes to stdout and stderr.
            environment: All of its environment.
        """
        with log.open("ab") as stream:
            process = subprocess.Popen(
                ["/bin/sh", "-c", SCRIPT, "sh", *command],
                stdin=self._read,
                stdout=stream,
                stderr=stream,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def remove(self, directory: Path) -> None:
        """Have `directory` removed at the end, even after SIGKILL."""
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"trap '' HUP INT TERM; read -r _; {REMOVE}", "sh", str(directory)],
            stdin=self._read,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        self._processes.append(process)

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            _signal_group(process, signal.SIGCONT)
        os.close(self._write)
        os.close(self._read)
        for process in self._processes:
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def group_is_there(group: int) -> bool:
    """Whether anything is left of a process group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
