"""`run --report`, `run --trace` and `stats` on real builds: what they say is what happened."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from e2e.test_judging import project
from e2e.test_samples import SYSTEMS
from e2e.workbench import Workbench, sample, sources
from running import HEARING, eventually

from distcc_build.farm.loopback import Farm

pytestmark = pytest.mark.slow


def totals(bench: Workbench) -> dict[str, Any]:
    """What `stats` has, and none of it any more."""
    found: dict[str, Any] = json.loads(bench.query("stats", "--zero", "--json"))
    return found


def make_project(folder: Path, count: int, odd: int = 0) -> Path:
    made = project(folder, count, odd)
    text = (made / "Makefile").read_text().replace("$(LAUNCH)", "distcc-launch")
    (made / "Makefile").write_text(text)
    return made


@pytest.mark.parametrize(("name", "build"), SYSTEMS.values(), ids=SYSTEMS.keys())
def test_every_build_system_has_one_record_for_each_compile(
    name: str, build: Any, farm_bench: Workbench, farm: Farm, tmp_path: Path
) -> None:
    farm_bench.environ["DISTCC_BUILD_RECORD"] = "1"
    folder = sample(name, tmp_path / name)
    count = len(sources(folder))
    build(farm_bench, folder, farm_bench.query("jobs"))
    found = totals(farm_bench)
    farm.daemons.wait_for(count)
    assert found["distributed"] == count
    per_server = {one["host"]: one["compiles"] for one in found["servers"] if one["host"]}
    assert per_server == dict(farm.daemons.compiles())
    # CMake asks the compiler who it is, and that is no build.
    assert {one["why"] for one in found["causes"]} <= {"it is a configure check"}


def test_report_and_trace_of_a_build(farm_bench: Workbench, farm: Farm, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project", 20, odd=10)
    words = ["run", "--report", "report.html", "--trace", "trace.json", "--", "make", "-s", "-k"]
    done = farm_bench.run("distcc-build", *words, cwd=folder)
    said = done.err.splitlines()
    assert any(line.startswith("compiles      20 in ") for line in said)
    # One fails by a warning that only preprocessed text gives, one since a file is not there.
    assert "distributed   18 (90.0%)" in said
    assert "       2  a server could not compile it, so it was compiled here" in said
    per_server = farm.daemons.wait_for(18)
    for address in farm.daemons.addresses:
        number = farm.daemons.addresses.index(address) + 1
        assert any(f"distcc{number}.farm.test {address}" in line for line in said)
        assert per_server[address] > 0
    assert any(line.endswith("trace.json is written") for line in said)
    page = (folder / "report.html").read_text()
    assert all(f"f{n}.c" in page for n in range(20))
    events = json.loads((folder / "trace.json").read_text())["traceEvents"]
    assert {f"f{n}.c" for n in range(20)} <= {one["name"] for one in events}
    assert [*Path(farm_bench.environ["DISTCC_BUILD_CACHE_DIR"]).glob(".tmp-*")] == []


def test_exit_status_is_the_builds_and_its_output_is_alone_on_stdout(
    farm_bench: Workbench, tmp_path: Path
) -> None:
    report = ("run", "--report", str(tmp_path / "report.html"), "--")
    done = farm_bench.run(
        "distcc-build", *report, "sh", "-c", "echo out; exit 7", cwd=tmp_path, status=7
    )
    assert done.out == "out\n"
    assert "no compile went through the launcher" in done.err
    done = farm_bench.run("distcc-build", *report, "no-such-program", cwd=tmp_path, status=127)
    assert "no-such-program" in done.err
    farm_bench.run("distcc-build", *report, "sh", "-c", "kill -9 $$", cwd=tmp_path, status=137)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing/report.html", "there is no folder '/"),
        (".", "it is a folder"),
        ("", "it is a folder"),
        ("-", "standard output is the command's"),
        ("gone", "this folder does not exist any more"),
        ("r.html --trace ../{name}/r.html", "for --report and --trace"),
    ],
)
def test_report_that_cannot_be_written_is_refused_before_the_build(
    bench: Workbench, tmp_path: Path, path: str, reason: str
) -> None:
    before = 'mkdir gone; cd gone; rmdir "$PWD"; ' if path == "gone" else ""
    named = path.format(name=tmp_path.name) or "''"
    line = f"{before}distcc-build run --report {named} -- touch {tmp_path}/built"
    done = bench.run("sh", "-c", line, cwd=tmp_path, status=2)
    assert "expected" in done.err
    assert reason in done.err
    assert not (tmp_path / "built").exists()


def test_report_that_cannot_be_written_costs_nothing_but_itself(
    farm_bench: Workbench, tmp_path: Path
) -> None:
    folder = make_project(tmp_path / "project", 2)
    files = {"/dev/full": "No space left on device", "gone/r.html": "No such file or directory"}
    for report, reason in files.items():
        (folder / "gone").mkdir()
        words = ["run", "--report", report, "--trace", "t.json", "--", "sh", "-c"]
        done = farm_bench.run(
            "distcc-build", *words, "make -s -B; rm -rf gone; exit 3", cwd=folder, status=3
        )
        assert f"{report}: {reason}" in done.err
        assert "no report: " in done.err
        assert "compiles      2 in " in done.err
        assert "t.json is written" in done.err
        assert json.loads((folder / "t.json").read_text())["traceEvents"]
        assert "Traceback" not in done.err


def test_report_takes_the_place_of_the_last_one_when_it_is_whole(
    farm_bench: Workbench, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "real.html").write_text("last")
    (folder / "real.html").chmod(0o640)
    (folder / "r.html").symlink_to("real.html")
    run = f"distcc-build run --report {folder}/../folder/r.html --trace /dev/stdout"
    limit = f"ulimit -f 20; {run} -- true"
    done = farm_bench.run("bash", "-c", limit, cwd=folder)
    assert f"no report: {folder}/r.html: File too large" in done.err
    assert (folder / "real.html").read_text() == "last"
    assert json.loads(done.out)["otherData"]["command"] == "true"
    assert sorted(one.name for one in folder.iterdir()) == ["r.html", "real.html"]
    # The folder that it is in may be gone in the end.
    done = farm_bench.run("sh", "-c", f"mkdir x; cd x; {run} -- rmdir {folder}/x", cwd=folder)
    assert f"{folder}/r.html is written" in done.err
    assert "a folder that is gone" in (folder / "real.html").read_text()
    assert (folder / "real.html").stat().st_mode & 0o777 == 0o640
    assert (folder / "r.html").is_symlink()


def test_interrupted_build_has_a_report(farm_bench: Workbench, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project", 10)
    (folder / "Makefile").write_text(
        (folder / "Makefile").read_text() + "all: wait\nwait: $(objects)\n\t@touch $@; sleep 600\n"
    )
    process = subprocess.Popen(
        [*HEARING, "distcc-build", "run", "--report", "report.html", "--", "make", "-s"],
        cwd=folder,
        env=farm_bench.environ,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert eventually((folder / "wait").exists, 60)
        os.killpg(process.pid, signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    # As a shell has it: 128 + N, or make's own 2.
    assert process.returncode in {2, 143}
    assert "compiles      10 in " in said
    assert (folder / "report.html").exists()


def test_record_that_could_not_be_written_is_said_not_to_be_whole(
    farm_bench: Workbench, tmp_path: Path
) -> None:
    farm_bench.environ["DISTCC_BUILD_RECORD"] = "1"
    folder = make_project(tmp_path / "project", 12)
    # Little is left of what a file may have.
    line = "yes '' | head -c 61000 >>$_DISTCC_BUILD_JOURNALS; ulimit -f 60; make -s"
    words = ["run", "--report", "r.html", "--", "bash", "-c", line]
    done = farm_bench.run("distcc-build", *words, cwd=folder)
    assert "compiles or their ends are missing" in done.err
    assert "failed" not in done.err
    assert "compiles or their ends are missing" in (folder / "r.html").read_text()
    found = totals(farm_bench)
    assert (found["whole"], found["compiles"], found["failed"]) == (True, 12, 0)


def test_compile_that_runs_on_after_the_build_has_not_failed(
    farm_bench: Workbench, tmp_path: Path
) -> None:
    fifo = tmp_path / "source"
    os.mkfifo(fifo)
    line = f"distcc-launch gcc -c -xc - -o x.o <{fifo} >log 2>&1 & sleep 1"
    words = ["run", "--report", "r.html", "--trace", "t.json", "--", "sh", "-c", line]
    # gcc reads until this is closed.
    with open(os.open(fifo, os.O_RDWR), "wb"):  # noqa: PTH123 - a descriptor
        done = farm_bench.run("distcc-build", *words, cwd=tmp_path)
    assert "compiles      1 in " in done.err
    assert "1 whose end is not known" in done.err
    assert "it had not ended when the build was over" in done.err
    assert "failed" not in done.err
    assert ",failed" not in (tmp_path / "t.json").read_text()


def test_server_that_is_killed_in_the_middle_is_told_of(
    farm_bench: Workbench, farm: Farm, tmp_path: Path
) -> None:
    folder = make_project(tmp_path / "project", 12)
    farm_bench.query("hosts", "--refresh")
    for address in farm.daemons.addresses:
        farm.daemons.signal(address, signal.SIGKILL)
    done = farm_bench.run(
        "distcc-build", "run", "--trace", "t.json", "--", "make", "-s", cwd=folder
    )
    assert "distributed   0 (0.0%)" in done.err
    assert (folder / "f0.o").exists()
    found = json.loads((folder / "t.json").read_text())
    assert found["traceEvents"]


def test_without_the_switch_nothing_is_recorded(farm_bench: Workbench, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project", 2)
    farm_bench.run("make", "-s", cwd=folder)
    done = farm_bench.run("distcc-build", "stats", cwd=folder)
    assert "DISTCC_BUILD_RECORD=1 is not set here" in done.err
    assert done.out.startswith("nothing was recorded since ")
    assert not (Path(farm_bench.environ["DISTCC_BUILD_CACHE_DIR"]) / "journal").exists()


def test_stats_count_a_watched_build_as_well(farm_bench: Workbench, tmp_path: Path) -> None:
    farm_bench.environ["DISTCC_BUILD_RECORD"] = "1"
    folder = make_project(tmp_path / "project", 3)
    trace = ("run", "--trace", "trace.json", "--")
    farm_bench.run("distcc-build", *trace, "make", "-s", cwd=folder)
    farm_bench.run("make", "-s", "-B", cwd=folder)
    assert totals(farm_bench)["compiles"] == 6
    assert totals(farm_bench)["compiles"] == 0


def test_watched_builds_within_one_are_part_of_it(farm_bench: Workbench, tmp_path: Path) -> None:
    farm_bench.environ["DISTCC_BUILD_RECORD"] = "1"
    folder = make_project(tmp_path / "project", 3)
    run = "distcc-build run --trace"
    line = f"{run} outer.json -- sh -c '{run} inner.json -- make -s; make -s -B f0.o'"
    said = farm_bench.run("sh", "-c", line, cwd=folder).err
    assert "compiles      3 in " in said
    assert "compiles      4 in " in said
    assert totals(farm_bench)["compiles"] == 4


def test_killed_run_takes_nothing_from_the_totals(farm_bench: Workbench, tmp_path: Path) -> None:
    farm_bench.environ["DISTCC_BUILD_RECORD"] = "1"
    folder = make_project(tmp_path / "project", 3)
    line = "distcc-build run --trace t.json -- sh -c 'make -s; kill -9 $PPID; make -s -B f0.o'"
    farm_bench.run("sh", "-c", f"{line}; sleep 1", cwd=folder)
    assert totals(farm_bench)["compiles"] == 4


def test_ccache_in_front_leaves_one_record_for_what_it_misses(
    farm_bench: Workbench, tmp_path: Path
) -> None:
    farm_bench.environ["DISTCC_BUILD_RECORD"] = "1"
    folder = make_project(tmp_path / "project", 3)
    for launcher in ("distcc-launch ccache gcc", "env CCACHE_PREFIX=distcc-launch ccache gcc"):
        for n, misses in enumerate((3, 0)):
            words = f"cd {folder} && for f in f0 f1 f2; do {launcher} -c $f.c -o $f.o; done"
            farm_bench.run("sh", "-c", words, cwd=folder)
            assert totals(farm_bench)["compiles"] == misses, (launcher, n)
        farm_bench.run("ccache", "-C", cwd=folder)


def test_command_has_the_files_and_signals_that_it_has_without_us(
    bench: Workbench, tmp_path: Path
) -> None:
    told = "grep -E 'Sig(Ign|Blk)' /proc/self/status; echo kept >&3"
    plain = bench.run("bash", "-c", f"{{ {told}; }} 3>plain", cwd=tmp_path).out
    for options in ("", "--trace t.json"):
        line = f'distcc-build run {options} -- bash -c "{told}" 3>through'
        assert bench.run("bash", "-c", line, cwd=tmp_path).out == plain
        assert (tmp_path / "through").read_text() == "kept\n"


@pytest.mark.parametrize("to", ["2>/dev/full", "2>&-", "2> >(true)"])
def test_nobody_who_listens_costs_neither_build_nor_status(
    farm_bench: Workbench, tmp_path: Path, to: str
) -> None:
    for options in ("", "--report r.html", "--pump", "--pump --trace t.json"):
        (tmp_path / "runs").write_text("")
        line = f"distcc-build run {options} -- sh -c 'echo run >>runs; exit 3' {to}"
        farm_bench.run("bash", "-c", line, cwd=tmp_path, status=3)
        assert (tmp_path / "runs").read_text() == "run\n", options
    assert (tmp_path / "r.html").stat().st_size > 1000
    assert (tmp_path / "t.json").stat().st_size > 100
