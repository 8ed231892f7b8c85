"""Meson: the native file, and the compiler written by hand."""

import json
from pathlib import Path

import pytest
from e2e.workbench import Output, Workbench, write

from distcc_build.farm.loopback import Farm

MESON_BUILD = """\
project('t', 'c', 'cpp', default_options: ['cpp_std=c++17'])
compiler = meson.get_compiler('c')
compiler.has_function('printf')
compiler.sizeof('long')
compiler.has_header('stdio.h')
answer = static_library('answer', 'lib.c')
test('prog', executable('prog', 'main.cc', link_with: answer))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A library in C and a program in C++."""
    folder = tmp_path / "project"
    write(folder / "lib.c", "int answer(void) { return 42; }\n")
    write(folder / "main.cc", 'extern "C" int answer();\nint main() { return answer() != 42; }\n')
    write(folder / "meson.build", MESON_BUILD)
    return folder


def native(bench: Workbench, folder: Path, *words: str, **environ: str) -> str:
    text = bench.query("meson-native", *words, environ=environ) + "\n"
    write(folder / "native.ini", text)
    return text


def build(bench: Workbench, folder: Path, *words: str, **environ: str) -> Output:
    bench.run("meson", "setup", "b", *words, cwd=folder, environ=environ)
    built = bench.run("ninja", "-C", "b", "-v", cwd=folder)
    bench.run("b/prog", cwd=folder)
    return built


def test_the_native_file_sends_the_compiles_and_no_check(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    text = native(farm_bench, project)
    assert f"c = ['{farm_bench.alias}', 'cc']" in text
    build(farm_bench, project, "--native-file", "native.ini")
    assert farm.daemons.wait_for(2).total() == 2
    assert len(farm.daemons.jobs()) == 2
    ninja = (project / "b/build.ninja").read_text("utf-8")
    assert "pool link_pool\n" in ninja, "as backend_max_links makes one"


def test_a_compiler_written_by_hand_is_distributed(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    build(farm_bench, project, CC="distcc-launch gcc", CXX="distcc-launch g++")
    assert farm.daemons.wait_for(2).total() == 2
    assert sorted(job.compiler for job in farm.daemons.jobs()) == ["g++", "gcc"]


@pytest.mark.parametrize(
    "given", ["gcc-12 -m64", "distcc-launch gcc-12 -m64", "distcc gcc-12 -m64"]
)
def test_the_users_compilers_are_taken_over_without_launchers(
    given: str, bench: Workbench, project: Path
) -> None:
    text = native(bench, project, CC=given, CXX="clang++")
    assert f"c = ['{bench.alias}', 'gcc-12', '-m64']\n" in text
    assert f"cpp = ['{bench.alias}', 'clang++']\n" in text


@pytest.mark.parametrize(
    ("words", "compilers"),
    [
        (["--ccache"], {}),
        ([], {"CC": "ccache gcc", "CXX": "ccache g++"}),
        (["--ccache"], {"CC": "ccache gcc", "CXX": "g++"}),
    ],
)
def test_ccache_caches_and_sends_what_it_lacks(
    words: list[str],
    compilers: dict[str, str],
    farm_bench: Workbench,
    farm: Farm,
    project: Path,
) -> None:
    text = native(farm_bench, project, *words, **compilers)
    assert text.count("ccache") == 2
    build(farm_bench, project, "--native-file", "native.ini")
    assert farm.daemons.wait_for(2).total() == 2
    farm_bench.run("ninja", "-C", "b", "-t", "clean", cwd=project)
    farm_bench.run("ninja", "-C", "b", cwd=project)
    statistics = farm_bench.run("ccache", "--print-stats", cwd=project).out
    assert "direct_cache_hit\t2\n" in statistics
    assert farm.daemons.compiles().total() == 2


@pytest.mark.parametrize("name", ["it's a gcc", "back\\slash", "per%cent", "h#sh"])
def test_names_with_odd_characters_reach_meson_whole(
    name: str, bench: Workbench, project: Path, tmp_path: Path
) -> None:
    compiler = write(tmp_path / "bin" / name, '#!/bin/sh\nexec gcc "$@"\n')
    compiler.chmod(0o755)
    native(bench, project, CC=str(compiler))
    build(bench, project, "--native-file", "native.ini")
    found = json.loads(bench.run("meson", "introspect", "b", "--compilers", cwd=project).out)
    assert found["host"]["c"]["exelist"] == [bench.alias, str(compiler)]


def test_the_compilation_database_serves_clang_tidy(bench: Workbench, project: Path) -> None:
    native(bench, project)
    bench.run("meson", "setup", "b", "--native-file", "native.ini", cwd=project)
    database = (project / "b/compile_commands.json").read_text("utf-8")
    assert database.count(bench.alias) == 2
    for source in ("lib.c", "main.cc"):
        bench.run("clang-tidy", "-p", "b", "--checks=-*,bugprone-*", source, cwd=project)
