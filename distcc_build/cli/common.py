"""What several commands share: option settings, the environment, the cache directory."""

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from distcc_build.errors import UsageError

if TYPE_CHECKING:
    from distcc_build.farmfile import Farm
    from distcc_build.inputs import Inputs
    from distcc_build.launch import Situation

__all__ = [
    "accounts",
    "add_farm",
    "add_options",
    "cache_directory",
    "chosen_farm",
    "compiler_word",
    "environment",
    "keep_plans",
    "print_json",
    "printable",
    "reader",
    "stand_in",
    "warn",
]


def add_options(
    parser: argparse.ArgumentParser,
    *,
    compiler: bool = False,
    compilers: str = "",
    usual: str = "gcc, g++",
) -> None:
    """Let every option of the configuration be set on the command line.

    :param compiler: the command is about one compiler, which can be named.
    :param compilers: it is about several, and this is what it does with each, for the help.
    :param usual: those that are meant where none is named.
    """
    parser.add_argument(
        "-o",
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set an option of the configuration, such as domain=build.example.com",
    )
    if compiler:
        parser.add_argument(
            "--compiler",
            action=_Once,
            default="gcc",
            type=compiler_word,
            metavar="WORD",
            help="the compiler that it is about (default: gcc)",
        )
    if compilers:
        parser.add_argument(
            "--compiler",
            action="append",
            default=[],
            type=compiler_word,
            metavar="WORD",
            help=f"{compilers}; several times for several (default: {usual})",
        )


class _Once(argparse.Action):
    """An option that is about one thing; named again, the first would silently not be meant."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Take the value, or refuse it where there is another."""
        before = getattr(namespace, self.dest)
        given = f"_{self.dest}_given"
        if hasattr(namespace, given) and before != values:
            parser.error(f"{option_string}: expected one, got {before!a} and {values!a}")
        setattr(namespace, given, True)
        setattr(namespace, self.dest, values)


def add_farm(parser: argparse.ArgumentParser) -> None:
    """Let a farm be named: else it is that of the compilers, or the usual one."""
    parser.add_argument(
        "--farm",
        metavar="NAME",
        help="the farm that a [farm.NAME] table of the configuration describes "
        "(default: that of the compilers; check looks at all)",
    )


def chosen_farm(
    args: argparse.Namespace, inputs: "Inputs", environ: dict[str, str]
) -> "tuple[Inputs, list[str]]":
    """What is configured for the farm that is asked about, and the compilers to ask for.

    :returns: those that are named; else the farm's own, and none where none are known.
    :raises UsageError: when there is no such farm, or compilers of several are named.
    """
    from distcc_build.belonging import belonging, of_farm, usual_words
    from distcc_build.compilers import USUAL

    named: list[str] = args.compiler
    if args.farm is None and not inputs.farms:
        return inputs, named
    directory = cache_directory(environ)
    path = environ.get("PATH")
    if args.farm is not None:
        inputs = of_farm(inputs, args.farm)
        return inputs, named or usual_words(inputs, path, directory)
    each = {word: belonging(inputs, word, path, directory) for word in named or USUAL[:1]}
    if len({one.farm for one in each.values()}) > 1:
        said = ", ".join(f"{word}: {one.farm or 'the usual one'}" for word, one in each.items())
        raise UsageError(
            f"expected compilers of one farm, got {printable(said)}: ask for each farm alone"
        )
    found = next(iter(each.values()))
    if named:
        return found, named
    names = ", ".join(one.name for one in inputs.farms if one.name != found.farm)
    this = f"farm {found.farm}" if found.farm else "the usual farm"
    warn([f"this is {this}; others by --farm: {names}"])
    return found, usual_words(found, path, directory)


def stand_in(inputs: "Inputs", why: str) -> str:
    """What is said where a farm is looked at for compilers that have another one.

    :param why: it has none; empty where none is known here.
    """
    from distcc_build.compilers import USUAL

    said = why or "no compiler is known here that has it"
    return f"farm {inputs.farm}: {said}; it is looked at for {' and '.join(USUAL)}"


def environment(args: argparse.Namespace) -> dict[str, str]:
    """The process's environment, with the options of the command line in it.

    :raises UsageError: when an option is not NAME=VALUE, or cannot be used.
    """
    from distcc_build.config import PREFIX, parse_config, unclear_switch
    from distcc_build.errors import ConfigError

    environ = dict(os.environ)
    if wrong := unclear_switch(environ):
        warn([wrong])
    for setting in args.option:
        name, sign, value = setting.partition("=")
        if not sign:
            raise UsageError(f"-o {setting!a}: expected NAME=VALUE")
        variable = PREFIX + name.upper()
        try:
            _, ignored = parse_config([], {variable: value})
        except ConfigError as error:
            raise UsageError(f"-o {setting!a}: {_as_option(str(error))}") from None
        # Bounds that cross are judged where all settings are known.
        if text := next((one for one in ignored if variable in one), ""):
            text = text.removesuffix("; it is ignored")
            raise UsageError(f"-o {setting!a}: {_as_option(text)}")
        environ[variable] = value
    return environ


def _as_option(text: str) -> str:
    """What is wrong with a variable, said of the option that was typed."""
    from distcc_build.config import PREFIX

    text = text.replace("unknown variable", "unknown option")
    return re.sub(rf"{PREFIX}(\w+)", lambda found: found[1].lower(), text)


def compiler_word(word: str) -> str:
    """A compiler as the launcher hands it on: absolute if it has a slash."""
    if not word.strip():
        raise argparse.ArgumentTypeError(f"expected a compiler, such as gcc, got {word!a}")
    return os.path.abspath(word) if "/" in word else word  # noqa: PTH100 - links are to stay


def reader(read: Callable[[str], object]) -> Callable[[str], object]:
    """A reader of the configuration's values (values.py), as argparse takes it."""

    def convert(text: str) -> object:
        try:
            return read(text)
        except ValueError as expected:
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!a}") from None

    return convert


def cache_directory(environ: dict[str, str], compiler: str = "gcc") -> Path:
    """Where plans and farms are kept.

    :raises NotFoundError: when there is no launcher, or no directory that it can use.
    """
    from distcc_build.paths import plan_paths

    return plan_paths([compiler], environ)[0].parent


def keep_plans(word: str, situation: "Situation", environ: dict[str, str]) -> None:
    """Write what was learned into plans, so that neither compiles nor the next query learn it."""
    from distcc_build.renew import write_plans

    # The answer is what was asked for.
    with contextlib.suppress(Exception):
        write_plans(word, situation, environ)


def print_json(table: Mapping[str, object], *, version: int = 1) -> None:
    """Print a result for programs, as the command's schema describes it (schemas/NAME.json).

    :param version: of the schema: one more whenever a field goes away or changes its meaning,
        and the same where fields are added.
    """
    import json

    print(json.dumps({"version": version, **table}, indent=2))


def accounts(farm: "Farm | None") -> list[dict[str, object]]:
    """How the sources beside the numbered names came to what they gave, for `print_json`."""
    return [
        {
            "source": one.source,
            "why": one.why,
            "degraded": one.degraded,
            "lines": [
                {"name": line.name, "came_back": line.came_back, "verdict": line.verdict}
                for line in one.lines
            ],
        }
        for one in (farm.accounts if farm else ())
    ]


def warn(lines: Iterable[str]) -> None:
    """Say something on stderr, a line each."""
    for line in lines:
        print(f"distcc-build: {printable(line)}", file=sys.stderr)


def printable(text: str) -> str:
    r"""Text that cannot move a terminal's cursor: names of files and variables can hold anything.

    >>> printable("a\x1b[31m")
    'a?[31m'
    """
    return "".join(char if char.isprintable() else "?" for char in text)
