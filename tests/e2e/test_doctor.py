"""The command doctor: what can be wrong is named, with what to do, and ends as it must."""

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from compiling import Bench, age
from e2e.farm_of_six import DEAD, DENIES, FROZEN, GOOD, NAMES, VERSION, WITHOUT, six_servers
from e2e.faults.scene import needs_root
from jsonschema import Draft202012Validator
from probing import odd_compilers
from running import HEARING, eventually, processes

import distcc_build
from distcc_build.errors import NotFoundError
from distcc_build.farm.daemons import Compile
from distcc_build.farm.loopback import Farm
from distcc_build.farm.nameserver import NameServer
from distcc_build.farm.zone import Zone
from distcc_build.paths import launcher

SCHEMA = json.loads(
    Path(distcc_build.__file__).parent.joinpath("schemas/doctor.json").read_text("utf-8")
)

SECTIONS = (
    *("client", "compilers", "hosts", "configuration", "discovery", "servers", "plans"),
    *("faces", "trial"),
)


class Said(NamedTuple):
    """What doctor came to."""

    status: int
    table: dict[str, Any]

    def check(self, section: str, name: str) -> dict[str, str]:
        """The first thing of a section whose name begins so."""
        (found,) = [one for one in self.table["sections"] if one["name"] == section]
        return next(one for one in found["checks"] if one["name"].startswith(name))

    def bad(self) -> list[str]:
        """Names of the problems."""
        checks = [one for section in self.table["sections"] for one in section["checks"]]
        return [one["name"] for one in checks if one["status"] == "problem"]

    @property
    def steps(self) -> list[str]:
        return [one["remedy"] for one in self.table["next"]]


def doctor(bench: Bench, *words: str, prefix: tuple[str, ...] = ()) -> Said:
    """Ask it, for JSON; it never ends in a traceback or in an error of ours."""
    program = str(launcher().with_name("distcc-build"))
    done = subprocess.run(
        [*prefix, program, "doctor", "--json", *words],
        cwd=bench.directory,
        env=bench.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    table = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(table)
    assert table["version"] == 1
    assert table["exit_status"] == done.returncode
    assert tuple(one["name"] for one in table["sections"]) == SECTIONS
    assert "TypeError" not in done.stdout
    assert "cannot be looked at" not in done.stdout
    return Said(done.returncode, table)


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with Farm(servers=2, slots=8) as running:
        yield running


@pytest.fixture
def bench(farm: Farm, tmp_path: Path) -> Bench:
    (tmp_path / "distcc").mkdir()
    own = {
        "DISTCC_DIR": str(tmp_path / "distcc"),
        "DISTCC_BUILD_CACHE_DIR": str(tmp_path / "cache"),
    }
    return lean(Bench(tmp_path, {**farm.exports, **own}))


def lean(bench: Bench) -> Bench:
    """One without build systems: these take most of the time."""
    folder = bench.directory / "lean"
    folder.mkdir()
    for name in ("gcc", "g++", "as", "distcc", "sleep"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    for ours in (launcher(), launcher().with_name("distcc-build")):
        (folder / ours.name).symlink_to(ours)
    bench.environ["PATH"] = str(folder)
    return bench


@pytest.fixture
def full(bench: Bench) -> Bench:
    """One with all build systems."""
    bench.environ["PATH"] = f"{launcher().parent}:/usr/bin:/bin"
    return bench


def is_trial(job: Compile) -> bool:
    return "distcc-build-doctor" in job.source


def test_where_all_is_well_there_is_nothing_to_do(farm: Farm, full: Bench) -> None:
    before = farm.daemons.compiles(is_trial)
    said = doctor(full)
    assert (said.status, said.bad(), said.steps) == (0, [], [])
    expected = "compiles of gcc and g++ are distributed to 2 servers with 16 slots"
    assert said.table["verdict"] == expected
    assert said.table["distributed"] is True
    for name in ("SCons", "CMake", "Meson", "Make"):
        assert said.check("faces", name)["status"] == "ok"
    assert "3." in said.check("client", "distcc")["text"]
    assert "distcc3.farm.test does not exist" in said.check("discovery", "stopped")["text"]
    # Each server has compiled in both languages, for real.
    done = farm.daemons.wait_for(before.total() + 4, is_trial)
    assert [done[one] - before[one] for one in farm.daemons.addresses] == [2, 2]
    # And nothing is left that builds would go by.
    assert not (full.directory / "distcc/lock").exists()
    assert not list(full.cache.glob("plan-*"))
    assert not list(full.cache.glob(".tmp-*"))


class Sick(NamedTuple):
    """A farm with seven servers, one of them good, and what doctor says of it."""

    farm: Farm
    said: Said


DIFFERENT = 7

# As it shows: in every object (.comment), and in no word.
DIFFERENT_OBJECT = 'exec $real -fno-ident "$@"'


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sick]:
    with six_servers(more={DIFFERENT: DIFFERENT_OBJECT}) as farm:
        bench = lean(Bench(tmp_path_factory.mktemp("sick"), farm.exports))
        yield Sick(farm, doctor(bench))


CASES = {
    DEAD: ("refused", "start distccd on it, or correct its port (where it is listed"),
    FROZEN: ("silent", "it is frozen, or busy"),
    DENIES: ("denied", "add this machine's network to its --allow"),
    VERSION: ("other version (11.3.0 there, ", "install the same version of gcc and g++ on both"),
    WITHOUT: ("compiler missing", "install gcc and g++ where distccd's PATH looks"),
    DIFFERENT: ("different object", "install the same package of gcc and g++ on both"),
}


@pytest.mark.parametrize(("number", "case"), CASES.items(), ids=[one[0] for one in CASES.values()])
def test_each_failing_server_is_named_with_its_remedy(
    sick: Sick, number: int, case: tuple[str, str]
) -> None:
    found = sick.said.check("servers", f"distcc{number}.farm.test")
    state, remedy = case
    assert found["status"] == "problem"
    assert found["text"].startswith(f"127.1.0.{number}  {state}")
    assert found["remedy"].startswith(remedy)


def test_one_good_server_is_enough_to_distribute_and_status_1_tells_of_the_others(
    sick: Sick,
) -> None:
    said = sick.said
    assert said.status == 1
    assert said.table["verdict"] == (
        "compiles of gcc and g++ are distributed to 1 server with 4 slots"
    )
    assert said.check("servers", f"distcc{GOOD}.")["status"] == "ok"
    assert said.check("trial", f"distcc{GOOD}.")["status"] == "ok"
    assert len(said.steps) == 3


@pytest.fixture
def odd(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A farm of two whose first server compiles by this script."""
    with (
        odd_compilers({1: request.param}, *NAMES) as differing,
        Farm(servers=2, slots=8, differing=differing) as farm,
    ):
        yield lean(Bench(tmp_path, farm.exports))


OURS = 'for one; do grep -qs distcc-build-doctor "$one" && {action}; done; exec $real "$@"'


@pytest.mark.parametrize("odd", [OURS.format(action='exec $real -fno-ident "$@"')], indirect=True)
def test_a_wrong_object_that_the_proof_does_not_show_is_found_by_the_real_compile(
    odd: Bench,
) -> None:
    said = doctor(odd)
    assert said.check("servers", "distcc1.")["status"] == "ok"
    found = said.check("trial", "distcc1.")
    assert found["status"] == "problem"
    assert found["text"] == "another object than here: gcc and g++"
    assert said.table["next"][0]["loss"] == "trust"
    assert said.steps[0].startswith("take it out of DNS")
    assert said.status == 1


@pytest.mark.parametrize("odd", [OURS.format(action="exit 1")], indirect=True)
def test_a_compile_that_fails_after_the_proof_is_told_and_its_server_not_counted(
    odd: Bench,
) -> None:
    said = doctor(odd)
    found = said.check("trial", "distcc1.")
    assert found["status"] == "problem"
    assert found["remedy"].startswith("try it: DISTCC_HOSTS=127.1.0.1:")
    assert "to 1 server with 8 slots" in said.table["verdict"]
    assert said.status == 1


HOSTILE = r"printf '\033[31m\007error: [bold]no\r\n' >&2; exit 1"


@pytest.mark.parametrize("odd", [HOSTILE], indirect=True)
def test_what_a_server_says_moves_no_cursor(odd: Bench) -> None:
    found = doctor(odd, "--compiler", "gcc").check("servers", "distcc1.")
    assert "compile fails (" in found["text"]
    text = odd.run("doctor", "--compiler", "gcc", expect=1).stdout
    assert "[bold]no" in text
    assert not {one for one in text if not one.isprintable()} - {"\n"}
    shown = on_terminal(odd, "doctor", "--compiler", "gcc", columns=100, status=1)
    assert "[bold]no" in shown
    assert "\x07" not in shown


def hidden(folder: Path, *names: str) -> tuple[str, ...]:
    """What to put before a command, so that /usr/bin has no such programs for it."""
    needs_root()
    real, instead = folder / "real", folder / "instead"
    real.mkdir()
    instead.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name not in names:
            (instead / program.name).symlink_to(real / program.name)
    return mounted(f'"$m" --bind /usr/bin "{real}" && "$m" --bind "{instead}" /usr/bin')


def mounted(commands: str) -> tuple[str, ...]:
    """What to put before a command, so that these mounts are there for it alone; $m is mount."""
    script = f'm=/usr/bin/mount; {commands} && exec "$@"'
    return ("/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh")


def test_a_missing_distcc_is_named(bench: Bench) -> None:
    said = doctor(bench, prefix=hidden(bench.directory, "distcc"))
    found = said.check("client", "distcc")
    assert (found["text"], found["remedy"]) == ("is not installed", "install the package distcc")
    assert said.steps[0] == "install the package distcc"
    assert said.table["verdict"].endswith("stay on this machine: distcc is not installed")
    assert said.status == 7


def test_a_distcc_that_is_another_program_is_named(bench: Bench) -> None:
    program(bench, "distcc", "echo ferret 1.0")
    said = doctor(bench)
    assert "is not distcc: --version says 'ferret 1.0'" in said.check("client", "distcc")["text"]
    assert said.steps[0].startswith("mend this distcc")
    assert said.status == 7


def program(bench: Bench, name: str, script: str) -> None:
    """Put a program first on PATH."""
    folder = bench.directory / "first"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    if not bench.environ["PATH"].startswith(str(folder)):
        bench.environ["PATH"] = f"{folder}:{bench.environ['PATH']}"


def test_missing_compilers_are_named(bench: Bench) -> None:
    everything = (one.name for one in Path("/usr/bin").iterdir())
    starts = ("gcc", "g++", "cc", "c++", "x86_64-linux-gnu-g", "aarch64-linux-gnu-g")
    compilers = [one for one in everything if one.startswith(starts) and one != "ccache"]
    said = doctor(bench, prefix=hidden(bench.directory, *compilers))
    assert said.check("compilers", "gcc")["text"] == "is not installed here"
    assert said.steps[0] == "install it, or name another by --compiler"
    assert said.status == 7


def test_one_missing_compiler_of_those_asked_for_degrades(bench: Bench) -> None:
    said = doctor(bench, "--compiler", "gcc", "--compiler", "icc")
    assert said.bad() == ["icc"]
    assert said.status == 1
    assert said.table["verdict"].endswith(
        "; compiles of icc stay on this machine: icc is not installed here"
    )


@pytest.mark.parametrize(
    "value",
    [
        "clang",
        " distcc clang",
        "distcc-launch /usr/bin/clang -m64",
        "ccache sloppiness=time_macros clang",
        "env CCACHE_PREFIX=/opt/distcc-launch /usr/bin/ccache clang -O2",
    ],
)
def test_builds_compile_with_what_cc_and_cxx_name(value: str, bench: Bench) -> None:
    (bench.directory / "lean/clang").symlink_to("/usr/bin/clang")
    bench.environ |= {"CC": value, "CXX": ""}
    said = doctor(bench)
    word = "/usr/bin/clang" if "/usr/bin/clang" in value else "clang"
    assert [one["word"] for one in said.table["compilers"]] == [word, "g++"]
    assert said.check("compilers", word)["text"].endswith(", by CC")
    assert not said.check("compilers", "g++")["text"].endswith(", by CXX")
    assert (said.bad(), said.status) == ([], 0)


def test_an_option_goes_before_cc_and_cxx(bench: Bench) -> None:
    bench.environ |= {"CC": "nowhere-cc", "CXX": "ccache"}
    said = doctor(bench, "--compiler", "gcc")
    assert [one["word"] for one in said.table["compilers"]] == ["gcc"]
    assert (said.bad(), said.status) == ([], 0)


@pytest.mark.parametrize("value", ["nowhere-cc", "/nowhere/cc", "/", '"', "\x1b[31m", "x" * 70_000])
def test_a_cc_that_is_not_here_is_named(value: str, bench: Bench) -> None:
    bench.environ |= {"CC": value, "CXX": "g++"}
    said = doctor(bench)
    assert said.bad() == [value]
    assert said.steps == ["install it, or correct CC"]
    assert " is not installed here, and CC names it;" in said.table["verdict"]
    assert said.status == 1


@pytest.mark.parametrize("value", ["ccache", "distcc-launch --verbose", "-m32", "A=1"])
def test_a_cxx_without_a_compiler_in_it_is_named(value: str, bench: Bench) -> None:
    bench.environ["CXX"] = value
    said = doctor(bench)
    assert said.bad() == ["CXX"]
    assert "in which there is no compiler" in said.check("compilers", "CXX")["text"]
    assert said.steps == ["set it to a compiler, such as CXX=g++, or unset it"]
    assert said.status == 1


def test_a_cc_that_is_another_program_is_named(bench: Bench) -> None:
    bench.environ["CC"] = "sleep"
    said = doctor(bench)
    assert said.bad() == ["sleep"]
    assert said.steps == ["correct CC, or try it: sleep -c FILE"]
    assert said.status == 1


def test_a_missing_home_is_named(bench: Bench) -> None:
    del bench.environ["HOME"]
    said = doctor(bench)
    assert said.check("configuration", "HOME")["text"].startswith("is not set")
    assert said.steps == ["set it in the environment of the build (in SCons: env['ENV']['HOME'])"]
    assert said.status == 1


@contextlib.contextmanager
def zone(bench: Bench, names: dict[str, list[str]]) -> Iterator[None]:
    with NameServer(Zone(names, origins=["farm.test."])) as server:
        bench.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        yield


def test_an_empty_zone_is_named(bench: Bench) -> None:
    with zone(bench, {}):
        said = doctor(bench)
    assert "distcc1.farm.test does not exist" in said.check("discovery", "farm.test")["text"]
    assert said.steps == [
        "give the first server the name distcc1.farm.test in DNS, or set 'domain' to where it is"
    ]
    assert said.status == 7


SERVICES = {
    "_distcc._tcp.farm.test.": ["PTR one._distcc._tcp.farm.test."],
    "one._distcc._tcp.farm.test.": ["SRV 0 0 {port} a.farm.test.", 'TXT "jobs=8"'],
    "a.farm.test.": ["A 127.1.0.1"],
}


def test_a_farm_that_is_listed_as_services_is_well(farm: Farm, bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "--discover-dns-sd"
    port = farm.daemons.port
    names = {name: [one.format(port=port) for one in said] for name, said in SERVICES.items()}
    with zone(bench, names):
        said = doctor(bench)
        found = said.check("discovery", "--discover-dns-sd")
        assert found["text"].startswith("1 server (")
        assert (said.bad(), said.status) == ([], 0)
        names["_distcc._tcp.farm.test."].append("PTR two._distcc._tcp.farm.test.")
    with zone(bench, names):
        said = doctor(bench)
    assert said.check("discovery", "two._distcc._tcp.farm.test")["text"].startswith("no SRV record")
    assert said.steps == ["correct its SRV and address records, or take its PTR record away"]
    assert said.status == 1


def test_a_zone_that_lists_no_services_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "--discover-dns-sd"
    with zone(bench, {"distcc1.farm.test.": ["A 127.1.0.1"]}):
        said = doctor(bench)
    found = said.check("discovery", "--discover-dns-sd")
    assert found["text"] == "no servers: no _distcc._tcp in farm.test"
    (step,) = said.steps
    assert step.startswith("list the servers in DNS: distcc-build zone --dns-sd --domain farm.test")
    assert said.status == 7


def test_of_two_sources_one_is_enough_and_a_server_of_both_is_one(farm: Farm, bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "--discover-dns-sd --discover-distccN"
    port = farm.daemons.port
    names = {name: [one.format(port=port) for one in said] for name, said in SERVICES.items()}
    with zone(bench, {**names, "distcc1.farm.test.": ["A 127.1.0.1"]}):
        said = doctor(bench)
    assert said.check("discovery", "names")["text"].startswith("distcc1.farm.test ")
    assert (said.bad(), said.status) == ([], 0)
    with zone(bench, names):
        said = doctor(bench)
    assert said.bad() == ["farm.test"]
    assert said.status == 1


def test_a_wildcard_beside_the_servers_is_named(bench: Bench) -> None:
    servers = {f"distcc{n}.farm.test.": [f"A 127.1.0.{n}"] for n in (1, 2)}
    with zone(bench, {**servers, "*.farm.test.": ["A 127.1.0.9"]}):
        said = doctor(bench)
    found = said.check("discovery", "distcc3.farm.test")
    assert found["text"] == "127.1.0.9  a wildcard record answers for any name"
    assert said.steps == ["remove the wildcard record"]
    assert said.status == 1


def test_nothing_but_a_wildcard_is_named(bench: Bench) -> None:
    with zone(bench, {"*.farm.test.": ["A 127.1.0.2"]}):
        said = doctor(bench)
    assert said.steps[0].startswith("remove the wildcard record")
    assert said.status == 7


def test_name_servers_that_do_not_answer_are_named(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_NAMESERVERS"] = "127.0.0.1:9"
    said = doctor(bench)
    assert said.steps[0].startswith("see that the name servers answer: dig distcc1.farm.test")
    assert said.status == 7


def test_of_a_large_farm_it_tells_what_this_machine_gets(bench: Bench) -> None:
    # 16 jobs at once for each core here (choice.py), and the list covers twice that.
    bench.environ["DISTCC_BUILD_LIMIT"] = "1000"
    core = ("/usr/bin/taskset", "-c", str(min(os.sched_getaffinity(0))))
    said = doctor(bench, "--compiler", "gcc", prefix=core)
    text = said.check("servers", "list for gcc")["text"]
    assert text == "1 of 2 good servers, as many as this machine can feed"
    assert said.table["verdict"].endswith("to 1 server with 1000 slots")
    assert [said.check("trial", f"distcc{n}.")["status"] for n in (1, 2)] == ["ok", "ok"]
    assert said.status == 0


def test_strangers_in_the_zone_are_named(bench: Bench) -> None:
    with zone(bench, {"distcc1.farm.test.": ["A 8.8.8.8"]}):
        said = doctor(bench)
    found = said.check("servers", "distcc1.farm.test")
    assert "8.8.8.8 is not a private address" in found["text"]
    assert found["remedy"] == 'allow = ["8.8.8.0/24"] would use it'
    assert said.status == 7


def test_a_single_server_that_is_dead_leaves_nothing(bench: Bench) -> None:
    with zone(bench, {"distcc1.farm.test.": ["A 127.1.0.77"]}):
        said = doctor(bench)
    assert said.check("servers", "distcc1.farm.test")["remedy"].startswith("start distccd on it")
    assert "stay on this machine: no server is good for it" in said.table["verdict"]
    assert said.status == 7


@pytest.fixture
def planned(bench: Bench) -> Bench:
    """One that has compiled just now, so that there are plans."""
    bench.compile("gcc")
    return bench


def test_a_plan_that_holds_is_told(planned: Bench) -> None:
    said = doctor(planned)
    text = said.check("plans", "plan for gcc")["text"]
    assert "old, fresh: distcc, 2 servers" in text
    assert "builds go by what was learned" in said.check("discovery", "age")["text"]
    assert said.status == 0
    age(planned.cache, 330)
    assert "stale, but used" in doctor(planned).check("plans", "plan for gcc")["text"]


AGAIN = "run: distcc-build refresh --compiler gcc"


def test_a_plan_that_is_too_old_is_named(planned: Bench) -> None:
    age(planned.cache, 7200)
    said = doctor(planned, "--compiler", "gcc")
    found = said.check("plans", "plan for gcc")
    assert found["status"] == "warning"
    assert found["text"].startswith("2.0 h old, too old: the next compile waits for another")
    assert said.steps == [AGAIN]
    assert said.status == 0, "compiles go on"
    planned.command("refresh", "--compiler", "gcc")
    assert doctor(planned, "--compiler", "gcc").steps == [], "the remedy helps"


def test_a_plan_whose_file_has_changed_is_named(planned: Bench) -> None:
    config = planned.directory / "home/.config/distcc-build/config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text("max_jobs = 500\n")
    config.chmod(0o600)
    said = doctor(planned, "--compiler", "gcc")
    found = said.check("plans", "plan for gcc")
    assert f"no longer true: {config} has changed" in found["text"]
    assert (said.steps, said.status) == ([AGAIN], 0)


def test_a_plan_that_cannot_be_read_is_named(planned: Bench) -> None:
    for plan in planned.cache.glob("plan-*"):
        plan.write_text("distcc-build plan 1\nmade never\nend\n")
    said = doctor(planned, "--compiler", "gcc")
    found = said.check("plans", "plan for gcc")
    assert found["text"].startswith("unreadable (not a plan: ")
    assert (said.steps, said.status) == ([AGAIN], 0)


def test_a_plan_from_before_the_servers_came_is_a_problem(bench: Bench) -> None:
    with zone(bench, {}):
        bench.compile("gcc")
        nameservers = bench.environ["DISTCC_BUILD_NAMESERVERS"]
    host, _, port = nameservers.rpartition(":")
    names = {f"distcc{n}.farm.test.": [f"A 127.1.0.{n}"] for n in (1, 2)}
    with NameServer(Zone(names, origins=["farm.test."]), port=int(port)) as server:
        assert server.endpoint == f"{host}:{port}"
        said = doctor(bench, "--compiler", "gcc")
    found = said.check("plans", "plan for gcc")
    assert found["status"] == "problem"
    assert found["text"].endswith("distcc, here only; made now it would be: distcc, 2 servers")
    assert (said.steps, said.status) == ([AGAIN], 1)


def test_what_is_switched_off_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD"] = "off"
    said = doctor(bench)
    assert said.steps[0] == "unset it"
    assert "DISTCC_BUILD is off: every compile runs here" in said.table["verdict"]
    assert said.status == 7


def test_an_unclear_switch_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD"] = "maybe"
    said = doctor(bench)
    assert said.bad() == ["DISTCC_BUILD=maybe"]
    assert said.status == 1


def test_a_list_without_the_word_is_taken_as_it_is(farm: Farm, bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = f"127.1.0.1:{farm.daemons.port}/3 me@nowhere.test/5"
    said = doctor(bench)
    assert said.check("trial", "127.1.0.1")["status"] == "ok"
    assert said.check("trial", "nowhere.test")["status"] == "skipped", "ssh may ask for a password"
    assert "to 2 servers with 8 slots" in said.table["verdict"]
    assert said.status == 0


def test_a_server_of_the_list_that_fails_is_why_and_not_that_there_is_no_farm(
    bench: Bench,
) -> None:
    # Nobody listens there.
    bench.environ["DISTCC_HOSTS"] = "127.1.0.99:9 --discover-distccN"
    bench.environ["DISTCC_BUILD_DOMAIN"] = "nobody.farm.test"
    said = doctor(bench)
    assert "no servers" in said.check("discovery", "nobody.farm.test")["text"]
    assert "the test compile fails at every server" in said.table["verdict"]
    assert said.status == 7


@contextlib.contextmanager
def frozen(*, accepting: bool) -> Iterator[int]:
    """The port of somebody on 127.1.0.1 who never answers, or never gets as far as to accept."""
    with contextlib.ExitStack() as kept:
        listener = kept.enter_context(socket.create_server(("127.1.0.1", 0), backlog=0))
        if not accepting:
            for _ in range(4):
                waiting = kept.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_host_of_the_list_that_refuses_has_that_remedy(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "127.1.0.99:9"
    said = doctor(bench)
    assert "Connection refused" in said.check("trial", "127.1.0.99")["text"]
    assert said.steps == [
        "start distccd on it, or correct its port in the hosts list if it listens elsewhere"
    ]
    assert said.status == 7


@pytest.mark.parametrize(
    ("accepting", "remedy"),
    [(True, "it is frozen, or busy with more jobs"), (False, "see that it is switched on and")],
)
def test_a_host_of_the_list_that_is_silent_has_that_remedy(
    accepting: bool, remedy: str, bench: Bench
) -> None:
    # The client itself would wait for five minutes; ours is the shorter patience.
    with frozen(accepting=accepting) as port:
        bench.environ["DISTCC_HOSTS"] = f"127.1.0.1:{port}"
        said = doctor(bench, "--compiler", "gcc")
    (step,) = said.steps
    assert step.startswith(remedy)
    assert said.status == 7


def test_a_list_with_nobody_in_it_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "localhost/4"
    said = doctor(bench)
    expected = "add --discover-distccN to DISTCC_HOSTS, or take that list away"
    assert said.steps == [expected]
    assert said.status == 7


@pytest.mark.parametrize("others", ["", " localhost/4"])
def test_a_list_of_which_no_word_can_be_used_is_to_be_corrected(bench: Bench, others: str) -> None:
    bench.environ["DISTCC_HOSTS"] = f"--discover-dnssd{others}"
    said = doctor(bench)
    first, *_ = said.table["next"]
    assert first["subjects"] == ["'--discover-dnssd'"]
    assert first["remedy"] == (
        "correct this word of the hosts list: did you mean --discover-dns-sd?"
    )
    text = said.check("hosts", "DISTCC_HOSTS")["text"]
    if others:
        assert text.startswith("is 'localhost/4' without what is wrong in it: ")
    else:
        assert text == "is wrong: no word of it can be used"
    assert said.table["verdict"].endswith(f"stay on this machine: DISTCC_HOSTS {text}")
    assert said.status == 7


def test_a_list_of_nothing_is_told_so(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "# nobody yet"
    assert doctor(bench).check("hosts", "DISTCC_HOSTS")["text"].startswith("is empty: ")


def listing(bench: Bench, text: str, mode: int = 0o644) -> Path:
    """A file of servers, that the hosts list names."""
    path = Path(bench.environ["HOME"], "servers")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    bench.environ["DISTCC_HOSTS"] = f"--discover-file={path}"
    return path


CAUSES: dict[str, tuple[str, int, str, str]] = {
    "not believed": (
        "127.1.0.1",
        0o666,
        "can be written by others",
        "chmod go-w {path}, then distcc-build refresh",
    ),
    "no command": (
        *("127.1.0.1", 0o755, "it has no #! line"),
        (
            "if a command, begin it with a #! line; if a list, chmod a-x {path}, "
            "then distcc-build refresh"
        ),
    ),
    "no interpreter": (
        *("#!/nowhere/sh -e\n", 0o755, "cannot be run: what its #! line names is not there"),
        "correct the #! line of {path}: the program that it names cannot be run",
    ),
    "failed": (
        *("#!/bin/sh\necho no token >&2; exit 3\n", 0o755, "ended with status 3: no token"),
        "mend it: (cd / && {path}) </dev/null shows what it says",
    ),
    "itself": (
        *("localhost", 0o644, "lists nothing that can be used"),
        "see that {path} names servers beside this machine, HOST:PORT/LIMIT each",
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_is_to_be_done_about_a_file_fits_what_is_wrong_with_it(
    bench: Bench, cause: str
) -> None:
    text, mode, why, remedy = CAUSES[cause]
    path = listing(bench, text, mode)
    said = doctor(bench)
    assert why in said.check("discovery", "--discover-file=")["text"]
    assert said.steps == [remedy.format(path=path)]
    assert why in said.table["verdict"]
    assert said.status == 7


def test_a_file_that_is_not_there_is_to_be_written(bench: Bench) -> None:
    path = listing(bench, "")
    path.unlink()
    said = doctor(bench)
    assert said.steps[0].startswith(f"write the servers into {path}, HOST:PORT/LIMIT each, or ")
    assert said.status == 7


def test_a_word_of_a_file_that_is_left_out_has_a_next_step(farm: Farm, bench: Bench) -> None:
    path = listing(bench, f"127.1.0.1:{farm.daemons.port}/4\n127.1.0.2:port\n")
    said = doctor(bench)
    assert said.steps == [f"correct it in {path}: HOST:PORT/LIMIT is expected"]
    assert said.table["next"][0]["subjects"] == ["line 2"]
    assert said.status == 1


def own_address() -> str:
    """That of this machine by which it reaches others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.254", 9))
        except OSError:
            pytest.skip("needs a network")
        return str(probe.getsockname()[0])


def test_a_farm_of_nobody_but_this_machine_is_told_so(bench: Bench) -> None:
    own = own_address()
    listing(bench, own)
    bench.environ["DISTCC_BUILD_ALLOW"] = own
    said = doctor(bench)
    assert said.table["verdict"].endswith("no server but this machine itself was found")
    assert said.steps == ["list other machines beside it: what is sent to itself gains nothing"]
    assert said.status == 7


def test_a_word_that_distcc_would_misread_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "--discover-distccN big\x1b[31mbox/0"
    said = doctor(bench)
    assert said.steps == ["correct this word of the hosts list"]
    assert said.status == 1


@pytest.mark.parametrize("text", ["pattern = [1]\n", "not toml", 'domain = "..."\n'])
def test_a_configuration_that_cannot_be_used_is_named_and_nothing_is_asked(
    bench: Bench, text: str
) -> None:
    config = bench.directory / "home/.config/distcc-build/config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text(text)
    config.chmod(0o600)
    with NameServer({}) as server:
        bench.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        del bench.environ["DISTCC_BUILD_PATTERN"], bench.environ["DISTCC_BUILD_DOMAIN"]
        said = doctor(bench)
        assert server.queries == []
    assert str(config) in said.table["verdict"]
    assert said.steps[0] == "correct the file that is named"
    assert said.status == 7


def test_a_configuration_that_others_can_write_is_named(bench: Bench) -> None:
    config = bench.directory / "home/.config/distcc-build/config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text("max_jobs = 500\n")
    config.chmod(0o666)
    said = doctor(bench)
    assert f"{config} is not believed: " in said.table["verdict"]
    assert said.steps[0] == f"chmod go-w {config}"
    assert said.status == 7


def test_settings_that_are_ignored_are_named(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_MAX_JOBS"] = "many"
    bench.environ["DISTCC_DIR"] = "/proc/nothing"
    said = doctor(bench)
    assert said.bad() == ["DISTCC_BUILD_MAX_JOBS", "DISTCC_DIR=/proc/nothing"]
    assert said.status == 1


def test_a_variable_that_is_mistyped_is_named_with_what_was_meant(bench: Bench) -> None:
    bench.environ |= {"DISTCC_BUILD_POTR": "1", "DISTCC_BUILD_XYZZY": "1"}
    said = doctor(bench)
    assert said.bad() == ["DISTCC_BUILD_POTR", "DISTCC_BUILD_XYZZY"]
    assert said.check("configuration", "DISTCC_BUILD_XYZZY")["text"] == "is unknown; it is ignored"
    assert said.steps == [
        "correct it (did you mean DISTCC_BUILD_PORT?), or take it away",
        "correct it, or take it away",
    ]


def test_a_setting_that_is_ignored_is_corrected_before_what_may_follow_from_it(
    bench: Bench,
) -> None:
    # The farm listens elsewhere than where distccd does without a word.
    bench.environ["DISTCC_BUILD_PORT"] = "x"
    said = doctor(bench)
    assert said.check("servers", "distcc1.")["text"].startswith("127.1.0.1  refused")
    assert [one["subjects"][0] for one in said.table["next"]] == [
        *("DISTCC_BUILD_PORT", "distcc1.farm.test")
    ]
    assert said.status == 7


def test_of_a_variable_one_thing_is_said(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_CACHE_DIR"] = "relative"
    said = doctor(bench)
    assert said.bad() == ["DISTCC_BUILD_CACHE_DIR=relative"]
    assert said.check("configuration", "DISTCC_BUILD_CACHE_DIR")["text"].endswith(" is used")


def test_a_machine_without_a_cache_directory_is_named(farm: Farm, bench: Bench) -> None:
    needs_root()
    bench.environ |= {"HOME": "/proc/home", "DISTCC_BUILD_CACHE_DIR": "/proc/cache"}
    (bench.directory / "tmp").mkdir()
    uid = os.geteuid()
    obstacle = f'"$m" --bind "{bench.directory}/tmp" /tmp && : >/tmp/distcc-build-{uid}'
    bench.environ["PATH"] = f"{launcher().parent}:/usr/bin:/bin"
    bench.environ["DISTCC_BUILD_PORT"] = str(farm.daemons.port)
    said = doctor(bench, prefix=mounted(obstacle))
    found = said.check("plans", "cache directory")
    assert found["status"] == "problem"
    assert found["remedy"].startswith("chmod 700 it")
    assert said.status == 7
    left = {one.name for one in (bench.directory / "tmp").iterdir()}
    assert left == {f"distcc-build-{uid}"}, "what it worked in is gone"


def test_a_missing_launcher_is_named(bench: Bench, tmp_path: Path) -> None:
    # The package without its programs, as an uninstall that was broken off leaves it.
    library = tmp_path / "library"
    library.mkdir()
    ours = Path(sys.modules[NotFoundError.__module__].__file__ or "").parent
    shutil.copytree(ours, library / "distcc_build")
    for name in ("dns", "filelock", "rich"):
        (library / name).symlink_to(ours.parent / name)
    bench.environ |= {"PYTHONPATH": str(library), "PATH": "/usr/bin:/bin"}
    python = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        [python, "-P", "-m", "distcc_build", "doctor", "--json"],
        cwd=bench.directory,
        env=bench.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = Said(done.returncode, json.loads(done.stdout))
    assert said.check("plans", "distcc-launch")["text"] == "distcc-launch is not installed"
    assert said.steps[0] == "install distcc-build again"
    assert said.status == 7


def test_scons_of_another_environment_is_named_and_mended_by_the_shim(full: Bench) -> None:
    bench = full
    ours = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    other = bench.directory / "other"
    venv.create(other, symlinks=True)
    (library,) = other.glob("lib/python3*/site-packages")
    (library / "SCons").symlink_to(ours / "site-packages/SCons")
    scons = other / "bin/scons"
    scons.write_text(f"#!{other}/bin/python\nimport SCons.Script\nSCons.Script.main()\n")
    scons.chmod(0o755)
    bench.environ["PATH"] = f"{other / 'bin'}:{bench.environ['PATH']}"
    said = doctor(bench, "--compiler", "gcc")
    systems = next(one for one in said.table["sections"] if one["name"] == "faces")["checks"]
    foreign, own = (one for one in systems if one["name"].startswith("SCons"))
    assert foreign["status"] == "warning"
    assert f"its Python 3.{sys.version_info[1]} in {other} has no tool" in foreign["text"]
    assert own["status"] == "ok"
    assert said.steps == ["run: distcc-build setup scons"]
    assert said.status == 0
    bench.command("setup", "scons")
    again = doctor(bench, "--compiler", "gcc")
    mended = again.check("faces", "SCons")
    assert mended["status"] == "ok"
    assert f"by the shim {bench.directory}/home/.scons/" in mended["text"]
    assert again.steps == []


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


def path_of(bench: Bench) -> str:
    """PATH with what a shell needs behind it."""
    return f"{bench.environ['PATH']}:/usr/bin:/bin"


def test_ccache_in_the_compilers_place_is_told_with_what_is_behind_it(full: Bench) -> None:
    full.environ["PATH"] = f"/usr/lib/ccache:{full.environ['PATH']}"
    said = doctor(full, "--compiler", "gcc")
    assert "/usr/bin/gcc, behind /usr/lib/ccache/gcc" in said.check("compilers", "gcc")["text"]
    assert "goes on to distcc" in said.check("plans", "plan for gcc")["text"]
    assert said.status == 0


def test_bad_usage_is_status_2(bench: Bench) -> None:
    for words in (["--deadline", "0"], ["--deadline", "nan"], ["-o", "port=x"], ["--compiler", ""]):
        done = bench.run("doctor", *words, expect=2)
        assert "expected" in done.stderr
        assert done.stdout == ""


def on_terminal(
    bench: Bench, *words: str, columns: int, status: int, environ: dict[str, str] | None = None
) -> str:
    """What a command writes to a terminal so wide."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["distcc-build", *words],
        cwd=bench.directory,
        env={**bench.environ, "COLUMNS": str(columns), "TERM": "xterm", **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        executable=launcher().with_name("distcc-build"),
    )
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # Linux: the other side is closed
        while part := os.read(ours, 65536):
            said += part
    os.close(ours)
    assert process.wait(60) == status, said
    return said.decode()


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
