"""distcc-build servers: every server of the farm, what it is worth, and why."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from distcc_build.cli.common import (
    accounts,
    add_farm,
    add_options,
    cache_directory,
    chosen_farm,
    environment,
    print_json,
    warn,
)
from distcc_build.cli.progress import waiting
from distcc_build.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from distcc_build.health import Health, Row

HELP = "list the servers, in which state each is, and why"
EXAMPLE = "distcc-build servers --compiler gcc --compiler clang++-15"
STATUS = "1 if there are no servers, 5 if no compiler that was named is installed"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser, compilers="prove the servers for this compiler")
    add_farm(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="everything that is known, as JSON (distcc-build schema)",
    )


def run(args: argparse.Namespace) -> int:
    """Ask every server now, and print what comes of it; exit 1 if there is none."""
    from distcc_build.health import rows, stop
    from distcc_build.inputs import read_inputs

    environ = environment(args)
    inputs = chosen_farm(args, read_inputs(environ), environ)
    warn(inputs.warnings)
    if not inputs.hosts.discover:
        source = inputs.hosts_source
        warn([f"{source} has no --discover-distccN: builds here do not use these servers"])
    health = _examined(args, environ, inputs.config)
    warn(f"{word}: {why}" for word, why in health.reasons.items())
    found = rows(health)
    if args.json:
        print_json(_report(health, found))
    elif found:
        _print(found)
    if not found:
        warn([f"no servers: {stop(health)}"])
    if args.compiler and not set(args.compiler) - {*health.reasons}:
        # The table is there, and says nothing of what was asked for.
        return NotFoundError.exit_code
    return 0 if found else 1


def _examined(args: argparse.Namespace, environ: dict[str, str], config: Any) -> "Health":
    from distcc_build.examine import examine

    directory = cache_directory(environ)
    with waiting("asking the servers") as told:
        return examine(config, directory, args.compiler, environ.get("PATH"), told)


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


def _report(health: "Health", found: "Sequence[Row]") -> dict[str, Any]:
    from distcc_build.health import stop

    return {
        "domain": health.farm.domain,
        "why": stop(health),
        "match": health.config.match,
        "compilers": {word: {"why": why} for word, why in health.reasons.items()},
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
            for row in found
        ],
        "accounts": accounts(health.farm),
    }
