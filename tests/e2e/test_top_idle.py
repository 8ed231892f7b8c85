"""distcc-build top where no build holds the farm: directories, backoff, the rate, odd words."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.held import HELD, SERVERS, Held, held_farm, monitor, shown, start, top
from e2e.workbench import Workbench, write
from running import eventually


@pytest.fixture(scope="module")
def held() -> Iterator[Held]:
    with held_farm() as farm:
        yield farm


@pytest.fixture
def bench(installation: Path, held: Held, tmp_path: Path) -> Workbench:
    return held.bench(installation, tmp_path)


def slow_here(bench: Workbench, held: Held, words: str, *, limit: int) -> None:
    """Let this machine's compiler take as long as we like, and use one server by hand."""
    here = write(
        bench.home / "bin/gcc",
        f'#!/bin/sh\nwhile [ -e {held.stop} ]; do sleep 0.02; done\nexec /usr/bin/gcc "$@"\n',
    )
    here.chmod(0o755)
    bench.environ["PATH"] = f"{here.parent}:{bench.environ['PATH']}"
    bench.environ["DISTCC_NO_REWRITE_CROSS"] = "1"
    server = f"{held.farm.daemons.addresses[0]}:{held.farm.daemons.port}"
    bench.environ["DISTCC_HOSTS"] = f"{words} {server}/{limit}"
    held.stop.touch()


def test_what_runs_here_is_shown_as_by_distccs_monitor_and_with_its_file(
    bench: Workbench, held: Held
) -> None:
    slow_here(bench, held, "--localslots=1 --localslots_cpp=2", limit=2)
    jobs = []
    try:
        jobs += [start(bench, "distcc", "gcc", "-c", "first.c", "-o", f"{n}.o") for n in range(3)]
        expected = {"Preprocess": 2, "Blocked": 1}
        assert eventually(lambda: shown(bench)["phases"] == expected), shown(bench)
        # distcc sends none away that is for this very processor.
        words = ["-march=native", "-c", "first.c", "-o", "native.o"]
        jobs.append(start(bench, "distcc", "gcc", *words))
        expected["Blocked"] = 2
        assert eventually(lambda: shown(bench)["phases"] == expected), shown(bench)
        told = shown(bench)
        names = ("pid", "phase", "host", "slot")
        ours = {tuple(str(job[name]) for name in names) for job in told["jobs"]}
        theirs = {(pid, phase, host, slot) for pid, phase, _, host, slot in monitor(bench)}
        assert len(theirs) == 2
        assert theirs <= ours
        assert {job["file"] for job in told["jobs"]} == {"first.c"}
        # One has no slot; the other is not to be sent away.
        assert told["totals"]["waiting"] == 1
        assert told["here"] == {"used": 2, "limit": 2, "waiting": 1}
        assert [one["used"] for one in told["servers"]] == [2]
    finally:
        held.stop.unlink()
        assert [job.wait(60) for job in jobs] == [0] * len(jobs)


def test_jobs_that_have_a_server_and_wait_to_preprocess_are_shown(
    bench: Workbench, held: Held
) -> None:
    slow_here(bench, held, "--localslots_cpp=1", limit=4)
    words = ("distcc", "gcc", "-c", "first.c", "-o")
    jobs = [start(bench, *words, f"{n}.o") for n in range(4)]
    try:
        expected = {"Preprocess": 1, "Blocked": 3}
        assert eventually(lambda: shown(bench)["phases"] == expected), shown(bench)
        told = shown(bench)
        assert told["here"]["waiting"] == 3
        assert told["totals"]["waiting"] == 0
        waiting = [job for job in told["jobs"] if job["phase"] == "Blocked"]
        assert {job["host"] for job in waiting} == {held.farm.daemons.addresses[0]}
        assert len({job["slot"] for job in waiting}) == 3
        assert {job["file"] for job in waiting} == {"first.c"}
        assert "(3 wait)" in bench.query("top").splitlines()[1]
    finally:
        held.stop.unlink()
        assert [job.wait(60) for job in jobs] == [0] * len(jobs)


def test_where_nothing_runs_that_is_said(bench: Workbench) -> None:
    lines = bench.query("top").splitlines()
    assert "no compile runs" in lines[0]
    assert lines[-1].startswith("this machine")
    assert shown(bench)["jobs"] == []


def test_the_usual_directories_are_distccs_and_ours(bench: Workbench) -> None:
    def paths(**environ: str | None) -> list[str]:
        said = bench.query("top", "--json", environ=environ)
        return [one["path"] for one in json.loads(said)["directories"]]

    own = str(bench.home / ".distcc")
    given = bench.environ["DISTCC_DIR"]
    ours = Path(bench.environ["DISTCC_BUILD_CACHE_DIR"], "distcc")
    assert paths() == [given]
    assert paths(DISTCC_DIR=None) == [own]
    ours.mkdir(mode=0o700)
    try:
        assert paths() == [given, str(ours)]
        assert paths(DISTCC_DIR=None) == [own, str(ours)]
        # It is looked for, and not made.
        Path(own).rmdir()
        assert paths(DISTCC_DIR=None) == [str(ours)]
    finally:
        ours.rmdir()
    assert paths(DISTCC_DIR=None) == [own]
    assert not Path(own).exists()


def test_a_server_that_died_is_shown_with_the_seconds_of_its_backoff(
    bench: Workbench, held: Held
) -> None:
    daemons = held.farm.daemons
    victim = daemons.addresses[1]
    daemons.signal(victim, signal.SIGKILL)
    try:
        # All servers have their turn at the first slot.
        held.stop.touch()
        jobs = [
            start(bench, "distcc-launch", "gcc", HELD, "-c", "first.c", "-o", f"{n}.o")
            for n in range(SERVERS)
        ]

        def backoff() -> dict[str, float | None]:
            return {one["host"]: one["backoff"] for one in shown(bench)["servers"]}

        assert eventually(lambda: backoff()[victim] is not None)
        left = backoff()
        assert 0 < (left.pop(victim) or 0) <= 10
        assert set(left.values()) == {None}
        assert re.search(r"distcc2\.farm\.test .* \d+ s$", bench.query("top"), re.MULTILINE)
        assert "backoff 1" in bench.query("top")
    finally:
        held.stop.unlink(missing_ok=True)
        for job in jobs:
            job.wait(60)
        daemons.restart(victim)


def test_it_can_be_stopped_and_goes_on(bench: Workbench) -> None:
    with top(bench, columns=80, lines=24) as screen:
        screen.wait_for(lambda frame: "no compile runs" in frame[0])
        screen.type(b"\x1a")
        _, status = os.waitpid(screen.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert screen.mode_now() == screen.mode
        screen.written = ""
        os.kill(screen.pid, signal.SIGCONT)
        screen.wait_for(lambda frame: "no compile runs" in frame[0])
        assert "\x1b[?1049h" in screen.written
        os.kill(screen.pid, signal.SIGTERM)
        assert screen.end() == 128 + signal.SIGTERM
        assert screen.mode_now() == screen.mode


def test_the_rate_counts_jobs_that_are_shorter_than_a_look(bench: Workbench) -> None:
    def rated(frame: list[str]) -> bool:
        found = re.search(r"(\d+\.\d)/s", frame[1])
        return bool(found and float(found[1]) > 0)

    with top(bench, "--interval", "2", columns=80, lines=24) as screen:
        screen.wait_for(lambda frame: "0.0/s" in frame[1])
        for _ in range(3):
            bench.run("distcc-launch", "gcc", "-c", "first.c", cwd=bench.home)
        screen.wait_for(rated)
        screen.type(b"Q")
        assert screen.end() == 0


def test_odd_words_are_told_of(bench: Workbench) -> None:
    for odd in ("0", "0.1", "nan", "3601", "x"):
        done = bench.run("distcc-build", "top", "--interval", odd, cwd=bench.home, status=2)
        assert "expected seconds from 0.25 to 3600" in done.err
    gone = bench.query("top", "/nowhere/at/all")
    assert "/nowhere/at/all: there is no such directory" in gone


def test_without_our_own_directory_distccs_is_shown(bench: Workbench) -> None:
    done = bench.run(
        "distcc-build",
        "top",
        cwd=bench.home,
        environ={"DISTCC_BUILD_CACHE_DIR": None, "HOME": None, "XDG_CACHE_HOME": "/dev/null"},
    )
    assert "no compile runs" in done.lines[0]
