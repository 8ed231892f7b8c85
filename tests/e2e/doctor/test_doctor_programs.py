"""What doctor says of programs that are missing here, or others than they seem."""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from compiling import Bench
from e2e.doctor.asked import Said, doctor, hidden, program

from distcc_build.errors import NotFoundError


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
        " clang",
        " distcc clang",
        "distcc-launch /usr/bin/clang -m64",
        "ccache sloppiness=time_macros clang",
        "env CCACHE_PREFIX=/opt/distcc-launch /usr/bin/ccache clang -O2",
    ],
)
def test_builds_compile_with_what_cc_and_cxx_name(value: str, bench: Bench) -> None:
    (bench.directory / "lean/clang").symlink_to("/usr/bin/clang")
    bench.environ |= {"CC": value, "CXX": "  "}
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


def test_ccache_in_the_compilers_place_is_told_with_what_is_behind_it(full: Bench) -> None:
    full.environ["PATH"] = f"/usr/lib/ccache:{full.environ['PATH']}"
    said = doctor(full, "--compiler", "gcc")
    assert "/usr/bin/gcc, behind /usr/lib/ccache/gcc" in said.check("compilers", "gcc")["text"]
    assert "goes on to distcc" in said.check("plans", "plan for gcc")["text"]
    assert said.status == 0
