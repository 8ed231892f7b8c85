"""CMake: the launcher variable in its three forms, and the launchers that users set themselves."""

import json
from pathlib import Path

import pytest
from e2e.workbench import Output, Workbench, write

from distcc_build.farm.loopback import Farm

GENERATORS = ["Ninja", "Unix Makefiles"]
LAUNCHERS = (
    "-DCMAKE_C_COMPILER_LAUNCHER=distcc-launch",
    "-DCMAKE_CXX_COMPILER_LAUNCHER=distcc-launch",
)
PACKAGE = "find_package(DistccBuild REQUIRED)\n"
LISTS = """\
cmake_minimum_required(VERSION 3.18)
project(t C CXX)
{before}include(CheckCSourceCompiles)
check_c_source_compiles("int main(void) {{ return 0; }}" HAVE_MAIN)
include(CheckTypeSize)
check_type_size(long LONG)
add_library(answer STATIC lib.c)
add_executable(prog main.cc)
target_link_libraries(prog answer)
{after}"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A library in C and a program in C++, without a CMakeLists.txt."""
    folder = tmp_path / "project"
    write(folder / "lib.c", "int answer(void) { return 42; }\n")
    write(folder / "main.cc", 'extern "C" int answer();\nint main() { return answer() != 42; }\n')
    return folder


def configure(
    bench: Workbench, folder: Path, *words: str, before: str = "", after: str = "", **environ: str
) -> Output:
    write(folder / "CMakeLists.txt", LISTS.format(before=before, after=after))
    return bench.run("cmake", "-B", "b", *words, cwd=folder, environ=environ)


def build(bench: Workbench, folder: Path) -> Output:
    built = bench.run("cmake", "--build", "b", "--verbose", cwd=folder)
    bench.run("b/prog", cwd=folder)
    return built


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("form", ["variables", "package", "include"])
@pytest.mark.parametrize("version", ["system", "newest"])
def test_every_form_sends_the_compiles_and_no_configure_check(
    version: str,
    form: str,
    generator: str,
    farm_bench: Workbench,
    farm: Farm,
    project: Path,
    newest_cmake: Path,
) -> None:
    if version == "newest":
        farm_bench.environ["PATH"] = f"{newest_cmake / 'bin'}:{farm_bench.environ['PATH']}"
    words = {
        "variables": LAUNCHERS,
        "package": (),
        "include": (f"-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES={farm_bench.query('cmake-include')}",),
    }[form]
    configure(
        farm_bench, project, "-G", generator, *words, before=PACKAGE if form == "package" else ""
    )
    assert farm.nameserver.queries == [], "a check went through the launcher"
    build(farm_bench, project)
    assert farm.daemons.wait_for(2).total() == 2
    assert len(farm.daemons.jobs()) == 2


def test_cmakedir_finds_the_package_without_path(farm_bench: Workbench, project: Path) -> None:
    (project / "CMakeLists.txt").unlink(missing_ok=True)
    path = "/usr/bin:/bin"
    directory = f"-DDistccBuild_DIR={farm_bench.query('cmakedir')}"
    output = configure(farm_bench, project, directory, before=PACKAGE, PATH=path)
    assert f"-- DistccBuild: compiling through {farm_bench.alias}" in output.lines
    version = farm_bench.query("--version").split()[1]
    before = f"find_package(DistccBuild {version} EXACT REQUIRED)\n"
    configure(farm_bench, project, directory, before=before, PATH=path)


def test_a_version_from_the_future_is_not_found(bench: Workbench, project: Path) -> None:
    before = "find_package(DistccBuild 99)\nmessage(STATUS found=${DistccBuild_FOUND})\n"
    assert "-- found=0" in configure(bench, project, before=before).lines


@pytest.mark.parametrize("launcher", ["ccache", "/usr/bin/ccache", "env;A=1;ccache"])
def test_ccache_caches_and_sends_what_it_lacks(
    launcher: str, farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    words = [f"-DCMAKE_{language}_COMPILER_LAUNCHER={launcher}" for language in ("C", "CXX")]
    configure(farm_bench, project, *words, before=PACKAGE + PACKAGE)
    build(farm_bench, project)
    assert farm.daemons.wait_for(2).total() == 2
    farm_bench.run("cmake", "--build", "b", "--clean-first", cwd=project)
    statistics = farm_bench.run("ccache", "--print-stats", cwd=project).out
    assert "direct_cache_hit\t2\n" in statistics
    assert farm.daemons.compiles().total() == 2


@pytest.mark.parametrize("form", ["package", "include"])
def test_ccache_from_the_environment_is_kept_too(
    form: str, farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    include = f"-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES={farm_bench.query('cmake-include')}"
    words, before = ([], PACKAGE) if form == "package" else ([include], "")
    ccache = {"CMAKE_C_COMPILER_LAUNCHER": "ccache", "CMAKE_CXX_COMPILER_LAUNCHER": "ccache"}
    configure(farm_bench, project, *words, before=before, **ccache)
    # Read from the environment it serves the checks too, which is CMake's doing and stays here.
    assert farm.daemons.jobs() == []
    farm_bench.run("ccache", "--zero-stats", cwd=project)
    build(farm_bench, project)
    assert farm.daemons.wait_for(2).total() == 2
    assert "cache_miss\t2\n" in farm_bench.run("ccache", "--print-stats", cwd=project).out


def test_any_other_launcher_of_the_user_stays(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    words = ["-DCMAKE_C_COMPILER_LAUNCHER=env;MINE=1", "-DCMAKE_CXX_COMPILER_LAUNCHER=env"]
    configure(farm_bench, project, *words, before=PACKAGE)
    assert "env MINE=1 /usr/bin/cc" in build(farm_bench, project).out
    assert farm.nameserver.queries == []


def test_links_have_a_pool_under_ninja_unless_the_user_made_one(
    bench: Workbench, project: Path
) -> None:
    configure(bench, project, "-GNinja", before=PACKAGE + PACKAGE)
    rules = (project / "b/CMakeFiles/rules.ninja").read_text(encoding="utf-8")
    assert rules.count("pool distcc_build_link\n") == 1
    assert "  pool = distcc_build_link\n" in (project / "b/build.ninja").read_text("utf-8")

    mine = "set_property(GLOBAL PROPERTY JOB_POOLS mine=1)\nset(CMAKE_JOB_POOL_LINK mine)\n"
    configure(bench, project, "-GNinja", before=mine + PACKAGE)
    assert "  pool = mine\n" in (project / "b/build.ninja").read_text("utf-8")


def test_a_warning_names_the_targets_that_came_before(bench: Workbench, project: Path) -> None:
    output = configure(bench, project, after=PACKAGE + PACKAGE)
    assert " ".join(output.err.split()).count("comes after the targets answer;prog,") == 1


def test_switching_off_and_on_again_rebuilds_nothing(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    configure(farm_bench, project, "-GNinja", before=PACKAGE)
    build(farm_bench, project)
    for switch in ("off", "on"):
        again = farm_bench.run(
            "cmake", "--build", "b", cwd=project, environ={"DISTCC_BUILD": switch}
        )
        assert again.lines == ["ninja: no work to do."]
        configure(farm_bench, project, "-GNinja", before=PACKAGE, DISTCC_BUILD=switch)
        assert build(farm_bench, project).lines[-1] == "ninja: no work to do."


def test_the_compilation_database_serves_clang_tidy(bench: Workbench, project: Path) -> None:
    configure(bench, project, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", before=PACKAGE)
    entries = json.loads((project / "b/compile_commands.json").read_text("utf-8"))
    assert len(entries) == 2
    for entry in entries:
        words = ["clang-tidy", "-p", "b", "--checks=-*,bugprone-*", entry["file"]]
        bench.run(*words, cwd=project)


def test_a_project_that_asks_for_it_builds_where_it_is_not_installed(
    bench: Workbench, project: Path
) -> None:
    before = "find_package(DistccBuild QUIET)\n"
    output = configure(bench, project, before=before, PATH="/usr/bin:/bin")
    assert "distcc" not in output.text.lower()
    build(bench, project)
