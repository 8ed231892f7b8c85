"""Whether what distcc's include server would send is what a preprocessor here would read.

The include server remembers for a whole build which files there are, what is in them, and by
which name it met each first, and leaves all headers of the compiler's own folders to the server.
So each answer is looked at: every #include is looked up as the compiler does it, and what is
found must be in the answer, with the content of now and the name of this compile.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from distcc_build.lzo import expand
from distcc_build.pump.includes import Include, is_standard, read_includes
from distcc_build.pump.line import VARIABLES, Search, read_line
from distcc_build.wire import WireError

__all__ = ["Checker"]

ROOT_PARTS = 3
"""Folders before the name of a file in the include server's own; distcc's client counts so too."""

FORCING = "forcing_technique_271828"
"""A file that is only there so that its folder is (include_server(1), --no_force_dirs)."""

SECONDS = 10.0
"""For a compiler to say where its headers are; all others wait for it."""

SETTLED = 2_000_000_000
"""Nanoseconds without a change, after which the next one has another stamp on any file system."""

Stamp = tuple[int, ...]


class _Elsewhere(Exception):  # noqa: N818  (a decision, not an error)
    """Why a compile is to be preprocessed here."""


class _Copy(NamedTuple):
    """A file as the include server would have it sent."""

    path: str
    named: bool
    """It begins with a #line that has its name."""


class Checker:
    """Looks at answers; remembers files by their stamps."""

    def __init__(self) -> None:
        self._includes: dict[str, tuple[Stamp, tuple[Include, ...] | str]] = {}
        self._same: dict[tuple[str, str, str], tuple[Stamp, Stamp]] = {}
        self._systems: dict[tuple[str, str, str], list[str]] = {}
        self._path = ""

    def unfit(self, argv: Sequence[str], environ: Mapping[str, str]) -> str:
        """Why the include server need not even be asked; empty where it is to be."""
        if names := sorted(VARIABLES & environ.keys()):
            return f"{names[0]} is set"
        line = read_line(argv)
        return line if isinstance(line, str) else ""

    def trouble(
        self, argv: Sequence[str], cwd: str, answer: Sequence[str], environ: Mapping[str, str]
    ) -> str:
        """Why a compile is to be preprocessed here; empty where the answer is right.

        :param answer: what the include server says is to be sent.
        :param environ: what the compile runs with.
        """
        self._path = environ.get("PATH", os.defpath)
        search = read_line(argv)
        if isinstance(search, str):
            return search
        if not answer:
            return "distcc's include server does not know what it includes"
        try:
            copies = dict(_copies(answer))
            reached = self._follow(search, cwd, copies)
        except _Elsewhere as why:
            return str(why)
        except (OSError, ValueError) as error:
            return f"a file cannot be read: {error}"
        more = copies.keys() - reached
        return f"it may include {min(more)} by way of a header of the system" if more else ""

    def _follow(self, search: Search, cwd: str, copies: Mapping[str, _Copy]) -> set[str]:
        """Look at the source and all that it includes; their paths."""
        reached: set[str] = set()
        waiting = [(search.source, self._check(search.source, cwd, copies))]
        known: dict[tuple[str, Include], str | None] = {}
        while waiting:
            name, path = waiting.pop()
            # By another name it includes the same: no symbolic link leads to it.
            if path in reached:
                continue
            reached.add(path)
            for include in self._read(path):
                folder = os.path.dirname(name) if include.quoted else ""  # noqa: PTH120
                key = (folder, include)
                if key not in known:
                    known[key] = self._find(include, folder, search, cwd)
                found = known[key]
                if found is not None:
                    waiting.append((found, self._check(found, cwd, copies)))
        return reached

    def _find(self, include: Include, folder: str, search: Search, cwd: str) -> str | None:
        """The name of what an #include means; None for what is nothing of this build's."""
        if include.name.startswith("/"):
            raise _Elsewhere(f"{include.name} is included by an absolute name")
        beside = (folder, *search.quote) if include.quoted else ()
        for one in (*beside, *search.folders):
            name = f"{one}/{include.name}" if one else include.name
            if os.path.isfile(os.path.join(cwd, name)):  # noqa: PTH113, PTH118
                return name
        if is_standard(include.name):
            return None
        for one in self._system(search):
            if os.path.lexists(f"{one}/{include.name}"):
                raise _Elsewhere(f"{include.name} is of the system, and may be another there")
        return None  # it is nowhere: behind an #if, or the compile fails

    def _check(self, name: str, cwd: str, copies: Mapping[str, _Copy]) -> str:
        """The path of a file, whose copy is right."""
        path = os.path.normpath(os.path.join(cwd, name))  # noqa: PTH118
        if os.path.realpath(os.path.join(cwd, name)) != path:  # noqa: PTH118
            raise _Elsewhere(f"a symbolic link leads to {name}")
        copy = copies.get(path)
        if copy is None:
            raise _Elsewhere(f"distcc's include server missed {name}")
        if copy.named != name.startswith("/"):
            raise _Elsewhere(f"{name} had another name before")
        prefix = f'#line 1 "{name}"\n' if copy.named else ""
        if not self._equal(path, copy.path, prefix):
            raise _Elsewhere(f"{name} has changed, or another name or line ends than are sent")
        return path

    def _equal(self, path: str, copy: str, prefix: str) -> bool:
        key, stamps = (path, copy, prefix), (_stamp(path), _stamp(copy))
        if self._same.get(key) == stamps:
            return True
        try:
            sent = expand(Path(copy).read_bytes())
        except WireError as error:
            raise _Elsewhere(f"what is sent of {path} cannot be read: {error}") from None
        if sent != os.fsencode(prefix) + Path(path).read_bytes():
            return False
        if all(map(_settled, stamps)):
            self._same[key] = stamps
        return True

    def _read(self, path: str) -> tuple[Include, ...]:
        stamp = _stamp(path)
        known = self._includes.get(path)
        if known is None or known[0] != stamp:
            known = stamp, read_includes(Path(path).read_bytes())
            if _settled(stamp):
                self._includes[path] = known
        if isinstance(known[1], str):
            raise _Elsewhere(known[1])
        return known[1]

    def _system(self, search: Search) -> list[str]:
        """The compiler's own folders."""
        language = "c" if search.source.endswith(".c") else "c++"
        # Of the same name, another build may have another.
        key = (search.compiler, language, self._path)
        if key not in self._systems:
            self._systems[key] = self._ask(search.compiler, language)
        return self._systems[key]

    def _ask(self, compiler: str, language: str) -> list[str]:
        try:
            said = subprocess.run(
                [compiler, "-x", language, "-E", "-v", os.devnull],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={"LC_ALL": "C", "PATH": self._path},
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _Elsewhere(f"{compiler} does not say where its headers are") from None
        text = os.fsdecode(said.stderr)
        found = re.search(
            r"#include <\.\.\.> search starts here:\n(.*?)End of search", text, re.DOTALL
        )
        if found is None:
            raise _Elsewhere(f"{compiler} does not say where its headers are")
        return [line.strip() for line in found[1].splitlines()]


def _copies(answer: Sequence[str]) -> Iterator[tuple[str, _Copy]]:
    """The files of an answer by their own paths; links and what is no file are left out."""
    for one in answer:
        parts = one.split("/", ROOT_PARTS + 1)
        if len(parts) < ROOT_PARTS + 2:
            raise ValueError(one)
        path = f"/{parts[-1]}"
        if path.endswith(".lzo.abs"):
            yield path.removesuffix(".lzo.abs"), _Copy(one, named=True)
        elif path.endswith(".lzo"):
            yield path.removesuffix(".lzo"), _Copy(one, named=False)
        elif not path.endswith(f"/{FORCING}") and not os.path.islink(one):  # noqa: PTH114
            raise ValueError(one)


def _stamp(path: str) -> Stamp:
    found = os.stat(path)  # noqa: PTH116
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _settled(stamp: Stamp) -> bool:
    """Whether a file that is changed once more will have another stamp."""
    return time.time_ns() - stamp[1] > SETTLED
