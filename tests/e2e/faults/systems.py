"""One small program for each of the four build systems: how it is set up, built and cleaned."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from e2e.workbench import Workbench, write

__all__ = ["SOURCES", "SYSTEMS", "System"]

SOURCES = {
    "one.c": "int one(void) { return 1; }\nconst char *text = __FILE__;\n",
    "two.cc": (
        'extern "C" int one(), three();\n'
        "template <class T> T sum(T a, T b) { return a + b; }\n"
        "int main() { return sum(one(), three()) != 4; }\n"
    ),
    # The one that is compiled with -g.
    "three.c": (
        "struct pair { int a, b; };\n"
        "int three(void) { struct pair p = {1, 2}; return p.a + p.b; }\n"
    ),
}
"""Name, behind that of the build system and a dash -> text."""

MAKEFILE = """\
CC := $(or $(shell distcc-build cc gcc),gcc)
CXX := $(or $(shell distcc-build cc g++),g++)
prog: make-one.o make-two.o make-three.o
	$(CXX) -o $@ $^
%.o: %.c
	$(CC) -O1 $(if $(findstring three,$@),-g) -c $< -o $@
%.o: %.cc
	$(CXX) -O1 -c $< -o $@
"""

CMAKELISTS = """\
cmake_minimum_required(VERSION 3.16)
project(t C CXX)
add_executable(prog cmake-one.c cmake-two.cc cmake-three.c)
set_source_files_properties(cmake-three.c PROPERTIES COMPILE_OPTIONS -g)
"""

MESON_BUILD = """\
project('t', 'c', 'cpp', default_options: ['buildtype=plain'])
three = static_library('three', 'meson-three.c', c_args: '-g')
executable('prog', 'meson-one.c', 'meson-two.cc', link_with: three)
"""

SCONSTRUCT = """\
env = Environment(CCFLAGS=['-O1'])
env.Tool('distcc_discover')
three = env.Object('scons-three.c', CCFLAGS=['-O1', '-g'])
env.Program('prog', ['scons-one.c', 'scons-two.cc', three])
"""


@dataclass(frozen=True)
class System:
    """A build system."""

    name: str
    script: tuple[str, str]
    """File name and text of what tells it about the project."""
    command: tuple[str, ...]
    """Builds in the project's folder; with as many jobs as sources."""
    set_up: Callable[[Workbench, Path], None] | None = None

    def write(self, folder: Path) -> None:
        """Write the project."""
        write(folder / self.script[0], self.script[1])
        for name, text in SOURCES.items():
            write(folder / f"{self.name}-{name}", text)

    def clean(self, folder: Path) -> None:
        """Take away what a build makes, not what setting up makes."""
        for path in self.made(folder):
            path.unlink()

    def made(self, folder: Path) -> list[Path]:
        """The program, the library and all object files."""
        found = [path for name in ("*.o", "*.a", "prog") for path in folder.rglob(name)]
        checks = {"CompilerIdC", "CompilerIdCXX", "meson-private"}
        return [one for one in found if one.is_file() and not checks & set(one.parts)]


def _cmake(bench: Workbench, folder: Path) -> None:
    launchers = [f"-DCMAKE_{one}_COMPILER_LAUNCHER=distcc-launch" for one in ("C", "CXX")]
    bench.run("cmake", "-G", "Ninja", "-B", "b", *launchers, cwd=folder)


def _meson(bench: Workbench, folder: Path) -> None:
    write(folder / "native.ini", bench.query("meson-native") + "\n")
    bench.run("meson", "setup", "--native-file", "native.ini", "b", cwd=folder)


SYSTEMS = [
    System("scons", ("SConstruct", SCONSTRUCT), ("scons", "-Q", "-j3")),
    System("cmake", ("CMakeLists.txt", CMAKELISTS), ("cmake", "--build", "b", "-j3"), _cmake),
    System("meson", ("meson.build", MESON_BUILD), ("ninja", "-C", "b", "-j3"), _meson),
    System("make", ("Makefile", MAKEFILE), ("make", "-j3")),
]
