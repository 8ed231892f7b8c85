"""Many at once, and many in a row: what is wrong is said once, and found out once."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asking import walks
from compiling import Bench
from e2e.faults.scene import needs_root
from e2e.faults.turncoat import black_hole
from peers import FakeDistccd, closed_port
from servers import ScriptedNameServer

from distcc_build.farm.loopback import DOMAIN, Farm

FILES = int(os.environ.get("DISTCC_BUILD_FILES", "300"))
"""Of a large build; 1,000 take a minute."""

DEAD = ["127.1.7.1", "127.1.7.2", "127.1.7.3"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(
        tmp_path,
        {
            "DISTCC_HOSTS": "--discover-distccN",
            "DISTCC_BUILD_DOMAIN": DOMAIN,
            "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
        },
    )


def refusing(port: int) -> contextlib.ExitStack:
    return contextlib.ExitStack()


def silent(port: int) -> contextlib.ExitStack:
    stack = contextlib.ExitStack()
    for address in DEAD[:2]:
        stack.enter_context(FakeDistccd(None, address=address, port=port))
    stack.enter_context(black_hole(DEAD[2], port))
    return stack


@pytest.mark.slow
@pytest.mark.parametrize("dead", [refusing, silent])
def test_a_large_build_says_once_that_the_farm_is_dead(
    bench: Bench, dead: Callable[[int], contextlib.ExitStack]
) -> None:
    for n in range(FILES):
        (bench.directory / f"f{n}.c").write_text(f"int f{n}(int n) {{ return n + {n}; }}\n")
    (bench.directory / "Makefile").write_text(
        "all: $(patsubst %.c,%.o,$(wildcard f*.c))\n%.o: %.c\n\t@$(LAUNCH) gcc -c $< -o $@\n"
    )
    port = closed_port()
    zone = {f"distcc{n}.{DOMAIN}.": [f"A {one}"] for n, one in enumerate(DEAD, 1)}
    with dead(port), ScriptedNameServer(zone) as server:
        bench.environ |= {
            "DISTCC_BUILD_NAMESERVERS": server.endpoint,
            "DISTCC_BUILD_PORT": str(port),
        }
        said = made(bench, "LAUNCH=distcc-launch", f"-j{bench.command('jobs').strip()}")
    ours = [line for line in said.splitlines() if line.startswith("distcc-build:")]
    assert len(ours) == 1
    assert said.splitlines() == ours, "distcc had something to say of files"
    built = objects(bench)
    assert len(built) == FILES
    assert made(bench, "LAUNCH=", "-j4") == ""
    assert objects(bench) == built


def made(bench: Bench, *words: str) -> str:
    """Build all of it; what was said."""
    done = subprocess.run(
        ["make", "-B", "--no-print-directory", *words],
        cwd=bench.directory,
        env=bench.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def objects(bench: Bench) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in bench.directory.glob("f*.o")}


@pytest.mark.slow
def test_500_launchers_at_once_without_a_farm(bench: Bench) -> None:
    with ScriptedNameServer({}) as server:
        bench.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        running = [bench.start("gcc", output=f"{n}.o") for n in range(500)]
        said = [process.communicate(timeout=600)[0] for process in running]
    assert {process.returncode for process in running} == {0}
    assert len([one for one in said if one]) == 1
    assert walks(server) == 1
    made = {(bench.directory / f"{n}.o").read_bytes() for n in range(500)}
    bench.check(("gcc",), "0.o")
    assert len(made) == 1


@pytest.fixture
def etc(tmp_path: Path) -> Callable[[str, str], Path]:
    """Copies /etc, with this name server in its resolv.conf."""

    def make(name: str, address: str) -> Path:
        needs_root()
        made = Path(shutil.copytree("/etc", tmp_path / name, symlinks=True))
        (made / "resolv.conf").unlink(missing_ok=True)
        (made / "resolv.conf").write_text(f"nameserver {address}\n")
        return made

    return make


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm(servers=2, slots=20) as running:
        yield running


def test_two_machines_with_one_home_know_their_own_farms(
    bench: Bench, farm: Farm, etc: Callable[[str, str], Path]
) -> None:
    bench.environ["DISTCC_BUILD_PORT"] = str(farm.daemons.port)
    with contextlib.ExitStack() as stack:
        commands = []
        for n, address in enumerate(farm.daemons.addresses, 1):
            place, zone = f"127.78.0.{n}", {f"distcc1.{DOMAIN}.": [f"A {address}"]}
            mounted = etc(f"etc{n}", place)
            stack.enter_context(ScriptedNameServer(zone, address=place, port=53))
            script = f'hostname machine{n} && mount --bind {mounted} /etc && exec "$@"'
            commands.append(["unshare", "-um", "sh", "-c", script, "sh"])
        for turn in range(1, 4):
            for prefix in commands:
                compile_ = ["distcc-launch", "gcc", '-DWHAT="x"', "-c", "x.c", "-o", "x.o"]
                done = subprocess.run(
                    [*prefix, *compile_],
                    cwd=bench.directory,
                    env=bench.environ,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                assert done.stderr == ""
                bench.check(("gcc",), "x.o")
            done_there = farm.daemons.wait_for(2 * turn)
            assert done_there == dict.fromkeys(farm.daemons.addresses, turn)
