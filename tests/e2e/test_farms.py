"""A farm for each compiler: one build with three, each on its own servers."""

import contextlib
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.workbench import PATIENT, SYSTEM_PATH, Workbench, objects, write
from running import eventually

from distcc_build.farm.loopback import DOMAIN, Farm

CROSS = "aarch64-linux-gnu-gcc"
COMPILERS = ("gcc", "clang", CROSS)
FILES = 4

MAKEFILE = """
all: {objects}
gcc%.o: x.c
\t$(L) gcc -O2 -c -o $@ -DN=$* $<
clang%.o: x.c
\t$(L) clang -O2 -c -o $@ -DN=$* $<
cross%.o: x.c
\t$(L) {cross} -O2 -c -o $@ -DN=$* $<
"""

pytestmark = [
    pytest.mark.skipif(not shutil.which(one), reason=f"{one} is not installed") for one in COMPILERS
]


@pytest.fixture(scope="module")
def farms() -> Iterator[dict[str, Farm]]:
    """A farm for each compiler, by its word; all on the same addresses, by ports of their own."""
    with contextlib.ExitStack() as stack:
        yield {
            word: stack.enter_context(Farm(servers=2, slots=20, environ={"PATH": SYSTEM_PATH}))
            for word in COMPILERS
        }


@pytest.fixture
def sited(installation: Path, tmp_path: Path, farms: dict[str, Farm]) -> Workbench:
    """The installation at a site whose configuration knows the three."""
    home = tmp_path / "home"
    usual, clang, cross = (_about(farms[word]) for word in COMPILERS)
    write(
        home / ".config/distcc-build/config.toml",
        f"""{usual}
allow_loopback = true
[farm.llvm]
compilers = ["clang", "clang++*"]
{clang}
[farm.arm]
targets = ["aarch64-*"]
{cross}
""",
    )
    # The farms are looked at one after another, and a busy machine takes its time for each.
    nothing = {"DISTCC_DIR": str(farms["gcc"].directory / "distcc"), **PATIENT}
    made = Workbench(installation, home, nothing)
    del made.environ["DISTCC_BUILD_NAMESERVERS"]
    return made


def _about(farm: Farm) -> str:
    return (
        f'domain = "{DOMAIN}"\nnameservers = ["{farm.nameserver.endpoint}"]\n'
        f"port = {farm.daemons.port}\nlimit = {farm.daemons.slots}"
    )


def build(bench: Workbench, folder: Path, launcher: str) -> dict[str, str]:
    write(folder / "x.c", "int answer(int x) { return x * N; }\n")
    names = ("gcc", "clang", "cross")
    wanted = " ".join(f"{name}{number}.o" for name in names for number in range(FILES))
    write(folder / "Makefile", MAKEFILE.format(objects=wanted, cross=CROSS))
    bench.run("make", "-j6", f"L={launcher}", cwd=folder)
    return objects(folder)


def probes(farms: dict[str, Farm]) -> dict[str, int]:
    """How many proofs each farm's servers were asked for, once they have told of all of them."""

    def told() -> bool:
        logs = [farm.daemons.log(one) for farm in farms.values() for one in farm.daemons.addresses]
        texts = [log.read_bytes() for log in logs]
        return all(one.count(b"connection from") == one.count(b"dcc_job_summary") for one in texts)

    assert eventually(told)
    return {word: len(farm.daemons.jobs(probes=True)) for word, farm in farms.items()}


def compiled(farm: Farm) -> set[str]:
    """The compilers that a farm's servers were asked for."""
    return {job.compiler for job in farm.daemons.jobs()}


def test_each_compiler_of_a_build_has_its_own_servers(
    sited: Workbench, farms: dict[str, Farm], tmp_path: Path
) -> None:
    before = {word: farm.daemons.compiles().total() for word, farm in farms.items()}
    built = build(sited, tmp_path / "far", "distcc-launch")
    assert len(built) == 3 * FILES
    assert built == build(sited, tmp_path / "near", "")
    for word, farm in farms.items():
        wanted = before[word] + FILES
        assert farm.daemons.wait_for(wanted).total() == wanted
        assert compiled(farm) == {word}
        assert all(job.outcome == "COMPILE_OK" for job in farm.daemons.jobs())


def test_queries_are_about_the_farm_of_the_compiler(
    sited: Workbench, farms: dict[str, Farm]
) -> None:
    for word, farm in farms.items():
        listed = sited.query("hosts", "--compiler", word)
        assert f"127.1.0.1:{farm.daemons.port}/20" in listed
        assert f"127.1.0.2:{farm.daemons.port}/20" in listed
    assert "farm          arm, which is that of" in sited.query("explain", "--compiler", CROSS)
    assert "farm    " not in sited.query("explain")


def test_a_farm_is_looked_at_by_its_name_or_by_its_compiler(
    sited: Workbench, farms: dict[str, Farm]
) -> None:
    def port_of(*words: str) -> int:
        said = sited.query("servers", *words)
        assert said.count("good") == 2, said
        asked = probes(farms)
        grown = [word for word in COMPILERS if asked[word] > counts[word]]
        counts.update(asked)
        (one,) = grown
        return farms[one].daemons.port

    counts = probes(farms)
    assert port_of("--farm", "llvm", "--compiler", "clang") == farms["clang"].daemons.port
    assert port_of("--compiler", CROSS) == farms[CROSS].daemons.port
    assert port_of() == farms["gcc"].daemons.port
    home = sited.home
    wrong = sited.run("distcc-build", "servers", "--farm", "x", cwd=home, status=2)
    assert "no farm 'x': expected one that a [farm.NAME] table names: llvm, arm" in wrong.err
    several = ("servers", "--compiler", "gcc", "--compiler", "clang")
    mixed = sited.run("distcc-build", *several, cwd=home, status=2)
    assert "expected compilers of one farm, got gcc: the usual one, clang: llvm" in mixed.err
    said = sited.run("distcc-build", "servers", cwd=home)
    assert "this is the usual farm; others by --farm: llvm, arm" in said.err


def test_check_looks_at_every_farm_for_its_own_compilers(
    sited: Workbench, farms: dict[str, Farm]
) -> None:
    home = sited.home
    before = probes(farms)
    # Nothing has been compiled yet: the usual words, and those that patterns stand for.
    said = sited.run("distcc-build", "check", cwd=home)
    assert (said.out, said.err) == ("", "")

    def asked(word: str) -> set[str]:
        jobs = farms[word].daemons.jobs(probes=True)
        return {job.compiler for job in jobs[before[word] :]}

    assert eventually(lambda: asked("clang") >= {"clang", "clang++"})
    # Nobody knew yet that the target of a table is not that of gcc.
    assert eventually(lambda: "gcc" in asked("gcc"))
    farm = farms["clang"]
    address = farm.daemons.addresses[0]
    farm.daemons.signal(address, signal.SIGKILL)
    try:
        found = sited.run("distcc-build", "check", cwd=home, status=1)
        (line,) = found.out.splitlines()
        assert line.startswith(f"farm llvm: distcc1.{DOMAIN}. {address}: ")
        assert (
            "farm llvm" not in sited.run("distcc-build", "check", "--compiler", "gcc", cwd=home).out
        )
    finally:
        farm.daemons.restart(address)


def test_a_table_that_no_compiler_reaches_is_told(sited: Workbench) -> None:
    config = sited.home / ".config/distcc-build/config.toml"
    with config.open("a") as file:
        file.write('[farm.second]\ncompilers = ["clang"]\n[farm.none]\ncompilers = ["zzz*"]\n')
    why = "farm second: [farm.llvm] is tried before it, and has clang"
    said = sited.run("distcc-build", "check", cwd=sited.home, status=1)
    assert said.out == f"{why}: put [farm.second] first\n"
    said = sited.run("distcc-build", "servers", "--farm", "second", cwd=sited.home)
    assert f"{why}; it is looked at for gcc and g++" in said.err
    said = sited.run("distcc-build", "servers", "--farm", "none", cwd=sited.home)
    assert "farm none: no compiler is known here that has it; it is looked at for" in said.err
    # What may matter does not show in the status.
    told = sited.run("distcc-build", "doctor", cwd=sited.home, status=0).out
    assert "[farm.llvm] is tried before it, and has clang" in told
    assert "put [farm.second] first" in told


def test_doctor_looks_at_one_farm_and_names_the_other(sited: Workbench) -> None:
    words = ("doctor", "--compiler", "clang", "--compiler", "gcc")
    said = sited.run("distcc-build", *words, cwd=sited.home, status=0).out
    assert "llvm" in said
    assert "look with doctor --compiler gcc" in said
    verdict = next(line for line in said.splitlines() if line.startswith("verdict"))
    assert verdict.endswith("with 40 slots; not looked at: gcc (the usual farm)")
    usual = sited.run("distcc-build", "doctor", cwd=sited.home, status=0).out
    assert "; not looked at: farm llvm and farm arm\n" in usual


def test_a_build_for_one_compiler_has_its_jobs_and_hosts(
    sited: Workbench, farms: dict[str, Farm]
) -> None:
    script = 'echo "$DISTCC_HOSTS $MAKEFLAGS"'
    run = ("run", "--compiler", CROSS, "--", "sh", "-c", script)
    assert f":{farms[CROSS].daemons.port}/20" in sited.query(*run)


def test_a_build_for_compilers_of_several_farms_has_the_jobs_of_the_largest(
    sited: Workbench, farms: dict[str, Farm]
) -> None:
    script = 'echo "$DISTCC_HOSTS $MAKEFLAGS"'
    before = {word: len(farm.daemons.jobs(probes=True)) for word, farm in farms.items()}
    largest = sited.query("jobs", "--compiler", "clang", "-o", "limit=24")
    for words in (("gcc", "clang"), ("clang", "gcc")):
        run = [part for word in words for part in ("--compiler", word)]
        said = sited.query("run", *run, "-o", "limit=24", "--", "sh", "-c", script)
        assert said.endswith(f" -j{largest}")
        assert f":{farms[words[0]].daemons.port}/24" in said
        assert f":{farms[words[1]].daemons.port}/24" not in said
        assert sited.query("jobs", *run, "-o", "limit=24") == largest
    for word, other in (("gcc", "clang"), ("clang", "gcc")):
        jobs = farms[word].daemons.jobs(probes=True)[before[word] :]
        assert other not in {job.compiler for job in jobs}


def test_a_table_that_cannot_be_used_compiles_here_and_says_so(
    sited: Workbench, farms: dict[str, Farm], tmp_path: Path
) -> None:
    file = sited.home / ".config/distcc-build/config.toml"
    file.write_text(file.read_text() + "[farm.more]\nlimit = 3\n")
    before = sum(len(farm.daemons.jobs()) for farm in farms.values())
    write(tmp_path / "x.c", "int x;\n")
    done = sited.run("distcc-launch", "gcc", "-c", "x.c", cwd=tmp_path)
    assert "[farm.more] of" in done.err
    assert "expected compilers or targets" in done.err
    assert (tmp_path / "x.o").exists()
    assert sum(len(farm.daemons.jobs()) for farm in farms.values()) == before
