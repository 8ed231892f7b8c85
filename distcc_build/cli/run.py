"""distcc-build run: a command with the environment in which its compiles are distributed."""

import argparse
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from distcc_build.cli.common import add_options, cache_directory, environment, printable, warn
from distcc_build.cli.newfile import new_file, write_whole
from distcc_build.cli.progress import waiting
from distcc_build.errors import DistccBuildError, UsageError

if TYPE_CHECKING:
    from distcc_build.buildenv import Basis
    from distcc_build.record.journal import Job
    from distcc_build.record.tally import Build

HELP = "run a build with jobs, hosts and ccache set up for the farm"
EXAMPLE = "distcc-build run -- make CC='distcc gcc'"
STATUS = "the command's; 127 if it is not found, 126 if it cannot be run"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compilers="jobs and hosts are for a build with this compiler")
    parser.add_argument(
        "--report", type=new_file, metavar="FILE", help="write a page about its compiles, in HTML"
    )
    parser.add_argument(
        "--trace",
        type=new_file,
        metavar="FILE",
        help="write a trace of its compiles, for Perfetto and speedscope",
    )
    parser.add_argument(
        "--pump",
        action="store_true",
        help="have servers preprocess as well, with distcc's include server (distcc-pump)",
    )
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to run")


def run(args: argparse.Namespace) -> int:
    """Become the command, or run it; its exit status is this one's."""
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not words or not words[0]:
        raise UsageError("run: expected a command, as in: distcc-build run -- make")
    if args.report and args.trace and args.report.resolve() == args.trace.resolve():
        raise UsageError(f"expected two files, got {str(args.report)!a} for --report and --trace")
    environ, basis = environment(args), None
    with contextlib.ExitStack() as stack:
        pumped = journal = None
        try:
            from distcc_build.buildenv import COMPILERS, build_environment

            with waiting("looking for the servers"):
                compilers = tuple(args.compiler) or COMPILERS
                pumped = _pumped(environ, stack, compilers) if args.pump else None
                environ, basis = pumped or build_environment(environ, compilers)
            _say(basis.warnings if basis else ())
        except Exception as error:  # noqa: BLE001 - whatever it is, the build goes on
            _say([f"{str(error) or type(error).__name__}; the command runs without the farm"])
        if args.report or args.trace:
            try:
                journal = _journal(environ, stack)
            except (DistccBuildError, OSError) as error:
                _say([f"{error}; the command runs without a report"])
        if journal is None and not pumped:
            _become(words, environ)
        begin, (status, fault) = time.time(), _end_of(words, environ, journal)
        if journal is not None and not fault:
            # From here on nothing of ours may change the status, nor run the command again.
            try:
                build = _build(words, (begin, time.time()), status, basis, journal.parent)
                _tell(args, journal, build)
            except Exception as error:  # noqa: BLE001
                _say([f"no report: {_reason(error)}"])
        _say(fault)
        return status


def _say(lines: Iterable[str]) -> None:
    """Say something, if there is anybody to hear it: a build needs no terminal."""
    with contextlib.suppress(OSError, ValueError):
        warn(lines)


def _become(words: list[str], environ: dict[str, str]) -> None:
    """Become the command; returns if that cannot be."""
    # Python ignores them, and the build would not know why its programs do.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(OSError):  # what it is shows in the next try
        os.execvpe(words[0], words, environ)  # noqa: S606 - no shell is wanted


def _end_of(
    words: Sequence[str], environ: dict[str, str], journal: Path | None
) -> tuple[int, list[str]]:
    """Run the command to its end: its exit status, and what kept it from being started."""
    from distcc_build.child import run_to_end
    from distcc_build.record.recording import JOURNALS, journals

    more = {} if journal is None else {JOURNALS: journals(journal, environ)}
    try:
        return run_to_end(words, {**environ, **more}), []
    except OSError as error:
        status = 127 if isinstance(error, FileNotFoundError) else 126
        return status, [f"{words[0]!a}: {error.strerror}"]


def _pumped(
    environ: dict[str, str], stack: contextlib.ExitStack, compilers: Sequence[str]
) -> "tuple[dict[str, str], Basis | None] | None":
    """The environment for a build in pump mode; None, and a line that says why, for one without."""
    from distcc_build.pump.build import pump_environment
    from distcc_build.pump.server import PumpError

    try:
        built, basis, running = pump_environment(environ, stack, compilers)
    except (PumpError, OSError) as error:
        _say([f"no pump mode: {error}"])
        return None
    stack.callback(lambda: _say([running.sentence()]))
    return built, basis


def _journal(environ: dict[str, str], stack: contextlib.ExitStack) -> Path:
    """A journal that is there as long as `stack`.

    :raises DistccBuildError, OSError: when there can be none.
    """
    from distcc_build.paths import recorder
    from distcc_build.record.recording import recorded

    recorder()
    return stack.enter_context(recorded(cache_directory(environ)))


def _tell(args: argparse.Namespace, journal: Path, build: "Build") -> None:
    """Say the most of what was recorded, and write what was asked for, each as far as it can be."""
    from distcc_build.record.recording import read_build
    from distcc_build.record.summary import build_lines
    from distcc_build.record.tally import tally_of

    jobs, whole = read_build(journal)
    build = build._replace(whole=whole)
    with contextlib.suppress(OSError, ValueError):
        # Not on stdout, which is the command's.
        for line in build_lines(build, tally_of(jobs, build.cores)):
            print(printable(line), file=sys.stderr)
    for what, path in (("report", args.report), ("trace", args.trace)):
        if path:
            try:
                write_whole(path, _content(what, build, jobs))
                _say([f"{path} is written"])
            except Exception as error:  # noqa: BLE001 - the other one may be written
                _say([f"no {what}: {path}: {_reason(error)}"])


def _content(what: str, build: "Build", jobs: "Sequence[Job]") -> str:
    if what == "report":
        from distcc_build.report import page

        return page(build, jobs)
    from distcc_build.record.trace import trace

    return trace(build, jobs)


def _reason(error: Exception) -> str:
    known = error.strerror if isinstance(error, OSError) else str(error)
    return known or type(error).__name__


def _build(
    words: Sequence[str],
    times: tuple[float, float],
    status: int,
    basis: "Basis | None",
    directory: Path,
) -> "Build":
    """What is known of the whole.

    :param times: of its begin and its end, seconds since 1970.
    :param directory: the cache directory.
    """
    from distcc_build import machine
    from distcc_build.belonging import known_names
    from distcc_build.record.tally import Build

    names = known_names(basis.inputs, directory) if basis else {}
    return Build(
        command=tuple(words),
        cwd=_folder(),
        begin=times[0],
        end=times[1],
        status=status,
        client=socket.gethostname(),
        cores=machine.cores(),
        jobs=basis.jobs if basis else machine.cores(),
        names={address: name.rstrip(".") for address, name in names.items()},
        limits=basis.limits if basis else {},
    )


def _folder() -> str:
    """The name of this folder, which somebody may have removed."""
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:
        return "a folder that is gone"
