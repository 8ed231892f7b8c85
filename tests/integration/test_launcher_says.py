"""What the launcher says, how often, and under which name it looks for a plan."""

import fcntl
import os
import stat
import subprocess
import time
from pathlib import Path

import pytest
from launcher import BUILDS
from launcher_box import Box, record


@pytest.fixture(params=BUILDS)
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Box:
    return Box(tmp_path / "box", request.param)


@pytest.fixture
def plain(tmp_path: Path) -> Box:
    return Box(tmp_path / "box")


def test_note_is_said_once_per_session_and_cause_in_five_minutes(box: Box) -> None:
    box.write_plan("note degraded distcc3 is out", "note other something else")
    both = b"distcc-build: distcc3 is out\ndistcc-build: something else\n"
    assert box.run("gcc", "-c", "a.c").stderr == both
    assert box.run("gcc", "-c", "b.c").stderr == b""
    assert box.run("gcc", "-c", "b.c", start_new_session=True).stderr == both
    marker = next(box.cache.glob(f"said-{os.getsid(0)}-degraded"))
    assert stat.S_IMODE(marker.stat().st_mode) == 0o600
    now = time.time()
    os.utime(marker, (now - 301, now - 301))
    assert box.run("gcc", "-c", "b.c").stderr == b"distcc-build: distcc3 is out\n"
    assert box.run("gcc", "-c", "b.c").stderr == b""
    os.utime(marker, (now + 9999, now + 9999))
    assert box.run("gcc", "-c", "b.c").stderr == b"distcc-build: distcc3 is out\n"


def test_only_one_of_many_says_it(plain: Box) -> None:
    plain.write_plan("note x hello")
    old = plain.cache / f"said-{os.getsid(0)}-x"
    for _ in range(2):
        many = [plain.start("gcc", "-c", "a.c") for _ in range(40)]
        said = b"".join(process.communicate(timeout=60)[1] for process in many)
        assert said == b"distcc-build: hello\n"
        os.utime(old, (0, 0))


def test_who_has_the_old_marker_speaks_for_all(box: Box) -> None:
    box.write_plan("note x hello")
    marker = box.cache / f"said-{os.getsid(0)}-x"
    marker.touch(0o600)
    os.utime(marker, (0, 0))
    with marker.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert box.run("gcc", "-c", "a.c").stderr == b""
    assert box.run("gcc", "-c", "a.c").stderr == b"distcc-build: hello\n"


def test_note_costs_no_compile_when_nobody_reads(box: Box) -> None:
    box.write_plan("note x hello")
    reader, writer = os.pipe()
    os.close(reader)
    done = box.run("gcc", "-c", "a.c", capture_output=False, stdout=subprocess.PIPE, stderr=writer)
    os.close(writer)
    assert record(done.stdout).argv[0] == b"distcc"


def test_verbose_tells_the_decision(box: Box) -> None:
    box.write_plan()
    done = box.run("gcc", "-E", "a.c", environ={"DISTCC_BUILD_VERBOSE": "1"})
    assert done.stderr == b"distcc-build: local: it makes no object\n"
    done = box.run("gcc", "-c", "a.c", environ={"DISTCC_BUILD_VERBOSE": "1"})
    assert done.stderr.startswith(b"distcc-build: plan-")
    assert done.stderr.endswith(b"/tools/distcc\n")


def test_path_of_the_plan_depends_on_what_discovery_depends_on(plain: Box) -> None:
    base = plain.plan_path()
    assert base.parent == plain.cache
    assert plain.plan_path(DISTCC_BUILD_VERBOSE="1") == base
    assert plain.plan_path(DISTCC_BUILD="off", CFLAGS="-O3", LANG="C") == base
    others = [
        plain.plan_path("cc"),
        plain.plan_path("/usr/bin/gcc"),
        plain.plan_path("./gcc"),
        *(
            plain.plan_path(**{name: value})
            for name in ("DISTCC_HOSTS", "DISTCC_DIR", "XDG_CONFIG_HOME", "DISTCC_BUILD_ANYTHING")
            for value in ("", "x", "y")
        ),
        plain.plan_path(HOME="/x"),
        plain.plan_path(HOME=None),
        plain.plan_path(PATH="/x"),
    ]
    assert len({base, *others}) == 1 + len(others)
    # One lock for all compilers of an environment: the middle of the name.
    assert others[0].name.split("-")[1] == base.name.split("-")[1]
    # distcc and the assembler are looked for on PATH, whatever the compiler's path.
    assert plain.plan_path("/usr/bin/gcc", PATH="/x") != others[1]


def test_hosts_before_we_expanded_them_stand_for_the_hosts(plain: Box) -> None:
    mine = plain.plan_path(DISTCC_HOSTS="--discover-distccN")
    child = {"DISTCC_BUILD_HOSTS": "--discover-distccN", "DISTCC_HOSTS": "10.0.0.1/8"}
    assert plain.plan_path(**child) == mine


def test_relative_compiler_is_another_one_in_another_directory(plain: Box) -> None:
    paths = [
        plain.run("--plan", "./gcc", cwd=plain.root / name).stdout for name in ("work", "home")
    ]
    assert paths[0] != paths[1]
    assert plain.run("--plan", "a", "b").stdout.count(b"\n") == 2
