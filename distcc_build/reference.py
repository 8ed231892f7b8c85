"""What this machine's own compilers make of the units: the object that a server must give too.

The compiles are started without waiting, so that they run while the names are walked, and are
kept by what could change their result: the compiler's file, the assembler's, and the units.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Self

from distcc_build import paths, store
from distcc_build.errors import NotFoundError
from distcc_build.spawn import Spawned
from distcc_build.units import NAME, arguments, language, source_name, units
from distcc_build.verdict import first_line

__all__ = ["Compiler", "Reference", "References", "compile_environment", "find_compiler", "kept"]

CACHES = frozenset({"ccache", "sccache"})
"""Programs that run compilers, and distribute what they miss in their own ways."""

MASQUERADES = CACHES | {"distcc", "distcc-launch", "icecc"}
"""Programs that are linked to under the names of compilers."""

LATE = "does not compile a small file in time"
"""The end of the reason that may be another one in a minute."""

MAGIC = b"distcc-build reference 1"
MAX_REFERENCE = 1 << 20
"""Bytes; the object of a unit has 10 KiB."""

PASSED_ON = ("HOME", "LD_LIBRARY_PATH")
"""Beside PATH, what a compiler may need to run at all.  No other variable may change the object
(CPATH, GCC_EXEC_PREFIX, SOURCE_DATE_EPOCH, CCC_OVERRIDE_OPTIONS): a server knows none of them."""

QUESTIONS = {
    "version": ("-dumpfullversion", "-dumpversion"),
    "target": ("-dumpmachine",),
    "banner": ("--version",),
}
"""What tells compilers apart in words.  A gcc before 7 knows only the second option."""


class Compiler(NamedTuple):
    """A compiler of this machine."""

    word: str
    """As typed."""
    name: str
    """What distcc sends, and runs here, for it (with DISTCC_NO_REWRITE_CROSS set)."""
    path: str
    """The program itself, links not followed; never distcc or ccache in its place."""
    search: str
    """PATH without the directories in which they are."""
    key: str
    """Names this very state of it."""


class Reference(NamedTuple):
    """What a server's compiler is compared with."""

    compiler: Compiler
    unit: bytes
    """The source that was compiled."""
    object: bytes
    """What came of it."""
    version: str
    """The first line of what -dumpfullversion prints; empty where it prints none."""
    target: str
    """The first line of what -dumpmachine prints."""
    banner: str
    """The first line of what --version prints."""


def find_compiler(word: str, path: str | None) -> Compiler | None:
    """The compiler that runs here where `word` is typed behind distcc.

    :param path: the value of PATH; None takes the system's default.
    :returns: None where there is none.
    """
    name = word
    found = paths.find_program(word, path) if "/" in word else None
    if found is not None and _masquerades(found):
        # Called by the path of such a link, distcc goes by the link's name.
        name, found = found.name, None
    folders = []
    for folder in (os.defpath if path is None else path).split(os.pathsep):
        candidate = None if "/" in name else paths.find_program(name, folder)
        if candidate is None or not _masquerades(candidate):
            folders.append(folder)
            found = found or candidate
    if found is None:
        return None
    search = os.pathsep.join(folders)
    try:
        key = _key(name, found, search)
    except OSError:
        return None  # it went away just now
    return Compiler(word, name, str(found), search, key)


def kept(directory: Path, compiler: Compiler) -> Reference | None:
    """The reference of a compiler, if one was made lately; makes none."""
    return _read(directory, compiler)


class References:
    """Compiles the units here, beside whatever else is done meanwhile.

    :param directory: the cache directory.
    :param compilers: those to have a reference for.  What is not kept yet is started at once.

    Leaving the `with` block ends what still runs and removes every temporary file.
    """

    def __init__(self, directory: Path, compilers: Iterable[Compiler]) -> None:
        self._directory = directory
        self._kept: list[Reference] = []
        self._begun: list[_Making] = []
        self._reasons: dict[str, str] = {}
        try:
            for compiler in {one.key: one for one in compilers}.values():
                self._begin(compiler)
        except BaseException:
            # Somebody interrupts, and there is no block yet to be left.
            self.__exit__()
            raise

    def _begin(self, compiler: Compiler) -> None:
        known = kept(self._directory, compiler)
        if known is not None:
            self._kept.append(known)
            return
        try:
            self._begun.append(_Making(compiler, self._directory))
        except OSError as error:
            self._reasons[compiler.key] = f"{compiler.path} cannot be run: {error.strerror}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._begun:
            one.spawned.end()

    def collect(self, seconds: float) -> tuple[list[Reference], dict[str, str]]:
        """What came of it, at the latest after so many seconds.

        :returns: the references, and by key the reason where a compiler has none.
        """
        deadline = time.monotonic() + seconds
        references, reasons = list(self._kept), dict(self._reasons)
        for one in self._begun:
            try:
                made = one.result(deadline)
            except OSError as error:
                made = f"cannot be run: {error.strerror}"
            if isinstance(made, str):
                reasons[one.compiler.key] = f"{one.compiler.path} {made}"
                continue
            references.append(made)
            # What cannot be kept is made again next time.
            with contextlib.suppress(OSError, NotFoundError):
                store.replace(self._directory / f"reference-{made.compiler.key}", _pack(made))
        return references, reasons


class _Making:
    """One compiler's compile and its answers to the questions, running."""

    def __init__(self, compiler: Compiler, directory: Path) -> None:
        self.compiler = compiler
        self._units = list(units(compiler.name))
        self.spawned = Spawned(directory)
        try:
            self._compile()
            for name, question in QUESTIONS.items():
                self._start(name, question)
        except BaseException:
            self.spawned.end()
            raise

    def _compile(self) -> None:
        self._unit = self._units.pop(0)
        self.spawned.write(source_name(self.compiler.name), self._unit)
        options = arguments(self.compiler.name)
        folder = self.spawned.folder
        places = [f"{folder}/{one}" if one.startswith(NAME) else one for one in options]
        self._start("compile", places)

    def _start(self, name: str, options: Iterable[str]) -> None:
        environment = compile_environment(self.compiler)
        self.spawned.start(name, self.compiler.path, [self.compiler.name, *options], environment)

    def result(self, deadline: float) -> Reference | str:
        """The reference, or why there is none.

        :param deadline: of time.monotonic().
        """
        while (status := self.spawned.wait("compile", deadline)) and self._units:
            self._compile()
        if status is None:
            return LATE
        made = self.spawned.read(f"{NAME}.o")
        if status or not made:
            said = first_line(self.spawned.read("compile.err")) or f"status {status:#x}"
            return f"fails to compile a small file: {said}"
        answers = {
            name: first_line(self.spawned.read(f"{name}.out"))
            if self.spawned.wait(name, deadline) == 0
            else ""
            for name in QUESTIONS
        }
        return Reference(self.compiler, self._unit, made, **answers)


def compile_environment(compiler: Compiler) -> dict[str, str]:
    """What a compile runs with that a server must be able to repeat."""
    environment = {one: os.environ[one] for one in PASSED_ON if one in os.environ}
    if _is_script(compiler.path):
        # What it adds by variables of its own is missing on the servers, and has to show.
        environment = dict(os.environ)
    # One that calls the launcher is to get the compiler behind it.
    behind = {"DISTCC_BUILD": "off", "_DISTCC_BUILD_BEHIND": compiler.path}
    return environment | {"PATH": compiler.search, "LC_ALL": "C"} | behind


def _is_script(program: str) -> bool:
    try:
        with open(program, "rb") as stream:  # noqa: PTH123
            return stream.read(2) == b"#!"
    except OSError:
        return False


def _masquerades(program: Path) -> bool:
    return os.path.basename(os.path.realpath(program)) in MASQUERADES  # noqa: PTH119


def _key(name: str, program: Path, search: str) -> str:
    """Changes with whatever the object depends on."""
    assembler = paths.find_program("as", search)
    known: list[object] = [MAGIC, name, language(name), arguments(name), units(name)]
    for path in (program, assembler):
        if path is not None:
            found = os.stat(path)  # noqa: PTH116
            real = os.path.realpath(path)
            known += [real, found.st_mtime_ns, found.st_size, found.st_ino]
    return hashlib.sha256(repr(known).encode()).hexdigest()[:32]


def _read(directory: Path, compiler: Compiler) -> Reference | None:
    data = store.read_trusted(directory / f"reference-{compiler.key}", MAX_REFERENCE)
    first, _, rest = (data or b"").partition(b"\n")
    if first != _first(rest):
        return None
    numbered = {b"%d" % number: unit for number, unit in enumerate(units(compiler.name))}
    try:
        number, *words, made = rest.split(b"\n", 4)
        version, target, banner = (word.decode() for word in words)
        return Reference(compiler, numbered[number], made, version, target, banner)
    except (LookupError, ValueError):
        return None  # its checksum is right: another version of this program wrote it


def _pack(reference: Reference) -> bytes:
    number = units(reference.compiler.name).index(reference.unit)
    lines = (str(number), reference.version, reference.target, reference.banner)
    rest = b"\n".join([*(one.encode() for one in lines), reference.object])
    return _first(rest) + b"\n" + rest


def _first(rest: bytes) -> bytes:
    """The first line of a file whose others are `rest`."""
    return MAGIC + b" " + hashlib.sha256(rest).hexdigest().encode()
