"""distcc-build servers: every server of the farm, what it is worth, and why."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from distcc_build.cli.common import add_options, cache_directory, environment, warn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from distcc_build.health import Health, Row

HELP = "list the servers, in which state each is, and why"
EXAMPLE = "distcc-build servers --compiler gcc --compiler clang++-15"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser)
    parser.add_argument("--json", action="store_true", help="everything that is known, as JSON")
    parser.add_argument(
        "--compiler",
        action="append",
        default=[],
        metavar="WORD",
        help="prove the servers for this compiler; several times for several (default: gcc, g++)",
    )


def run(args: argparse.Namespace) -> int:
    """Ask every server now, and print what comes of it; exit 1 if there is none."""
    from distcc_build.health import rows
    from distcc_build.inputs import read_inputs

    environ = environment(args)
    inputs = read_inputs(environ)
    warn(inputs.warnings)
    if not inputs.hosts.discover:
        source = inputs.hosts_source
        warn([f"{source} has no --discover-distccN: builds here do not use these servers"])
    health = _examined(args, environ, inputs.config)
    warn(f"{word}: {why}" for word, why in health.reasons.items())
    found = rows(health)
    if args.json:
        print(json.dumps(_report(health, found), indent=2))
    elif found:
        _print(_table(found))
    if not found:
        warn([f"no servers: {health.farm.why}"])
    return 0 if found else 1


def _examined(args: argparse.Namespace, environ: dict[str, str], config: Any) -> "Health":
    """Ask them, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from distcc_build.examine import examine

    console = Console(stderr=True)
    columns = (TextColumn("asking the servers"), BarColumn(), MofNCompleteColumn())
    directory = cache_directory(environ)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None)
        return examine(
            config,
            directory,
            args.compiler,
            environ.get("PATH"),
            lambda done, total: bar.update(task, completed=done, total=total),
        )


def _table(found: "Iterable[Row]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", "name", "address", "state", "latency", "compilers", "limit", "load", "why"):
        numeric = title in {"", "latency", "limit", "load"}
        table.add_column(title, justify="right" if numeric else "left", no_wrap=title != "why")
    for row in found:
        cells = [
            str(row.number),
            row.name.removesuffix("."),
            row.address,
            row.state,
            "" if row.latency is None else f"{row.latency * 1000:.0f} ms",
            ", ".join(_versions(row)),
            "" if row.limit is None else str(row.limit),
            "" if row.load is None else f"{row.load:.2f}",
            row.why,
        ]
        # As text: what a server says must not be taken for colours and links.
        table.add_row(*(Text(cell) for cell in cells), style="" if row.well else "yellow")
    return table


def _versions(row: "Row") -> list[str]:
    """The compilers that the server has, those of one version together."""
    words: dict[str, list[str]] = {}
    for word, verdict in row.verdicts.items():
        if verdict.version:
            words.setdefault(verdict.version, []).append(word)
    return [" ".join([*same, version]) for version, same in words.items()]


def _print(table: "Table") -> None:
    from rich.console import Console
    from rich.measure import Measurement

    console = Console()
    if not console.is_terminal:
        # A pipe has no width: a line for each server, for grep.
        width = Measurement.get(console, console.options.update(max_width=100_000), table).maximum
        console = Console(width=max(width, 1))
    console.print(table)


def _report(health: "Health", found: "Iterable[Row]") -> dict[str, Any]:
    return {
        "domain": health.farm.domain,
        "why": health.farm.why,
        "match": health.config.match,
        "compilers": {word: {"why": why} for word, why in health.reasons.items()},
        "servers": [
            {
                "number": row.number,
                "name": row.name,
                "address": row.address or None,
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
    }
