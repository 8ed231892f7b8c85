"""Make: the two documented lines, and the fragment to include."""

import json
import re
from pathlib import Path

import pytest
from e2e.workbench import Output, Workbench, write

from distcc_build.farm.loopback import Farm

RULES = """\
all: prog
prog: main.o lib.o
	$(CXX) -o $@ $^
show:
	@echo 'CC=$(CC)'
	@echo 'CXX=$(CXX)'
	@echo 'flags=$(MAKEFLAGS)'
sub:
	@$(MAKE) -f Makefile show
clean:
	rm -f prog main.o lib.o
"""
BY_PYTHON = "include $(shell distcc-build makefile)\n"
INCLUDE = "include $(shell distcc-launch --makefile)\n"
LINES = """\
CC  := $(or $(shell distcc-build cc gcc),gcc)
CXX := $(or $(shell distcc-build cc g++),g++)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A program in C and C++, without a Makefile."""
    folder = tmp_path / "project"
    write(folder / "lib.c", "int answer(void) { return 42; }\n")
    write(folder / "main.cc", 'extern "C" int answer();\nint main() { return answer() != 42; }\n')
    return folder


def make(bench: Workbench, folder: Path, head: str, *words: str, **environ: str | None) -> Output:
    write(folder / "Makefile", head + RULES)
    return bench.run("make", *words, cwd=folder, environ=environ)


def jobs(output: Output) -> str | None:
    """The -j that recipes see."""
    (line,) = [line for line in output.lines if line.startswith("flags=")]
    found = re.search(r"-j(\d*)", line)
    return found and found[1]


@pytest.mark.parametrize("head", [LINES, INCLUDE, BY_PYTHON])
def test_compiles_go_to_the_farm(
    head: str, farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    make(farm_bench, project, head)
    assert farm.daemons.wait_for(2).total() == 2
    farm_bench.run("./prog", cwd=project)


@pytest.mark.parametrize("head", [LINES, INCLUDE.replace("include", "-include")])
def test_without_the_package_the_plain_compiler_is_used(
    head: str, bench: Workbench, project: Path
) -> None:
    output = make(bench, project, head.replace("))", " 2>/dev/null))"), PATH="/usr/bin:/bin")
    assert re.search(r"^(gcc|cc) .*-c .*lib.c$", output.out, re.MULTILINE)
    bench.run("./prog", cwd=project)


def test_a_fragment_without_its_launcher_changes_nothing(
    bench: Workbench, project: Path, tmp_path: Path
) -> None:
    fragment = Path(bench.query("makefile")).read_text("utf-8")
    alone = write(tmp_path / "alone/distcc-build.mk", fragment)
    output = make(bench, project, f"include {alone}\n", "show", PATH="/usr/bin:/bin")
    assert output.lines[:2] == ["CC=cc", "CXX=g++"]
    assert jobs(output) is None


@pytest.mark.parametrize(
    ("head", "words", "environ", "expected"),
    [
        ("", [], {}, "cc"),
        ("CC = gcc-12\n", [], {}, "gcc-12"),
        ("", [], {"CC": "clang"}, "clang"),
        ("", ["-e"], {"CC": "clang"}, "clang"),
        ("CC = gcc-12\n", ["CC=clang -m64"], {}, "clang -m64"),
        ("", ["CC=distcc distcc-launch gcc"], {}, "gcc"),
    ],
)
def test_compilers_of_any_origin_are_wrapped_once(
    head: str,
    words: list[str],
    environ: dict[str, str],
    expected: str,
    bench: Workbench,
    project: Path,
) -> None:
    for goal in ("show", "sub"):
        head_of_both = head + INCLUDE + "export CC CXX\n"
        output = make(bench, project, head_of_both, *words, goal, **environ)
        assert f"CC={bench.alias} {expected}" in output.lines
        assert f"CXX={bench.alias} g++" in output.lines


def test_a_compiler_set_after_the_fragment_is_the_one_that_counts(
    bench: Workbench, project: Path
) -> None:
    output = make(bench, project, INCLUDE + "CC = clang\n", "show")
    assert "CC=clang" in output.lines


def test_ccache_caches_and_sends_what_it_lacks(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    head = "CC = ccache gcc\nCXX = /usr/bin/ccache g++\n" + INCLUDE
    for _ in range(2):
        make(farm_bench, project, head)
        make(farm_bench, project, head, "clean")
    assert farm.daemons.wait_for(2).total() == 2
    statistics = farm_bench.run("ccache", "--print-stats", cwd=project).out
    assert "direct_cache_hit\t2\n" in statistics


@pytest.mark.parametrize(
    ("words", "environ", "expected"),
    [
        (["show"], {}, "the farm's"),
        (["sub"], {}, "the farm's"),
        (["show", "-j3"], {}, "3"),
        (["sub", "-j3"], {}, "3"),
        (["show", "-j1"], {}, "1"),
        (["show", "--jobs=5"], {}, "5"),
        (["show"], {"MAKEFLAGS": "-j3"}, "3"),
        (["show"], {"DISTCC_BUILD": "off"}, None),
        (["show"], {"MAKELEVEL": "1"}, None),
    ],
)
def test_jobs_are_the_farms_unless_the_user_says_how_many(
    words: list[str],
    environ: dict[str, str],
    expected: str | None,
    farm_bench: Workbench,
    project: Path,
) -> None:
    if expected == "the farm's":
        expected = farm_bench.query("jobs")
    output = make(farm_bench, project, INCLUDE, *words, **environ)
    assert jobs(output) == expected
    assert "jobserver" not in output.err


def test_nothing_is_asked_for_a_clean(farm_bench: Workbench, farm: Farm, project: Path) -> None:
    make(farm_bench, project, INCLUDE, "clean")
    assert farm.nameserver.queries == []


def test_the_compilation_database_of_bear_serves_clang_tidy(
    bench: Workbench, project: Path
) -> None:
    write(project / "Makefile", INCLUDE + RULES)
    bench.run("bear", "--", "make", cwd=project)
    entries = json.loads((project / "compile_commands.json").read_text("utf-8"))
    assert {Path(entry["file"]).name for entry in entries} == {"lib.c", "main.cc"}
    for source in ("lib.c", "main.cc"):
        bench.run("clang-tidy", "-p", ".", "--checks=-*,bugprone-*", source, cwd=project)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["gcc"], "{} gcc"),
        (["gcc", "-m32", "--version"], "{} gcc -m32 --version"),
        (["gcc -m32"], "{} gcc -m32"),
        (["/a b/distcc", "/x/distcc-launch", "distcc", "gcc"], "{} gcc"),
        (["my gcc;rm", "-DX='$(Y)'"], "{} 'my gcc;rm' '-DX='\"'\"'$(Y)'\"'\"''"),
        (["ccache", "gcc"], "env CCACHE_PREFIX={} ccache gcc"),
        (["env CCACHE_PREFIX=/x/distcc ccache gcc"], "env CCACHE_PREFIX=/x/distcc ccache gcc"),
        (["sccache", "gcc"], "sccache gcc"),
    ],
)
def test_cc_prints_a_command_for_the_shell(
    words: list[str], expected: str, bench: Workbench
) -> None:
    for switch in ("on", "off"):
        printed = bench.query("cc", *words, environ={"DISTCC_BUILD": switch})
        assert printed == expected.format(bench.alias)


def test_cc_without_a_compiler_is_bad_usage(bench: Workbench) -> None:
    output = bench.run("distcc-build", "cc", cwd=bench.home, status=2)
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
