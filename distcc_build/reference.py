"""What this machine's own compilers make of the units: the object that a server must give too.

The compiles are started without waiting, so that they run while the names are walked, and are
kept by what could change their result: the compiler's file, the assembler's, and the unit.
"""

import contextlib
import hashlib
import os
import secrets
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from distcc_build import paths, store
from distcc_build.errors import NotFoundError
from distcc_build.units import arguments, language, suffix, unit

__all__ = ["Compiler", "Reference", "References", "find_compiler"]

MASQUERADES = frozenset({"ccache", "distcc", "distcc-launch", "icecc", "sccache"})
"""Programs that are linked to under the names of compilers."""

MAGIC = b"distcc-build reference 1"
MAX_REFERENCE = 1 << 20
"""Bytes; an object of a unit has 10 KiB."""

PASSED_ON = ("HOME", "LD_LIBRARY_PATH")
"""Beside PATH, what a compiler may need to run at all.  No other variable may change the object
(CPATH, GCC_EXEC_PREFIX, SOURCE_DATE_EPOCH, CCC_OVERRIDE_OPTIONS): a server knows none of them."""

QUESTIONS = {
    "version": ("-dumpfullversion", "-dumpversion"),
    "target": ("-dumpmachine",),
    "banner": ("--version",),
}
"""What tells compilers apart in words.  A gcc before 7 knows only the second option."""


@dataclass(frozen=True, slots=True)
class Compiler:
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


@dataclass(frozen=True, slots=True)
class Reference:
    """What a server's compiler is compared with."""

    compiler: Compiler
    object: bytes
    version: str
    """The first line of what -dumpfullversion prints; empty where it prints none."""
    target: str
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
        candidate = paths.find_program(name, folder) if "/" not in name else None
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
        for compiler in {one.key: one for one in compilers}.values():
            kept = _read(directory, compiler)
            if kept is not None:
                self._kept.append(kept)
                continue
            try:
                self._begun.append(_Making(compiler, directory))
            except OSError as error:
                self._reasons[compiler.key] = f"{compiler.path}: {error.strerror}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._begun:
            one.end()

    def collect(self, seconds: float) -> tuple[list[Reference], dict[str, str]]:
        """What came of it, at the latest after so many seconds.

        :returns: the references, and by key the reason where a compiler has none.
        """
        deadline = time.monotonic() + seconds
        references, reasons = list(self._kept), dict(self._reasons)
        for one in self._begun:
            made = one.result(deadline)
            if isinstance(made, str):
                reasons[one.compiler.key] = made
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
        self._folder = _temporary(directory)
        self._processes: dict[str, int] = {}
        source = f"{self._folder}/p{suffix(compiler.name)}"
        self._object = f"{self._folder}/p.o"
        try:
            _write(source, unit(compiler.name))
            options = [
                source if one == Path(source).name else one for one in arguments(compiler.name)
            ]
            options[-1] = self._object
            self._start("compile", options)
            for name, question in QUESTIONS.items():
                self._start(name, question)
        except OSError:
            self.end()
            raise

    def _start(self, name: str, options: Iterable[str]) -> None:
        environment = {one: os.environ[one] for one in PASSED_ON if one in os.environ}
        environment |= {"PATH": self.compiler.search, "LC_ALL": "C", "TMPDIR": self._folder}
        write = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        self._processes[name] = os.posix_spawn(
            self.compiler.path,
            [self.compiler.name, *options],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, f"{self._folder}/{name}.out", write, 0o600),
                (os.POSIX_SPAWN_OPEN, 2, f"{self._folder}/{name}.err", write, 0o600),
            ],
            # A wrapper may have children: they are ended together.
            setpgroup=0,
            setsigmask=(),
            # Python ignores these, and what is ignored stays so in a child.
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
        )

    def result(self, deadline: float) -> Reference | str:
        """The reference, or why there is none.

        :param deadline: of time.monotonic().
        """
        statuses = {name: _wait(pid, deadline) for name, pid in self._processes.items()}
        for name, status in statuses.items():
            if status is not None:
                del self._processes[name]
        if statuses["compile"] is None:
            return f"{self.compiler.path} does not compile a small file in time"
        made = _read_file(self._object)
        if statuses["compile"] or not made:
            said = _line(_read_file(f"{self._folder}/compile.err")) or "it says nothing"
            return f"{self.compiler.path} fails to compile a small file: {said}"
        answers = {
            name: _line(_read_file(f"{self._folder}/{name}.out")) if statuses[name] == 0 else ""
            for name in QUESTIONS
        }
        return Reference(self.compiler, made, **answers)

    def end(self) -> None:
        for pid in self._processes.values():
            try:
                os.killpg(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, PermissionError, ChildProcessError):
                pass
        self._processes.clear()
        _remove(self._folder)


def _masquerades(program: Path) -> bool:
    return os.path.basename(os.path.realpath(program)) in MASQUERADES  # noqa: PTH119


def _key(name: str, program: Path, search: str) -> str:
    """Changes with whatever the object depends on."""
    assembler = paths.find_program("as", search)
    known: list[object] = [MAGIC, name, language(name), arguments(name), unit(name)]
    for path in (program, assembler):
        if path is not None:
            found = os.stat(path)  # noqa: PTH116
            real = os.path.realpath(path)
            known += [real, found.st_mtime_ns, found.st_size, found.st_ino]
    return hashlib.sha256(repr(known).encode()).hexdigest()[:32]


def _read(directory: Path, compiler: Compiler) -> Reference | None:
    data = store.read_trusted(directory / f"reference-{compiler.key}", MAX_REFERENCE)
    start, _, rest = (data or b"").partition(b"\n")
    if start != _first(rest):
        return None
    version, target, banner, made = rest.split(b"\n", 3)
    return Reference(compiler, made, version.decode(), target.decode(), banner.decode())


def _pack(reference: Reference) -> bytes:
    answers = (reference.version, reference.target, reference.banner)
    rest = b"\n".join([*(one.encode() for one in answers), reference.object])
    return _first(rest) + b"\n" + rest


def _first(rest: bytes) -> bytes:
    """The first line of a file whose others are `rest`."""
    return MAGIC + b" " + hashlib.sha256(rest).hexdigest().encode()


def _wait(pid: int, deadline: float) -> int | None:
    """How a child ended, as wait() says; None when it has not by then."""
    while True:
        try:
            done, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return 0  # somebody else has taken it (SIGCHLD is ignored); its output tells
        if done:
            return status
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.001)


def _temporary(directory: Path) -> str:
    """A new folder of ours, rather on a local disk than in a home that may be far away."""
    name = f"distcc-build-{secrets.token_hex(8)}"
    given = os.environ.get("TMPDIR", "")
    for parent in (given if given.startswith("/") else "/tmp", str(directory)):  # noqa: S108
        folder = f"{parent}/{name}"
        try:
            os.mkdir(folder, 0o700)  # noqa: PTH102
        except OSError as error:
            failed = error
        else:
            return folder
    raise failed


def _write(path: str, content: bytes) -> None:
    with open(path, "xb") as stream:  # noqa: PTH123
        stream.write(content)


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123
            return stream.read(MAX_REFERENCE)
    except OSError:
        return b""


def _line(said: bytes) -> str:
    """The first line, of printable ASCII only."""
    text = said.partition(b"\n")[0][:200].decode("ascii", "replace").strip()
    return "".join(one if one.isprintable() else "?" for one in text)


def _remove(folder: str) -> None:
    try:
        for entry in os.scandir(folder):
            os.unlink(entry.path)  # noqa: PTH108
        os.rmdir(folder)  # noqa: PTH106
    except OSError:
        pass  # the system cleans up its temporary files
