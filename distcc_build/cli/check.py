"""distcc-build check: for cron: silent when the farm is well, a line for each problem if not."""

import argparse
from typing import TYPE_CHECKING

from distcc_build import values
from distcc_build.cli.common import (
    add_farm,
    add_options,
    cache_directory,
    chosen_farm,
    environment,
    printable,
    reader,
    stand_in,
    warn,
)
from distcc_build.cli.progress import waiting

if TYPE_CHECKING:
    from distcc_build.inputs import Inputs

HELP = "look for problems of the farm; silent and exit 0 when there are none"
EXAMPLE = "distcc-build check --expect 12 --max-latency 0.5"
STATUS = "0 if all is well, 1 if there is a problem"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compilers="prove the servers for this compiler")
    add_farm(parser)
    parser.add_argument(
        "--max-latency",
        type=reader(values.seconds(0.000001, 86_400)),
        metavar="SECONDS",
        help="a server that takes longer for its proof, a small compile, is a problem",
    )
    parser.add_argument(
        "--expect",
        type=_count,
        metavar="N",
        help="another number of servers, in the usual farm where there are several, is a problem",
    )


def run(args: argparse.Namespace) -> int:
    """Print a line for each problem; exit 1 if there is any."""
    from distcc_build.belonging import taken
    from distcc_build.examine import examine
    from distcc_build.inputs import read_inputs
    from distcc_build.problems import problems

    environ = environment(args)
    inputs = read_inputs(environ)
    # A word that is left out of a hosts list is something to mend, as is a list that asks nobody.
    warn(one for one in inputs.warnings if one not in inputs.hosts.problems)
    found = list(inputs.hosts.problems)
    if not inputs.hosts.discover:
        found.append(f"{inputs.hosts_source}: no word in it asks for discovery")
    directory, path = cache_directory(environ), environ.get("PATH")
    for one, words in _each(args, inputs, environ):
        if one.farm and not words:
            if why := taken(one, path, directory):
                # No compile goes there, so nothing else matters.
                found.append(f"farm {one.farm}: {why}: put [farm.{one.farm}] first")
                continue
            warn([stand_in(one, "")] if args.farm else [])
        with waiting("asking the servers") as told:
            health = examine(one.config, directory, words, path, told)
        expect = args.expect if not one.farm or args.farm else None
        lines = problems(health, max_latency=args.max_latency, expect=expect)
        found += [f"farm {one.farm}: {line}" if one.farm else line for line in lines]
    if args.farm is None:
        found += _of_the_list(args, inputs, environ)
    for line in found:
        print(printable(line))
    return 1 if found else 0


def _of_the_list(args: argparse.Namespace, inputs: "Inputs", environ: dict[str, str]) -> list[str]:
    """What is the matter with hosts that the list itself names: builds use them unproved."""
    from distcc_build.belonging import usual_words
    from distcc_build.examine_named import examine_named
    from distcc_build.hosts import DEFAULT_PORT
    from distcc_build.named import read_named, rows_of_named
    from distcc_build.policy import State
    from distcc_build.problems import not_well

    # They are handed on as they are written, so what is configured for found ones is not theirs.
    config = inputs.config._replace(port=DEFAULT_PORT, compression="none")
    named = read_named(map(str, inputs.hosts.hosts), config)
    # Of those with a state only what is no host is to be mended.
    named = tuple(one for one in named if not (one.spec and one.state))
    if not named:
        return []
    directory, path = cache_directory(environ), environ.get("PATH")
    words = args.compiler or usual_words(inputs, path, directory)
    with waiting("asking the hosts of the list") as told:
        learned, _ = examine_named(config, directory, words, path, named, told)
    rows = rows_of_named(named, learned, config)
    lines = (not_well(row, args.max_latency) for row in rows if row.state != State.DUPLICATE.value)
    return [f"{inputs.hosts_source}: {line}" for line in lines if line]


def _each(
    args: argparse.Namespace, inputs: "Inputs", environ: dict[str, str]
) -> "list[tuple[Inputs, list[str]]]":
    """The farms to look at, with the compilers to prove them for."""
    from distcc_build.belonging import each_farm, usual_words

    if args.farm is not None or args.compiler or not inputs.farms:
        return [chosen_farm(args, inputs, environ)]
    directory, path = cache_directory(environ), environ.get("PATH")
    each = [(one, usual_words(one, path, directory)) for one in each_farm(inputs)]
    return [(one, words) for one, words in each if one.farm or words]


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}")
    return int(text)
