"""The two promises on a real farm: the compile happens, and its object is the compiler's."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from asking import walks
from compiling import Bench, age
from servers import ScriptedNameServer, drop, numbered

from distcc_build.farm.loopback import Farm
from distcc_build.paths import launcher
from distcc_build.plan import parse_plan


def test_200_cold_launchers_cause_one_walk(farm: Farm, bench: Bench) -> None:
    running = [bench.start("gcc", output=f"{n}.o") for n in range(200)]
    said = {process.communicate(timeout=600)[0] for process in running}
    assert {process.returncode for process in running} == {0}
    assert said == {""}
    for n in range(200):
        bench.check(("gcc",), f"{n}.o")
    assert walks(farm.nameserver) == 1
    done = farm.daemons.wait_for(200)
    assert done.total() == 200
    assert all(done[address] for address in farm.daemons.addresses)


def test_a_cold_mixed_build_causes_one_walk(farm: Farm, bench: Bench) -> None:
    words = ["gcc", "g++", "/usr/bin/gcc", "clang"]
    running = [bench.start(word, output=f"{n}.o") for n in range(8) for word in words]
    assert {process.communicate(timeout=600)[0] for process in running} == {""}
    assert {process.returncode for process in running} == {0}
    assert walks(farm.nameserver) == 1


def test_warm_launchers_ask_nothing(farm: Farm, bench: Bench) -> None:
    bench.compile("gcc")
    asked = len(farm.nameserver.queries)
    # What is counted is questions; a thing that only tells its version stands for distcc.
    fake = bench.directory / "bin"
    fake.mkdir()
    (fake / "distcc").write_text("#!/bin/sh\necho distcc 3.4\n")
    (fake / "distcc").chmod(0o755)
    bench.environ["PATH"] = f"{fake}:{bench.environ['PATH']}"
    loop = (
        "i=0; while [ $i -lt 2000 ]; do distcc-launch gcc -c x.c -o x.o || exit 1; i=$((i+1)); done"
    )
    subprocess.run(["sh", "-c", loop], cwd=bench.directory, env=bench.environ, check=True)
    assert len(farm.nameserver.queries) == asked


def test_a_silent_name_server_is_waited_for_once(tmp_path: Path) -> None:
    with ScriptedNameServer({}, {"*": drop}) as server:
        bench = Bench(
            tmp_path,
            {
                "DISTCC_HOSTS": "--discover-distccN",
                "DISTCC_BUILD_NAMESERVERS": server.endpoint,
                "DISTCC_BUILD_DOMAIN": "farm.test",
            },
        )
        running = [bench.start("gcc", output=f"{n}.o") for n in range(20)]
        said = [process.communicate(timeout=300)[0] for process in running]
        assert {process.returncode for process in running} == {0}
        assert len([one for one in said if one]) == 1
        assert "could not be asked" in "".join(said)
        assert walks(server) == 1
        asked = len(server.queries)
        for _ in range(3):
            assert bench.compile("gcc") == ""
        assert len(server.queries) == asked


def test_servers_known_before_stay_when_dns_dies(farm: Farm, bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_WALK_BUDGET"] = "2"
    bench.compile("gcc")
    silent = ScriptedNameServer({}, {"*": drop}, port=farm.nameserver.port)
    farm.nameserver.__exit__(None, None, None)
    with silent:
        for hours in (0.1, 6, 12):
            # What is renewed behind the back of the last compile would not be old.
            until(lambda: not refreshers(bench.cache))
            age(bench.cache, int(hours * 3600))
            before = farm.daemons.compiles().total()
            assert bench.compile("gcc") == ""
            assert farm.daemons.wait_for(before + 1).total() == before + 1
    farm.nameserver.__enter__()


def test_a_stale_plan_is_renewed_behind_the_back_of_the_compile(farm: Farm, bench: Bench) -> None:
    bench.compile("gcc")
    age(bench.cache, 400)
    bench.compile("gcc")
    # The refresher is a process of its own: wait until its walk shows, whenever that is.
    until(lambda: walks(farm.nameserver) == 2)
    until(lambda: "fresh for" in bench.command("explain"))
    assert walks(farm.nameserver) == 2


def until(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("it never came to that")


def refreshers(cache: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"_refresh" in words and any(str(cache).encode() in word for word in words):
            found.append(int(entry.parent.name))
    return found


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGSTOP])
def test_a_refresher_that_ends_or_stops_holds_nobody_up(tmp_path: Path, ending: int) -> None:
    with ScriptedNameServer(numbered(3), {"*": drop}) as server:
        bench = Bench(
            tmp_path,
            {
                "DISTCC_HOSTS": "--discover-distccN",
                "DISTCC_BUILD_NAMESERVERS": server.endpoint,
                "DISTCC_BUILD_DOMAIN": "farm.test",
                "DISTCC_BUILD_WALK_BUDGET": "30",
                "DISTCC_BUILD_DEADLINE": "2",
            },
        )
        waiting = bench.start("gcc")
        until(lambda: bool(refreshers(bench.cache)) and bool(server.queries))
        (refresher,) = refreshers(bench.cache)
        os.kill(refresher, ending)
        said, _ = waiting.communicate(timeout=120)
        assert waiting.returncode == 0, said
        assert said.count("\n") <= 1
        bench.check(("gcc",), "x.o")
        for one in refreshers(bench.cache):
            os.kill(one, signal.SIGKILL)


def test_the_compiler_that_was_typed_makes_the_object(bench: Bench) -> None:
    assert bench.compile("clang", "--target=aarch64-linux-gnu") == ""
    other = bench.directory / "other"
    other.mkdir()
    # Another gcc first on PATH: the same compiler with another default, as a site may have.
    (other / "gcc").write_text('#!/bin/sh\nexec /usr/bin/gcc -fno-ident "$@"\n')
    (other / "gcc").chmod(0o755)
    bench.environ["PATH"] = f"{other}:{bench.environ['PATH']}"
    bench.environ["DISTCC_HOSTS"] = "localhost"
    assert bench.compile("gcc") == ""


@pytest.mark.parametrize(
    ("words", "folder"),
    [
        (("gcc",), "/usr/lib/distcc"),
        (("distcc", "gcc"), None),
        (("distcc-launch", "distcc", "gcc"), None),
        (("/usr/lib/distcc/gcc",), None),
    ],
)
def test_launchers_in_front_and_masquerade_directories(
    farm: Farm, bench: Bench, words: tuple[str, ...], folder: str | None
) -> None:
    if folder:
        bench.environ["PATH"] = f"{folder}:{bench.environ['PATH']}"
    process = bench.start(*words)
    assert process.communicate(timeout=300)[0] == ""
    assert process.returncode == 0
    bench.check(("/usr/bin/gcc",), "x.o")
    assert farm.daemons.wait_for(1).total() == 1


@pytest.mark.parametrize("prefix", [None, "distcc"])
def test_ccache_keeps_its_place(farm: Farm, bench: Bench, prefix: str | None) -> None:
    bench.environ["PATH"] = f"/usr/lib/ccache:{bench.environ['PATH']}"
    bench.environ["CCACHE_DIR"] = str(bench.directory / "ccache")
    if prefix:
        bench.environ["CCACHE_PREFIX"] = prefix
    for _ in range(2):
        process = bench.start("gcc")
        assert process.communicate(timeout=300)[0] == ""
        assert process.returncode == 0
    assert farm.daemons.wait_for(1).total() == 1
    plans = [parse_plan(one.read_bytes()) for one in bench.cache.glob("plan-*")]
    # ccache is no compiler, but not for that in doubt.
    assert {one.stale - one.until for one in plans} == {600}


def no_dns(bench: Bench) -> None:
    bench.environ |= {"DISTCC_BUILD_NAMESERVERS": "127.0.0.1:1", "DISTCC_BUILD_DOMAIN": "x.test"}


def no_servers(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_PATTERN"] = "nothing%d"


def no_distcc(bench: Bench) -> None:
    folder = bench.directory / "tools"
    folder.mkdir()
    for name in ("gcc", "as", "ld"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    bench.environ["PATH"] = str(folder)


def no_home(bench: Bench) -> None:
    del bench.environ["HOME"]


def read_only_home(bench: Bench) -> None:
    del bench.environ["DISTCC_BUILD_CACHE_DIR"]
    del bench.environ["DISTCC_DIR"]
    bench.environ["HOME"] = "/proc"


def broken_python(bench: Bench) -> None:
    (bench.directory / "json.py").write_text("raise SystemExit(3)\n")
    bench.environ |= {"PYTHONPATH": str(bench.directory), "PYTHONHOME": "/nowhere"}


def bad_configuration(bench: Bench) -> None:
    folder = bench.directory / "home/.config/distcc-build"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("domian = 'x'\n")


def bad_hosts(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "a/-5 b,down"


def unclear_switch(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD"] = "maybe"


def no_distcc_dir(bench: Bench) -> None:
    bench.environ["DISTCC_DIR"] = "/proc/none"


def cache_is_a_file(bench: Bench) -> None:
    bench.cache.rmdir() if bench.cache.is_dir() else None
    bench.environ["DISTCC_BUILD_CACHE_DIR"] = str(bench.directory / "x.c")


@pytest.mark.parametrize(
    "fault",
    [
        no_dns,
        no_servers,
        no_distcc,
        no_home,
        read_only_home,
        broken_python,
        bad_configuration,
        bad_hosts,
        unclear_switch,
        no_distcc_dir,
        cache_is_a_file,
    ],
)
def test_faults_cost_one_line_at_most(bench: Bench, fault: Callable[[Bench], None]) -> None:
    fault(bench)
    lines = "".join(bench.compile("gcc") for _ in range(3))
    assert lines.count("\n") <= 1, lines
    assert "Traceback" not in lines


@pytest.mark.parametrize("fault", [unclear_switch, no_distcc_dir, cache_is_a_file])
def test_what_was_set_wrongly_is_said_and_costs_no_distribution(
    farm: Farm, bench: Bench, fault: Callable[[Bench], None]
) -> None:
    before = dict(bench.environ)
    fault(bench)
    name = next(one for one in bench.environ if before.get(one) != bench.environ[one])
    start = f"distcc-build: {name}={bench.environ[name]}: expected "
    assert bench.compile("gcc").startswith(start)
    assert farm.daemons.wait_for(1).total() == 1
    for command in (["jobs"], ["hosts"], ["run", "--", "true"], ["why", "--", "gcc", "-c", "x.c"]):
        said = bench.run(*command).stderr
        assert said.startswith(start), command
        assert said.count("\n") == 1, command


@pytest.mark.parametrize("fault", [no_home, read_only_home, broken_python])
def test_what_a_build_system_scrubs_does_not_end_distribution(
    farm: Farm, bench: Bench, fault: Callable[[Bench], None]
) -> None:
    fault(bench)
    bench.compile("gcc")
    assert farm.daemons.wait_for(1).total() == 1


def test_switched_off_nothing_of_ours_happens(farm: Farm, bench: Bench) -> None:
    bench.environ["DISTCC_BUILD"] = "off"
    assert bench.compile("gcc") == ""
    assert farm.nameserver.queries == []
    assert not bench.cache.exists() or list(bench.cache.iterdir()) == []


def test_a_changed_configuration_counts_at_once(farm: Farm, bench: Bench) -> None:
    bench.compile("gcc")
    folder = bench.directory / "home/.config/distcc-build"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("max_servers = 1\n")
    before = farm.daemons.wait_for(1)
    for _ in range(4):
        bench.compile("gcc")
    assert farm.daemons.wait_for(5) - before == {"127.1.0.1": 4}


def test_debians_untouched_hosts_file_asks_for_discovery(farm: Farm, bench: Bench) -> None:
    shipped = Path("/etc/distcc/hosts")
    tokens = [line.partition("#")[0].strip() for line in shipped.read_text().splitlines()]
    if [one for one in tokens if one] != ["127.0.0.1"]:
        pytest.skip(f"{shipped} is not as Debian's package ships it")
    del bench.environ["DISTCC_HOSTS"]
    assert bench.compile("gcc") == ""
    assert farm.daemons.wait_for(1).total() == 1


def test_run_gives_a_plain_distcc_build_the_farm(farm: Farm, bench: Bench) -> None:
    (bench.directory / "Makefile").write_text(
        ".PHONY: all\nall: 1.o 2.o 3.o 4.o 5.o 6.o ; @:\n"
        "%.o: x.c ; distcc gcc -DWHAT='\"x\"' -c $< -o $@\n"
    )
    bench.command("run", "--", "make")
    assert farm.daemons.wait_for(6).total() == 6
    assert bench.command("run", "--", "sh", "-c", "exit 7", expect=7) == ""
    assert bench.command("run", "--", "no-such-program", expect=127) == ""


def test_commands_give_results_on_stdout(farm: Farm, bench: Bench) -> None:
    port, slots = farm.daemons.port, farm.daemons.slots
    addresses = ["127.1.0.1", "127.1.0.2", "127.1.0.3"]
    hosts = [one for one in bench.command("hosts").split() if not one.startswith("--")]
    assert sorted(hosts) == [f"{one}:{port}/{slots}" for one in addresses]
    assert bench.command("hosts", "--all").split() == addresses
    assert int(bench.command("jobs")) > 0
    assert bench.command("refresh").startswith("3 servers")
    assert "distcc4.farm.test. does not exist" in bench.command("explain")
    bench.environ["DISTCC_BUILD_PATTERN"] = "nothing%d"
    assert bench.command("hosts", "--all", expect=1) == ""
    assert bench.command("hosts", "-o", "gap=x", expect=2) == ""
    assert bench.command("hosts").startswith("localhost/")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_is_a_script_of_the_shell(bench: Bench, shell: str) -> None:
    script = bench.command("completion", shell)
    assert "meson-native" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_python_is_this_one() -> None:
    assert Path(sys.prefix) in launcher().parents
