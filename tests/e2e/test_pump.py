"""`run --pump`: servers preprocess, the objects are the same, and nothing is left of it."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.workbench import Workbench, objects, sample, sources, write
from pumped import preprocessed, refusing
from running import HEARING, eventually

from distcc_build.farm.loopback import Farm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("distcc-pump"), reason="distcc-pump is not installed"),
]

BUILDS = {
    "scons": "scons",
    "cmake": "cmake --preset farm && cmake --build --preset farm",
    "meson": "distcc-build meson-native >ours.ini && meson setup build --native-file ours.ini"
    " && ninja -C build",
    "make": "make",
}
SAID = re.compile(r"distcc-build: pump mode: servers preprocessed (\d+) compiles?(.*)")
FOLDER = re.compile(r"/tmp/distcc-build-pump-\w+")


def left(bench: Workbench) -> list[str]:
    """What is still there of an include server, but for those of tests that run side by side.

    Beside a folder of theirs is a process, until it is removed, which has another home.
    """
    ours, theirs = [], set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            environ = (path / "environ").read_bytes() if FOLDER.search(line) else b""
        except OSError:
            continue
        if f"HOME={bench.home}".encode() in environ.split(b"\0"):
            ours.append(line)
        elif environ:
            theirs.update(FOLDER.findall(line))
    folders = {str(one) for one in Path("/tmp").glob("distcc-build-pump-*")}
    return [*ours, *(folders - theirs)]


@pytest.fixture
def pumped(farm_bench: Workbench) -> Iterator[Workbench]:
    yield farm_bench
    assert eventually(lambda: left(farm_bench) == [])


@pytest.mark.parametrize("name", BUILDS)
def test_a_build_is_preprocessed_by_servers_and_comes_out_the_same(
    name: str, pumped: Workbench, farm: Farm, tmp_path: Path
) -> None:
    # A plan for every compiler, or the first compiles might be here, where none comes in time.
    for word in ("gcc", "g++", "cc", "c++"):
        pumped.query("hosts", "--compiler", word, "-o", "compression=pump")
    before = preprocessed(farm)
    project = sample(name, tmp_path / name)
    count = len(sources(project))
    built = pumped.run("distcc-build", "run", "--pump", "--", "sh", "-c", BUILDS[name], cwd=project)
    assert eventually(lambda: left(pumped) == [])
    said = SAID.search(built.err)
    assert said, built.text
    assert (int(said[1]), said[2]) == (count, "")
    assert preprocessed(farm) - before == count
    made = objects(project)
    shutil.rmtree(project / "build")
    pumped.run("sh", "-c", BUILDS[name], cwd=project, environ={"DISTCC_BUILD": "off"})
    assert objects(project) == made
    assert len(made) >= count


def compile_one(bench: Workbench, cwd: Path, *before: str, status: int = 0) -> str:
    write(cwd / "x.h", "enum { X = 3 };\n")
    write(cwd / "x.c", '#include "x.h"\nint x = X;\n')
    line = f"distcc-launch gcc -c x.c -o x.o && exit {status}"
    done = bench.run("distcc-build", "run", *before, "--", "sh", "-c", line, cwd=cwd, status=status)
    assert (cwd / "x.o").exists()
    return done.err


def test_only_servers_that_prove_protocol_3_are_used(
    pumped: Workbench, farm: Farm, tmp_path: Path
) -> None:
    with refusing(farm, 2, 3, good=1):
        pumped.environ["DISTCC_BUILD_CACHE_DIR"] = str(tmp_path / "cache")
        hosts = pumped.query("hosts", "-o", "compression=pump")
        assert re.findall(r"\d[\d.]+:\d+/\d+\S*", hosts) == [
            f"{farm.daemons.addresses[0]}:{farm.daemons.port}/{farm.daemons.slots},lzo,cpp"
        ]
        said = SAID.search(compile_one(pumped, tmp_path, "--pump"))
    assert said is not None
    assert said[0].endswith("preprocessed 1 compile")


def test_where_no_server_does_the_build_runs_without_and_is_told_why(
    pumped: Workbench, farm: Farm, tmp_path: Path
) -> None:
    pumped.environ["DISTCC_BUILD_CACHE_DIR"] = str(tmp_path / "cache")
    # The third is behind the others, and no server of the farm itself.
    pumped.environ["DISTCC_BUILD_MAX_SERVERS"] = "2"
    before = preprocessed(farm)
    with refusing(farm, 1, 2, good=3):
        said = compile_one(pumped, tmp_path, "--pump")
    assert "no pump mode: none of 2 servers proved protocol 3" in said
    assert "it resets protocol 3" in said
    assert len([line for line in said.splitlines() if "pump" in line]) == 1
    assert preprocessed(farm) == before
    assert farm.daemons.wait_for(1).total() == 1, "it is distributed all the same"


DEAD = """#!/bin/sh
# include_server
echo "export INCLUDE_SERVER_PORT='/tmp/no/socket'"
echo "export INCLUDE_SERVER_PID='999999999'"
"""
NO_SCRIPT = "distcc's include server is not installed (Debian: apt install distcc-pump)"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (None, NO_SCRIPT),
        ("#!/bin/sh\n# a DHCP client\nexit 0\n", NO_SCRIPT),
        ("#!/bin/sh\n# include_server\necho no such module >&2\nexit 1\n", "no such module"),
        ("#!/bin/sh\n# include_server\nexit 0\n", "does not start the include server"),
        (DEAD, "does not work here"),
    ],
    ids=["none", "foreign", "fails", "silent", "dead"],
)
def test_without_an_include_server_that_works_the_build_runs_without(
    script: str | None, why: str, pumped: Workbench, tmp_path: Path
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for path in Path("/usr/bin").iterdir():
        if path.name not in {"distcc-pump", "pump"}:
            (folder / path.name).symlink_to(path)
    if script is not None:
        write(folder / "pump", script).chmod(0o755)
    pumped.environ["PATH"] = f"{pumped.venv / 'bin'}:{folder}"
    said = compile_one(pumped, tmp_path, "--pump")
    assert said.startswith("distcc-build: no pump mode: ")
    assert why in said
    assert said.count("\n") == 1
    assert eventually(lambda: left(pumped) == [])


def test_off_is_off(pumped: Workbench, tmp_path: Path) -> None:
    pumped.environ["DISTCC_BUILD"] = "off"
    said = compile_one(pumped, tmp_path, "--pump")
    assert said == "distcc-build: no pump mode: DISTCC_BUILD switches it off\n"


def test_the_exit_status_is_the_builds_and_nothing_is_left(
    pumped: Workbench, tmp_path: Path
) -> None:
    assert SAID.search(compile_one(pumped, tmp_path, "--pump", status=7))
    assert eventually(lambda: left(pumped) == [])
    pumped.run("distcc-build", "run", "--pump", "--", "/no/such", cwd=tmp_path, status=127)
    assert eventually(lambda: left(pumped) == [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_run_is_ended(
    number: signal.Signals, pumped: Workbench, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    line = f"echo $INCLUDE_SERVER_PORT >{ready}.new; mv {ready}.new {ready}; exec sleep 300"
    program = str(pumped.venv / "bin/distcc-build")
    command = [*HEARING, program, "run", "--pump", "--", "sh", "-c", line]
    with subprocess.Popen(command, cwd=tmp_path, env=pumped.environ, start_new_session=True) as run:
        assert eventually(ready.exists, 60)
        assert Path(ready.read_text("utf-8").strip()).exists()
        assert any("include_server" in one for one in left(pumped))
        run.send_signal(number)
        status = run.wait(60)
        # Its command is not ours to kill, when we are killed.
        if number == signal.SIGKILL:
            os.killpg(run.pid, signal.SIGKILL)
    assert status == (-number if number == signal.SIGKILL else 128 + number)
    assert eventually(lambda: left(pumped) == [])


def test_a_compile_without_the_variable_is_preprocessed_here(
    pumped: Workbench, farm: Farm, tmp_path: Path
) -> None:
    before = preprocessed(farm)
    write(tmp_path / "x.c", "int x = 1;\n")
    pumped.environ["DISTCC_BUILD_COMPRESSION"] = "pump"
    pumped.run("distcc-launch", "gcc", "-c", "x.c", "-o", "x.o", cwd=tmp_path)
    pumped.run("gcc", "-c", "x.c", "-o", "y.o", cwd=tmp_path)
    assert (tmp_path / "x.o").read_bytes() == (tmp_path / "y.o").read_bytes()
    assert preprocessed(farm) == before
    assert farm.daemons.wait_for(1).total() == len(farm.daemons.jobs()) == 1
