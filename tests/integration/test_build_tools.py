"""What build tools meet behind the launcher: their jobserver, and no wait for a refresher."""

import fcntl
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from launcher_box import Box

NINJA = Path(sys.executable).with_name("ninja")

# Takes a token of the jobserver, returns it, and makes the object.
TAKES_A_TOKEN = """\
auth=${MAKEFLAGS##*--jobserver-auth=}
auth=${auth%% *}
case $auth in
fifo:*) exec 8<>"${auth#fifo:}"; in=8 out=8 ;;
*) in=${auth%,*} out=${auth#*,} ;;
esac
token=$(dd bs=1 count=1 status=none <&"$in") || exit 3
printf %s "$token" >&"$out" || exit 4
echo "took $token for ${0##*/}" >>"$BOX/took"
for word; do object=$word; done
echo x >"$object"
"""

# A compiler that is a build itself: make must be able to go on with the same jobserver.
IS_A_BUILD = """\
for word; do object=$word; done
exec make -r -f "$BOX/work/sub.mk" "$object"
"""

SUB = ".SECONDARY:\n%.o: %.1 %.2 ; echo x >$@\n%.1: ; @echo 1 >$@\n%.2: ; @echo 2 >$@\n"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path / "box")
    for name in ("a.c", "b.c", "c.c"):
        (box.root / "work" / name).write_text("")
    yield box
    for process, *_ in box.refreshes:
        try:
            os.kill(int(process), signal.SIGKILL)
        except ProcessLookupError:
            continue


def prepare(box: Box, way: str) -> None:
    box.refresher('write_plan "$@"')
    if way != "cold":
        box.write_plan(age=400 if way == "stale" else 0)


def tool(box: Box, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a build tool, by whose output it ends only when nobody holds that any more."""
    return subprocess.run(
        words,
        cwd=box.root / "work",
        env=box.environ(**environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def makefile(box: Box, recipe: str) -> None:
    (box.root / "work/Makefile").write_text(f"all: a.o b.o c.o\n%.o: %.c ; {recipe}\n")


@pytest.mark.parametrize("way", ["fresh", "stale", "cold"])
def test_makes_jobserver_is_usable_behind_us(box: Box, way: str) -> None:
    prepare(box, way)
    box.script("tools/distcc", TAKES_A_TOKEN)
    makefile(box, f"+{shlex.quote(str(box.launcher))} gcc -c $< -o $@")
    # One each is left: what waits for one would wait for its own end.
    done = tool(box, "make", "-j9")
    assert (done.returncode, done.stderr) == (0, "")
    assert (box.root / "took").read_text() == "took + for distcc\n" * 3


@pytest.mark.parametrize("way", ["fresh", "stale", "cold"])
def test_builds_within_builds_share_the_jobserver_through_us(box: Box, way: str) -> None:
    prepare(box, way)
    box.script("tools/distcc", IS_A_BUILD)
    (box.root / "work/sub.mk").write_text(SUB)
    makefile(box, f"+{shlex.quote(str(box.launcher))} gcc -c $< -o $@")
    done = tool(box, "make", "-j2")
    # "jobserver unavailable" is what make says where it cannot use the one above.
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((box.root / "work").glob("*.[o12]"))) == 9


@pytest.mark.parametrize("way", ["fresh", "stale", "cold"])
def test_a_jobserver_in_a_fifo_is_usable_behind_us(box: Box, way: str) -> None:
    prepare(box, way)
    box.script("tools/distcc", TAKES_A_TOKEN)
    path = box.root / "jobs"
    os.mkfifo(path)
    fifo = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    os.write(fifo, b"+")
    words = [str(box.launcher), "gcc", "-c", "a.c", "-o", "a.o"]
    done = tool(box, *words, MAKEFLAGS=f" -j2 --jobserver-auth=fifo:{path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert (box.root / "took").read_text() == "took + for distcc\n"
    assert os.read(fifo, 9) == b"+"
    os.close(fifo)


def state(process: str) -> str:
    """The letter that the kernel has for what a process does; empty when there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


@pytest.mark.parametrize("name", ["ninja", "make", "make-pipe", "shell"])
def test_a_refresher_that_never_ends_keeps_no_build_tool_waiting(box: Box, name: str) -> None:
    box.refresher("kill -STOP $$")
    box.write_plan(age=400)
    box.script("tools/distcc", 'for word; do object=$word; done; echo x >"$object"')
    command = f"{shlex.quote(str(box.launcher))} gcc -c"
    makefile(box, f"{command} $< -o $@")
    rule = f"rule cc\n  command = {command} $in -o $out\n"
    edges = "".join(f"build {one}.o: cc {one}.c\n" for one in "abc")
    (box.root / "work/build.ninja").write_text(rule + edges)
    (box.root / "work/shell.mk").write_text(f"X := $(shell {command} a.c -o a.o)\nall: ; @:\n")
    words = {
        "ninja": [str(NINJA)],
        "make": ["make", "-j2"],
        "make-pipe": ["sh", "-c", "make -j2 2>&1 | cat"],
        "shell": ["make", "-f", "shell.mk"],
    }[name]
    # It has ended, and nobody has its output open: else this would wait for the refresher.
    done = tool(box, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert (box.root / "work/a.o").exists()
    # It is stopped, or on its way to that, and holds the lock.
    until = time.monotonic() + 60
    while not box.refreshes and time.monotonic() < until:
        time.sleep(0.01)
    ((refresher, *_),) = box.refreshes
    assert state(refresher)
    with box.lock_path().open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
