"""The samples under five build systems: everything goes to the farm and comes out the same."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from asking import walks
from e2e.workbench import Workbench, objects, sample, sources

from distcc_build.farm.loopback import Farm

pytestmark = pytest.mark.slow


def scons(bench: Workbench, project: Path, jobs: str, **environ: str) -> str:
    built = bench.run("scons", cwd=project, environ=environ)
    bench.run("build/test_calc", cwd=project)
    return built.text


def cmake_ninja(bench: Workbench, project: Path, jobs: str, **environ: str) -> str:
    configured = bench.run("cmake", "--preset", "farm", cwd=project, environ=environ)
    built = bench.run(
        "cmake", "--build", "--preset", "farm", "-j", jobs, cwd=project, environ=environ
    )
    bench.run("ctest", "--preset", "farm", cwd=project)
    return configured.text + built.text


def cmake_make(bench: Workbench, project: Path, jobs: str, **environ: str) -> str:
    # By find_package, in the sample's CMakeLists.txt.
    configured = bench.run("cmake", "-GUnix Makefiles", "-B", "build", cwd=project, environ=environ)
    built = bench.run("cmake", "--build", "build", "-j", jobs, cwd=project, environ=environ)
    bench.run("build/test_settings", cwd=project)
    return configured.text + built.text


def meson(bench: Workbench, project: Path, jobs: str, **environ: str) -> str:
    setup = "meson setup build --native-file <(distcc-build meson-native)"
    configured = bench.run("bash", "-c", setup, cwd=project, environ=environ)
    built = bench.run("ninja", "-C", "build", "-j", jobs, cwd=project, environ=environ)
    bench.run("build/test_wordindex", cwd=project)
    return configured.text + built.text


def make(bench: Workbench, project: Path, jobs: str, **environ: str) -> str:
    built = bench.run("make", cwd=project, environ=environ)
    bench.run("build/test_tinyvm", "programs", cwd=project)
    return built.text


Build = Callable[..., str]
CASES = {
    "scons": ("scons", scons),
    "cmake-ninja": ("cmake", cmake_ninja),
    "cmake-make": ("cmake", cmake_make),
    "meson": ("meson", meson),
    "make": ("make", make),
}
SYSTEMS = {name: one for name, one in CASES.items() if name != "cmake-make"}
"""One case for each build system."""


@pytest.mark.parametrize(("name", "build"), CASES.values(), ids=CASES.keys())
def test_every_source_is_compiled_once_by_the_farm_as_it_would_be_here(
    name: str, build: Build, farm_bench: Workbench, farm: Farm, tmp_path: Path
) -> None:
    project = sample(name, tmp_path / name)
    expected = sorted(path.name for path in sources(project))
    count = len(expected)
    assert count >= 12

    build(farm_bench, project, farm_bench.query("jobs"))

    per_server = farm.daemons.wait_for(count)
    # Configure checks would be in here too, had they been sent.
    assert sorted(Path(job.source).name for job in farm.daemons.jobs()) == expected
    assert all(per_server.values()), f"a server got nothing: {per_server}"
    assert walks(farm.nameserver) == 1

    remote = objects(project)
    shutil.rmtree(project / "build")
    asked = len(farm.nameserver.queries)
    text = build(farm_bench, project, "2", DISTCC_BUILD="off")
    assert objects(project) == remote
    assert len(remote) >= count
    assert "distcc-build: " not in text
    assert farm.daemons.compiles().total() == count, "switched off, yet something was sent"
    assert len(farm.nameserver.queries) == asked, "switched off, yet somebody asked"


@pytest.mark.parametrize(("name", "build"), CASES.values(), ids=CASES.keys())
def test_without_servers_the_build_succeeds_and_one_line_says_why(
    name: str, build: Build, bench: Workbench, tmp_path: Path
) -> None:
    project = sample(name, tmp_path / name)
    text = build(bench, project, "2")
    assert "warning" not in text.lower()
    said = [line for line in text.splitlines() if line.startswith("distcc-build: ")]
    assert len(said) == 1, said
