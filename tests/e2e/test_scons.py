"""The SCons tool: found by name, and doing to a build no more than it should."""

import ast
import re
from pathlib import Path

import pytest
from e2e.workbench import Output, Workbench, write

from distcc_build.farm.loopback import Farm

TOOL = "env.Tool('distcc_discover')\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A library in C, a program in C++, without an SConstruct."""
    folder = tmp_path / "project"
    write(folder / "lib.c", "int answer(void) { return 42; }\n")
    write(folder / "main.cc", 'extern "C" int answer();\nint main() { return answer() != 42; }\n')
    return folder


def scons(bench: Workbench, folder: Path, script: str, *words: str, **environ: str) -> Output:
    write(folder / "SConstruct", script)
    return bench.run("scons", *words, cwd=folder, environ=environ)


def plain(extra: str = "") -> str:
    return f"env = Environment()\n{TOOL}{extra}env.Program('prog', ['main.cc', 'lib.c'])\n"


def through(bench: Workbench, output: Output) -> list[str]:
    """The lines that the launcher was put in front of."""
    return [line for line in output.lines if line.startswith(bench.alias)]


def test_the_bare_name_is_enough_and_one_line_says_what_was_found(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    output = scons(farm_bench, project, plain())
    assert farm.daemons.wait_for(2).total() == 2
    slots = 3 * farm.daemons.slots
    assert re.fullmatch(rf"distcc_discover: 3 servers, {slots} slots, -j\d+\n", output.err), (
        output.err
    )
    assert len(through(farm_bench, output)) == 3, "two compiles, one link"


def test_the_explicit_form_is_the_same_tool(
    farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    folder = "toolpath=[PyPackageDir('distcc_build.integrations.scons')]"
    script = plain().replace(TOOL, f"env.Tool('distcc_discover', {folder})\n")
    scons(farm_bench, project, script)
    assert farm.daemons.wait_for(2).total() == 2


@pytest.mark.parametrize("where", ["--user", "--project"])
def test_setup_serves_an_scons_of_another_environment(
    where: str, farm_bench: Workbench, farm: Farm, project: Path, old_scons: Path
) -> None:
    write(project / "SConstruct", plain())
    foreign = str(old_scons / "bin" / "scons")
    assert "No tool" in farm_bench.run(foreign, cwd=project, status=2).err

    shim = farm_bench.run("distcc-build", "setup", "scons", where, cwd=project).lines[-1]
    farm_bench.run(foreign, cwd=project)
    assert farm.daemons.wait_for(2).total() == 2

    removed = farm_bench.run("distcc-build", "setup", "scons", "--remove", cwd=project).lines
    assert removed == [shim]
    assert not Path(shim).exists()
    assert "No tool" in farm_bench.run(foreign, cwd=project, status=2).err


def test_a_project_shim_does_nothing_for_a_colleague_without_the_package(
    farm_bench: Workbench, project: Path, old_scons: Path
) -> None:
    shim = farm_bench.run("distcc-build", "setup", "scons", "--project", cwd=project).lines[-1]
    assert str(farm_bench.venv) not in Path(shim).read_text(encoding="utf-8")
    colleague = Workbench(old_scons, farm_bench.home)
    output = scons(colleague, project, plain())
    assert not re.search("distcc|launch", output.out + output.err)
    assert (project / "prog").exists()


def test_setup_leaves_somebody_elses_tool_alone(bench: Workbench, project: Path) -> None:
    theirs = write(project / "site_scons/site_tools/distcc_discover.py", "# mine\n")
    for words in (["--project"], ["--remove"]):
        bench.run(
            "distcc-build",
            "setup",
            "scons",
            *words,
            cwd=project,
            status=2 if words == ["--project"] else 0,
        )
        assert theirs.read_text(encoding="utf-8") == "# mine\n"


def test_switching_distribution_on_and_off_rebuilds_nothing(
    farm_bench: Workbench, project: Path
) -> None:
    scons(farm_bench, project, plain())
    for off in ("off", "on", "No", ""):
        output = scons(farm_bench, project, plain(), "-Q", DISTCC_BUILD=off)
        assert output.out == "scons: `.' is up to date.\n"
    output = scons(farm_bench, project, plain().replace(TOOL, ""), "-Q")
    assert output.out == "scons: `.' is up to date.\n"


@pytest.mark.parametrize(
    ("words", "before", "jobs"),
    [
        ([], "", None),
        (["-j4"], "", 4),
        (["-j1"], "", 1),
        ([], "SetOption('num_jobs', 6)\n", 6),
    ],
)
def test_jobs_are_the_farms_unless_the_user_says_how_many(
    words: list[str], before: str, jobs: int | None, farm_bench: Workbench, project: Path
) -> None:
    script = before + plain() + "print('jobs', GetOption('num_jobs'))\n"
    output = scons(farm_bench, project, script, *words)
    expected = jobs or int(farm_bench.query("jobs"))
    assert expected > 6 or jobs
    assert f"jobs {expected}" in output.lines


def test_jobs_may_come_from_sconsflags(farm_bench: Workbench, project: Path) -> None:
    script = plain() + "print('jobs', GetOption('num_jobs'))\n"
    assert "jobs 3" in scons(farm_bench, project, script, SCONSFLAGS="-j3").lines


@pytest.mark.parametrize("word", ["-c", "-h", "-n", "-q"])
def test_nothing_is_asked_when_nothing_is_built(
    word: str, farm_bench: Workbench, farm: Farm, project: Path
) -> None:
    write(project / "SConstruct", plain())
    # -q answers by its exit status that something is to do.
    output = farm_bench.run("scons", word, cwd=project, status=word == "-q")
    assert farm.nameserver.queries == []
    assert output.err == ""


@pytest.mark.parametrize("word", ["-s", "-Q"])
def test_a_quiet_build_stays_quiet(word: str, farm_bench: Workbench, project: Path) -> None:
    assert scons(farm_bench, project, plain(), word).err == ""


def test_configure_checks_stay_here(farm_bench: Workbench, farm: Farm, project: Path) -> None:
    script = plain(
        "conf = Configure(env, conf_dir='elsewhere')\n"
        "answers = [conf.CheckCHeader('stdio.h'), conf.CheckCHeader('no/such.h'),\n"
        "    conf.CheckFunc('printf'), conf.CheckCXX(), conf.CheckSHCC(),\n"
        "    conf.CheckTypeSize('int'), conf.CheckLib('m')]\n"
        "print('answers', answers)\n"
        "env = conf.Finish()\n"
    )
    output = scons(farm_bench, project, script)
    assert "answers [True, False, True, True, True, 4, True]" in output.lines
    assert farm.daemons.wait_for(2).total() == 2
    assert len(farm.daemons.jobs()) == 2
    log = (project / "config.log").read_text(encoding="utf-8")
    assert "gcc" in log
    assert farm_bench.alias not in log


def test_the_environment_of_commands_is_completed_and_the_users_own_kept(
    farm_bench: Workbench, project: Path
) -> None:
    script = (
        "env = Environment(ENV={'PATH': '/usr/bin:/bin', 'HOME': '/mine'})\n"
        f"{TOOL}print('ENV', sorted(env['ENV'].items()))\n"
    )
    output = scons(farm_bench, project, script, TMPDIR="/tmp", UNRELATED="1")
    (line,) = [line for line in output.lines if line.startswith("ENV")]
    shown = dict(ast.literal_eval(line.removeprefix("ENV ")))
    assert shown["HOME"] == "/mine"
    assert shown["DISTCC_BUILD_DOMAIN"] == "farm.test"
    assert shown["TMPDIR"] == "/tmp"
    assert shown["PATH"] == "/usr/bin:/bin"
    assert "UNRELATED" not in shown


def test_without_any_server_the_tool_is_silent(bench: Workbench, project: Path) -> None:
    output = scons(bench, project, plain())
    assert "distcc_discover" not in output.err
    assert len(output.err.splitlines()) <= 1
    assert (project / "prog").exists()


def test_a_vanished_package_does_not_stop_the_build(
    bench: Workbench, project: Path, tmp_path: Path
) -> None:
    # Only the tool's file is left of it, as after an uninstall under somebody's hands.
    tool = bench.query("makefile").replace("make/distcc-build.mk", "scons/distcc_discover.py")
    alone = write(tmp_path / "alone/distcc_discover.py", Path(tool).read_text(encoding="utf-8"))
    script = plain().replace(TOOL, f"env.Tool('distcc_discover', toolpath=['{alone.parent}'])\n")
    path = f"{bench.venv}/bin"
    elsewhere = tmp_path / "bin/scons"
    write(elsewhere, f'#!/bin/sh\nexec {path}/python -m SCons "$@"\n').chmod(0o755)
    write(project / "SConstruct", script)
    output = bench.run(elsewhere, cwd=project, environ={"PATH": "/usr/bin:/bin"})
    assert output.err == ""
    assert through(bench, output) == []
