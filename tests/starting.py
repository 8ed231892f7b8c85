"""Starts programs by execve itself: words and environment byte for byte, any odd process."""

import ctypes
import os
import select
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["start"]

LIBC = ctypes.CDLL(None, use_errno=True)
SECONDS = 60


def start(
    program: Path, argv: Sequence[bytes], env: Sequence[bytes], arrange: Callable[[], object]
) -> int:
    """Run a program to its end, as the process that ``arrange`` has made of a child of ours.

    :returns: the exit status, or the negative of the signal's number.
    """
    path, words, entries = bytes(program), _strings(argv), _strings(env)
    pid = os.fork()
    if pid == 0:
        try:
            arrange()
            LIBC.execve(path, words, entries)
        finally:
            os._exit(99)
    process = os.pidfd_open(pid)
    try:
        assert select.select([process], [], [], SECONDS)[0], "it does not end"
    except AssertionError:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(process)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _strings(strings: Sequence[bytes]) -> "ctypes.Array[ctypes.c_char_p]":
    return (ctypes.c_char_p * (len(strings) + 1))(*strings, None)
