"""What the user wrote: configuration files and the hosts list, found and read."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from distcc_build.config import Config, parse_config, switched_off
from distcc_build.errors import ConfigError
from distcc_build.farms import FarmTable, parse_farms
from distcc_build.hosts import HostsList, parse_hosts
from distcc_build.plan import Dependency
from distcc_build.sources.files import dependency, listed_files
from distcc_build.trust import distrust

__all__ = ["Inputs", "config_files", "read_inputs"]

SYSTEM_HOSTS = Path("/etc/distcc/hosts")
SYSTEM_CONFIG = Path("/etc/distcc-build/config.toml")

PLACEHOLDER = {"127.0.0.1", "localhost"}
"""What /etc/distcc/hosts holds as Debian's package ships it: nobody has written a list yet."""

MAX_SIZE = 1 << 20
"""Bytes of a file that are read at most; a hosts list of more could not be passed on anyway."""


class Inputs(NamedTuple):
    """Everything that a user can set."""

    config: Config
    hosts: HostsList
    hosts_source: str
    """Where the list was found, for people."""
    hosts_given: bool
    """False when there is no list, which asks for discovery."""
    warnings: tuple[str, ...]
    """One sentence for each thing that was left out."""
    files: tuple[str, ...]
    """Absolute paths that this was read from or would have been, were they there."""
    off: bool
    """DISTCC_BUILD says that nothing of ours is to be used."""
    seen: tuple[Dependency, ...] = ()
    """The files as they were when they were read: they may change before a plan is made."""
    farms: tuple[FarmTable, ...] = ()
    """Those that some compilers have for themselves, in the order in which they are tried."""
    farm: str = ""
    """Of which of these `config` is; empty for the usual one."""


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Find and read everything.

    The hosts list is looked for as distcc does (distcc src/hosts.c): $DISTCC_HOSTS even if
    empty, else $DISTCC_DIR/hosts or ~/.distcc/hosts, else /etc/distcc/hosts.

    :raises ConfigError: when a configuration file or a hosts list cannot be used, or not be
        believed: what it was meant to forbid must not be forgotten.
    """
    configured = config_files(environ)
    home = environ.get("HOME", "")
    seen: list[Dependency] = []
    read = [(str(path), _read(path, home, seen)) for path in configured]
    texts = [(name, text) for name, text in read if text is not None]
    config, warnings = parse_config(texts, environ)
    farms = parse_farms(texts, environ)
    source, text, hosts_files = _hosts_text(environ, seen)
    given = text is not None
    hosts = parse_hosts(" ".join(config.sources) if text is None else text)
    # What a list of somebody's own asks for; what compiles use is not looked for elsewhere.
    config = config._replace(sources=hosts.sources or config.sources)
    listed = listed_files(
        [*config.sources, *(one for table in farms for one in table.config.sources)]
    )
    # They are read later, and may change meanwhile.
    seen += [one for path in listed if (one := dependency(path))]
    return Inputs(
        config,
        hosts,
        source,
        given,
        warnings + hosts.problems,
        tuple(str(path) for path in [*configured, *hosts_files, *listed]),
        switched_off(environ),
        tuple(seen),
        farms,
    )


def config_files(environ: Mapping[str, str]) -> list[Path]:
    """The configuration files, lowest precedence first."""
    base = environ.get("XDG_CONFIG_HOME", "")
    home = environ.get("HOME", "")
    files = [SYSTEM_CONFIG]
    # A relative XDG path is to be ignored (XDG Base Directory Specification).
    if base.startswith("/"):
        files.append(Path(base, "distcc-build/config.toml"))
    elif home.startswith("/"):
        files.append(Path(home, ".config/distcc-build/config.toml"))
    return files


def _hosts_text(
    environ: Mapping[str, str], seen: list[Dependency]
) -> tuple[str, str | None, list[Path]]:
    """Where the list is, its text if there is one, and the files that were looked at."""
    for variable in ("DISTCC_BUILD_HOSTS", "DISTCC_HOSTS"):
        if variable in environ:
            return variable, environ[variable], []
    looked = []
    own = environ.get("DISTCC_DIR") or (
        f"{environ['HOME']}/.distcc" if environ.get("HOME", "").startswith("/") else ""
    )
    if own:
        looked.append(Path(os.path.abspath(own), "hosts"))  # noqa: PTH100 - no link is followed
    looked.append(SYSTEM_HOSTS)
    for index, path in enumerate(looked):
        text = _read(path, environ.get("HOME", ""), seen)
        if text is None:
            continue
        if path == SYSTEM_HOSTS and {str(entry) for entry in _plain(text)} <= PLACEHOLDER:
            return f"{path} (nothing but the placeholder)", None, looked
        return str(path), text, looked[: index + 1]
    return "no hosts list", None, looked


def _plain(text: str) -> list[str]:
    return [token for line in text.split("\n") for token in line.partition("#")[0].split()]


def _read(path: Path, home: str, seen: list[Dependency]) -> str | None:
    """The file's text; None when there is none.  How it was found is added to `seen`."""
    try:
        # A FIFO would be waited for.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        seen.append(Dependency(str(path), None))
        return None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; mend or remove it") from None
    # What is there from here on must not pass for a file that is not.
    try:
        with open(file, "rb") as stream:  # noqa: PTH123 - a descriptor
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise ConfigError(f"{path}: expected a file; mend or remove it")
            if why := distrust(str(path), found, home):
                raise ConfigError(f"{path} is not believed: {why}")
            seen.append(Dependency(str(path), found.st_mtime_ns, found.st_size, found.st_ino))
            return stream.read(MAX_SIZE).decode("utf-8", "backslashreplace")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; mend or remove it") from None
