"""Only good servers get compiles: before, while and after they go bad, in real builds."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.farm_of_six import GOOD, VERSION, WITHOUT, six_servers
from e2e.test_samples import SYSTEMS, Build
from e2e.workbench import PATIENT, SYSTEM_PATH, Workbench, objects, sample, sources
from probing import odd_compilers
from running import eventually, processes

from distcc_build.farm.loopback import Farm

OTHER = 'exec $real -fwrapv -fno-ident "$@"'
SAME = 'exec $real "$@"'

# Nothing is judged by the time it takes, and what was proved holds to the end of a test.
LASTING = {**PATIENT, "DISTCC_BUILD_TTL_MIN": "300"}


@pytest.fixture
def make_bench(installation: Path, tmp_path: Path) -> Callable[[Farm], Workbench]:
    def make(farm: Farm) -> Workbench:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        return Workbench(installation, home, {**farm.exports, **LASTING})

    return make


def test_every_sample_uses_only_the_good_one_of_six(
    make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    # So many slots that this machine has no part of its own.
    with six_servers(slots=100) as farm:
        bench = make_bench(farm)
        # Whatever fell back to a local compile would fail the build.
        bench.environ["DISTCC_FALLBACK"] = "0"
        for case, (name, build) in SYSTEMS.items():
            built(build, bench, sample(name, tmp_path / case), farm)


COMPILERS = {"cmake": ["/usr/bin/cc", "/usr/bin/c++"], "scons": ["gcc", "g++"]}
COMPILERS |= {"meson": ["gcc", "g++"], "make": ["gcc", "g++"]}


def prove(bench: Workbench, address: str, *words: str) -> None:
    """See to it that a server is proved good for these compilers.

    While somebody waits, a server that is silent for 0.6 s is left out, and for a minute: a
    machine that is busy otherwise may need more than one look.
    """
    for word in words:
        look = ("hosts", "--compiler", word)
        assert eventually(lambda look=look: address in bench.query(*look, "--refresh"), 120)  # type: ignore[misc]


def built(build: Build, bench: Workbench, project: Path, farm: Farm) -> None:
    """Build, and see who did: as many compiles as sources, all of them remote."""
    before = farm.daemons.compiles()
    # Now: configure checks leave sources of their own.
    expected = len(sources(project))
    build(bench, project, bench.query("jobs"))
    done = farm.daemons.wait_for(before.total() + expected) - before
    assert done.total() == expected
    # CMake names compilers by their path, for which a server's PATH, the only thing odd about
    # two of them, does not matter: they are proved good for those, and so they are.
    good = {GOOD, VERSION, WITHOUT} if (project / "CMakeLists.txt").exists() else {GOOD}
    assert set(done) <= {farm.daemons.addresses[number - 1] for number in good}
    assert {job.outcome for job in farm.daemons.jobs()} == {"COMPILE_OK"}


TEXT = '#include <stdio.h>\nint f{n}(int n) {{ return printf("%d\\n", n + {n}); }}\n'
REMOTE_FAILURES = (
    # gcc does not warn (-Wtautological-compare) where a macro is to blame.
    "#define SAME(x) ((x) == (x))\nint g{n}(int n) {{ return SAME(n); }}\n",
    # The assembler reads it, and a server has no such file; in a header, where nobody looks.
    '#include "data.h"\n',
)
DATA = '__asm__(".section .rodata\\n.incbin \\"Makefile\\"\\n.text");\n'


def project(directory: Path, count: int, odd: int = 0) -> Path:
    """Write C files and a Makefile.

    :param odd: one file of so many cannot be compiled by a server, only here.
    """
    directory.mkdir()
    for n in range(count):
        text = TEXT.format(n=n)
        if odd and n % odd == 0:
            text += REMOTE_FAILURES[n // odd % len(REMOTE_FAILURES)].format(n=n)
        (directory / f"f{n}.c").write_text(text)
    (directory / "data.h").write_text(DATA)
    (directory / "Makefile").write_text(
        "objects := $(patsubst %.c,%.o,$(wildcard *.c))\n"
        "all: $(objects)\n"
        "%.o: %.c\n\t$(LAUNCH) gcc -O1 -Wall -Werror -c $< -o $@\n"
    )
    return directory


def made_here(bench: Workbench, folder: Path) -> dict[str, str]:
    """Build once more, by the compiler alone; what comes of it."""
    for path in folder.glob("*.o"):
        path.unlink()
    bench.run("make", "-s", "-j4", cwd=folder)
    return objects(folder)


@pytest.mark.slow
def test_sources_that_fail_only_remotely_bench_no_server(
    farm: Farm, make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    bench = make_bench(farm)
    folder = project(tmp_path / "project", 300, odd=10)
    jobs = bench.query("jobs")
    bench.run("make", f"-j{jobs}", "LAUNCH=distcc-launch", cwd=folder)
    remote = objects(folder)
    assert len(remote) == 300
    # What was begun is at its end: a server's log is late, and its jobs are what is counted.
    distributed = farm.daemons.wait_for(270, seconds=10)
    failed = {job.source for job in farm.daemons.jobs() if job.outcome == "COMPILE_ERROR"}
    assert failed & {f"f{n}.c" for n in range(0, 300, 20)}, "no warning came of preprocessed text"
    assert failed & {f"f{n}.c" for n in range(10, 300, 20)}, "no server missed the file"
    assert distributed.total() >= 0.8 * 270
    assert made_here(bench, folder) == remote


class Running:
    """A build in the background."""

    def __init__(self, bench: Workbench, folder: Path, jobs: str) -> None:
        self._folder = folder
        self._log = folder / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                ["make", f"-j{jobs}", "LAUNCH=distcc-launch"],
                cwd=folder,
                env=bench.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def until(self, done: int) -> None:
        """Wait until so many objects are there; the build must not end before."""
        while len(list(self._folder.glob("*.o"))) < done:
            assert self._process.poll() is None, self._log.read_text()
            time.sleep(0.01)

    def end(self) -> None:
        assert self._process.wait(280) == 0, self._log.read_text()


def compile_once(bench: Workbench, folder: Path, *words: str) -> bytes:
    """Compile a file of its own; the object."""
    source, made = folder / "x.c", folder / "x.o"
    source.write_text("int x(int a) { return a + 1 > a; }\n")
    made.unlink(missing_ok=True)
    bench.run("distcc-launch", *(words or ("gcc",)), "-c", source, "-o", made, cwd=folder)
    return made.read_bytes()


def used_within(farm: Farm, address: str, seconds: float, work: Callable[[], object]) -> bool:
    """Whether a server gets a compile while `work` is done again and again."""
    before, deadline = farm.daemons.compiles()[address], time.monotonic() + seconds
    while time.monotonic() < deadline:
        work()
        if farm.daemons.compiles()[address] > before:
            return True
    return False


@pytest.mark.slow
def test_servers_are_killed_frozen_and_started_again_during_a_build(
    farm: Farm, make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    bench = make_bench(farm)
    folder = project(tmp_path / "project", 300)
    killed, frozen, _ = farm.daemons.addresses
    running = Running(bench, folder, bench.query("jobs"))
    running.until(60)
    farm.daemons.signal(killed, signal.SIGKILL)
    farm.daemons.signal(frozen, signal.SIGSTOP)
    running.until(120)
    farm.daemons.restart(killed)
    running.until(180)
    farm.daemons.signal(frozen, signal.SIGCONT)
    running.end()
    remote = objects(folder)
    assert len(remote) == 300

    def eight_at_once() -> None:
        for path in folder.glob("f?.o"):
            path.unlink()
        bench.run("make", "-j8", "LAUNCH=distcc-launch", cwd=folder)

    assert used_within(farm, killed, 60, eight_at_once)
    assert used_within(farm, frozen, 60, eight_at_once)
    assert made_here(bench, folder) == remote


def test_a_build_ends_well_when_all_servers_go(
    farm: Farm, make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    bench = make_bench(farm)
    folder = project(tmp_path / "project", 60)
    running = Running(bench, folder, bench.query("jobs"))
    running.until(10)
    for address in farm.daemons.addresses:
        farm.daemons.signal(address, signal.SIGKILL)
    running.end()
    remote = objects(folder)
    assert len(remote) == 60
    assert 0 < farm.daemons.compiles().total() < 60
    assert made_here(bench, folder) == remote
    bench.query("refresh")
    assert bench.query("hosts").startswith("localhost/")


def marks(farm: Farm) -> list[str]:
    return [one.name for one in (farm.directory / "distcc" / "lock").glob("backoff_*")]


def test_a_server_that_failed_is_dropped_and_when_it_passes_it_loses_its_mark(
    farm: Farm, make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    bench = make_bench(farm)
    folder = project(tmp_path / "project", 8)
    # Proved good, and gone since: the first that distcc asks.
    first = bench.query("hosts").split("127.")[1]
    address = f"127.{first.partition(':')[0]}"
    farm.daemons.signal(address, signal.SIGKILL)
    bench.run("make", "-j8", "LAUNCH=distcc-launch", cwd=folder)
    assert marks(farm) == [f"backoff_tcp_{address}_{farm.daemons.port}_0"]

    bench.query("refresh")
    assert address not in bench.query("hosts")
    assert len(marks(farm)) == 1, "it has not passed"

    farm.daemons.restart(address)
    bench.query("refresh")
    assert address in bench.query("hosts")
    assert marks(farm) == []


def test_with_a_server_out_a_plan_is_fresh_for_the_shortest_time_and_it_comes_back(
    farm: Farm, make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    bench = make_bench(farm)
    bench.environ["DISTCC_BUILD_TTL_MIN"] = "1"
    address = farm.daemons.addresses[0]
    farm.daemons.signal(address, signal.SIGKILL)
    assert address not in bench.query("hosts")
    farm.daemons.restart(address)
    folder = project(tmp_path / "project", 8)

    def eight_at_once() -> None:
        for path in folder.glob("*.o"):
            path.unlink()
        bench.run("make", "-j8", "LAUNCH=distcc-launch", cwd=folder)

    # Compiles alone, without any command of ours: the second finds the plan stale.
    assert used_within(farm, address, 60, eight_at_once)


@pytest.fixture
def own_compilers(installation: Path) -> Iterator[Farm]:
    """Three servers; the second has compilers that can be exchanged, next to its PATH's first."""
    with (
        odd_compilers({2: SAME}, "gcc", "g++", "cc", "c++") as differing,
        Farm(servers=3, environ={"PATH": SYSTEM_PATH}, differing=differing) as farm,
    ):
        yield farm


def exchange(program: Path, script: str) -> None:
    """Put another compiler in the place of one, as a package manager does: by a rename."""
    text = program.read_text().partition("\nexec")[0]
    new = program.with_name("new")
    new.write_text(f"{text}\n{script}\n")
    new.chmod(0o755)
    new.rename(program)


def programs(farm: Farm, number: int) -> Path:
    """Where the compilers of a server are."""
    return Path(farm.daemons._differing[number].path.partition(":")[0])


def by_server(farm: Farm, sent: int) -> list[int]:
    return [farm.daemons.wait_for(sent)[one] for one in farm.daemons.addresses]


def test_a_servers_exchanged_compiler_contributes_nothing_after_the_next_refresh(
    own_compilers: Farm, make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    farm = own_compilers
    bench = make_bench(farm)
    folder = project(tmp_path / "project", 24)
    second = farm.daemons.addresses[1]
    remote = build_all(bench, folder)
    assert all(by_server(farm, 24))

    exchange(programs(farm, 2) / "gcc", OTHER)
    bench.query("refresh")
    assert second not in bench.query("hosts")
    before = farm.daemons.compiles()
    assert build_all(bench, folder) == remote
    assert (farm.daemons.wait_for(48) - before)[second] == 0
    # Another compiler there is as it was.
    assert second in bench.query("hosts", "--compiler", "g++")

    exchange(programs(farm, 2) / "gcc", SAME)
    bench.query("refresh")
    assert second in bench.query("hosts")
    assert build_all(bench, folder) == remote
    assert (farm.daemons.wait_for(72) - before)[second] > 0


def build_all(bench: Workbench, folder: Path) -> dict[str, str]:
    for path in folder.glob("*.o"):
        path.unlink()
    bench.run("make", "-j12", "LAUNCH=distcc-launch", cwd=folder)
    return objects(folder)


def test_the_local_compiler_exchanged_contributes_at_once_and_no_server_does(
    farm: Farm, make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    bench = make_bench(farm)
    with odd_compilers({1: SAME}, "gcc", "g++") as own:
        folder = Path(own[1].path.partition(":")[0])
        bench.environ["PATH"] = f"{folder}:{bench.environ['PATH']}"
        first = compile_once(bench, tmp_path)
        assert farm.daemons.wait_for(1).total() == 1
        exchange(folder / "gcc", OTHER)
        second = compile_once(bench, tmp_path)
        assert second != first
        assert second == compile_once(bench, tmp_path)
        bench.run("gcc", "-c", "x.c", "-o", "here.o", cwd=tmp_path)
        assert second == (tmp_path / "here.o").read_bytes()
        assert farm.daemons.compiles().total() == 1
        # And back: what was proved of it is still known.
        exchange(folder / "gcc", SAME)
        assert compile_once(bench, tmp_path) == first
        assert farm.daemons.wait_for(2).total() == 2


def probes(farm: Farm, compiler: str) -> dict[str, int]:
    """How many proofs of a compiler each server was asked for."""
    asked = [job for job in farm.daemons.jobs(probes=True) if job.compiler == compiler]
    return {one: sum(job.server == one for job in asked) for one in farm.daemons.addresses}


def test_a_compiler_not_yet_proved_is_proved_once_with_its_sibling(
    farm: Farm, make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    bench = make_bench(farm)
    assert compile_once(bench, tmp_path)
    once = dict.fromkeys(farm.daemons.addresses, 1)
    assert eventually(lambda: probes(farm, "gcc") == probes(farm, "g++") == once)
    folder = project(tmp_path / "project", 20)
    (folder / "Makefile").write_text((folder / "Makefile").read_text().replace("gcc", "clang"))
    bench.run("make", "-j20", "LAUNCH=distcc-launch", cwd=folder)
    assert farm.daemons.wait_for(21).total() == 21
    assert eventually(lambda: probes(farm, "clang") == probes(farm, "clang++") == once)
    assert probes(farm, "gcc") == probes(farm, "g++") == once
    (folder / "x.cc").write_text("int x;\n")
    bench.run("distcc-launch", "clang++", "-c", "x.cc", cwd=folder)
    assert farm.daemons.wait_for(22).total() == 22
    assert probes(farm, "clang++") == once


def test_nobody_waits_for_who_hears_a_frozen_server_out(
    farm: Farm, make_bench: Callable[[Farm], Workbench], tmp_path: Path
) -> None:
    bench = make_bench(farm)
    frozen = farm.daemons.addresses[0]
    farm.daemons.signal(frozen, signal.SIGSTOP)
    folder = tmp_path / "project"
    folder.mkdir()
    compile_once(bench, folder)
    assert frozen not in bench.query("hosts")

    def heard_out() -> bool:
        # A stale plan is used, and renewed by somebody who has a minute for it.
        compile_once(bench, folder)
        return bool(processes(f"_refresh {farm.directory}"))

    assert eventually(heard_out)
    before = farm.daemons.compiles()
    compile_once(bench, folder, "/usr/bin/cc")
    assert (farm.daemons.wait_for(before.total() + 1) - before).total() == 1
    assert processes(f"_refresh {farm.directory}"), "it is still waiting"
    farm.daemons.signal(frozen, signal.SIGCONT)
    assert eventually(lambda: frozen in bench.query("hosts"))
