"""How doctor is used: time, interruption, wrong usage, a terminal and a pipe."""

import os
import re
import signal
import subprocess

from compiling import Bench
from e2e.doctor.asked import doctor, on_terminal, path_of, program
from running import HEARING, eventually, processes

from distcc_build.paths import launcher

SLEEP = f"sleep 1000.{os.getpid()}"
"""A program of this run of the tests alone."""


def test_it_ends_in_time_and_says_what_was_left_out(full: Bench) -> None:
    bench = full
    program(bench, "cmake", f"exec {SLEEP}")
    program(bench, "gcc", f"exec {SLEEP}")
    said = doctor(bench, "--deadline", "1.5")
    assert said.check("trial", "")["text"] == "no time was left"
    assert said.table["verdict"].endswith("there was no time to look")
    assert said.steps == ["give it more time: --deadline SECONDS"]
    assert said.status == 7
    assert eventually(lambda: not processes(SLEEP))


def test_who_interrupts_it_leaves_nothing_behind(bench: Bench) -> None:
    program(bench, "gcc", f"exec {SLEEP}")
    (bench.directory / "tmp").mkdir()
    process = subprocess.Popen(
        [*HEARING, launcher().with_name("distcc-build"), "doctor", "--compiler", "gcc"],
        cwd=bench.directory,
        env={**bench.environ, "TMPDIR": str(bench.directory / "tmp"), "PATH": path_of(bench)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # It asks four things of the compiler.
    assert eventually(lambda: len(processes(SLEEP)) == 4)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert eventually(lambda: not processes(SLEEP))
    assert not list((bench.directory / "tmp").iterdir())
    assert not list(bench.cache.glob(".tmp-*"))


def test_bad_usage_is_status_2(bench: Bench) -> None:
    for words in (["--deadline", "0"], ["--deadline", "nan"], ["-o", "port=x"], ["--compiler", ""]):
        done = bench.run("doctor", *words, expect=2)
        assert "expected" in done.stderr
        assert done.stdout == ""


def test_a_terminal_gets_colours_and_lines_that_fit(bench: Bench) -> None:
    said = on_terminal(bench, "doctor", "--compiler", "gcc", columns=80, status=0)
    assert "\x1b[32mok" in said
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said).replace("\r", "").split("\n")
    assert all(len(line) <= 80 for line in shown)
    plain = on_terminal(
        bench, "doctor", "--compiler", "gcc", columns=80, status=0, environ={"NO_COLOR": "1"}
    )
    assert "\x1b[32m" not in plain


def test_a_pipe_gets_neither(bench: Bench) -> None:
    done = bench.run("doctor", "--compiler", "gcc")
    assert done.stdout.isascii()
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith("distcc client  ok      distcc  3.")
    assert lines[-1].startswith("verdict        compiles of gcc are distributed to 2 servers")
