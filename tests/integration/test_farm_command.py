"""`distcc-build farm`: its exit status, its signals, and that nothing outlives it."""

import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Self

import pytest
from running import ENVIRONMENT, FARM, eventually, processes

pytestmark = pytest.mark.skipif(
    not shutil.which("distccd"), reason="distccd is not installed (Debian: distcc)"
)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("true", 0),
        ("exit 7", 7),
        ("exit 255", 255),
        ("kill -TERM $$", 143),
        ("kill -SEGV $$", 139),
        ("kill -KILL $$", 137),
    ],
)
def test_exit_status_is_the_commands(command: str, status: int) -> None:
    done = subprocess.run(
        [*FARM, "--servers", "1", "--", "sh", "-c", command], env=ENVIRONMENT, check=False
    )
    assert done.returncode == status


def test_missing_command_is_one_line_and_127() -> None:
    done = subprocess.run(
        [*FARM, "--servers", "1", "--", "no-such-command"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr == "distcc-build: no-such-command: No such file or directory\n"


@pytest.mark.parametrize("arguments", [["--servers", "0"], ["--slots", "-1"], ["--servers", "x"]])
def test_farm_of_no_servers_is_a_usage_error(arguments: list[str]) -> None:
    done = subprocess.run([*FARM, *arguments], env=ENVIRONMENT, capture_output=True, check=False)
    assert done.returncode == 2


class Running:
    """`distcc-build farm` with a command that says where things are and then waits."""

    def __init__(self, script: str = "exec sleep 1000") -> None:
        tell = 'echo "$DISTCC_BUILD_PORT $DISTCC_DIR"'
        self.process = subprocess.Popen(
            [*FARM, "--servers", "2", "--", "sh", "-c", f"{tell}; {script}"],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        port, _, directory = self.process.stdout.readline().strip().partition(" ")
        self.port = f"--port={port}"
        self.directory = Path(directory).parent
        assert processes(self.port)

    def all_gone(self) -> bool:
        return eventually(
            lambda: (
                not processes(self.port)
                and not processes(str(self.directory))
                and not self.directory.exists()
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_command_and_the_farm(number: signal.Signals) -> None:
    with Running() as running:
        running.process.send_signal(number)
        assert running.process.wait(20) == 128 + number
        assert running.all_gone()


def test_command_may_take_its_time_after_a_signal() -> None:
    with Running("trap 'sleep 0.2; exit 5' TERM; while :; do sleep 0.01; done") as running:
        running.process.terminate()
        assert running.process.wait(20) == 5
        assert running.all_gone()


def test_killed_farm_leaves_no_server_no_compiler_and_no_file(tmp_path: Path) -> None:
    # The assembler on the server waits for ever for somebody to write into the pipe.
    script = """
        pipe=${DISTCC_DIR%/*}/pipe
        mkfifo -m 666 "$pipe"
        echo "__asm__(\\".incbin \\\\\\"$pipe\\\\\\"\\");" >slow.c
        DISTCC_HOSTS=127.1.0.1:$DISTCC_BUILD_PORT DISTCC_FALLBACK=0 distcc gcc -c slow.c 2>log
    """
    with Running(f"cd {shlex.quote(str(tmp_path))}; {script}") as running:
        assembling = f"{running.directory}/servers/127.1.0.1/distccd_"
        # One line is the driver's, the other the assembler's.
        assert eventually(lambda: len(processes(assembling)) == 2)
        running.process.kill()
        running.process.wait()
        assert running.all_gone()


def test_without_a_command_it_prints_exports_and_stays() -> None:
    with subprocess.Popen(
        [*FARM, "--servers", "1"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        # stdout is closed behind the exports: this returns while the farm is up.
        exports = process.stdout.read()
        said = process.stderr.readline()
        assert f"kill {process.pid}" in said
        assert all(line.startswith("export ") for line in exports.splitlines())
        shown = subprocess.run(
            ["sh", "-c", f"{exports}\nenv"], env={}, capture_output=True, text=True, check=True
        )
        seen = dict(line.partition("=")[::2] for line in shown.stdout.splitlines())
        assert seen["DISTCC_HOSTS"] == "--discover-distccN"
        assert Path(seen["DISTCC_DIR"]).is_dir()
        port = f"--port={seen['DISTCC_BUILD_PORT']}"
        assert processes(port)
        process.terminate()
        assert process.wait(20) == 0
        assert eventually(lambda: not processes(port))


def test_ctrl_c_reaches_the_command_once_and_decides_nothing_else(tmp_path: Path) -> None:
    if not shutil.which("setsid"):
        pytest.skip("setsid is not installed (Debian: util-linux)")
    log = tmp_path / "log"
    script = f"trap 'echo INT >>{log}' INT; echo ready; "
    script += f"while [ ! -e {tmp_path}/go ]; do sleep 0.01; done; exit 3"
    master, slave = os.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", *FARM, "--servers", "1", "--", "sh", "-c", script],
        env=ENVIRONMENT,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    with process, os.fdopen(master, "r+b", buffering=0) as terminal:
        said = b""
        while b"ready" not in said:
            said += terminal.read(1024)
        terminal.write(b"\x03")
        assert eventually(log.exists)
        (tmp_path / "go").touch()
        assert process.wait(20) == 3
    assert log.read_text() == "INT\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "hello world.c"
    source.write_text("int f(void) { return 1; }\n")
    return source


def test_temporary_directory_that_others_cannot_reach(source: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    # tempfile remembers the first answer, so the farm has to be another process.
    script = (
        "export DISTCC_HOSTS=127.1.0.1:$DISTCC_BUILD_PORT DISTCC_FALLBACK=0"
        f" && distcc gcc -c {shlex.quote(str(source))} -o x.o"
    )
    done = subprocess.run(
        [*FARM, "--servers", "1", "--", "sh", "-c", script],
        env={**ENVIRONMENT, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
