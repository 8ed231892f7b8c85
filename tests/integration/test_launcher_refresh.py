"""Launchers without a plan that holds, or with a stale one: who refreshes, who waits."""

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from launcher import BUILDS, recorder
from launcher_box import Box, record
from running import eventually

CANNOT = b"distcc-build: cannot start distcc-build; compiling locally (try: distcc-build hosts)\n"
LATE = (
    b"distcc-build: discovery did not finish within %b s; compiling locally"
    b" (try: distcc-build explain)\n"
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path / "box")
    yield box
    # Those that a test stopped or kept waiting.
    for process, *_ in box.refreshes:
        try:
            os.kill(int(process), signal.SIGKILL)
        except ProcessLookupError:
            continue


def boottime() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def programs(box: Box, many: int, **environ: str) -> tuple[list[bytes], bytes]:
    """What launchers that start together become, and all that they say."""
    processes = [box.start("gcc", "-c", "a.c", **environ) for _ in range(many)]
    ended = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * many
    return [record(out).argv[0] for out, _ in ended], b"".join(err for _, err in ended)


@pytest.mark.parametrize("word", ["gcc", "./mygcc"])
@pytest.mark.parametrize("name", BUILDS)
def test_refresher_gets_the_plans_path_the_lock_and_the_compiler(
    tmp_path: Path, name: str, word: str
) -> None:
    box = Box(tmp_path / "box", name)
    box.refresher('write_plan "$@"')
    os.link(box.root / "tools/gcc", box.root / "work/mygcc")
    done = box.run(word, "-c", "a.c")
    assert (done.returncode, done.stderr) == (0, b"")
    assert record(done.stdout).argv[:2] == [b"distcc", word.encode()]
    absolute = {"gcc": "gcc", "./mygcc": f"{box.root}/work/./mygcc"}[word]
    plan = next(box.cache.glob("plan-*"))
    assert [words for _, *words in box.refreshes] == [["_refresh", str(plan), "3", absolute]]


@pytest.mark.parametrize("name", BUILDS)
def test_refresher_inherits_nothing_of_the_build(tmp_path: Path, name: str) -> None:
    box = Box(tmp_path / "box", name)
    shutil.copy(recorder(), box.root / "prefix/bin/distcc-build")
    python = {"PYTHONPATH": "/x", "PYTHONHOME": "/y", "PYTHONSAFEPATH": "", "KEPT": "yes"}

    def odd() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGCHLD])
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    target = box.root / "record"
    jobserver = os.pipe()
    done = box.run(
        "gcc",
        "-c",
        "a.c",
        environ={**python, "RECORD": str(target)},
        preexec_fn=odd,
        restore_signals=False,
        pass_fds=jobserver,
    )
    for fd in jobserver:
        os.close(fd)
    # It writes no plan, so there are two of them, and then the compiler.
    assert (done.returncode, done.stderr) == (0, CANNOT)
    everything = target.read_bytes()
    seen = record(everything[: everything.index(b"\0arg=distcc-build\0") + 1])
    clean = {"PYTHONSAFEPATH": "1", "KEPT": "yes", "RECORD": str(target)}
    assert seen.argv[:2] == [b"distcc-build", b"_refresh"]
    assert seen.env == {**box.environ(), **clean}
    assert seen.all("cwd") == [b"/"]
    assert seen.all("session") != [b"%d" % os.getsid(0)]
    null, lock = Path(os.devnull).stat(), next(box.cache.glob("lock-*")).stat()
    files = [null, null, null, lock]
    assert seen.all("fd") == [b"%d %d %d" % (n, f.st_dev, f.st_ino) for n, f in enumerate(files)]
    signals = dict(line.split(b":\t") for line in seen.all("signals"))
    assert int(signals[b"SigBlk"], 16) == 0
    assert int(signals[b"SigIgn"], 16) == 0


def test_refresher_gets_the_lock_though_standard_files_are_closed(box: Box) -> None:
    box.refresher('RECORD="$BOX/record" "$BOX/tools/gcc"; write_plan "$@"')
    done = box.run("gcc", "-c", "a.c", capture_output=False, preexec_fn=lambda: os.closerange(0, 3))
    assert done.returncode == 0
    lock = box.lock_path().stat()
    seen = record((box.root / "record").read_bytes())
    assert b"3 %d %d" % (lock.st_dev, lock.st_ino) in seen.all("fd")


@pytest.mark.parametrize("seconds", [0, 0.02, 0.3])
def test_200_cold_launchers_start_one_refresher(box: Box, seconds: float) -> None:
    box.refresher(f'sleep {seconds} 3>&-; write_plan "$@"')
    assert programs(box, 200) == ([b"distcc"] * 200, b"")
    assert len(box.refreshes) == 1


def test_launcher_with_a_fresh_plan_starts_nothing(box: Box) -> None:
    box.refresher('write_plan "$@"')
    box.write_plan()
    assert programs(box, 10) == ([b"distcc"] * 10, b"")
    assert box.refreshes == []


def test_stale_plan_is_carried_out_at_once_and_refreshed_once(box: Box) -> None:
    # The refresher waits for this test, so nobody can have waited for it; and it holds none of
    # the pipes, or communicate() would wait for it.
    os.mkfifo(box.root / "gate")
    box.refresher('read go <"$BOX/gate"; write_plan "$@"')
    path = box.write_plan(age=400)
    assert programs(box, 40) == ([b"distcc"] * 40, b"")
    assert eventually(lambda: len(box.refreshes) == 1)
    stale = path.read_bytes()
    (box.root / "gate").write_text("go\n")
    assert eventually(lambda: path.read_bytes() != stale, 60)
    assert programs(box, 5) == ([b"distcc"] * 5, b"")
    assert len(box.refreshes) == 1


@pytest.mark.parametrize(
    "change",
    ["touched", "longer", "replaced", "removed", "appeared", "expired", "future", "garbage"],
)
def test_plan_that_does_not_hold_is_made_anew(box: Box, change: str) -> None:
    box.refresher('write_plan "$@"')
    there, missing = box.root / "there", box.root / "missing"
    there.write_text("x")
    st = there.stat()
    lines = [f"dep {st.st_mtime_ns} {st.st_size} {st.st_ino} {there}", f"dep - {missing}"]
    path = box.write_plan(*lines)
    assert programs(box, 1) == ([b"distcc"], b"")
    assert box.refreshes == []
    if change == "touched":
        os.utime(there, ns=(st.st_atime_ns, st.st_mtime_ns + 1))
    elif change == "longer":
        there.write_text("xx")
        os.utime(there, ns=(st.st_atime_ns, st.st_mtime_ns))
    elif change == "replaced":
        other = box.root / "other"
        other.write_text("x")
        os.utime(other, ns=(st.st_atime_ns, st.st_mtime_ns))
        other.replace(there)
    elif change == "removed":
        there.unlink()
    elif change == "appeared":
        missing.write_text("")
    elif change in ("expired", "future"):
        box.write_plan(*lines, age={"expired": 901, "future": -120}[change])
    else:
        path.write_bytes(path.read_bytes()[:-1])
    assert programs(box, 1) == ([b"distcc"], b"")
    assert len(box.refreshes) == 1


def test_every_compiler_gets_its_own_plan(box: Box) -> None:
    box.refresher('sleep 0.1 3>&-; write_plan "$@"')
    os.link(box.root / "tools/gcc", box.root / "tools/g++")
    processes = [box.start(word, "-c", "a.c") for word in ("gcc", "g++") * 10]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, b"")
        assert record(out).argv[0] == b"distcc"
    assert sorted(word for *_, word in box.refreshes) == ["g++", "gcc"]


def test_killed_refresher_has_a_successor(box: Box) -> None:
    box.refresher('[ "$(wc -l <"$BOX/refreshes")" -gt 1 ] || kill -9 $$; write_plan "$@"')
    assert programs(box, 20) == ([b"distcc"] * 20, b"")
    assert len(box.refreshes) == 2


def test_refresher_that_fails_at_once_is_tried_twice(box: Box) -> None:
    box.refresher("exit 1")
    names, said = programs(box, 20)
    assert names == [b"gcc"] * 20
    assert said == CANNOT
    assert len(box.refreshes) == 2
    assert programs(box, 5) == ([b"gcc"] * 5, b"")
    assert len(box.refreshes) == 2
    # A minute later it is given another chance.
    lock = next(box.cache.glob("lock-*"))
    stamp, attempts = lock.read_text().split()
    assert int(attempts) == 2
    assert 0 < boottime() - int(stamp) < 120e9
    lock.write_text(f"{max(1, boottime() - 61 * 10**9):019} 2\n")
    box.refresher('write_plan "$@"')
    if boottime() > 62 * 10**9:
        assert programs(box, 5) == ([b"distcc"] * 5, b"")
        assert len(box.refreshes) == 3


def test_stale_plan_outlives_a_refresher_that_fails(box: Box) -> None:
    box.refresher("exit 1")
    box.write_plan(age=400)
    for _ in range(5):
        assert programs(box, 4) == ([b"distcc"] * 4, b"")
    assert len(box.refreshes) <= 2


def test_stopped_refresher_costs_the_deadline_once(box: Box) -> None:
    box.refresher("kill -STOP $$")
    names, said = programs(box, 20, DISTCC_BUILD_DEADLINE="0.5")
    assert names == [b"gcc"] * 20
    assert said == LATE % b"0.5"
    assert eventually(lambda: len(box.refreshes) == 1)
    assert programs(box, 5, DISTCC_BUILD_DEADLINE="0.5") == ([b"gcc"] * 5, b"")
    assert len(box.refreshes) == 1


def test_later_launchers_do_not_wait_behind_a_stopped_refresher(box: Box) -> None:
    environ = {"DISTCC_BUILD_DEADLINE": "30"}
    with box.lock_path(**environ).open("w") as lock:
        os.fchmod(lock.fileno(), 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"{max(1, boottime() - 31 * 10**9):019} 1\n")
        lock.flush()
        start = time.monotonic()
        names, said = programs(box, 20, **environ)
        assert time.monotonic() - start < 20
    assert names == [b"gcc"] * 20
    assert said == LATE % b"30"
    assert box.refreshes == []


@pytest.mark.parametrize(
    "text", ["", "x", "0000000000000000000 1\n", "9223372036854775807 2\n", "\0" * 22, "9" * 99]
)
def test_odd_text_in_the_lock_file_counts_as_none(box: Box, text: str) -> None:
    box.refresher('write_plan "$@"')
    box.lock_path().write_text(text)
    box.lock_path().chmod(0o600)
    assert programs(box, 3) == ([b"distcc"] * 3, b"")
    assert len(box.refreshes) == 1
    # The refresher empties it after the plan is there, so wait for its end.
    with box.lock_path().open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert lock.read() == ""


def test_without_distcc_build_the_compiler_does_it_and_it_is_said_once(box: Box) -> None:
    assert programs(box, 5) == ([b"gcc"] * 5, CANNOT)
    assert programs(box, 5) == ([b"gcc"] * 5, b"")


def test_distcc_build_is_found_beside_the_launcher_beside_the_alias_or_on_path(box: Box) -> None:
    box.refresher('write_plan "$@"')
    beside = box.root / "prefix/bin/distcc-build"
    done = box.run(box.alias, "gcc", "-c", "a.c")
    assert record(done.stdout).argv[0] == b"distcc"
    assert len(box.refreshes) == 1
    box.plan_path().unlink()
    beside.rename(box.root / "tools/distcc-build")
    assert programs(box, 1) == ([b"distcc"], b"")
    assert len(box.refreshes) == 2
    # Never one that another user of the build directory may have put there.
    box.plan_path(PATH="tools:/usr/bin:/bin")
    done = box.run("gcc", "-c", "a.c", cwd=box.root, environ={"PATH": "tools:/usr/bin:/bin"})
    assert record(done.stdout).argv[0] == b"gcc"
    assert len(box.refreshes) == 2


def test_missing_compiler_is_not_waited_for(box: Box) -> None:
    box.refresher('write_plan "$@"')
    assert box.run("gcc-none", "-c", "a.c").returncode == 127
    assert box.refreshes == []


@pytest.mark.parametrize("value", ["", "-1", "5x", "99999999999999999999"])
def test_unusable_deadline_is_the_default(box: Box, value: str) -> None:
    box.refresher("kill -STOP $$")
    names, said = programs(box, 1, DISTCC_BUILD_DEADLINE=value)
    assert names == [b"gcc"]
    assert said == LATE % b"3"


def test_plans_that_never_hold_are_given_up_for_a_while(box: Box) -> None:
    # Nothing in /proc is the same file at two looks, as to size, time and number.
    box.plan_for_refresher("dep 1 1 1 /proc/self/status")
    box.refresher('write_plan "$@"')
    process, said = programs(box, 1)
    assert process == [f"{box.root}/tools/gcc".encode()] or process == [b"gcc"]
    assert said.startswith(b"distcc-build: no plan holds: /proc/self/status has changed; compiling")
    assert len(box.refreshes) == 2
    assert programs(box, 3)[1] == b""
    assert len(box.refreshes) == 2
