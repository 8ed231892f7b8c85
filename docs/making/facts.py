"""What the code says of itself: commands, options, exit statuses, causes, files.

Standard library only: the man pages are made from this when a wheel is built.
"""

import argparse
import ast
import importlib
import inspect
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from distcc_build import __main__ as program
from distcc_build import cli, config, errors, flags, store, verdict

__all__ = [
    "Argument",
    "Command",
    "Option",
    "Row",
    "causes",
    "commands",
    "exits",
    "files",
    "options",
    "schemas",
    "stays_local",
    "variables",
]

WIDTH = 88
"""Characters of a line of usage."""


class Argument(NamedTuple):
    """An argument of a command."""

    forms: tuple[str, ...]
    """As it is typed: `-o NAME=VALUE`, `--option NAME=VALUE`; one for a word by its place."""
    help: str


class Command(NamedTuple):
    """A command of distcc-build."""

    name: str
    summary: str
    """As in the list of commands; no sentence."""
    usage: str
    """Several lines, without the word "usage:"."""
    arguments: tuple[Argument, ...]
    example: str
    status: str
    """What its exit status says, where it says more than that of others; may be empty."""

    def takes(self, option: str) -> bool:
        """Whether it has this option."""
        return any(option == form.split()[0] for one in self.arguments for form in one.forms)


class Option(NamedTuple):
    """An option of the configuration."""

    name: str
    default: str
    expected: str
    """What follows the word "expected" when the value is another; empty when anything goes."""
    text: str

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return config.PREFIX + self.name.upper()


class Row(NamedTuple):
    """A name, and what is to be said of it."""

    name: str
    text: str


def commands() -> list[Command]:
    """All commands, in the order of `distcc-build --help`."""
    # argparse folds lines at the width of a terminal that happens to be there.
    os.environ["COLUMNS"] = str(WIDTH)
    (choices,) = (
        action.choices
        for action in program.parser()._actions  # noqa: SLF001 - argparse tells no other way
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    )
    return [_command(name, choices[name]) for name in cli.COMMANDS]


def _command(name: str, parser: argparse.ArgumentParser) -> Command:
    usage = parser.format_usage().removeprefix("usage: ").rstrip()
    # What follows has lost the seven characters of "usage: ".
    lines = [line.removeprefix(" " * len("usage: ")) for line in usage.splitlines()]
    arguments = [
        Argument(tuple(_forms(one)), _help(parser, one))
        for one in parser._actions  # noqa: SLF001
        if not isinstance(one, argparse._HelpAction)  # noqa: SLF001
    ]
    summary = (parser.description or "").removesuffix(".")
    module = importlib.import_module(f"distcc_build.cli.{cli.COMMANDS[name]}")
    # An older way of telling both is one text.
    example, _, more = module.EXAMPLE.partition("\nexit status: ")
    status = getattr(module, "STATUS", "") or " ".join(more.split())
    return Command(name, summary, "\n".join(lines), tuple(arguments), example, status)


def _forms(action: argparse.Action) -> Iterator[str]:
    value = action.metavar if isinstance(action.metavar, str) else None
    if value is None and action.choices is not None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        yield value or action.dest
        return
    takes = action.nargs != 0
    for option in action.option_strings:
        yield f"{option} {value or action.dest.upper()}" if takes else option


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return parser._get_formatter()._expand_help(action)  # noqa: SLF001


def options() -> list[Option]:
    """The options of the configuration, in their order."""
    (table,) = (
        node
        for node in ast.parse(inspect.getsource(config)).body
        if isinstance(node, ast.ClassDef) and node.name == "Config"
    )
    found = []
    for field, text in zip(table.body, table.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            assert isinstance(text, ast.Expr), f"{field.target.id} has no docstring"
            name = field.target.id
            said = inspect.cleandoc(ast.literal_eval(text.value)).replace("None", "none")
            found.append(Option(name, _default(name), _expected(name), said))
    return found


def _default(name: str) -> str:
    value = config.Config._field_defaults[name]
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value or "") if value != 0 else "0"


def _expected(name: str) -> str:
    """What the reader of this option says of a value that it cannot read."""
    reader = config.Config.__annotations__[name].__metadata__[0]
    try:
        reader("\0")
    except ValueError as error:
        # Without what it says of this one.
        return str(error).partition(", and not ")[0]
    return ""


def variables() -> list[Row]:
    """Variables of the environment that are no options."""
    return [
        Row(
            "DISTCC_BUILD",
            "off (0, no, false): nothing of ours happens, the compiler runs as it would without",
        ),
        Row(
            "DISTCC_BUILD_VERBOSE",
            "1: the launcher tells what it does with each compile and why",
        ),
        Row(
            "DISTCC_BUILD_RECORD",
            "1: every compile is recorded, for distcc-build stats",
        ),
        Row(
            "DISTCC_BUILD_CACHE_DIR",
            "where results are kept: $XDG_CACHE_HOME/distcc-build, else ~/.cache/distcc-build, "
            "else /tmp/distcc-build-UID; yours alone, mode 0700",
        ),
        Row(
            "DISTCC_HOSTS",
            "the hosts list, as for distcc; its words may ask for discovery: --discover-distccN, "
            "--discover-dns-sd, +zeroconf, --discover-file=/PATH",
        ),
        Row("DISTCC_DIR", "where distcc keeps locks and marks, and the file hosts"),
        Row("CCACHE_PREFIX", "distcc-launch, to have ccache in front"),
    ]


def exits() -> list[Row]:
    """Exit statuses of distcc-build, in their order."""
    found = {0: "it is done", 1: "the answer is no: nothing was found, or something is the matter"}
    for name in errors.__all__:
        one = getattr(errors, name)
        if "exit_code" in vars(one) and one is not errors.DistccBuildError:
            found[one.exit_code] = _sentence(one)
    found |= {
        70: "A fault of ours",
        74: "Something cannot be read or written",
        126: "The command of run or farm cannot be executed",
        127: "The command of run or farm is not there",
        130: "It was interrupted",
        141: "Nobody reads what it writes",
    }
    return [Row(str(code), text) for code, text in sorted(found.items())]


def _sentence(one: type) -> str:
    return " ".join((inspect.getdoc(one) or "").split()).removesuffix(".")


def causes() -> list[tuple[str, str, str]]:
    """What a probe can find: its name, what it says of the server, what to do."""
    return [(one.value, one.meaning, one.remedy) for one in verdict.Cause]


KEPT = {
    "plan-": "what the launcher does with one compiler in one environment",
    "farm-": "what a discovery found, with what the probes found; JSON",
    "network-": "what tells the network of the last look from others",
    "reference-": "the objects that one compiler here gives for the test programs",
    "said-": "that something was said in a terminal session",
    ".tmp-journal-": "the compiles of a build that is watched (`run --report`)",
    ".tmp-": "half of a file that is being written",
}
"""Of the files in the cache directory, by the beginning of their names (store.OLD)."""


def files() -> list[tuple[str, str, str]]:
    """Files in the cache directory: name, what is in it, when it is swept away."""
    rows = [(f"{name}*", KEPT[name], _duration(age)) for name, age in store.OLD.items()]
    rows.append(
        ("journal, journal-summed", "compiles that `stats` has not summed up", "when it does")
    )
    rows.append(("statistics", "what it has summed up; JSON", "by `stats --zero`, the figures"))
    return [*rows, ("lock-*, *.lock", "nothing: it is there to be locked", "never")]


def _duration(seconds: int) -> str:
    for unit, name, article in ((86_400, "day", "a"), (3_600, "hour", "an")):
        if seconds >= unit:
            number = seconds // unit
            return f"after {number} {name}s" if number > 1 else f"after {article} {name}"
    raise ValueError(seconds)


def schemas() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What commands print with --json: command, what that is, its fields and their meaning."""
    found = []
    for file in sorted(Path(cli.__path__[0]).with_name("schemas").glob("*.json")):
        schema = json.loads(file.read_text("utf-8"))
        fields = [(name, one.get("description", "")) for name, one in schema["properties"].items()]
        found.append((file.stem, schema.get("description", ""), fields))
    return found


def stays_local() -> list[tuple[str, list[str]]]:
    """What the launcher gives to the compiler itself: each reason, with what it is given for."""
    by_reason: dict[str, list[str]] = {}
    ends = {"PREFIX": "...", "NAME": "...", "ENV": "...", "ANY": " ..."}
    starts = {"SUFFIX": "*", "OUTPUT": "-o *"}
    for row in flags.ROWS:
        if row.kind is not flags.Kind.TAKES:
            start, end = starts.get(row.kind.name, ""), ends.get(row.kind.name, "")
            value = f" {row.value}" if row.value else ""
            by_reason.setdefault(row.reason, []).append(f"{start}{row.text}{value}{end}")
    return list(by_reason.items())


ROOT = Path(__file__).parents[2]
"""The tree that this file is part of."""
