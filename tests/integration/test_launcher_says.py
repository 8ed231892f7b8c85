"""What the launcher says, how often, and under which name it looks for a plan."""

import fcntl
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from launcher import BUILDS
from launcher_box import Box, record
from running import eventually

from distcc_build.config import unclear_switch


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


def verbose(box: Box, *words: str, **environ: str | None) -> list[str]:
    """What the launcher tells of a compile, a line each, without the name in front."""
    done = box.run("gcc", *words, environ={"DISTCC_BUILD_VERBOSE": "1", **environ})
    lines = done.stderr.decode().splitlines()
    assert all(line.startswith("distcc-build: ") for line in lines), lines
    return [line.removeprefix("distcc-build: ") for line in lines]


def test_verbose_tells_why_a_compile_stays_here(box: Box) -> None:
    compiler = f"becomes: {box.root}/tools/gcc"
    line = ["-c", "a.c"]
    assert verbose(box, "-E", "a.c") == ["compiled here: it makes no object", compiler]
    assert verbose(box, *line, DISTCC_BUILD="off") == [
        "compiled here: DISTCC_BUILD switches it off",
        compiler,
    ]
    assert verbose(box, *line, _DISTCC_SAFEGUARD="1")[0].endswith("in front of it already")
    assert "working directory" in verbose(box, *line, PATH=f"../tools:{box.root}/tools")[0]


def test_verbose_tells_what_becomes_of_the_others(box: Box) -> None:
    lines = ("env DISTCC_HOSTS=10.0.0.1/4", "default X=1")
    name = box.write_plan(*lines).name
    # Of what a build file may hold, nothing moves the cursor of a terminal.
    words = ["-MMD", "-c", "a.c", "-o", "\x1b[1m.o"]
    carried_out = [
        "added: -MF",
        "added: ?[1m.d",
        "added: -MQ",
        "added: ?[1m.o",
        "sets: DISTCC_HOSTS=10.0.0.1/4",
        "sets, unless set: X=1",
        f"becomes distcc, with the words behind it: {box.root}/tools/distcc",
    ]
    assert verbose(box, *words) == carried_out
    box.refresher("exec sleep 30 </dev/null >/dev/null 2>&1")
    box.write_plan(*lines, age=400)
    stale = f"{name}: used though it is stale, while it is renewed"
    started = "discovery: started in the background"
    assert verbose(box, *words) == [stale, started, *carried_out]
    assert verbose(box, *words) == [stale, *carried_out]
    assert eventually(lambda: bool(box.refreshes))
    os.kill(int(box.refreshes[0][0]), signal.SIGKILL)


def age(path: Path, seconds: int) -> None:
    """Let a plan be older."""
    lines = [line.split(" ") for line in path.read_text().splitlines()]
    old = [
        [word, str(int(rest[0]) - seconds)] if word in {"made", "until", "stale"} else [word, *rest]
        for word, *rest in lines
    ]
    path.write_text("".join(f"{' '.join(line)}\n" for line in old))


@pytest.mark.parametrize(
    ("words", "added"),
    [
        (["-g"], True),
        (["-ggdb3"], True),
        (["-g0"], False),
        (["-g", "-g0"], False),
        ([], False),
        (["-g", "-fdebug-compilation-dir=/x"], False),
        (["-g", "-ffile-compilation-dir", "/x"], False),
    ],
)
def test_debug_information_gets_the_directory_where_the_plan_says_so(
    box: Box, words: list[str], added: bool
) -> None:
    box.write_plan("debug -fdir=")
    (box.root / "link").symlink_to("work")
    # Its name is that of PWD where that is the same directory, as clang has it.
    for pwd, name in ((None, "work"), ("/", "work"), (f"{box.root}/link", "link")):
        done = box.run("gcc", *words, "-c", "a.c", environ={"PWD": pwd})
        more = [os.fsencode(f"-fdir={box.root}/{name}")] if added else []
        assert record(done.stdout).argv[-1 - len(more) :] == [b"a.c", *more]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda path: path.unlink(), "there is no plan yet"),
        (lambda path: path.chmod(0o666), "there is no plan that is ours alone"),
        (lambda path: path.write_text("x"), "it is not a plan"),
        (lambda path: age(path, 1_000), "it is too old, or from the future"),
        (lambda path: path.with_name("input").write_text("changed"), "/input has changed"),
    ],
)
def test_verbose_tells_why_a_plan_does_not_hold(
    box: Box, change: Callable[[Path], object], why: str
) -> None:
    box.cache.mkdir(0o700)
    looked_at = box.cache / "input"
    looked_at.write_text("")
    found = looked_at.stat()
    dependency = f"dep {found.st_mtime_ns} {found.st_size} {found.st_ino} {looked_at}"
    path = box.write_plan(dependency)
    change(path)
    box.refresher('write_plan "$@"')
    told = verbose(box, "-c", "a.c")
    assert told[0].startswith(f"{path.name}: ")
    assert told[0].endswith(why)
    assert told[1] == "discovery: started in the background"
    assert told[2].startswith("discovery: waited for ")
    assert told[3].startswith("becomes distcc")


def test_verbose_tells_that_there_is_no_plan_to_wait_for(box: Box) -> None:
    box.refresher("exit 1")
    assert verbose(box, "-c", "a.c")[-2:] == [
        "compiled here: there is no plan that can be carried out",
        f"becomes: {box.root}/tools/gcc",
    ]


def why(box: Box, *words: str, **environ: str | None) -> list[str]:
    """What the launcher would do, as it tells programs."""
    done = box.run("--why", *words, environ=environ)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().split("\0")[:-1]


def test_why_tells_a_program_what_would_be_done_and_does_nothing(box: Box) -> None:
    words = ["word=gcc", "word=-E", "word=a.c"]
    assert why(box, "gcc", "-E", "a.c") == ["local=it makes no object", *words]
    path = box.plan_path()
    (box.root / "work/rest").write_text("-MMD -c 'a b.c'")
    (box.root / "work/d").mkdir()
    assert why(box, "distcc", "gcc", "@rest", "-o", "d/a.o") == [
        *(f"plan={path}", "add=-MF", "add=d/a.d", "add=-MQ", "add=d/a.o"),
        *("word=gcc", "word=-MMD", "word=-c", "word=a b.c", "word=-o", "word=d/a.o"),
    ]
    assert why(box, "gcc", "-c", "a.c", DISTCC_BUILD="no")[0].startswith("local=DISTCC_BUILD")
    assert not path.exists()
    assert box.refreshes == []
    assert box.run("--why").returncode == 2


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


@pytest.mark.parametrize("value", ["maybe", "offf", "x" * 200, "\x1b[31m"])
def test_a_switch_in_neither_position_is_told_of_once(box: Box, value: str) -> None:
    box.write_plan()
    first = box.run("gcc", "-c", "a.c", environ={"DISTCC_BUILD": value})
    said = unclear_switch({"DISTCC_BUILD": value}).replace("\x1b", "?")
    assert first.stderr.decode() == f"distcc-build: {said}\n"
    assert box.run("gcc", "-c", "a.c", environ={"DISTCC_BUILD": value}).stderr == b""
