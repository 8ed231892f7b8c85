"""The launcher on its warm path: what it becomes, and what it leaves alone."""

import os
from pathlib import Path

import pytest
from launcher import BUILDS
from launcher_box import Box, Record, record


@pytest.fixture(params=BUILDS)
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Box:
    return Box(tmp_path / "box", request.param)


def launched(box: Box, *words: str | bytes | Path, **environ: str | None) -> Record:
    done = box.run(*words, environ=environ)
    assert (done.returncode, done.stderr) == (0, b"")
    return record(done.stdout)


def test_plan_is_carried_out(box: Box) -> None:
    box.write_plan("env A=from plan", "default B=from plan", "default C=from plan", "env D=a=b")
    environ = {"A": "old", "C": "", "E": "kept"}
    seen = launched(box, "gcc", "-c", "a.c", **environ)
    assert seen.argv == [b"distcc", b"gcc", b"-c", b"a.c"]
    plan = {"A": "from plan", "B": "from plan", "C": "", "D": "a=b"}
    assert seen.env == {**box.environ(**environ), **plan}


def test_plan_for_a_compiler_keeps_the_word(box: Box) -> None:
    box.write_plan(f"exec compiler {box.root}/tools/gcc", "env CCACHE_PREFIX=x")
    seen = launched(box, "gcc", "-c", "a.c")
    assert seen.argv == [b"gcc", b"-c", b"a.c"]
    assert seen.env["CCACHE_PREFIX"] == "x"


def test_process_is_the_same_one(box: Box) -> None:
    box.write_plan()
    process = box.start("gcc", "-c", "a.c")
    out, _ = process.communicate(timeout=60)
    assert record(out).all("pid") == [b"%d" % process.pid]


def test_words_arrive_byte_for_byte(box: Box) -> None:
    box.write_plan()
    words = [b"gcc", b"-c", b"", b"\xff\xfe", b"a b", b"$(x)`y`'\"\\", b"\n", b"x" * 100_000]
    assert launched(box, *words).argv == [b"distcc", *words]


@pytest.mark.parametrize("value", ["off", "OFF", "0", "no", "False"])
def test_switched_off_is_the_compiler(box: Box, value: str) -> None:
    box.write_plan()
    assert launched(box, "gcc", "-c", "a.c", DISTCC_BUILD=value).argv == [b"gcc", b"-c", b"a.c"]


@pytest.mark.parametrize("value", ["", "on", "1", "yes", "TRUE"])
def test_any_other_value_of_the_switch_is_on(box: Box, value: str) -> None:
    box.write_plan()
    assert launched(box, "gcc", "-c", "a.c", DISTCC_BUILD=value).argv[0] == b"distcc"


@pytest.mark.parametrize(
    "words", [["-E", "a.c"], ["-c", "conftest.c"], ["-gsplit-dwarf", "-c", "a.c"], ["-v"]]
)
def test_local_command_line_is_the_compiler_without_touching_the_cache(
    box: Box, words: list[str]
) -> None:
    seen = launched(box, "gcc", *words, DISTCC_HOSTS="mine")
    assert seen.argv == [b"gcc", *map(os.fsencode, words)]
    assert seen.env["DISTCC_HOSTS"] == "mine"
    assert not box.cache.exists()


def test_configure_check_is_known_by_its_directory(box: Box) -> None:
    box.write_plan()
    scratch = box.root / "work/CMakeFiles/CMakeScratch/TryCompile-abc"
    scratch.mkdir(parents=True)
    done = box.run("gcc", "-c", "a.c", cwd=scratch)
    assert record(done.stdout).argv == [b"gcc", b"-c", b"a.c"]


def test_local_command_line_stays_local_behind_a_masquerade_directory(box: Box) -> None:
    masquerade = box.root / "masquerade"
    masquerade.mkdir()
    (masquerade / "gcc").symlink_to(box.root / "tools/distcc")
    environ = {"PATH": f"{masquerade}:{box.root}/tools", "DISTCC_HOSTS": "farm"}
    seen = launched(box, "gcc", "-c", "a.c", "-save-temps", **environ)
    assert seen.argv[0] == b"gcc"
    assert seen.env == {**box.environ(**environ), "DISTCC_HOSTS": "localhost"}
    # Switched off means that everything is as it would be without us.
    seen = launched(box, "gcc", "-c", "a.c", "-save-temps", **environ, DISTCC_BUILD="off")
    assert seen.env["DISTCC_HOSTS"] == "farm"


@pytest.mark.parametrize(
    "words", [["distcc"], ["/usr/bin/distcc"], ["distcc-launch"], ["distcc", "x/distcc-launch"]]
)
def test_leading_launchers_are_dropped(box: Box, words: list[str]) -> None:
    box.write_plan()
    assert launched(box, *words, "gcc", "-c", "a.c").argv == [b"distcc", b"gcc", b"-c", b"a.c"]


def test_alias_is_the_same_program(box: Box) -> None:
    box.write_plan()
    assert launched(box, box.alias, "gcc", "-c", "a.c").argv[:2] == [b"distcc", b"gcc"]


@pytest.mark.parametrize("words", [[], ["distcc"], ["distcc-launch", "/a/distcc"]], ids=str)
def test_without_a_compiler_there_is_usage(box: Box, words: list[str]) -> None:
    done = box.run(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage: distcc-launch COMPILER")


@pytest.mark.parametrize("words", [["--jbs"], ["--jbs", "gcc"], ["--"], ["--versio\x1bn"]], ids=str)
def test_an_unknown_option_is_one_line(box: Box, words: list[str]) -> None:
    done = box.run(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    shown = words[0].replace("\x1b", "?")
    said = f"unknown option {shown} of distcc-launch; distcc-launch --help lists them"
    assert done.stderr.decode() == f"distcc-build: {said}\n"
    assert box.refreshes == []


def test_help_and_version_go_to_stdout(box: Box) -> None:
    assert box.run("--help").stdout.startswith(b"usage: ")
    assert box.run("--version").stdout.startswith(b"distcc-launch 0.")


PUMP = "DISTCC_HOSTS=10.0.0.1/4,lzo,cpp --x=,cppx 10.0.0.2:99/4,lzo,cpp,auth localhost/2"
PLAIN = "10.0.0.1/4,lzo --x=,cppx 10.0.0.2:99/4,lzo,auth localhost/2"


@pytest.mark.parametrize(
    ("words", "port", "pump"),
    [
        ("-O2", "/tmp/gate", True),
        ("-g0", "/tmp/gate", True),
        ("-O2", None, False),
        ("-O2", "", False),
        ("-g", "/tmp/gate", False),
        ("-O2 -ggdb3 -g0", "/tmp/gate", False),
        ("-Wp,-MMD,x.d", "/tmp/gate", False),
        ("-include a.h", "/tmp/gate", False),
    ],
)
def test_pump_mode_is_for_some_command_lines(
    words: str, port: str | None, pump: bool, box: Box
) -> None:
    box.write_plan(f"env {PUMP}")
    environ = {"INCLUDE_SERVER_PORT": port, "DISTCC_BUILD_VERBOSE": None}
    seen = launched(box, "gcc", *words.split(), "-c", "a.c", "-o", "a.o", **environ)
    assert seen.env["DISTCC_HOSTS"] == (PUMP.partition("=")[2] if pump else PLAIN)
