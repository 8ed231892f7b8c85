"""What distcc-record writes down, and what it does when it cannot."""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from launcher_box import Box
from running import eventually

from distcc_build.record import recording
from distcc_build.record.journal import (
    COMPILED_AGAIN,
    DISTCC_CHOSE,
    KILLED,
    LOST,
    UNKNOWN,
    read_journal,
)
from distcc_build.record.recording import read_build, sum_up
from distcc_build.record.remarks import NOT_WHOLE

COMPILE = ("gcc", "-O2", "-c", "x.c", "-o", "x.o")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    made = Box(tmp_path / "box")
    made.write_plan()
    (made.root / "journal").touch()
    return made


def journal(box: Box) -> dict[str, str]:
    return {"_DISTCC_BUILD_JOURNALS": str(box.root / "journal"), "RECORD": "/dev/null"}


def jobs(box: Box) -> list[tuple[str, str, int | None]]:
    read = read_journal((box.root / "journal").read_bytes())
    return [(one.file, one.why, one.status) for one in read]


def test_one_record_for_a_compile_that_is_planned_and_one_that_stays_here(box: Box) -> None:
    box.script("tools/distcc", "echo object > x.o; exit 3")
    done = box.run(*COMPILE, environ=journal(box))
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"")
    assert box.run("gcc", "-E", "x.c", environ=journal(box)).returncode == 0
    first, second = read_journal((box.root / "journal").read_bytes())
    assert first.argv == COMPILE
    assert (first.file, first.output, first.status, first.size) == ("x.c", "x.o", 3, 7)
    assert first.cwd == str(box.root / "work")
    # A distcc that says nothing of itself leaves open where it was.
    assert (first.host, first.compiles) == (UNKNOWN, True)
    assert (second.host, second.why, second.compiles) == ("", "it makes no object", False)
    assert first.end is not None
    assert first.begin <= first.end <= second.begin


# distcc's file for its monitors, as its process writes it (src/state.h).
STATES = """
write() { # PHASE HOST
    python3 -c 'import struct, sys
pid, phase, host = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
sys.stdout.buffer.write(
    struct.pack("@NLL128s128siiP", 296, 0x44494800, pid, b"x.c", host, 1, phase, 0))' \\
    "$$" "$1" "$2" >"$HOME/.distcc/state/binstate_$$.new"
    cat "$HOME/.distcc/state/binstate_$$.new" >"$HOME/.distcc/state/binstate_$$"
    rm "$HOME/.distcc/state/binstate_$$.new"
}
"""


@pytest.mark.parametrize(
    ("states", "host", "tried", "why"),
    [
        ("write 2 10.0.0.7; write 5 10.0.0.7", "10.0.0.7", (), ""),
        ("write 5 10.0.0.7; write 5 localhost", "", ("10.0.0.7",), COMPILED_AGAIN),
    ],
)
def test_where_it_ran_is_what_distcc_said_last(
    box: Box, states: str, host: str, tried: tuple[str, ...], why: str
) -> None:
    (box.root / "home/.distcc").mkdir()
    box.script("tools/distcc", f"{STATES}{states}\nrm $HOME/.distcc/state/binstate_$$")
    box.run(*COMPILE, environ={**journal(box), "PATH": f"{box.root}/tools:{os.environ['PATH']}"})
    box.write_plan(PATH=f"{box.root}/tools:{os.environ['PATH']}")
    environ = {**journal(box), "PATH": f"{box.root}/tools:{os.environ['PATH']}"}
    (box.root / "journal").write_bytes(b"")
    assert box.run(*COMPILE, environ=environ).returncode == 0
    (job,) = read_journal((box.root / "journal").read_bytes())
    assert (job.host, job.tried, job.why) == (host, tried, why)
    assert job.phases
    assert list((box.root / "home/.distcc/state").iterdir()) == []


@contextlib.contextmanager
def compiling(box: Box) -> Iterator[subprocess.Popen[bytes]]:
    """A compile that has begun, and says so in a file with its process id."""
    with box.start(*COMPILE, **journal(box)) as process:
        assert eventually(lambda: (box.root / "pid").exists() and bool(pid(box)))
        yield process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signal_to_the_recorder_alone_ends_the_compile(box: Box, number: signal.Signals) -> None:
    box.script("tools/distcc", 'echo $$ >"$BOX/pid"; exec sleep 600')
    with compiling(box) as process:
        process.send_signal(number)
        assert process.wait(60) == -number
    assert [status for _, _, status in jobs(box)] == [-number]
    assert not running(pid(box))


def test_signal_that_the_compile_survives_is_its_own_affair(box: Box) -> None:
    box.script(
        "tools/distcc",
        "trap 'echo heard; exit 5' TERM\necho $$ >\"$BOX/pid\"; while :; do sleep 0.05; done",
    )
    with compiling(box) as process:
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=60) == (b"heard\n", b"")
        assert process.returncode == 5
    assert jobs(box)[0][2] == 5


def test_killed_recorder_takes_the_compile_with_it_and_leaves_a_record(box: Box) -> None:
    box.script("tools/distcc", 'echo $$ >"$BOX/pid"; exec sleep 600')
    with compiling(box) as process:
        process.kill()
    assert eventually(lambda: not running(pid(box)))
    assert jobs(box) == [("x.c", KILLED, None)]


def pid(box: Box) -> int:
    return int((box.root / "pid").read_text() or 0)


def running(number: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("kind", ["missing", "directory", "fifo", "link", "full"])
def test_journal_that_cannot_be_written_costs_no_compile(box: Box, kind: str) -> None:
    path = box.root / "journal"
    path.unlink()
    match kind:
        case "directory":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "link":
            (box.root / "other").touch()
            path.symlink_to(box.root / "other")
        case "full":
            path = Path("/dev/full")
    environ = {**journal(box), "_DISTCC_BUILD_JOURNALS": str(path), "STATUS": "9"}
    done = box.run(*COMPILE, environ=environ)
    assert (done.returncode, done.stdout, done.stderr) == (9, b"", b"")
    assert kind != "link" or (box.root / "other").read_bytes() == b""
    assert kind != "missing" or not path.exists()


def test_watched_build_within_another_is_recorded_in_both_and_in_the_totals(box: Box) -> None:
    box.script("tools/distcc", "exit 0")
    names = [box.root / "journal", box.root / "gone", box.root / "outer"]
    (box.root / "outer").touch()
    environ = {"_DISTCC_BUILD_JOURNALS": "\n".join(map(str, names)), "DISTCC_BUILD_RECORD": "1"}
    assert box.run(*COMPILE, environ=environ).returncode == 0
    assert jobs(box) == [("x.c", DISTCC_CHOSE, 0)]
    assert (box.root / "outer").read_bytes() == (box.root / "journal").read_bytes()
    # Also where all of these are gone, as after a kill.
    (box.root / "journal").unlink()
    (box.root / "outer").unlink()
    assert box.run(*COMPILE, environ=environ).returncode == 0
    totals = sum_up(box.cache)
    assert (totals.compiles, totals.failed) == (2, 0)


def test_without_a_recorder_there_is_no_record_and_a_compile(box: Box) -> None:
    (box.root / "prefix/libexec/distcc-build/distcc-record").unlink()
    assert box.run(*COMPILE, environ={**journal(box), "STATUS": "4"}).returncode == 4
    assert jobs(box) == []


def test_distcc_that_cannot_be_executed_is_replaced_by_the_compiler(box: Box) -> None:
    (box.root / "tools/distcc").write_bytes(b"\x7fELF nothing of the kind")
    (box.root / "tools/distcc").chmod(0o755)
    done = box.run(*COMPILE, environ={**journal(box), "STATUS": "6"})
    assert (done.returncode, done.stderr) == (6, b"")
    # Its file is another one than in the plan, so there is none; with it the recorder meets it.
    box.write_plan()
    done = box.run(*COMPILE, environ={**journal(box), "STATUS": "6"})
    assert (done.returncode, done.stderr) == (6, b"")


def test_script_without_an_interpreter_is_run_as_without_a_record(box: Box) -> None:
    # The second on PATH is another compiler, and must not be taken for it.
    (box.root / "others").mkdir()
    box.script("others/gcc", "echo other")
    (box.root / "tools/gcc").write_text("echo mine\n")
    (box.root / "tools/gcc").chmod(0o755)
    path = f"{box.root}/tools:{box.root}/others:/usr/bin:/bin"
    for environ in ({}, journal(box)):
        done = box.run("gcc", "-E", "x.c", environ={**environ, "PATH": path})
        assert (done.returncode, done.stdout, done.stderr) == (0, b"mine\n", b"")
    assert len(jobs(box)) == 1


def test_limit_on_the_size_of_files_ends_no_compile(box: Box) -> None:
    (box.root / "journal").write_bytes(b"\n" * 4096)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    done = box.run(*COMPILE, environ={**journal(box), "STATUS": "3"}, preexec_fn=limited)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"")
    assert jobs(box) == []
    assert read_build(box.root / "journal") == ([], False)


def test_journal_without_room_for_an_end_says_that_it_lacks_one(box: Box) -> None:
    path = box.root / "journal"
    assert box.run(*COMPILE, environ={**journal(box), "DISTCC_BUILD_RECORD": "1"}).returncode == 0
    assert [one.why for one in read_build(path)[0]] == [DISTCC_CHOSE]
    assert read_build(path)[1]
    first = len(path.read_bytes().split(b"\n\n")[0])
    # As on a full disk, for both journals.
    limit = path.stat().st_size + first + 20

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    environ = {**journal(box), "DISTCC_BUILD_RECORD": "1"}
    assert box.run(*COMPILE, environ=environ, preexec_fn=limited).returncode == 0
    found, whole = read_build(path)
    assert [(one.why, one.failed) for one in found] == [(DISTCC_CHOSE, False), (LOST, False)]
    assert not whole
    for zero in (True, False):
        totals = sum_up(box.cache, zero=zero)
        assert (totals.compiles, totals.failed, totals.whole) == (
            (2, 0, False) if zero else (0, 0, True)
        )


def test_statistics_that_nobody_sums_up_are_said_not_to_be_whole(box: Box) -> None:
    source = (Path(__file__).parents[2] / "integrations/recorder/journal.c").read_text()
    found = re.search(r"MOST = (\d+) << 20", source)
    assert found
    most = found[1]
    environ = {"DISTCC_BUILD_RECORD": "1"}
    assert box.run(*COMPILE, environ=environ).returncode == 0
    path = box.cache / "journal"
    assert recording._is_whole(path.stat())
    os.truncate(path, int(most) << 20)
    assert box.run(*COMPILE, environ={**environ, "STATUS": "3"}).returncode == 3
    assert path.stat().st_size == int(most) << 20
    assert not recording._is_whole(path.stat())
    assert f" {most} MiB of statistics" in NOT_WHOLE


def test_variable_without_a_name_switches_nothing_on(box: Box) -> None:
    assert box.run(*COMPILE, environ={"_DISTCC_BUILD_JOURNALS": ""}).returncode == 0
    assert not (box.cache / "journal").exists()


def test_refresher_has_no_journal(box: Box) -> None:
    box.refresher('env >"$BOX/environment"; write_plan "$@"')
    box.plan_path().unlink()
    environ = {**journal(box), "DISTCC_BUILD_RECORD": "1", "DISTCC_BUILD_VERBOSE": "0"}
    assert box.run(*COMPILE, environ=environ).returncode == 0
    seen = (box.root / "environment").read_text()
    assert "DISTCC_BUILD_VERBOSE=0" in seen
    assert "JOURNAL" not in seen
    assert "DISTCC_BUILD_RECORD" not in seen


def test_words_of_any_bytes_and_more_than_are_kept(box: Box) -> None:
    words = [b"gcc", b"-c", b'-DA="\\\x01\xff\xc3\xa4"', "-DB=\u20ac".encode(), b"x.c"]
    assert box.run(*words, environ=journal(box)).returncode == 0
    many = [*words, *(b"-DN%d=%s" % (n, b"y" * 90) for n in range(1000)), b"-o", b"x.o"]
    assert box.run(*many, environ=journal(box)).returncode == 0
    first, second = read_journal((box.root / "journal").read_bytes())
    assert [os.fsencode(one) for one in first.argv] == words
    kept = [os.fsencode(one) for one in second.argv]
    gap = kept.index(b"...")
    assert 200 < gap < len(kept) - 200 < len(many) - 400
    assert kept == [*many[:gap], b"...", *many[gap + 1 - len(kept) :]]
    # What is compiled may stand at either end.
    assert (second.output, second.compiles) == ("x.o", True)


def test_words_of_response_files_are_those_of_the_compile(box: Box) -> None:
    work = box.root / "work"
    many = " ".join(f"-I{'i' * 90}{n}" for n in range(1000))
    (work / "a.rsp").write_text("-O2 @b.rsp 'f 1.c'")
    (work / "b.rsp").write_text("-c -o r.o")
    (work / "long.rsp").write_text(f"{many} -c f2.c")
    (work / "huge.rsp").write_text("-c f3.c" + " " * (1 << 20))
    box.script("tools/distcc", "echo object >r.o; rm -f a.rsp b.rsp")
    for words in (["@a.rsp"], ["@long.rsp"], ["@huge.rsp"], ["@missing.rsp", "-c", "f4.c"]):
        assert box.run("gcc", *words, environ=journal(box)).returncode == 0
    first, second, third, fourth = read_journal((box.root / "journal").read_bytes())
    assert first.argv == ("gcc", "-O2", "-c", "-o", "r.o", "f 1.c")
    assert (first.file, first.output, first.size, first.compiles) == ("f 1.c", "r.o", 7, True)
    assert (second.file, second.compiles) == ("f2.c", True)
    # As without a record, it is not looked into.
    assert (third.argv, third.compiles) == (("gcc", "@huge.rsp"), False)
    assert fourth.argv == ("gcc", "@missing.rsp", "-c", "f4.c")


def test_what_a_compile_starts_has_no_record_of_its_own(box: Box) -> None:
    box.script("tools/distcc", f"_DISTCC_SAFEGUARD=1 exec {box.launcher} gcc -c y.c")
    for switch in ("0", "1"):
        environ = {**journal(box), "DISTCC_BUILD_RECORD": switch}
        assert box.run(*COMPILE, environ=environ).returncode == 0
    assert [file for file, _, _ in jobs(box)] == ["x.c", "x.c"]


def crowd(box: Box, count: int, **environ: str) -> list[subprocess.Popen[bytes]]:
    return [
        subprocess.Popen(
            [box.launcher, "gcc", "-c", f"f{n}.c"],
            env=box.environ(**environ),
            cwd=box.root / "work",
            start_new_session=True,
        )
        for n in range(count)
    ]


def test_crowd_and_a_kill_leave_exactly_one_record_each(box: Box) -> None:
    # Half of them are killed, group by group, while they compile or are about to.
    box.script("tools/distcc", 'echo "$3" >>"$BOX/started"; exec sleep 0.2')
    for _ in range(4):
        processes = crowd(box, 64, **journal(box))
        for process in processes[::2]:
            os.killpg(process.pid, signal.SIGKILL)
        for process in processes:
            process.wait(60)
    started = (box.root / "started").read_text().split()
    files = [file for file, _, _ in jobs(box)]
    for n in range(64):
        name = f"f{n}.c"
        # One that was killed may have begun its record and not its program, never the reverse.
        assert 4 >= files.count(name) >= started.count(name)
        assert n % 2 == 0 or files.count(name) == started.count(name) == 4
    whole = [status for file, _, status in jobs(box) if int(file[1:-2]) % 2]
    assert whole == [0] * 128


def test_switch_keeps_totals_of_all_while_they_are_summed_up(box: Box) -> None:
    box.script("tools/distcc", "exit 0")
    environ = {"DISTCC_BUILD_RECORD": "on"}
    since = sum_up(box.cache).since
    for _ in range(4):
        processes = crowd(box, 50, **environ)
        while any(process.poll() is None for process in processes):
            sum_up(box.cache)
    totals = sum_up(box.cache)
    assert (totals.compiles, totals.failed, totals.since) == (200, 0, since)
    assert sum_up(box.cache, zero=True).compiles == 200
    assert sum_up(box.cache).compiles == 0
    for switch in ("off", "0", ""):
        box.run(*COMPILE, environ={"DISTCC_BUILD_RECORD": switch})
    assert sum_up(box.cache).compiles == 0


def test_switch_needs_no_plan_of_its_own(box: Box) -> None:
    assert box.plan_path("gcc", DISTCC_BUILD_RECORD="1") == box.plan_path("gcc")


def test_compile_that_still_runs_is_counted_when_it_has_ended(box: Box) -> None:
    box.script("tools/distcc", 'echo $$ >"$BOX/pid"; while [ ! -e "$BOX/go" ]; do sleep 0.02; done')
    with box.start(*COMPILE, DISTCC_BUILD_RECORD="1") as process:
        assert eventually((box.root / "pid").exists)
        assert sum_up(box.cache).compiles == 0
        assert sum_up(box.cache).compiles == 0
        (box.root / "go").touch()
        assert process.wait(60) == 0
    totals = sum_up(box.cache)
    assert (totals.compiles, totals.failed) == (1, 0)


# A close that fails has closed all the same, which strace does not do.
NOT_OURS = {
    "close",
    "exit_group",
    "execve",
    "arch_prctl",
    "set_tid_address",
    "brk",
    "mmap",
    "mprotect",
    # What ends the handler of a signal (a child's end, here): there is no way on without it.
    "rt_sigreturn",
}
FAILURES = ("EINTR", "ENOMEM")
STRACE = shutil.which("strace")


@pytest.mark.skipif(not STRACE, reason="strace is not installed")
def test_no_system_call_that_fails_costs_the_compile(box: Box) -> None:
    (box.root / "home/.distcc/state").mkdir(parents=True)
    program = str(box.root / "prefix/libexec/distcc-build/distcc-record")
    words = [program, str(box.root / "journal"), "distcc", "", str(box.root / "tools/distcc")]
    words += ["distcc", *COMPILE]
    log = box.root / "calls"

    def record(*inject: str) -> int:
        # Without -f: the compile's own calls are not ours.
        trace = [str(STRACE), "-qq", "-o", str(log), *inject, *words]
        environ = box.environ(RECORD=str(box.root / "record"), STATUS="3")
        done = subprocess.run(trace, env=environ, cwd=box.root / "work", timeout=60, check=False)
        return done.returncode

    assert record() == 3
    made = Counter(re.findall(r"^(\w+)\(", log.read_text(), re.MULTILINE))
    # What ends it, and what any program begins with, is the kernel's and the library's.
    own = {name: count for name, count in made.items() if name not in NOT_OURS}
    assert {"write", "flock", "inotify_init1", "wait4"} <= own.keys()
    for name, count in own.items():
        for number in range(1, count + 1):
            for failure in FAILURES:
                (box.root / "record").unlink(missing_ok=True)
                status = record("-e", f"inject={name}:error={failure}:when={number}")
                assert status == 3, (name, number, failure)
                assert (box.root / "record").exists()
