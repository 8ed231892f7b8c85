"""The farm: real distccd that compile, are counted, and never outlive the farm."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import dns.resolver
import pytest

import distcc_build
from distcc_build.errors import NotFoundError
from distcc_build.farm.daemons import default_slots
from distcc_build.farm.loopback import Farm

pytestmark = pytest.mark.skipif(
    not shutil.which("distccd"), reason="distccd is not installed (Debian: distcc)"
)

# Wherever the tests import it from, so that both see the same.
WHERE = [str(Path(distcc_build.__file__).parents[1]), *sys.path]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(WHERE)}
FARM = [sys.executable, "-P", "-m", "distcc_build", "farm"]


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return met


def processes(text: str) -> list[str]:
    """Return the command lines that contain `text`; zombies have none."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def distcc(farm: Farm, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Compile on the farm's servers, without any discovery."""
    slots = [f"{ip}:{farm.daemons.port}/{farm.daemons.slots}" for ip in farm.daemons.addresses]
    environment = farm.environment()
    environment |= {"DISTCC_HOSTS": " ".join(slots), "DISTCC_NO_REWRITE_CROSS": "1"}
    environment["DISTCC_FALLBACK"] = "0"
    return subprocess.run(
        ["distcc", *arguments],
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm(servers=2, slots=3) as farm:
        yield farm


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "hello world.c"
    source.write_text('#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n')
    return source


def test_compiles_are_counted_where_they_were_done(farm: Farm, source: Path) -> None:
    for number in range(4):
        done = distcc(farm, source.parent, "gcc", "-c", source.name, "-o", f"{number}.o")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    counts = farm.daemons.wait_for(4)
    assert counts.total() == 4
    assert list(counts) == farm.daemons.addresses == ["127.1.0.1", "127.1.0.2"]
    assert {(job.outcome, job.compiler, job.source) for job in farm.daemons.jobs()} == {
        ("COMPILE_OK", "gcc", "hello world.c")
    }


def test_failed_compile_is_a_job_but_no_compile(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "bad.c").write_text("int f(void) { return nothing; }\n")
    assert distcc(farm, tmp_path, "gcc", "-c", "bad.c", "-o", "bad.o").returncode != 0
    assert eventually(lambda: len(farm.daemons.jobs()) == 1)
    (job,) = farm.daemons.jobs()
    assert job.outcome == "COMPILE_ERROR"
    assert farm.daemons.compiles().total() == 0


def test_server_stopped_by_a_signal_does_not_answer_and_the_other_does(
    farm: Farm, source: Path
) -> None:
    farm.daemons.signal("127.1.0.1", signal.SIGKILL)
    done = distcc(farm, source.parent, "gcc", "-c", source.name, "-o", "x.o")
    # With fall-back off, distcc gives up on the dead server; its next compile avoids it.
    again = distcc(farm, source.parent, "gcc", "-c", source.name, "-o", "x.o")
    assert 0 in {done.returncode, again.returncode}
    counts = farm.daemons.wait_for(1)
    assert counts["127.1.0.1"] == 0
    assert counts["127.1.0.2"] >= 1


def test_names_resolve_to_the_servers(farm: Farm) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [farm.nameserver.address], farm.nameserver.port
    domain = farm.exports["DISTCC_BUILD_DOMAIN"]
    found = [str(resolver.resolve(f"distcc{n}.{domain}.")[0]) for n in (1, 2)]
    assert found == farm.daemons.addresses
    with pytest.raises(dns.resolver.NXDOMAIN):
        resolver.resolve(f"distcc3.{domain}.")
    assert farm.nameserver.count(f"distcc1.{domain}.", "A") == 1


def test_two_farms_do_not_disturb_each_other(farm: Farm, source: Path) -> None:
    with Farm(servers=2, slots=3) as other:
        assert other.daemons.port != farm.daemons.port
        assert distcc(other, source.parent, "gcc", "-c", source.name, "-o", "x.o").returncode == 0
        assert other.daemons.wait_for(1).total() == 1
    assert farm.daemons.compiles().total() == 0
    assert distcc(farm, source.parent, "gcc", "-c", source.name, "-o", "x.o").returncode == 0


@pytest.mark.parametrize("masquerade", ["/usr/lib/distcc", "/usr/lib/ccache"])
def test_masquerade_directory_on_path_is_not_the_servers_compiler(
    source: Path, masquerade: str
) -> None:
    if not Path(masquerade).is_dir():
        pytest.skip(f"no {masquerade}")
    environ = {**os.environ, "PATH": f"{masquerade}:{os.environ['PATH']}"}
    with Farm(servers=1, slots=2, environ=environ) as farm:
        done = distcc(farm, source.parent, "gcc", "-c", source.name, "-o", "x.o")
        assert (done.returncode, done.stderr) == (0, "")
        assert farm.daemons.wait_for(1).total() == 1


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


@pytest.mark.parametrize("servers", [1, 2, 3, 7])
@pytest.mark.parametrize("cores", [1, 2, 8, 64, 250])
def test_default_farm_is_more_than_five_times_its_client(servers: int, cores: int) -> None:
    assert servers * default_slots(servers, cores) > 5 * cores


def test_missing_distccd_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="apt-get install distcc"):
        Farm(environ={"PATH": str(tmp_path)}).__enter__()


def test_failed_start_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Farm(environ={"PATH": str(tmp_path)}).__enter__()
    assert "\n" not in str(caught.value)
    assert processes("distcc-build-farm-") == []


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


def test_hung_server_is_ended_too() -> None:
    with Farm(servers=2, slots=2) as farm:
        farm.daemons.signal("127.1.0.1", signal.SIGSTOP)
        directory = farm.directory
    assert eventually(lambda: not processes(str(directory)))
    assert not directory.exists()


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
