"""What a warm launch costs, counted: no clock, so that a regression shows on any machine."""

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from launcher_box import Box

LINE = (
    "gcc -DNDEBUG -D_FORTIFY_SOURCE=2 -DVERSION=1.2.3 -Iinclude -I../third_party/include -isystem"
    " /usr/include/libxml2 -std=gnu11 -O2 -g -fPIC -fstack-protector-strong -fvisibility=hidden"
    " -Wall -Wextra -Wshadow -Wformat=2 -Wno-unused-parameter -Werror=implicit -pipe -pthread"
    " -MD -MT src/a.c.o -MF src/a.c.o.d -o a.o -c a.c"
)

DEPENDENCIES = 20
INSTRUCTIONS = 205_000
"""A little above what it is: 199,500 with musl 1.2.3 and gcc 12, for these paths."""

CALLS = 45
"""Besides a look at each dependency."""


@pytest.fixture
def box() -> Iterator[Box]:
    """With a plan whose program is not there, and without the compiler: a launch that ends."""
    # Every byte of a path costs; pytest's own are as long as whoever calls it likes.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield prepared(Path(folder, "box"))


def prepared(root: Path) -> Box:
    made = Box(root)
    (made.root / "work/a.c").write_text("int x;\n" * 200)
    (made.root / "tools/gcc").unlink()
    hosts = " ".join(f"10.0.0.{n}:3632/8" for n in range(12))
    made.write_plan(
        f"env DISTCC_HOSTS=--localslots=2 {hosts}",
        "default DISTCC_NO_REWRITE_CROSS=1",
        "default DISTCC_BACKOFF_PERIOD=10",
        "default DISTCC_PAUSE_TIME_MSEC=100",
        f"exec distcc {made.root}/gone",
        *(f"dep - {made.root}/none/{n}" for n in range(DEPENDENCIES)),
        PATH="/none",
    )
    return made


def environ(box: Box) -> dict[str, str]:
    """As many variables as a desktop has."""
    many = {f"SOME_VARIABLE_{n}": "/some/value" * 3 for n in range(40)}
    return {**many, **box.environ(PATH="/none")}


VALGRIND, STRACE = shutil.which("valgrind"), shutil.which("strace")


@pytest.mark.skipif(not VALGRIND, reason="valgrind is not installed")
@pytest.mark.skipif(not shutil.which("musl-gcc"), reason="counted with musl (Debian: musl-tools)")
def test_instructions(box: Box, tmp_path: Path) -> None:
    tool = [str(VALGRIND), "--tool=callgrind", f"--callgrind-out-file={tmp_path}/out"]
    done = subprocess.run(
        [*tool, str(box.launcher), *LINE.split()],
        cwd=box.root / "work",
        env=environ(box),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 127, done.stderr
    (count,) = re.findall(r"Collected : (\d+)", done.stderr)
    assert INSTRUCTIONS / 2 < int(count) <= INSTRUCTIONS


@pytest.mark.skipif(not STRACE, reason="strace is not installed")
def test_system_calls(box: Box, tmp_path: Path) -> None:
    traced = tmp_path / "trace"
    done = subprocess.run(
        [str(STRACE), "-f", "-qq", "-o", traced, box.launcher, *LINE.split()],
        cwd=box.root / "work",
        env=environ(box),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 127
    lines = [line.split(None, 1)[1] for line in traced.read_text().splitlines()]
    (end,) = [n for n, line in enumerate(lines) if line.startswith("execve(") and "/gone" in line]
    ours = lines[1:end]
    looks = [line for line in ours if "/none/" in line]
    assert len(looks) == DEPENDENCIES
    calls = Counter(line.partition("(")[0] for line in ours if line not in looks)
    assert calls.total() <= CALLS, calls
    # Nobody is asked, started or waited for, and nothing is written.
    others = {"socket", "connect", "fork", "clone", "clone3", "vfork", "flock", "poll", "nanosleep"}
    assert not {*calls} & {*others, "write", "rename", "renameat", "unlink", "mkdir"}, calls
