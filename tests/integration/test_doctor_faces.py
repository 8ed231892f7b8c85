"""What doctor says of build systems: each that is missing, each that would not work."""

import time
from pathlib import Path

import pytest

from distcc_build.doctor import faces
from distcc_build.doctor.findings import Check, Status
from distcc_build.doctor.programs import Here, ask
from distcc_build.paths import launcher

SYSTEMS = {"scons": "SCons", "cmake": "CMake", "meson": "Meson", "make": "Make"}
PLACES = (launcher().parent, Path("/usr/bin"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """PATH, with all build systems and what they need."""
    path = tmp_path / "bin"
    path.mkdir()
    for name in (*SYSTEMS, "ninja", "ccache", "sh", "distcc-launch", "distcc-build"):
        found = next(one / name for one in PLACES if (one / name).exists())
        (path / name).symlink_to(found)
    return path


def looked(folder: Path, **environ: str) -> dict[str, Check]:
    """What is said, by the first word of its name."""
    work = folder.parent / "work"
    work.mkdir()
    home = str(folder.parent)
    found = faces.look({"PATH": str(folder), "HOME": home, **environ}, work, time.monotonic() + 60)
    return {one.name.partition(" ")[0]: one for one in found}


def exchange(folder: Path, name: str, script: str) -> None:
    """Put a script in the place of a program."""
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("program", SYSTEMS)
def test_a_build_system_that_is_missing_is_no_trouble(folder: Path, program: str) -> None:
    for other in {*SYSTEMS, "ccache"} - {program}:
        exchange(folder, other, "exit 3")
    (folder / program).unlink()
    found = looked(folder)[SYSTEMS[program]]
    assert (found.status, found.text) == (Status.SKIPPED, "is not installed")


@pytest.mark.parametrize("program", SYSTEMS)
@pytest.mark.parametrize("script", ["exit 3", r"printf '\033[31m\nerror: \377\n' >&2; exit 1"])
def test_a_build_system_that_is_broken_is_a_warning(
    folder: Path, program: str, script: str
) -> None:
    for name in {*SYSTEMS, "ccache"}:
        exchange(folder, name, script)
    found = looked(folder)[SYSTEMS[program]]
    assert found.status is Status.WARNING
    assert found.remedy


def test_all_that_are_here_work_and_need_nothing(folder: Path) -> None:
    found = looked(folder.parent / "bin", CCACHE_PREFIX="distcc-launch")
    assert list(found) == [*SYSTEMS.values(), "ccache"]
    assert {one.status for one in found.values()} <= {Status.OK, Status.WARNING}
    for name in ("SCons", "Meson", "Make", "ccache"):
        assert found[name].status is Status.OK, found[name]


def test_cmake_and_make_want_the_launcher_on_path(folder: Path) -> None:
    for name in ("distcc-launch", "distcc-build"):
        (folder / name).unlink()
    found = looked(folder)
    for name in ("CMake", "Make"):
        assert found[name].status is Status.WARNING
        assert found[name].remedy == f"add {launcher().parent} to PATH"


@pytest.mark.parametrize(
    ("prefix", "remedy"),
    [
        ("icecc", "set CCACHE_PREFIX=distcc-launch"),
        ("/nowhere/distcc", "put /nowhere/distcc on PATH"),
    ],
)
def test_a_prefix_of_ccache_that_leads_elsewhere_is_told(
    folder: Path, prefix: str, remedy: str
) -> None:
    for name in SYSTEMS:
        exchange(folder, name, "exit 3")
    assert looked(folder, CCACHE_PREFIX=prefix)["ccache"].remedy == remedy


def test_scons_without_the_tool_behind_its_shim_is_told(folder: Path) -> None:
    for name in ("cmake", "meson", "make", "ccache"):
        exchange(folder, name, "exit 3")
    shim = folder.parent / ".scons/site_scons/site_tools/distcc_discover.py"
    shim.parent.mkdir(parents=True)
    shim.write_text("_tool = None\ndef exists(env): return True\ndef generate(env): pass\n")
    found = looked(folder)["SCons"]
    assert found.status is Status.WARNING
    assert "finds no distcc-build" in found.text
    assert found.remedy == "write it anew: distcc-build setup scons"


def test_a_program_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    said = ask(["/bin/sh", "-c", "sleep 1000.5 & sleep 1000.5"], {}, 0.2, tmp_path)
    assert said.status is None
    assert said.complaint == "it takes longer than 0.2 s"


def test_a_program_that_cannot_be_run_is_a_value(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("no program")
    (tmp_path / "odd").chmod(0o755)
    here = Here({"PATH": str(tmp_path)}, time.monotonic() + 5)
    for words in ([str(tmp_path / "odd")], ["/nowhere"], ["a\0b"]):
        assert here.ask(*words).status is None
    assert here.first("odd") == str(tmp_path / "odd")
    assert here.first("nowhere") is None
