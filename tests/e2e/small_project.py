"""A program of three files, and how each build system builds it, distributed."""

from pathlib import Path

from e2e.workbench import write

__all__ = ["BUILDS", "small_project"]

FILES = {
    "lib{}.c": "int answer(void) { return 42; }\n",
    "more{}.c": "int more(void) { return 0; }\n",
    "main{}.cc": 'extern "C" int answer(); extern "C" int more();\n'
    "int main() { return answer() + more() != 42; }\n",
    "SConstruct": "env = Environment()\nenv.Tool('distcc_discover')\n"
    "env.Program('prog', ['main{}.cc', 'lib{}.c', 'more{}.c'])\n",
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.18)\nproject(t C CXX)\n"
    "add_executable(prog main{}.cc lib{}.c more{}.c)\n",
    "meson.build": "project('t', 'c', 'cpp')\n"
    "executable('prog', 'main{}.cc', 'lib{}.c', 'more{}.c')\n",
    "Makefile": "include $(shell distcc-launch --makefile)\n"
    "prog: main{}.o lib{}.o more{}.o\n\t$(CXX) -o $@ $^\n",
}
CMAKE = "cmake -B . -DCMAKE_C_COMPILER_LAUNCHER=distcc-launch -DCMAKE_CXX_COMPILER_LAUNCHER="
BUILDS = {
    "scons": "scons",
    "cmake": f"{CMAKE}distcc-launch && cmake --build . -j 3",
    "meson": "meson setup b --native-file <(distcc-build meson-native); ninja -C b; mv b/prog .",
    "make": "make prog",
}
"""By build system, a script for bash -eu in the project's folder; `prog` is in there then."""


def small_project(folder: Path, tag: str = "") -> list[str]:
    """Write it.

    :param tag: a part of its sources' names, by which logs of servers can be told apart.
    :returns: the names of its sources.
    """
    names = [name.replace("{}", tag) for name in FILES]
    for name, text in zip(names, FILES.values(), strict=True):
        write(folder / name, text.replace("{}", tag))
    return [name for name in names if Path(name).suffix in {".c", ".cc"}]
