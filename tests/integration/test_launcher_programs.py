"""Which program the launcher takes for the compiler; never itself."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from launcher import BUILDS
from launcher_box import Box, Record, record
from running import eventually


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


def test_script_of_the_compilers_name_that_calls_the_launcher_means_the_next(box: Box) -> None:
    (box.root / "first").mkdir()
    box.script("first/gcc", f'exec {box.launcher} gcc "$@"')
    environ = {"PATH": f"{box.root}/first:{box.root}/tools:/usr/bin:/bin"}
    for words in (["-c", "a.c"], ["--version"]):
        done = box.run(box.root / "first/gcc", *words, environ={**environ, "DISTCC_BUILD": "off"})
        seen = record(done.stdout)
        assert seen.argv == [os.fsencode(box.root / "tools/gcc"), *map(os.fsencode, words)]
        assert seen.env["_DISTCC_BUILD_BEHIND"] == f"{box.root}/tools/gcc"
    # Where there is no other, what it does is what it would do without us.
    (box.root / "tools/gcc").unlink()
    (box.root / "first/gcc").unlink()
    box.script("first/gcc", 'test -z "$AGAIN" || exit 7; AGAIN=1 exec distcc-launch gcc "$@"')
    environ["PATH"] = f"{box.launcher.parent}:{box.root}/first"
    done = box.run(box.root / "first/gcc", "-E", "a.c", environ=environ)
    assert done.returncode == 7


@pytest.mark.parametrize("off", [None, "off"])
def test_a_pipe_of_words_is_left_to_the_compiler(off: str | None, box: Box, tmp_path: Path) -> None:
    """Opened and closed by us it would let the writer go, and the compiler wait for ever."""
    box.write_plan()
    (box.root / "tools/gcc").unlink()
    box.script("tools/gcc", 'exec cat "${1#@}"\n')
    pipe = box.root / "work/words"
    os.mkfifo(pipe)
    journal = tmp_path / "journal"
    journal.touch(mode=0o600)
    environ = {"DISTCC_BUILD": off, "_DISTCC_BUILD_JOURNALS": str(journal)}
    with subprocess.Popen(["/bin/sh", "-c", "echo -O2 > words"], cwd=pipe.parent) as writer:
        # It waits in open() then; before that the test could not fail.
        stat = Path(f"/proc/{writer.pid}/stat")
        assert eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "S")
        done = box.run("gcc", "@words", "-c", "a.c", environ=environ, timeout=30)
        writer.kill()
    assert (done.returncode, done.stdout) == (0, b"-O2\n")
    assert b"@words" in journal.read_bytes()


def test_distcc_hears_of_its_children_though_they_were_ignored(box: Box) -> None:
    box.write_plan()

    def ignore() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    child = 1 << signal.SIGCHLD - 1
    for words, ignored in ((["-c", "a.c"], False), (["-E", "a.c"], True)):
        done = box.run("gcc", *words, preexec_fn=ignore, restore_signals=False)
        lines = record(done.stdout).all("signals")
        (mask,) = (line.split()[1] for line in lines if line.startswith(b"SigIgn"))
        assert bool(int(mask, 16) & child) == ignored


def test_distcc_gets_a_place_for_temporary_files(box: Box, tmp_path: Path) -> None:
    box.write_plan()
    (tmp_path / "file").touch()

    def chosen(path: str | None) -> str | None:
        return launched(box, "gcc", "-c", "a.c", TMPDIR=path).env.get("TMPDIR")

    assert chosen(None) is None
    assert chosen(str(tmp_path)) == str(tmp_path)
    # In /proc distcc, as root, would try one name after the other without end.
    for unusable in (tmp_path / "none", tmp_path / "file", "/proc"):
        assert chosen(str(unusable)) == "/tmp"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
@pytest.mark.parametrize(
    ("full", "chosen"),
    [
        (["/mnt"], "/tmp"),
        (["/mnt", "/tmp"], "/var/tmp"),
        (["/mnt", "/tmp", "/var/tmp"], None),
    ],
)
def test_where_no_file_can_be_made_any_more_there_are_other_places(
    full: list[str], chosen: str | None
) -> None:
    with tempfile.TemporaryDirectory(dir="/opt") as folder:
        box = Box(Path(folder) / "box")
        box.write_plan()
        mounts = "".join(f"mount -t tmpfs -o nr_inodes=1 none {one} && " for one in full)
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", f'{mounts} exec "$@" -c a.c', "sh", box.launcher, "gcc"],
            env=box.environ(TMPDIR="/mnt"),
            capture_output=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")
    made = record(done.stdout)
    # Without any, the compiler knows what to do.
    assert made.argv[0] == (b"distcc" if chosen else b"gcc")
    assert made.env["TMPDIR"] == (chosen or "/mnt")


def test_command_line_near_the_systems_limit_is_the_compilers(box: Box) -> None:
    box.write_plan("env DISTCC_HOSTS=10.0.0.1/4")
    # No word may have more than 128 KiB.
    whole, rest = divmod(os.sysconf("SC_ARG_MAX") - 20_000, 100_000)
    words = ["x" * (100_000 - 9)] * whole
    assert record(box.run("gcc", "-c", "a.c", *words, "x" * rest).stdout).argv[0] == b"gcc"
    assert record(box.run("gcc", "-c", "a.c", *words[1:]).stdout).argv[0] == b"distcc"
