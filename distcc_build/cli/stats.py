"""distcc-build stats: what compiles came to since the last --zero."""

import argparse
import time
from typing import TYPE_CHECKING, Any

from distcc_build.cli.common import (
    add_options,
    cache_directory,
    environment,
    print_json,
    printable,
    warn,
)
from distcc_build.errors import DistccBuildError

if TYPE_CHECKING:
    from pathlib import Path

    from distcc_build.record.totals import Totals

HELP = "show where compiles ran and why, if DISTCC_BUILD_RECORD=1 records them"
EXAMPLE = "DISTCC_BUILD_RECORD=1 make CC='distcc-launch gcc' && distcc-build stats"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser)
    parser.add_argument(
        "-s",
        "--show-stats",
        action="store_true",
        help="as without options; ccache's word",
    )
    parser.add_argument("-z", "--zero", action="store_true", help="show them, and begin anew")
    parser.add_argument(
        "--json", action="store_true", help="the same as JSON (distcc-build schema)"
    )


def run(args: argparse.Namespace) -> int:
    """Print the totals."""
    from distcc_build.record.recording import recording_all, sum_up
    from distcc_build.record.summary import totals_lines

    environ = environment(args)
    directory = cache_directory(environ)
    totals = sum_up(directory, zero=args.zero)
    if not recording_all(environ):
        warn(["DISTCC_BUILD_RECORD=1 is not set here: builds from here are not recorded"])
    if args.json:
        print_json(_report(totals, recording=recording_all(environ)))
    else:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(totals.since))
        for line in totals_lines(totals, since, _names(directory, environ)):
            print(printable(line))
    return 0


def _names(directory: "Path", environ: dict[str, str]) -> dict[str, str]:
    """By address, the names of the servers that are known now."""
    from distcc_build.belonging import known_names
    from distcc_build.inputs import read_inputs

    try:
        return known_names(read_inputs(environ), directory)
    except DistccBuildError:
        return {}


def _report(totals: "Totals", *, recording: bool) -> dict[str, Any]:
    return {
        "recording": recording,
        "since": totals.since,
        "whole": totals.whole,
        "compiles": totals.compiles,
        "distributed": totals.remote,
        "failed": totals.failed,
        "others": totals.others,
        "seconds_elsewhere": totals.elsewhere,
        "servers": [
            {"host": host or None, "compiles": one.compiles, "seconds": one.seconds}
            for host, one in totals.servers.items()
        ],
        "causes": [{"why": why, "compiles": number} for why, number in totals.causes.items()],
    }
