"""distcc-build top beside real builds: what it shows of them, on terminals and elsewhere."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.held import HELD, SERVERS, WAITING, Held, building, held_farm, monitor, shown, start, top
from e2e.workbench import Workbench
from running import eventually
from screens import Screen


@pytest.fixture(scope="module")
def held() -> Iterator[Held]:
    with held_farm() as farm:
        yield farm


@pytest.fixture(scope="module")
def bench(
    installation: Path, held: Held, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workbench]:
    """Where a build is under way all the time, and does not go on."""
    bench = held.bench(installation, tmp_path_factory.mktemp("busy"))
    with building(bench, held):
        yield bench


def test_nothing_that_distccs_monitor_shows_is_missing(bench: Workbench, held: Held) -> None:
    theirs = monitor(bench)
    assert len(theirs) == held.slots
    told = shown(bench)
    names = ("pid", "phase", "file", "host", "slot")
    jobs = {tuple(str(job[name]) for name in names) for job in told["jobs"]}
    assert theirs <= jobs
    # It shows nothing of those that wait: distcc 3.4 says nothing of them.
    assert len(jobs - theirs) == WAITING
    lines = bench.query("top").splitlines()
    for pid, phase, file, host, slot in theirs:
        (line,) = [line.split() for line in lines if line.split()[:1] == [pid]]
        assert line[1] == phase
        assert line[3].endswith(f"[{slot}]")
        assert line[4:] == [host, file]


def test_servers_slots_and_the_queue_are_told(bench: Workbench, held: Held) -> None:
    told = shown(bench)
    each = held.farm.daemons.slots
    assert told["totals"] == {
        "jobs": held.slots + WAITING,
        "waiting": WAITING,
        "used": held.slots,
        "limit": held.slots,
    }
    assert [
        (one["name"], one["host"], one["used"], one["limit"], one["backoff"])
        for one in told["servers"]
    ] == [(f"distcc{n}.farm.test", f"127.1.0.{n}", each, each, None) for n in range(1, SERVERS + 1)]
    assert (told["here"]["used"], told["here"]["waiting"]) == (0, 0)
    assert told["here"]["limit"] >= 4
    waiting = [job for job in told["jobs"] if job["phase"] == "Blocked"]
    assert all(re.fullmatch(r"f\d+\.c", job["file"]) for job in waiting)
    assert len({job["file"] for job in told["jobs"]}) == held.slots + WAITING
    assert all(job["age"] > 0 and job["directory"] for job in told["jobs"])
    assert {job["name"] for job in told["jobs"]} == {"", *(s["name"] for s in told["servers"])}


def test_a_compile_of_an_hour_is_shown_where_the_monitor_would_remove_its_file(
    bench: Workbench, held: Held
) -> None:
    (state, *_) = Path(bench.environ["DISTCC_DIR"], "state").iterdir()
    os.utime(state, (time.time() - 3600,) * 2)
    before = state.stat()
    (job,) = [one for one in shown(bench)["jobs"] if str(one["pid"]) == state.name[9:]]
    assert job["phase"] == "Compile"
    assert job["in_phase"] >= 3600
    assert job["age"] < 3600
    after = state.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    os.utime(state)


def test_jobs_of_several_directories_are_shown_with_theirs(
    bench: Workbench, held: Held, tmp_path: Path
) -> None:
    own = bench.environ["DISTCC_DIR"]
    other = tmp_path / "other"
    other.mkdir()
    server = f"{held.farm.daemons.addresses[0]}:{held.farm.daemons.port}"
    environ = {"DISTCC_DIR": str(other), "DISTCC_HOSTS": f"{server}/1"}
    second = Workbench(bench.venv, bench.home, {**bench.environ, **environ})
    # The server has no process left for it: it waits there.
    job = start(second, "distcc", "gcc", HELD, "-c", "first.c", "-o", "second.o")
    try:
        assert eventually(lambda: shown(second)["phases"] == {"Compile": 1}), shown(second)
        told = shown(bench, own, str(other))
        assert {one["path"]: one["jobs"] for one in told["directories"]} == {
            own: held.slots + WAITING,
            str(other): 1,
        }
        by_file = {one["file"]: one["directory"] for one in told["jobs"]}
        assert by_file["first.c"] == str(other)
        assert by_file["f0.c"] == own
        assert told["servers"][0]["used"] == held.farm.daemons.slots + 1
        text = bench.query("top", own, str(other))
        assert [line.split()[-1] for line in text.splitlines() if "first.c" in line] == [str(other)]
        # Told apart by what they are, not by how they are written.
        link = tmp_path / "link"
        link.symlink_to(other)
        assert [one["file"] for one in shown(bench, str(link))["jobs"]] == ["first.c"]
    finally:
        job.kill()
        job.wait()


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 10), (200, 50), (20, 4)])
def test_live_on_a_terminal(bench: Workbench, held: Held, columns: int, lines: int) -> None:
    total = f"{held.slots + WAITING} jobs"
    with top(bench, columns=columns, lines=lines) as screen:
        first = screen.wait_for(lambda frame: any(total in line for line in frame))
        assert "\x1b[?1049h" in screen.written
        if lines > 4:
            assert any(line.startswith("distcc1") for line in first)
            assert any("Comp" in line and "f0.c" in line for line in first[4:])
        screen.type(b"x")
        screen.type(b"q")
        assert screen.end() == 0
        assert "\x1b[?1049l" in screen.written
        assert screen.written.rindex("\x1b[?25h") > screen.written.rindex("\x1b[?25l")
        assert screen.mode_now() == screen.mode


def test_it_follows_the_size_of_the_terminal(bench: Workbench) -> None:
    with top(bench, "--interval", "3600", columns=80, lines=24) as screen:
        screen.wait_for(lambda frame: "pid" in "".join(frame))
        for columns, lines in [(40, 10), (120, 40), (5, 2), (80, 24)]:
            screen.resize(columns, lines)
            screen.wait_for(lambda frame: bool(frame[0].strip()))
        screen.type(b"\x03")
        assert screen.end() == 0
        assert screen.mode_now() == screen.mode


def test_a_terminal_for_ascii_only_gets_nothing_else(bench: Workbench) -> None:
    with top(bench, columns=80, lines=24, PYTHONIOENCODING="ascii") as screen:
        screen.wait_for(lambda frame: any("####" in line for line in frame))
        assert screen.written.isascii()
        screen.type(b"q")
        assert screen.end() == 0


COLOURS = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")


def test_colours_are_for_those_who_want_them(bench: Workbench) -> None:
    for environ, coloured in [({}, True), ({"NO_COLOR": "1"}, False)]:
        with top(bench, columns=80, lines=24, **environ) as screen:
            screen.wait_for(lambda frame: any("Compile" in line for line in frame))
            assert bool(COLOURS.search(screen.written)) is coloured
            screen.type(b"q")
            assert screen.end() == 0


@pytest.mark.parametrize("words", [["TERM=dumb"], ["-u", "TERM"], ["TERM=xterm", "--once"]])
def test_a_terminal_that_cannot_gets_one_snapshot_of_whole_lines(
    bench: Workbench, held: Held, words: list[str]
) -> None:
    *changes, once = words if words[-1] == "--once" else [*words, ""]
    program = [str(bench.venv / "bin/distcc-build"), "top", *([once] if once else [])]
    with Screen(["env", *changes, *program], bench.environ, 30, 8) as screen:
        assert screen.end() == 0
        assert "\x1b" not in screen.written
        lines = screen.written.split("\r\n")
        jobs = [line for line in lines if re.match(r" *\d+  (Compile|Blocked) ", line)]
        assert len(jobs) == held.slots + WAITING
        assert all(line.endswith(".c") for line in jobs)
