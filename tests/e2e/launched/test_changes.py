"""What changes around a build is noticed at once, and never gives an object of another compiler."""

import fcntl
import shutil
from pathlib import Path

import pytest
from compiling import Bench
from running import eventually

from distcc_build.farm.loopback import Farm
from distcc_build.paths import launcher

OTHER = '#!/bin/sh\nexec /usr/bin/gcc -fno-ident "$@"\n'
SAME = '#!/bin/sh\nexec /usr/bin/gcc "$@"\n'


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    # Replaced whole, as a package manager does.
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o755)
    new.rename(path)
    return path


def prepend(bench: Bench, *folders: Path | str) -> None:
    bench.environ["PATH"] = ":".join([*map(str, folders), bench.environ["PATH"]])


def compiled(farm: Farm) -> int:
    return farm.daemons.compiles().total()


def same_as(bench: Bench, *words: str, compiler: Path | str) -> None:
    """Compile with `words`; the object must be that of `compiler`."""
    process = bench.start(*words)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    bench.check((str(compiler),), "x.o")


def test_a_compiler_that_is_exchanged_is_another_at_once(farm: Farm, bench: Bench) -> None:
    gcc = program(bench.directory / "tools/gcc", SAME)
    prepend(bench, gcc.parent)
    same_as(bench, "gcc", compiler=gcc)
    assert farm.daemons.wait_for(1).total() == 1
    program(gcc, OTHER)
    same_as(bench, "gcc", compiler=gcc)
    assert compiled(farm) == 1


def test_so_is_one_behind_a_masquerade_directory(farm: Farm, bench: Bench) -> None:
    gcc = program(bench.directory / "tools/gcc", SAME)
    prepend(bench, "/usr/lib/distcc", gcc.parent)
    same_as(bench, "gcc", compiler=gcc)
    assert farm.daemons.wait_for(1).total() == 1
    program(gcc, OTHER)
    same_as(bench, "gcc", compiler=gcc)
    same_as(bench, "/usr/lib/distcc/gcc", compiler=gcc)
    assert compiled(farm) == 1


def test_a_masquerade_link_by_its_path_goes_by_path_all_the_same(farm: Farm, bench: Bench) -> None:
    same_as(bench, "/usr/lib/distcc/gcc", compiler="/usr/bin/gcc")
    assert farm.daemons.wait_for(1).total() == 1
    gcc = program(bench.directory / "tools/gcc", OTHER)
    prepend(bench, gcc.parent)
    same_as(bench, "/usr/lib/distcc/gcc", compiler=gcc)
    assert compiled(farm) == 1


def test_the_launcher_of_another_installation_is_no_distcc(farm: Farm, bench: Bench) -> None:
    other = bench.directory / "other/libexec/distcc-build/distcc"
    other.parent.mkdir(parents=True)
    shutil.copy2(launcher(), other)
    folder = bench.directory / "bin"
    folder.mkdir()
    (folder / "distcc").symlink_to(other)
    prepend(bench, folder)
    same_as(bench, "gcc", compiler="/usr/bin/gcc")
    assert compiled(farm) == 1


@pytest.mark.parametrize("entry", ["tools", ""])
def test_a_compiler_found_by_a_relative_path_stays_here(
    farm: Farm, bench: Bench, entry: str
) -> None:
    gcc = program(bench.directory / entry / "gcc", OTHER)
    bench.environ["PATH"] = f"{entry}:{bench.environ['PATH']}"
    same_as(bench, "gcc", compiler=gcc)
    assert compiled(farm) == 0


def test_another_compiler_placed_before_is_noticed_at_once(farm: Farm, bench: Bench) -> None:
    tools = bench.directory / "tools"
    tools.mkdir()
    prepend(bench, tools)
    same_as(bench, "gcc", compiler="/usr/bin/gcc")
    assert farm.daemons.wait_for(1).total() == 1
    gcc = program(tools / "gcc", OTHER)
    same_as(bench, "gcc", compiler=gcc)
    assert compiled(farm) == 1


def test_a_compiler_not_yet_probed_is_probed_not_compiled_with_here(
    farm: Farm, bench: Bench
) -> None:
    tools = bench.directory / "tools"
    tools.mkdir()
    prepend(bench, tools)
    bench.compile("gcc")
    # Another gcc, equal but not probed, when clang's plan is made: its own plan is for later.
    program(tools / "gcc", SAME)
    bench.compile("clang")
    before = farm.daemons.wait_for(2).total()
    assert bench.compile("gcc") == ""
    assert farm.daemons.wait_for(before + 1).total() == before + 1


def test_a_compiler_that_is_only_remembered_is_not_run(farm: Farm, bench: Bench) -> None:
    ran = bench.directory / "ran"
    once = program(bench.directory / "tools/gcc", SAME)
    same_as(bench, str(once), compiler=once)
    # Whoever can write there puts another in its place, and its sibling beside it.
    once.parent.chmod(0o777)
    for name in ("gcc", "g++"):
        program(once.with_name(name), f'#!/bin/sh\ntouch {ran}\nexec /usr/bin/{name} "$@"\n')
    bench.command("refresh")
    assert not ran.exists()
    same_as(bench, "gcc", compiler="/usr/bin/gcc")
    same_as(bench, str(once), compiler=once)
    assert ran.exists()


def test_distcc_in_run_is_the_launcher(farm: Farm, bench: Bench) -> None:
    # This clang is on no server: a plain distcc would send it by the list for gcc.
    clang = program(bench.directory / "tools/clang", '#!/bin/sh\nexec /usr/bin/gcc -Os "$@"\n')
    prepend(bench, clang.parent)
    bench.command("run", "--", "sh", "-c", "distcc clang -DWHAT='\"x\"' -c x.c -o x.o")
    bench.check((str(clang),), "x.o")
    bench.command("run", "--", "sh", "-c", "distcc gcc -DWHAT='\"x\"' -c x.c -o x.o")
    assert farm.daemons.wait_for(1).total() == 1
    assert "distcc 3" in bench.command("run", "--", "distcc", "--version")
    assert int(bench.command("run", "--", "distcc", "-j")) > 0


def test_refresh_while_switched_off_leaves_plans_alone(farm: Farm, bench: Bench) -> None:
    bench.compile("gcc")
    bench.environ["DISTCC_BUILD"] = "off"
    assert "off" in bench.command("refresh")
    del bench.environ["DISTCC_BUILD"]
    bench.compile("gcc")
    assert farm.daemons.wait_for(2).total() == 2


def test_an_odd_compiler_word_spoils_no_other(farm: Farm, bench: Bench) -> None:
    odd = program(bench.directory / "a\tb" / "gcc", SAME)
    same_as(bench, str(odd), compiler="/usr/bin/gcc")
    assert bench.compile("gcc") == ""
    bench.command("refresh")
    assert bench.compile("gcc") == ""
    assert farm.daemons.wait_for(2).total() == 2


def test_a_relative_compiler_word_of_a_command_is_understood(bench: Bench) -> None:
    program(bench.directory / "gcc", SAME)
    assert bench.command("hosts", "--compiler", "./gcc") != ""
    assert bench.command("refresh") != ""


def test_run_runs_the_command_whatever_is_wrong(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_DOMAIN"] = f"{'x' * 64}.test"
    assert bench.command("run", "--", "echo", "done") == "done\n"


def test_the_launcher_before_ccache_says_nothing_and_distributes(farm: Farm, bench: Bench) -> None:
    bench.environ["CCACHE_DIR"] = str(bench.directory / "ccache")
    for prefix in (None, "distcc"):
        if prefix:
            bench.environ["CCACHE_PREFIX"] = prefix
            shutil.rmtree(bench.environ["CCACHE_DIR"])
        before = compiled(farm)
        process = bench.start("ccache", "gcc")
        assert process.communicate(timeout=300)[0] == ""
        assert process.returncode == 0
        assert farm.daemons.wait_for(before + 1).total() == before + 1


def test_a_long_path_hides_no_change(farm: Farm, bench: Bench) -> None:
    gcc = program(bench.directory / "tools/gcc", SAME)
    prepend(bench, *[bench.directory / f"d{n}" for n in range(90)], gcc.parent)
    same_as(bench, "gcc", compiler=gcc)
    assert farm.daemons.wait_for(1).total() == 1
    program(gcc, OTHER)
    same_as(bench, "gcc", compiler=gcc)
    assert compiled(farm) == 1


def test_the_farm_of_another_network_is_not_used_while_somebody_else_looks(
    farm: Farm, bench: Bench
) -> None:
    bench.environ["DISTCC_BUILD_DEADLINE"] = "5"
    bench.compile("gcc")
    (path,) = bench.cache.glob("farm-*.json")
    text = path.read_text()
    path.write_text(text.replace('"surroundings":"', '"surroundings":"other'))
    for plan in bench.cache.glob("plan-*"):
        plan.unlink()
    with Path(f"{path}.lock").open("rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = farm.daemons.wait_for(1).total()
        process = bench.start("gcc")
        process.communicate(timeout=300)
        assert process.returncode == 0
    assert compiled(farm) == before


@pytest.mark.parametrize("interpreter", ["/bin/sh", "/none/sh"])
def test_a_compiler_that_cannot_be_run_is_not_another_of_its_name(
    farm: Farm, bench: Bench, interpreter: str
) -> None:
    # distcc would look for clang on PATH, and run that.
    named = program(bench.directory / "tools/clang", SAME.replace("/bin/sh", interpreter))
    named.chmod(0o644 if interpreter == "/bin/sh" else 0o755)
    for _ in range(2):
        process = bench.start(str(named))
        process.communicate(timeout=300)
        assert process.returncode == (126 if interpreter == "/bin/sh" else 127)
    assert not (bench.directory / "x.o").exists()
    assert compiled(farm) == 0


def test_a_configuration_that_leads_round_is_not_missing(farm: Farm, bench: Bench) -> None:
    bench.compile("gcc")
    config = bench.directory / "home/.config/distcc-build/config.toml"
    config.parent.mkdir(parents=True)
    config.symlink_to(config.name)
    assert "symbolic links" in bench.compile("gcc")
    config.unlink()
    config.write_text("limt = 5\n")
    # In a moment: what leads round cannot be seen to change.
    assert eventually(lambda: "limt" in bench.compile("gcc"))
    config.unlink()
    before = farm.daemons.compiles().total()
    assert eventually(lambda: bench.compile("gcc") == "" and compiled(farm) > before)
