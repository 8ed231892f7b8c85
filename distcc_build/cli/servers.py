"""distcc-build servers: every server of the farm, what it is worth, and why."""

import argparse
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from distcc_build.cli.common import (
    accounts,
    add_farm,
    add_options,
    cache_directory,
    chosen_farm,
    environment,
    print_json,
    stand_in,
    warn,
)
from distcc_build.cli.progress import waiting
from distcc_build.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from distcc_build.farmfile import Farm
    from distcc_build.health import Row
    from distcc_build.inputs import Inputs

HELP = "list the servers, in which state each is, and why"
EXAMPLE = """\
distcc-build servers --compiler gcc --compiler clang++-15
DISTCC_HOSTS="$(distcc-build servers --plain hosta hostb:3700/8,lzo)"
"""
STATUS = (
    "1 if there are no servers, or none can be used of hosts that are named, or nothing is printed "
    "by --plain, --names or --addresses; 5 if no compiler that was named is installed"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compilers="prove the servers for this compiler")
    add_farm(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json",
        action="store_true",
        help="everything that is known, as JSON (distcc-build schema)",
    )
    for name, what in (
        ("plain", "hosts for DISTCC_HOSTS: address, port, limit and options"),
        ("names", "names, with the port where it is not 3632"),
        ("addresses", "addresses, with the port where it is not 3632"),
    ):
        form.add_argument(
            f"--{name}",
            dest="form",
            action="store_const",
            const=name,
            help=f"only the good ones without backups, one a line, as {what}",
        )
    parser.add_argument(
        "hosts",
        nargs="*",
        metavar="HOST",
        help="look at these, without discovery: written as for distcc, HOST[:PORT][/LIMIT]"
        "[,OPTION...], any address being allowed",
    )


class _Found(NamedTuple):
    """What came of it."""

    rows: "Sequence[Row]"
    reasons: "Mapping[str, str]"
    """By word of a compiler, why no server can be proved for it."""
    domain: str
    why: str
    """Why there are no more."""
    farm: "Farm | None" = None
    """None for hosts that are named."""


def run(args: argparse.Namespace) -> int:
    """Ask every server now, and print what comes of it; exit 1 if there is none."""
    from distcc_build.belonging import taken
    from distcc_build.inputs import read_inputs

    environ = environment(args)
    inputs, words = read_inputs(environ), args.compiler
    if args.farm or not args.hosts:
        inputs, words = chosen_farm(args, inputs, environ)
        if inputs.farm and not words:
            why = taken(inputs, environ.get("PATH"), cache_directory(environ))
            warn([stand_in(inputs, why)])
    if args.hosts:
        # Where others would be looked for does not matter.
        warn(one for one in inputs.warnings if one not in inputs.hosts.problems)
        found = _named(args.hosts, words, environ, inputs)
    else:
        warn(inputs.warnings)
        if not inputs.hosts.discover:
            source = inputs.hosts_source
            warn([f"{source} has no word for discovery: builds here do not use these servers"])
        found = _discovered(words, environ, inputs)
    warn(f"{word}: {why}" for word, why in found.reasons.items())
    # Hosts that are named may be of a kind that is handed on without a proof.
    used = [row for row in found.rows if row.hostspec or not args.hosts]
    # Whatever is there, it says nothing of what was asked for.
    unknown = bool(words) and not set(words) - {*found.reasons}
    if args.json:
        print_json(_report(found, inputs.config.match))
    elif args.form:
        return 0 if _print_plain(found, args.form) else NotFoundError.exit_code if unknown else 1
    elif found.rows:
        _print(found.rows)
    if not found.rows:
        warn([f"no servers: {found.why}"])
    if unknown:
        return NotFoundError.exit_code
    return 0 if used else 1


def _discovered(words: list[str], environ: dict[str, str], inputs: "Inputs") -> _Found:
    from distcc_build.examine import examine
    from distcc_build.health import rows, stop
    from distcc_build.problems import lost

    directory = cache_directory(environ)
    with waiting("asking the servers") as told:
        health = examine(inputs.config, directory, words, environ.get("PATH"), told)
    warn(lost(health.farm))
    return _Found(rows(health), health.reasons, health.farm.domain, stop(health), health.farm)


def _named(hosts: list[str], words: list[str], environ: dict[str, str], inputs: "Inputs") -> _Found:
    from distcc_build.examine_named import examine_named
    from distcc_build.named import read_named, rows_of_named

    directory, named = cache_directory(environ), read_named(hosts, inputs.config)
    with waiting("asking the servers") as told:
        learned, reasons = examine_named(
            inputs.config, directory, words, environ.get("PATH"), named, told
        )
    rows = rows_of_named(named, learned, inputs.config)
    return _Found(rows, reasons, "", "these are the hosts that are named" if rows else "none named")


def _print_plain(found: _Found, form: str) -> bool:
    """The good ones to stdout, a line each, and to stderr what is the matter with the others.

    :returns: whether there are any.
    """
    from distcc_build.health import GOOD
    from distcc_build.hosts import DEFAULT_PORT, Hostspec, parse_token

    lines = []
    for row in found.rows:
        if not row.well:
            where = f"{_name(row)} {row.address}".rstrip()
            warn([f"{where}: {row.state}{': ' if row.why else ''}{row.why}"])
        if form == "plain" and row.hostspec:
            lines.append(row.hostspec)
        elif row.state == GOOD and form == "names":
            other = f":{row.port}" if row.port not in {None, DEFAULT_PORT} else ""
            lines.append(f"{_name(row)}{other}")
        elif row.state == GOOD and form == "addresses":
            spec = parse_token(row.hostspec)
            if isinstance(spec, Hostspec):
                bare = spec._replace(limit=None, options=(), verbatim="")
                lines.append(spec.host if spec.port == DEFAULT_PORT else str(bare))
    if not found.rows:
        warn([f"no servers: {found.why}"])
    for line in lines:
        print(line)
    return bool(lines)


def _print(found: "Sequence[Row]") -> None:
    """Print the table; what is the matter stands below it where there is no room beside."""
    import io

    from rich.console import Console
    from rich.measure import Measurement
    from rich.text import Text

    console, table = Console(), _table(found, why=True)
    width = Measurement.get(console, console.options.update(max_width=100_000), table).maximum
    if not sys.stdout.isatty():
        # A pipe has no width, even if colours are forced: a line for each server, for grep.
        written = io.StringIO()
        Console(file=written, width=max(width, 1)).print(table)
        print("\n".join(line.rstrip() for line in written.getvalue().splitlines()))
    elif width <= console.width:
        console.print(table)
    else:
        console.print(_table(found, why=False))
        for row in found:
            if row.why:
                console.print(Text(f"\n{_name(row)}: {row.why}"))


def _table(found: "Sequence[Row]", *, why: bool) -> "Table":
    from rich.table import Table
    from rich.text import Text

    numeric = {"latency", "limit", "load"}
    titles = ["name", "address", "state", "latency", "compilers", "limit"]
    titles += ["load"] if any(row.load is not None for row in found) else []
    titles += ["why"] if why else []
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, justify="right" if title in numeric else "left", no_wrap=True)
    for row in found:
        cells = {
            "name": _name(row),
            "address": row.address,
            "state": row.state,
            "latency": "" if row.latency is None else f"{row.latency * 1000:.0f} ms",
            "compilers": ", ".join(_versions(row)),
            "limit": "" if row.limit is None else str(row.limit),
            "load": "" if row.load is None else f"{row.load:.2f}",
            "why": row.why,
        }
        # As text: what a server says must not be taken for colours and links.
        style = "" if row.well else "yellow"
        table.add_row(*(Text(cells[title]) for title in titles), style=style)
    return table


def _name(row: "Row") -> str:
    return row.name.removesuffix(".")


def _versions(row: "Row") -> list[str]:
    """The compilers that the server has, those of one version together."""
    words: dict[str, list[str]] = {}
    for word, verdict in row.verdicts.items():
        if verdict.version:
            words.setdefault(verdict.version, []).append(word)
    return [" ".join([*same, version]) for version, same in words.items()]


def _report(found: _Found, match: str) -> dict[str, Any]:
    return {
        "domain": found.domain,
        "why": found.why,
        "match": match,
        "compilers": {word: {"why": why} for word, why in found.reasons.items()},
        "servers": [
            {
                "number": row.number,
                "name": row.name,
                "address": row.address or None,
                "port": row.port,
                "source": row.source,
                "state": row.state,
                "well": row.well,
                "why": row.why,
                "latency": row.latency,
                "limit": row.limit,
                "load": row.load,
                "hostspec": row.hostspec or None,
                "compilers": {
                    word: {
                        "cause": one.cause.value,
                        "why": one.sentence,
                        "latency": one.latency,
                        "version": one.version or None,
                        "target": one.target or None,
                        "lzo": one.lzo,
                        "pump": one.pump,
                    }
                    for word, one in row.verdicts.items()
                },
            }
            for row in found.rows
        ],
        "accounts": accounts(found.farm),
    }
