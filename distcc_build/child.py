"""A command that is run to its end, with the signals that are meant for it passed on."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

__all__ = ["on_ending", "run_to_end"]

# A terminal's Ctrl-C, the terminal's end, and a polite kill.
ENDINGS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)


def on_ending(handler: "signal._HANDLER") -> None:
    """Have this done when somebody wants us to end."""
    for number in ENDINGS:
        # Ignored since before we started, as by nohup: it stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def run_to_end(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command; signals that would end us are its own until then.

    :returns: its exit status; 128 + N if signal N ended it.
    :raises OSError: when it cannot be started.
    """
    early: list[int] = []
    on_ending(lambda number, _: early.append(number))
    # What we were given is the command's: a jobserver's pipe, a log.
    process = subprocess.Popen(command, env=environment, close_fds=False)

    def pass_on(number: int, _: object = None) -> None:
        # Ctrl-C reaches the whole foreground, so the command has it already; twice may be
        # more than it takes.
        if number != signal.SIGINT or not _in_foreground():
            process.send_signal(number)

    on_ending(pass_on)
    for number in early:
        pass_on(number)
    status = process.wait()
    return 128 - status if status < 0 else status


def _in_foreground() -> bool:
    """Whether our terminal sends its signals to us."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
