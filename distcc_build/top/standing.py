"""What compiles are given at the moment, and where they work, as far as it is kept.

Asks no server and no name server, and writes nothing: those who watch a build change nothing.
"""

import os
import pwd
from collections.abc import Iterator, Mapping
from pathlib import Path

from distcc_build.belonging import each_farm, known_names
from distcc_build.client import Client
from distcc_build.compilers import USUAL
from distcc_build.errors import DistccBuildError
from distcc_build.hosts import Hostspec, Word
from distcc_build.inputs import Inputs, read_inputs
from distcc_build.launch import TUNING, Situation
from distcc_build.paths import find_program
from distcc_build.store import farm_path, read_farm
from distcc_build.top.given import Given, from_hosts

__all__ = ["Standing", "backoff_period", "distcc_dirs"]


def distcc_dirs(environ: Mapping[str, str], cache: Path | None) -> list[Path]:
    """The directories that this user's compiles use: distcc's own, and ours where it cannot be.

    :param cache: the cache directory; None where there is none.
    :returns: those that are there, else the one that distcc would use.
    """
    home = environ.get("HOME") or _home()
    given = environ.get("DISTCC_DIR")
    own = Path(os.path.abspath(given)) if given else Path(home, ".distcc")  # noqa: PTH100
    found: dict[tuple[int, int], Path] = {}
    for one in [own, *([cache / "distcc"] if cache else [])]:
        try:
            known = one.stat()
        except OSError:
            continue
        found.setdefault((known.st_dev, known.st_ino), one)
    return list(found.values()) or [own]


def _home() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/"


def backoff_period(environ: Mapping[str, str]) -> float:
    """Seconds for which this user's compiles pass a failing host over."""
    text = environ.get("DISTCC_BACKOFF_PERIOD", "")
    plain = text.isascii() and text.isdecimal()
    return float(text if plain else TUNING["DISTCC_BACKOFF_PERIOD"])


class Standing:
    """What compiles are given; read again when a file that it rests on has changed.

    :param cache: the cache directory; None where there is none.
    """

    def __init__(self, environ: Mapping[str, str], cache: Path | None) -> None:
        self._environ = environ
        self._cache = cache
        self._given = Given()
        self._files: tuple[Path, ...] = ()
        self._seen: list[tuple[int, int] | None] = []

    def read(self) -> Given:
        """The hosts with their limits, and the names of the farm."""
        if not self._files or self._seen != self._stamps():
            try:
                self._given = self._anew()
            except (DistccBuildError, OSError) as error:
                # What the locks show is there without it.
                self._given = Given(problem=f"the limits of servers are not known: {error}")
            self._seen = self._stamps()
        return self._given

    def _anew(self) -> Given:
        inputs = read_inputs(self._environ)
        self._files = tuple(Path(one) for one in inputs.files)
        if self._cache is None:
            return from_hosts(inputs.hosts.entries, {})
        each = [(one, farm_path(self._cache, one.config)) for one in each_farm(inputs)]
        self._files = (*self._files, *(path for _, path in each))
        entries = [entry for one, path in each for entry in _entries(one, path, self._environ)]
        return from_hosts(entries, _plain(known_names(inputs, self._cache)))

    def _stamps(self) -> list[tuple[int, int] | None]:
        return [_stamp(one) for one in self._files]


def _plain(names: Mapping[str, str]) -> dict[str, str]:
    return {address: name.removesuffix(".") for address, name in names.items()}


def _entries(inputs: Inputs, path: Path, environ: Mapping[str, str]) -> Iterator[Hostspec | Word]:
    """What compiles of one farm are given, for all its compilers."""
    search = environ.get("PATH")
    # It is not tried: `distcc --version` makes a folder in its DISTCC_DIR.
    client = Client(find_program("distcc", search) or find_program("distcc", None), "")
    farm = read_farm(path) if inputs.hosts.discover else None
    situation = Situation(inputs, farm, search, client)
    for word in (farm.compilers if farm else ()) or USUAL:
        yield from situation.hosts(word).entries


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
