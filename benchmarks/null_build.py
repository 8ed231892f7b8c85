"""Builds with nothing to do, with and without us: what being there costs, in milliseconds."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Command, Comparison, compare, quick
from distcc_build.farm.loopback import Farm

GOAL = "goal: at most 10 ms added"

SCONS = "env = Environment()\n{}env.Program('prog', ['main.cc', 'lib.c'])\n"
CMAKE = (
    "cmake_minimum_required(VERSION 3.18)\nproject(t C CXX)\n{}add_executable(prog main.cc lib.c)\n"
)
MESON = "project('t', 'c', 'cpp')\nexecutable('prog', 'main.cc', 'lib.c')\n"
MAKE = (
    "{}prog: main.o lib.o\n\t$(CXX) -o $@ $^\n"
    "main.o: main.cc\n\t$(CXX) -c -o $@ $<\nlib.o: lib.c\n\t$(CC) -c -o $@ $<\n"
)
C, CXX = "CC := gcc\n", "CXX := g++\n"
# As README writes them.
CC_BY, CXX_BY = (
    f"{name} := $(or $(shell %s {word}),{word})\n" for name, word in (("CC", "gcc"), ("CXX", "g++"))
)
LAUNCHERS = (
    "-DCMAKE_C_COMPILER_LAUNCHER=distcc-launch",
    "-DCMAKE_CXX_COMPILER_LAUNCHER=distcc-launch",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, Farm(environ=dict(os.environ)) as farm:
        stage = Stage(Path(scratch), farm.environment())
        stage.run("distcc-build", "jobs")
        forms = {
            "scons, env.Tool": stage.scons("env.Tool('distcc_discover')\n"),
            "ninja, CMake's launchers": stage.cmake("launchers", LAUNCHERS, ""),
            "ninja, find_package": stage.cmake("package", (), "find_package(DistccBuild)\n"),
            "ninja, Meson's native file": stage.meson(),
            "make, distcc-build cc": stage.make("cc", CC_BY % "distcc-build cc" + CXX),
            "make, the same twice": stage.make(
                "twice", (CC_BY + CXX_BY) % (("distcc-build cc",) * 2)
            ),
            "make, distcc-launch --cc": stage.make("launch", CC_BY % "distcc-launch --cc" + CXX),
            "make, include": stage.make(
                "mk", f"{C}{CXX}include $(shell distcc-launch --makefile)\n"
            ),
        }
        print(f"null build: with us / without   ({GOAL})")
        for name, (ours, plain) in forms.items():
            print(f"  {name:28} {_compared(ours, plain, stage.environment)}", flush=True)


@dataclass(frozen=True)
class Stage:
    """Builds one small program in many ways; each gives the command lines with and without us."""

    top: Path
    environment: Mapping[str, str]

    def scons(self, line: str) -> tuple[list[str], list[str]]:
        ours, plain = (
            [
                _program("scons"),
                "-C",
                self.sources(f"scons-{len(one)}", SConstruct=SCONS.format(one)),
            ]
            for one in (line, "")
        )
        return self.built(ours, plain)

    def cmake(self, name: str, options: Sequence[str], line: str) -> tuple[list[str], list[str]]:
        words = []
        for where, given, extra in ((name, options, line), (f"{name}-plain", (), "")):
            here = self.sources(where, **{"CMakeLists.txt": CMAKE.format(extra)})
            self.run("cmake", "-G", "Ninja", "-S", here, "-B", f"{here}/b", *given)
            words.append([_program("ninja"), "-C", f"{here}/b"])
        return self.built(*words)

    def meson(self) -> tuple[list[str], list[str]]:
        words = []
        for name, native in (("meson", self.run("distcc-build", "meson-native")), ("plain", "")):
            here = self.sources(name, **{"meson.build": MESON, "native.ini": native})
            self.run("meson", "setup", f"{here}/b", here, "--native-file", f"{here}/native.ini")
            words.append([_program("ninja"), "-C", f"{here}/b"])
        return self.built(*words)

    def make(self, name: str, head: str) -> tuple[list[str], list[str]]:
        ours, plain = (
            [_program("make"), "-C", self.sources(where, Makefile=MAKE.format(first))]
            for where, first in ((name, head), (f"{name}-plain", C + CXX))
        )
        return self.built(ours, plain)

    def sources(self, name: str, **files: str) -> str:
        """A directory with these files beside two sources."""
        folder = self.top / name
        folder.mkdir()
        texts = {
            "lib.c": "int answer(void) { return 42; }\n",
            "main.cc": 'extern "C" int answer();\nint main() { return answer() != 42; }\n',
        }
        for file, text in {**texts, **files}.items():
            (folder / file).write_text(text, "utf-8")
        return str(folder)

    def built(self, ours: list[str], plain: list[str]) -> tuple[list[str], list[str]]:
        self.run(*ours)
        self.run(*plain)
        return ours, plain

    def run(self, *words: str) -> str:
        """Run it and return what it prints."""
        done = subprocess.run(
            words, env=self.environment, check=True, capture_output=True, encoding="utf-8"
        )
        return done.stdout


def _compared(
    ours: Sequence[str], plain: Sequence[str], environment: Mapping[str, str]
) -> Comparison:
    slow = ours[0].endswith("scons")
    pairs = (5 if slow else 12) if quick() else (40 if slow else 100)
    # What a build says is not ours to print.
    null, kept = os.open(os.devnull, os.O_WRONLY), [os.dup(1), os.dup(2)]
    os.dup2(null, 1)
    os.dup2(null, 2)
    try:
        return compare(
            Command(ours, environment), Command(plain, environment), pairs=pairs, warm_up=2
        )
    finally:
        for number, one in enumerate(kept, 1):
            os.dup2(one, number)
            os.close(one)
        os.close(null)


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found
    return found
