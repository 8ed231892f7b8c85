"""What a program of the user's prints: within a time and a size, whatever it does."""

import atexit
import contextlib
import errno
import functools
import os
import select
import signal
import subprocess
import time
from pathlib import Path

from distcc_build.trouble import ListError, Trouble

__all__ = ["printed"]

CHUNK = 65_536

LOOK = 0.02
"""Seconds after which one that says nothing is looked at: it may have ended and left a child
that keeps its output open."""

MAX_ERRORS = 4096
"""Bytes that are kept of what it says on stderr; a sentence is at the end."""

LAST = 0.5
"""Seconds in which one that was killed ends."""


def printed(path: Path, seconds: float, most: int) -> bytes:
    """What a program prints.

    It runs in / and in a session of its own, so that it can ask nobody for a password, and is
    ended with all that it has started in its process group.  Compiles that it starts run here.

    :param path: absolute.
    :param most: bytes.
    :raises ListError: when it cannot be run, fails, prints more or takes longer.
    """
    end = time.monotonic() + seconds
    running = _start(path)
    # Somebody may interrupt us meanwhile: this is not the main thread.
    stop = functools.partial(_end, running)
    atexit.register(stop)
    try:
        collected = _collect(running, end, most)
    finally:
        atexit.unregister(stop)
        stop()
    if collected is None:
        raise ListError(f"{path} takes longer than {seconds:.1f} s", Trouble.LATE)
    out, err = collected
    if len(out) > most:
        raise ListError(f"{path} prints more than {most} bytes", Trouble.NO_LIST)
    if (status := running.returncode) != 0:
        said = err.decode("utf-8", "replace").strip().splitlines()
        more = f": {ascii(said[-1][:200])[1:-1]}" if said else ""
        how = f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"
        raise ListError(f"{path} {how}{more}", Trouble.FAILED)
    return out


def _start(path: Path) -> "subprocess.Popen[bytes]":
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    try:
        return subprocess.Popen(
            [str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            # Else one that asks for our servers would wait for itself.
            env={**environ, "DISTCC_BUILD": "off"},
            start_new_session=True,
        )
    except OSError as error:
        why, trouble = error.strerror or str(error), Trouble.CANNOT_RUN
        if error.errno == errno.ENOEXEC:
            trouble = Trouble.NO_HEADER
            why = "it has no #! line (a list is not executable: chmod a-x)"
        elif error.errno == errno.ENOENT and path.exists():
            why = "what its #! line names is not there"
        elif error.errno == errno.EACCES:
            trouble = Trouble.MAY_NOT_RUN
        raise ListError(f"{path} cannot be run: {why}", trouble) from None


def _collect(
    running: "subprocess.Popen[bytes]", end: float, most: int
) -> tuple[bytes, bytes] | None:
    """What it says on stdout and stderr before it ends, or until that is too much.

    :param end: of time.monotonic(); None is returned when it runs on then.
    """
    assert running.stdout  # noqa: S101 - they are pipes
    assert running.stderr  # noqa: S101
    out, err = bytearray(), bytearray()
    pipes = {running.stdout.fileno(): out, running.stderr.fileno(): err}
    poll = select.poll()
    for pipe in pipes:
        os.set_blocking(pipe, False)
        poll.register(pipe, select.POLLIN)
    while True:
        # What it has said before it ended is in the pipes by now.
        ended = _ended(running.pid)
        for pipe, kept in list(pipes.items()):
            if _read(pipe, kept, most):
                poll.unregister(pipe)
                del pipes[pipe]
        del err[:-MAX_ERRORS]
        if ended or len(out) > most:
            return bytes(out), bytes(err)
        left = end - time.monotonic()
        if left <= 0:
            return None
        poll.poll(1000 * min(left, LOOK))


def _read(pipe: int, kept: bytearray, most: int) -> bool:
    """Take what there is, up to a little over `most` bytes; whether that was the end."""
    try:
        while len(kept) <= most:
            part = os.read(pipe, CHUNK)
            if not part:
                return True
            kept += part
    except BlockingIOError:
        pass
    return False


def _ended(pid: int) -> bool:
    """Whether it has ended.  Its number stays its own until `_end`."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _end(running: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(LAST)
    for pipe in (running.stdout, running.stderr):
        if pipe:
            pipe.close()
