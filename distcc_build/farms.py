"""Farms beside the usual one: which compilers have servers of their own.  Does no I/O.

A table of a configuration file names one::

    [farm.arm]
    compilers = ["arm-none-eabi-*"]     # words of compilers, or with a slash their paths
    targets = ["aarch64-*"]             # or what their -dumpmachine prints
    domain = "arm.example.com"          # and any option that is about servers

The first table that fits a compiler is its farm, those of the user's own file before those of
the system's; a compiler that none fits has the farm of the options above the tables.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from distcc_build import values
from distcc_build.config import (
    HARDENING,
    Config,
    parse_config,
    parse_options,
    parse_toml,
    with_environment,
)
from distcc_build.errors import ConfigError

__all__ = ["OF_A_FARM", "FarmTable", "fitting", "parse_farms"]

OF_A_FARM = frozenset(
    {
        *("pattern", "domain", "nameservers", "resolver", "sources", "gap"),
        *("ipv4_network", "ipv6_network", "allow", "allow_loopback", "only", "require_dnssec"),
        *("max_servers", "port", "limit", "compression", "match", "stats", "stats_port"),
    }
)
"""Options that a table may set: what is about servers.  Others are about this machine."""


WHOSE = ("compilers", "targets")
"""What a table says beside options: whose farm it is."""


class FarmTable(NamedTuple):
    """A farm of its own for some compilers."""

    name: str
    compilers: tuple[str, ...]
    """Patterns of compiler words, as of a shell; with a slash, of whole paths."""
    targets: tuple[str, ...]
    """Patterns of what a compiler's -dumpmachine prints."""
    config: Config
    """All options, those of the table in their places."""
    own_sources: bool
    """The table says itself where its servers are found."""


def parse_farms(
    files: Iterable[tuple[str, str]], environ: Mapping[str, str]
) -> tuple[FarmTable, ...]:
    """The tables, in the order in which they are tried.

    :param files: as for `parse_config`.
    :param environ: its variables go before every file's options, those of tables too.
    :raises ConfigError: when a table cannot be used.
    """
    files = list(files)
    found: dict[str, FarmTable] = {}
    # Most have none, and pay for no second reading.
    if not any("farm" in text for _, text in files):
        return ()
    usual, _ = parse_config(files, {})
    forbidden: dict[str, Any] = {}
    for file, text in reversed(files):
        options = parse_toml(file, text)
        tables = options.pop("farm", {})
        if not (isinstance(tables, dict) and all(isinstance(one, dict) for one in tables.values())):
            raise ConfigError(f"option 'farm' in {file}: expected tables, such as [farm.arm]")
        for name, table in tables.items():
            if name not in found:
                found[name] = _table(name, table, file, (usual, forbidden), environ)
        # What a user forbids no table of the system allows.
        hardening = {key: options[key] for key in HARDENING & options.keys()}
        forbidden = {**parse_options(hardening, file), **forbidden}
    return tuple(found.values())


def _table(
    name: str,
    table: dict[str, Any],
    file: str,
    above: tuple[Config, Mapping[str, Any]],
    environ: Mapping[str, str],
) -> FarmTable:
    """One table.

    :param above: the options above all tables, and those of HARDENING from files that go before
        this one.
    """
    place = f"[farm.{name}] of {file}"
    if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
        raise ConfigError(f"{place!a}: expected a name of letters, digits, - and _")
    patterns = {key: _patterns(key, table.pop(key, []), place) for key in WHOSE}
    options = parse_options(table, place, WHOSE)
    if not any(patterns.values()):
        raise ConfigError(f"{place}: expected compilers or targets: whose farm it is")
    if others := sorted(options.keys() - OF_A_FARM):
        msg = f"option {others[0]!r} in {place}: it is for all farms; put it above the tables"
        raise ConfigError(msg)
    usual, forbidden = above
    config, _ = with_environment(usual._replace(**{**options, **forbidden}), environ)
    return FarmTable(name, **patterns, config=config, own_sources="sources" in options)


def _patterns(key: str, value: object, place: str) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if listed == []:
        return ()
    text = ""
    if isinstance(listed, list) and all(isinstance(one, str) for one in listed):
        text = ",".join(listed)
    try:
        return values.patterns(text)
    except ValueError as expected:
        shown = ascii(value)
        raise ConfigError(f"option {key!r} in {place} is {shown}, expected {expected}") from None


def fitting(
    tables: Sequence[FarmTable], words: Iterable[str], target: Callable[[], str]
) -> FarmTable | None:
    """The farm of a compiler; None where it is the usual one.

    :param words: how the compiler is called: the word that is typed, its path.
    :param target: what it compiles for; called only where that matters.
    """
    words = tuple(words)
    for table in tables:
        if any(_fits(word, pattern) for word in words for pattern in table.compilers):
            return table
        if table.targets and any(fnmatchcase(target(), one) for one in table.targets):
            return table
    return None


def _fits(word: str, pattern: str) -> bool:
    whole = "/" in pattern
    return fnmatchcase(word if whole else word.rpartition("/")[2], pattern)
