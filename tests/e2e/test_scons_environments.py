"""The SCons tool among the other things that SConstruct files do."""

from pathlib import Path

import pytest
from e2e.workbench import Output, Workbench, write

from distcc_build.farm.loopback import Farm

HEAD = "env = Environment()\nenv.Tool('distcc_discover')\n"
WARNING = "scons: warning: distcc_discover: applied before"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One source each in C and C++, without an SConstruct."""
    folder = tmp_path / "project"
    write(folder / "lib.c", "int answer(void) { return 42; }\n")
    write(folder / "main.cc", 'extern "C" int answer();\nint main() { return answer() != 42; }\n')
    return folder


def scons(bench: Workbench, folder: Path, script: str, *words: str, **environ: str) -> Output:
    write(folder / "SConstruct", script)
    return bench.run("scons", *words, cwd=folder, environ=environ)


def test_applied_twice_it_is_there_once(farm_bench: Workbench, project: Path) -> None:
    script = HEAD + "env.Tool('distcc_discover')\nenv.Object('lib.c')\n"
    (line,) = scons(farm_bench, project, script, "-n", "-Q").lines
    assert line == f"{farm_bench.alias} gcc -o lib.o -c lib.c"


def test_clones_and_replaced_compilers_are_distributed(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    script = HEAD + (
        "env.Clone(CC='clang').Object('one.o', 'lib.c')\n"
        "other = env.Clone()\n"
        "other.Replace(CC='gcc -m64')\n"
        "other.Object('two.o', 'lib.c', CCFLAGS='-O1')\n"
        "other.SharedLibrary('three', 'lib.c')\n"
    )
    scons(farm_bench, project, script)
    assert farm.daemons.wait_for(3).total() == 3
    assert sorted(job.compiler for job in farm.daemons.jobs()) == ["clang", "gcc", "gcc"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("env = Environment(tools=[])\nenv.Tool('distcc_discover')\n", "the compiler tools"),
        ("env = Environment(tools=['distcc_discover', 'gcc'])\n", "the compiler tools"),
        (HEAD + "env.Tool('clang')\n", "the tool clang"),
        (HEAD + "env.Clone(tools=['gcc'])\n", "the tool gcc"),
    ],
)
def test_a_warning_says_when_it_comes_before_the_compilers(
    script: str, expected: str, farm_bench: Workbench, project: Path
) -> None:
    assert f"{WARNING} {expected}" in scons(farm_bench, project, script, "-n").err


def test_tools_that_change_no_compiler_are_no_reason_to_warn(
    farm_bench: Workbench, project: Path
) -> None:
    script = HEAD + "env.Tool('textfile')\nenv.Clone(tools=['tar'])\n"
    assert WARNING not in scons(farm_bench, project, script, "-n").err


def test_long_commands_go_through_a_file_and_to_the_farm(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    script = (
        "env = Environment(CPPDEFINES=['A%03d' % n for n in range(200)], MAXLINELENGTH=500)\n"
        "for name in ('CCCOM', 'CXXCOM', 'LINKCOM'):\n"
        "    env[name] = '${TEMPFILE(\"' + env[name] + '\")}'\n"
        "env.Tool('distcc_discover')\n"
        "env.Program('prog', ['main.cc', 'lib.c'])\n"
    )
    output = scons(farm_bench, project, script)
    assert f"{farm_bench.alias} gcc @" in output.out
    assert farm.daemons.wait_for(2).total() == 2


def test_marks_of_scons_stay_in_front(farm_bench: Workbench, project: Path) -> None:
    script = (
        "env = Environment()\nenv['CCCOM'] = '@' + env['CCCOM']\n"
        "env.Tool('distcc_discover')\nenv.Object('lib.c')\n"
    )
    output = scons(farm_bench, project, script, "-Q")
    assert output.lines == [], "@ keeps a command from being printed"
    assert (project / "lib.o").exists()


def test_a_cache_is_shared_with_builds_that_are_not_distributed(
    farm_bench: Workbench, project: Path
) -> None:
    script = HEAD + "CacheDir('cache')\nenv.Program('prog', ['main.cc', 'lib.c'])\n"
    scons(farm_bench, project, script)
    scons(farm_bench, project, script, "-c")
    output = scons(farm_bench, project, script, "-Q", DISTCC_BUILD="off")
    assert all(line.startswith("Retrieved") for line in output.lines), output.out


def test_variant_directories_are_distributed(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    write(project / "SConscript", "Import('env')\nenv.Program('prog', ['main.cc', 'lib.c'])\n")
    script = HEAD + "SConscript('SConscript', variant_dir='out', exports='env')\n"
    scons(farm_bench, project, script)
    assert farm.daemons.wait_for(2).total() == 2
    assert (project / "out/prog").exists()


def test_ccache_caches_and_sends_what_it_lacks(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    script = "env = Environment(CC='ccache gcc', CXX='/usr/bin/ccache g++')\n"
    script += "env.Tool('distcc_discover')\nenv.Program('prog', ['main.cc', 'lib.c'])\n"
    output = scons(farm_bench, project, script)
    assert farm.daemons.wait_for(2).total() == 2
    assert "ccache gcc -o lib.o -c lib.c" in output.lines
    scons(farm_bench, project, script, "-c")
    scons(farm_bench, project, script)
    statistics = farm_bench.run("ccache", "--print-stats", cwd=project).out
    assert "direct_cache_hit\t2\n" in statistics
    assert farm.daemons.compiles().total() == 2


def test_a_prefix_of_the_users_own_for_ccache_stays(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    script = (
        "env = Environment(CC='ccache gcc')\nenv.Tool('distcc_discover')\nenv.Object('lib.c')\n"
    )
    scons(farm_bench, project, script, CCACHE_PREFIX="env")
    assert farm.daemons.compiles().total() == 0


def test_a_compilation_database_serves_clang_tidy(farm_bench: Workbench, project: Path) -> None:
    script = HEAD + (
        "env.Tool('compilation_db')\nenv.CompilationDatabase()\nenv.Object('lib.c')\n"
        "env.Object('main.cc')\n"
    )
    scons(farm_bench, project, script)
    database = (project / "compile_commands.json").read_text(encoding="utf-8")
    assert farm_bench.alias in database
    for source in ("lib.c", "main.cc"):
        farm_bench.run("clang-tidy", "-p", ".", "--checks=-*,bugprone-*", source, cwd=project)
