"""Processes beside a benchmark: they take no turn of its interpreter, so that clocks stay true."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Do `work`, which need not end, in a process of its own for as long as the block lasts."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(write)
        # Ends with the benchmark, however that ends.
        threading.Thread(target=_end_with, args=[read], daemon=True).start()
        try:
            work()
        finally:
            os._exit(1)
    os.close(read)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(write)


def _end_with(pipe: int) -> None:
    os.read(pipe, 1)
    os._exit(0)
