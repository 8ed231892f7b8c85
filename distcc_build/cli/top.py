"""distcc-build top: what this user's distcc clients do now."""

import argparse
import io
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from distcc_build import values
from distcc_build.cli.common import (
    add_options,
    cache_directory,
    environment,
    print_json,
    reader,
    warn,
)
from distcc_build.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.live import Live

    from distcc_build.top.activity import View
    from distcc_build.top.terminal import Terminal

HELP = "watch what distcc does: servers and their slots, jobs, and what waits"
EXAMPLE = "distcc-build top --interval 2"
STATUS = "0, however it is left; 128 + N if signal N ended it"

FASTEST, SLOWEST = 0.25, 3600.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser)
    parser.add_argument(
        "directories",
        nargs="*",
        metavar="DIRECTORY",
        help="a DISTCC_DIR to look at (default: those that this user's compiles use)",
    )
    parser.add_argument(
        "--interval",
        type=reader(values.seconds(FASTEST, SLOWEST)),
        default=0.5,
        metavar="SECONDS",
        help=f"between two looks, {FASTEST:g} or more (default: 0.5)",
    )
    parser.add_argument("--once", action="store_true", help="print what is now, and end")
    parser.add_argument(
        "--json", action="store_true", help="the same as JSON (distcc-build schema)"
    )


def run(args: argparse.Namespace) -> int:
    """Show it until `q` or Ctrl-C on a terminal that can, else print it once."""
    from distcc_build.top.terminal import capable

    environ = environment(args)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file may be named in a script that this terminal does not have.
        sys.stdout.reconfigure(errors="replace")
    source = _Source(args.directories, environ)
    if not (args.once or args.json) and capable():
        return _live(source, args.interval)
    with source:
        view = source.look()
    if args.json:
        from distcc_build.top.activity import report

        print_json(report(view))
    else:
        from distcc_build.top.dashboard import plain

        print(plain(view))
    return 0


class _Source:
    """Everything that views are made from."""

    def __init__(self, directories: "Sequence[str]", environ: dict[str, str]) -> None:
        from distcc_build.top.standing import Standing, backoff_period, distcc_dirs
        from distcc_build.top.watching import Watch

        try:
            cache = cache_directory(environ)
        except NotFoundError as error:
            # There are no plans then, and distcc alone may well be at work.
            warn([str(error)])
            cache = None
        # Any that is named counts, whatever it was called a second time.
        named = dict.fromkeys(Path(os.path.abspath(one)) for one in directories)  # noqa: PTH100
        self._watch = Watch(list(named) or distcc_dirs(environ, cache))
        self._standing = Standing(environ, cache)
        self._period = backoff_period(environ)
        self._history: tuple[tuple[float, int], ...] = ()

    def __enter__(self) -> None:
        self._watch.__enter__()

    def __exit__(self, *_: object) -> None:
        self._watch.__exit__()

    def look(self) -> "View":
        from distcc_build.top.activity import rate, recent, view

        snapshot = self._watch.look(self._period)
        finished = sum(one.finished for one in snapshot.looked)
        self._history = recent(self._history, time.monotonic(), finished)
        return view(snapshot, self._standing.read(), rate(self._history))


def _live(source: _Source, interval: float) -> int:
    from rich.console import Console
    from rich.live import Live

    from distcc_build.top.dashboard import Dashboard
    from distcc_build.top.terminal import ENDINGS, Terminal

    live = Live(
        console=Console(),
        screen=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with source, Terminal() as terminal, live:
        while True:
            live.update(Dashboard(source.look()), refresh=True)
            due = time.monotonic() + interval
            while (left := due - time.monotonic()) > 0:
                keys, signals = terminal.wait(left)
                if b"q" in keys.lower() or signal.SIGINT in signals:
                    return 0
                for number in signals & {*ENDINGS}:
                    return 128 + number
                if signal.SIGTSTP in signals:
                    _pause(live, terminal)
                    break
                if signals:
                    live.refresh()


def _pause(live: "Live", terminal: "Terminal") -> None:
    """Be stopped, as Ctrl-Z asks for, and go on where the terminal is ours again."""
    live.stop()
    terminal.restore()
    os.kill(os.getpid(), signal.SIGSTOP)
    terminal.listen()
    live.start()
