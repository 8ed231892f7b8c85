"""The launcher on its warm path: what it becomes, and what it leaves alone."""

import fcntl
import os
import resource
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from launcher import BUILDS
from launcher_box import Box, Record, record


@pytest.fixture(params=BUILDS)
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Box:
    return Box(tmp_path / "box", request.param)


@pytest.fixture
def plain(tmp_path: Path) -> Box:
    return Box(tmp_path / "box")


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


def odd_process() -> None:
    os.umask(0o027)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGCHLD])
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
    os.setsid()


@pytest.mark.parametrize("freshness", ["fresh", "cold"])
def test_nothing_else_of_the_process_changes(box: Box, freshness: str) -> None:
    box.refresher('write_plan "$@"')
    if freshness == "fresh":
        box.write_plan()
    pipes = [fd for _ in range(6) for fd in os.pipe()]
    seen: list[Record] = []
    for words in ([box.root / "tools/gcc", "-c", "a.c"], ["gcc", "-c", "a.c"]):
        target = box.root / f"record{len(seen)}"
        done = box.run(
            *words,
            environ={"RECORD": str(target)},
            preexec_fn=odd_process,
            restore_signals=False,
            pass_fds=pipes,
            stdin=subprocess.DEVNULL,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        seen.append(record(target.read_bytes()))
    for fd in pipes:
        os.close(fd)
    # Standard output and standard error are another pipe each time.
    fds = [[fd for fd in r.all("fd") if fd.split()[0] not in (b"1", b"2")] for r in seen]
    assert fds[0] == fds[1]
    assert len(fds[0]) == 1 + len(pipes)
    for key in ("limit", "cwd", "umask", "signals", "children"):
        assert seen[0].all(key) == seen[1].all(key), key


def test_process_is_the_same_one(box: Box) -> None:
    box.write_plan()
    process = box.start("gcc", "-c", "a.c")
    out, _ = process.communicate(timeout=60)
    assert record(out).all("pid") == [b"%d" % process.pid]


def test_words_arrive_byte_for_byte(box: Box) -> None:
    box.write_plan()
    words = [b"gcc", b"-c", b"", b"\xff\xfe", b"a b", b"$(x)`y`'\"\\", b"\n", b"x" * 100_000]
    assert launched(box, *words).argv == [b"distcc", *words]


def test_every_exit_status_is_passed_on(plain: Box) -> None:
    plain.write_plan()
    for status in range(256):
        done = plain.run("gcc", "-c", "a.c", environ={"STATUS": str(status)})
        assert done.returncode == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_signal_is_passed_on(box: Box, number: signal.Signals) -> None:
    box.write_plan()
    done = box.run("gcc", "-c", "a.c", environ={"SIGNAL": str(int(number))})
    assert done.returncode == -number


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]], ids=str)
def test_closed_standard_files_stay_closed_and_get_none_of_ours(
    box: Box, closed: list[int]
) -> None:
    path = box.write_plan("note hello a note to say")
    before = path.read_bytes()

    def close() -> None:
        for fd in closed:
            os.close(fd)

    target = box.root / "record"
    for program in (box.launcher, box.root / "tools/gcc"):
        done = box.run(
            program, "gcc", "-c", "a.c", environ={"RECORD": str(target)}, preexec_fn=close
        )
        assert done.returncode == 0
    seen = record(target.read_bytes())
    fds = [int(fd.split()[0]) for fd in seen.all("fd")]
    # The recorder's own file takes the lowest free one later.
    assert sorted(fds) == sorted(2 * [fd for fd in range(3) if fd not in closed])
    assert path.read_bytes() == before
    assert all(f.read_bytes() == b"" for f in box.cache.iterdir() if f != path)


@pytest.mark.parametrize("value", ["off", "OFF", "0", "no", "False"])
def test_switched_off_is_the_compiler(box: Box, value: str) -> None:
    box.write_plan()
    assert launched(box, "gcc", "-c", "a.c", DISTCC_BUILD=value).argv == [b"gcc", b"-c", b"a.c"]


@pytest.mark.parametrize("value", ["", "on", "1", "yes", "offf", "-"])
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


def test_help_and_version_go_to_stdout(box: Box) -> None:
    assert box.run("--help").stdout.startswith(b"usage: ")
    assert box.run("--version").stdout.startswith(b"distcc-launch 0.")


def itself_link(box: Box, directory: Path) -> None:
    (directory / "gcc").symlink_to(box.launcher)


def itself_hard_link(box: Box, directory: Path) -> None:
    (directory / "gcc").hardlink_to(box.launcher)


def itself_alias(box: Box, directory: Path) -> None:
    (directory / "gcc").symlink_to(box.alias)


def itself_elsewhere(box: Box, directory: Path) -> None:
    (directory / "distcc-launch").write_bytes(box.launcher.read_bytes())
    (directory / "distcc-launch").chmod(0o755)
    (directory / "gcc").symlink_to("distcc-launch")


ITSELF = [itself_link, itself_hard_link, itself_alias, itself_elsewhere]


@pytest.mark.parametrize("plant", ITSELF)
def test_launcher_never_takes_itself_for_the_compiler(
    plain: Box, plant: Callable[[Box, Path], None]
) -> None:
    first = plain.root / "first"
    first.mkdir()
    plant(plain, first)
    path = {"PATH": f"{first}:{plain.root}/tools", "DISTCC_BUILD": "off"}
    assert launched(plain, "gcc", "-c", "a.c", **path).argv == [b"gcc", b"-c", b"a.c"]
    done = plain.run("gcc", "-c", "a.c", environ={"PATH": str(first), "DISTCC_BUILD": "off"})
    assert (done.returncode, done.stderr) == (127, b"distcc-launch: gcc: not found\n")
    done = plain.run(str(first / "gcc"), "-c", "a.c")
    assert done.returncode == 127


@pytest.mark.parametrize("kind", ["distcc", "compiler"])
def test_plan_that_names_the_launcher_itself_ends_in_the_compiler(box: Box, kind: str) -> None:
    for program in (box.launcher, box.alias):
        box.write_plan(f"exec {kind} {program}")
        done = box.run("gcc", "-c", "a.c")
        assert done.returncode == 0
        assert record(done.stdout).argv[-2:] == [b"-c", b"a.c"]
        assert record(done.stdout).argv[-3] == b"gcc"


def test_compiler_takes_over_when_distcc_cannot_be_run(box: Box) -> None:
    box.write_plan(f"exec distcc {box.root}/gone", "env A=x")
    seen = launched(box, "gcc", "-c", "a.c")
    assert seen.argv == [b"gcc", b"-c", b"a.c"]
    assert "A" not in seen.env


def test_missing_compiler_is_127_and_forbidden_one_126(box: Box) -> None:
    done = box.run("gcc-none", "-c", "a.c")
    assert (done.returncode, done.stderr) == (127, b"distcc-launch: gcc-none: not found\n")
    assert box.run("./gcc-none", "-c", "a.c").returncode == 127
    (box.root / "tools/gcc-text").write_text("no program")
    done = box.run("gcc-text", "-c", "a.c")
    assert (done.returncode, done.stderr) == (126, b"distcc-launch: gcc-text: Permission denied\n")
    assert box.run(f"{box.root}/tools/gcc-text", "-c", "a.c").returncode == 126


def test_script_without_interpreter_line_is_the_shells(box: Box) -> None:
    script = box.root / "tools/mygcc"
    script.write_text('echo "$@"\n')
    script.chmod(0o755)
    assert box.run("mygcc", "-E", "a b").stdout == b"-E a b\n"


def test_compiler_in_the_working_directory(box: Box) -> None:
    os.link(box.root / "tools/gcc", box.root / "work/mygcc")
    for word, path in (("./mygcc", "/bin"), ("mygcc", ":/bin"), ("mygcc", "/bin:"), ("mygcc", "")):
        assert launched(box, word, "-E", PATH=path).argv == [word.encode(), b"-E"]


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
    assert plain.plan_path("/usr/bin/gcc", PATH="/x") == others[1]


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
