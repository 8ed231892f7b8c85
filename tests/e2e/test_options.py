"""Every option of the lists gives the same files, content, output and status as without us."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from compiling import Bench
from e2e.workbench import SYSTEM_PATH
from option_lists import LINES, Line, write_files
from running import eventually

from distcc_build.distcc_rules import why_distcc_local
from distcc_build.farm.loopback import Farm
from distcc_build.flags import why_local
from distcc_build.paths import launcher

Result = dict[str, bytes]
"""What a compile gave: ``status``, ``stdout``, ``stderr``, and what is new or changed on disk."""


class Place:
    """One folder, in which everything is compiled: its name is in debug information."""

    def __init__(self, folder: Path, farm: Farm, extra: Mapping[str, str] | None = None) -> None:
        self.farm = farm
        self._folder = folder / "place"
        # clang leaves something there with some of them.
        temporary = folder / "tmp"
        temporary.mkdir()
        # What was proved holds to the end: a look of which nobody waits for could lose the server.
        hour = {"DISTCC_BUILD_TTL_MIN": "3600", "DISTCC_BUILD_TTL_MAX": "3600"}
        variables = {**farm.exports, **hour, "TMPDIR": str(temporary)}
        self._bench = Bench(folder, {**variables, **(extra or {})})
        # Servers are proved good for these before anything is counted, and have told of it.
        compilers = ("gcc", "g++", "clang", "clang++")
        for compiler in compilers:
            self._bench.compile(compiler)
            # On a busy machine one may be silent for too long at the first look.
            look = ("hosts", "--compiler", compiler)
            assert eventually(lambda look=look: self._all_good(*look), 120)  # type: ignore[misc]
        self.farm.daemons.wait_for(len(compilers))

    def _all_good(self, *look: str) -> bool:
        known = self._bench.command(*look)
        if all(one in known for one in self.farm.daemons.addresses):
            return True
        self._bench.command(*look, "--refresh")
        return False

    def run(self, line: Line, *before: str) -> Result:
        write_files(self._folder)
        old = self._content()
        done = subprocess.run(
            [*before, *line.words],
            cwd=self._folder,
            env=self._bench.environ | line.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        new = self._content()
        result = {name: data for name, data in new.items() if old.get(name) != data}
        result |= dict.fromkeys(old.keys() - new.keys(), b"gone")
        shutil.rmtree(self._folder)
        result |= {"stdout": done.stdout, "stderr": done.stderr}
        return result | {"status": b"%d" % done.returncode}

    def native(self, compiler: str, data: bytes, *words: str) -> bytes:
        """What a compiler or a tool makes of a file that was compiled."""
        name = self._folder.with_name("native")
        Path(f"{name}.in").write_bytes(data)
        command = [compiler, *words, f"{name}.in", "-o", f"{name}.o"]
        subprocess.run(command, check=True, capture_output=True, cwd=name.parent)
        return Path(f"{name}.o").read_bytes()

    def _content(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self._folder)): b"/" if path.is_dir() else path.read_bytes()
            for path in self._folder.rglob("*")
        }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    # A server says what it says in its own language; here it has that of the clients.
    with Farm(servers=1, environ={"PATH": SYSTEM_PATH}) as farm:
        yield Place(tmp_path_factory.mktemp("options"), farm)


# What differs between a server's compile and one here, and why; nothing else may.


def without_debug_information(place: Place, line: Line, result: Result) -> Result:
    """Debug information has the server's directory (clang) or another form of ours (gcc)."""
    if not any(word.startswith("-g") for word in line.words):
        return result
    stripped = dict(result)
    for name, data in result.items():
        if name.endswith(".s"):
            stripped[name] = place.native("cc", data, "-c", "-x", "assembler")
        if stripped[name].startswith(b"\x7fELF"):
            stripped[name] = place.native("strip", stripped[name], "--strip-debug")
    return stripped


def linked(place: Place, line: Line, result: Result) -> Result:
    """What gcc keeps for link time has places in the text that a server read; code has not."""
    if not any(word.startswith("-flto=") for word in line.words) or line.words[0] != "gcc":
        return result
    link = ["-r", "-nostdlib", "-O2", "-flinker-output=nolto-rel"]
    return {
        name: place.native("gcc", data, *link) if name.endswith(".o") else data
        for name, data in result.items()
    }


DIAGNOSTIC = re.compile(rb"(?:warning|error|note): .*")
UNUSED = re.compile(rb"argument unused during compilation|unused-command-line-argument")


def diagnostics(place: Place, line: Line, result: Result) -> Result:
    """A server has no source to quote, and says again what the preprocessor here said.

    Clang warns there of options that only the preprocessor reads.  Where a server failed, distcc
    says so.
    """
    plain = re.sub(rb"\x1b\[[0-9;]*[mK]", b"", result["stderr"])
    lines = [one for one in plain.splitlines() if not one.startswith(b"distcc[")]
    found = {DIAGNOSTIC.search(one) for one in lines if not UNUSED.search(one)}
    return result | {"stderr": b"\n".join(sorted({one[0] for one in found if one}))}


REMOTE = [without_debug_information, linked, diagnostics]

# An address in a dump is one figure: by its letters alone two runs are alike now and then.
FIGURES = re.compile(rb"0x[0-9a-f]+|[0-9]+")
# gcc reports only what took a hundredth of a second.
TIMES = re.compile(rb"^ [^:\n]+: +\d+\.\d\d \(.*\n", re.MULTILINE)
RANDOM_NAME = re.compile(r"\.[0-9a-f]{4}\.json$")


def times(place: Place, line: Line, result: Result) -> Result:
    """Reports hold times, dumps addresses; clang gives a report a name of its own each time."""
    exact = (".o", "status")
    return {
        RANDOM_NAME.sub(".json", name): data
        if name.endswith(exact)
        else FIGURES.sub(b"0", TIMES.sub(b"", _without_events(data)))
        for name, data in result.items()
    }


def _without_events(data: bytes) -> bytes:
    """Of a trace of clang only that it is one: it holds what took half a millisecond."""
    if not data.startswith(b'{"traceEvents":['):
        return data
    return str(sorted(json.loads(data))).encode()


def words_of_distcc(place: Place, line: Line, result: Result) -> Result:
    """Where distcc ran a compile here that failed, it says so."""
    lines = result["stderr"].splitlines(keepends=True)
    return result | {"stderr": b"".join(one for one in lines if not one.startswith(b"distcc["))}


LOCAL = [words_of_distcc, times]


def differing(expected: Result, found: Result) -> set[str]:
    """What is missing, what is too much, and what has another content."""
    names = expected.keys() | found.keys()
    return {name for name in names if expected.get(name) != found.get(name)}


def changing(expected: Result, again: Result) -> set[str]:
    """What the compiler itself gives otherwise each time it is run.

    Random numbers in profiles and with -flto, names of temporary files in dumps, the order in a
    report of times.
    """
    both = expected.keys() & again.keys() - {"status"}
    return {name for name in both if expected[name] != again[name]}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.text)
def test_option_gives_what_the_compiler_gives(line: Line, place: Place) -> None:
    before, compiled = len(place.farm.daemons.jobs()), place.farm.daemons.compiles().total()
    found = place.run(line, str(launcher()))
    expected = place.run(line)
    if found != expected:
        for rule in LOCAL if line.verdict in {"local", "files"} else REMOTE:
            found, expected = rule(place, line, found), rule(place, line, expected)
    wrong = differing(expected, found)
    if wrong and line.verdict in {"local", "files"}:
        wrong -= changing(expected, times(place, line, place.run(line))) & found.keys()
    assert {name: (expected.get(name), found.get(name)) for name in wrong} == {}
    match line.verdict:
        case "remote":
            assert place.farm.daemons.wait_for(compiled + 1).total() == compiled + 1
        case "both":
            assert eventually(lambda: len(place.farm.daemons.jobs()) == before + 1)
            assert place.farm.daemons.compiles().total() == compiled
        case _:
            assert len(place.farm.daemons.jobs()) == before


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.text)
def test_the_tables_say_so(line: Line) -> None:
    reason = why_local(line.expanded, os.sep, line.variables) or why_distcc_local(line.expanded)
    assert (reason is not None) == (line.verdict == "local")


def test_lists_are_long_enough() -> None:
    compilers = [line.words[0] for line in LINES]
    assert len({line.text for line in LINES}) == len(LINES)
    assert sum(one in {"gcc", "g++"} for one in compilers) >= 150
    assert sum(one in {"clang", "clang++"} for one in compilers) >= 100
