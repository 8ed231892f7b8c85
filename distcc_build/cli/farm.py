"""distcc-build farm: a farm of real distccd servers on this machine, to try things with."""

import argparse
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from distcc_build.child import on_ending, run_to_end

if TYPE_CHECKING:
    from distcc_build.farm.loopback import Farm

HELP = "start a farm on this machine, for as long as a command runs"
EXAMPLE = "distcc-build farm --servers 4 -- make -j40"
STATUS = "the command's; 128 + N if signal N ended it, 127 if it is not found"

# As many as DISTCC_BUILD_LIMIT takes; and 1,000 distccd are more than any machine needs.
MOST = 1000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--servers", type=_count, default=3, metavar="N", help="number of distccd (default: 3)"
    )
    parser.add_argument(
        "--slots",
        type=_count,
        metavar="N",
        help="jobs at once per server (default: together more than five for each core here)",
    )
    parser.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="-- COMMAND",
        help="what to run in the farm's environment; without it, print the environment and stay",
    )


def run(args: argparse.Namespace) -> int:
    """Run the farm; the exit status is the command's, 128 + N if signal N ended it."""
    from distcc_build.cli.progress import waiting
    from distcc_build.farm.loopback import Farm

    command = args.words[1:] if args.words[:1] == ["--"] else args.words
    try:
        on_ending(_end)
        with contextlib.ExitStack() as stack:
            with waiting("starting the servers"):
                farm = stack.enter_context(Farm(servers=args.servers, slots=args.slots))
            try:
                return _run_command(command, farm.environment()) if command else _stay(farm)
            finally:
                # What is left to do does not take long; a second Ctrl-C must not cut it short.
                on_ending(signal.SIG_IGN)
                with waiting("stopping the servers"):
                    stack.close()
    except _Ended as ended:
        return 128 + ended.number


def _run_command(command: list[str], environment: dict[str, str]) -> int:
    """Run `command` to its end."""
    try:
        return run_to_end(command, environment)
    except OSError as error:
        print(f"distcc-build: {command[0]}: {error.strerror}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126


def _stay(farm: "Farm") -> int:
    """Print the environment and wait to be ended, which is not a failure then."""
    for name, value in farm.exports.items():
        quoted = value.replace("'", "'\\''")
        print(f"export {name}='{quoted}'")
    sys.stdout.flush()
    # Lets `eval "$(distcc-build farm &)"` go on: it reads to the end of the file.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    print(
        f"distcc-build: {len(farm.daemons.addresses)} servers are up, logs in {farm.logs}; "
        f"stop them with Ctrl-C or: kill {os.getpid()}",
        file=sys.stderr,
    )
    try:
        while True:
            signal.pause()
    except _Ended:
        return 0


class _Ended(Exception):  # noqa: N818  (an order from outside, not an error)
    """Somebody wants us to end."""

    def __init__(self, number: int) -> None:
        self.number = number


def _end(number: int, _: object) -> NoReturn:
    raise _Ended(number)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {MOST}, got {text!r}")
    return int(text)
