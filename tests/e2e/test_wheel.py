"""What is in the wheel and the sdist, and that each way to install gives working commands."""

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.workbench import ROOT

# Of the tree, but for those who build it and not for users.
NOT_INSTALLED = {"integrations/launcher/flag_table.py"}


def content(wheel: Path) -> dict[str, int]:
    """Every file of a wheel, and its mode."""
    with zipfile.ZipFile(wheel) as archive:
        return {one.filename: one.external_attr >> 16 & 0o777 for one in archive.infolist()}


def test_the_wheel_is_for_any_python_on_this_platform(wheel: Path) -> None:
    assert wheel.name.split("-", 2)[2].startswith("py3-none-linux_")


def test_every_module_and_schema_of_the_tree_is_in_the_wheel(wheel: Path) -> None:
    names = {one.partition(".data/purelib/")[2] for one in content(wheel)}
    modules = {
        str(path.relative_to(ROOT))
        for folder in ("distcc_build", "integrations")
        for end in ("py", "json")
        for path in (ROOT / folder).rglob(f"*.{end}")
    } - NOT_INSTALLED
    missing = {
        one
        for one in modules
        if one not in names
        and f"distcc_build/{one}" not in names
        # The hook for SCons has to be at the top level.
        and not ("/hook/" in one and Path(one).name in names)
    }
    assert missing == set()


def test_commands_alias_and_cmake_package_are_where_they_belong(wheel: Path) -> None:
    files = content(wheel)
    (data,) = {one.split("/")[0] for one in files if ".data/" in one}
    assert files[f"{data}/scripts/distcc-launch"] == 0o755
    assert files[f"{data}/data/libexec/distcc-build/distcc"] == 0o755
    assert f"{data}/data/share/cmake/DistccBuild/DistccBuildConfig.cmake" in files
    top = {one.rpartition("/")[2] for one in files if "scons" in one}
    assert {"distcc-build-scons.pth", "distcc-build-scons.start"} <= top
    assert f"{data}/purelib/distcc_build/py.typed" in files
    assert not any("verdicts" in one for one in files)


def test_the_launcher_starts_without_the_slow_start_of_glibc(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        launchers = [
            one for one in archive.namelist() if one.endswith(("distcc-launch", "/distcc"))
        ]
        assert len(launchers) == 2
        assert not any(b"GLIBC_TUNABLES" in archive.read(one) for one in launchers)


@pytest.mark.parametrize("option", ["-Dmusl=disabled", "-Dmusl=auto"])
def test_without_musl_the_launcher_is_built_by_the_usual_compiler(
    option: str, installation: Path, tmp_path: Path
) -> None:
    # A script of the name is there, and nothing behind it.
    broken = tmp_path / "musl-gcc"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{installation}/bin:{os.environ['PATH']}"}
    build = tmp_path / "build"
    for command in (["meson", "setup", option, str(build), str(ROOT)], ["ninja", "-C", str(build)]):
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
    launcher = build / "integrations/launcher/distcc-launch"
    assert b"GLIBC_TUNABLES" in launcher.read_bytes()
    done = subprocess.run([launcher, "sh", "-c", "exit 7"], check=False)
    assert done.returncode == 7


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An sdist of what is committed; meson-python takes nothing else."""
    directory = tmp_path_factory.mktemp("sdist")
    clone = directory / "clone"
    # CI's clone may be shallow and owned by somebody else.
    git = ["git", "-c", "safe.directory=*"]
    subprocess.run([*git, "clone", "-q", f"file://{ROOT}", str(clone)], check=True)
    build = [sys.executable, "-m", "build", "--sdist", "-n", "-x", "-o", str(directory), "."]
    subprocess.run(build, check=True, cwd=clone, stdout=subprocess.DEVNULL)
    (found,) = directory.glob("*.tar.gz")
    return found


def test_the_sdist_gives_the_same_commands(sdist: Path, make_venv: Callable[..., Path]) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"meson.build", "LICENSE", "README.md", "integrations/launcher/main.c"} <= names
    check(make_venv("from-sdist", str(sdist)) / "bin")


def test_the_wheel_in_a_fresh_environment(installation: Path) -> None:
    check(installation / "bin")


def test_pipx_exposes_both_commands(
    wheel: Path, make_venv: Callable[..., Path], tmp_path: Path
) -> None:
    pipx = make_venv("pipx", "pipx") / "bin" / "pipx"
    places = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    environ = {**os.environ, **places, "PIPX_MAN_DIR": str(tmp_path / "man")}
    subprocess.run(
        [pipx, "install", "-q", "--python", sys.executable, wheel],
        check=True,
        env=environ,
        capture_output=True,
    )
    check(tmp_path / "bin")


def check(folder: Path) -> None:
    """Both commands run, and the one finds the other and what build systems load."""
    version = run(folder / "distcc-launch", "--version").split()[1]
    versions = run(folder / "distcc-build", "--version").splitlines()
    assert versions[0] == f"distcc-build {version}"
    assert versions[1].split()[:2] == ["distcc-launch", version]
    launcher, compiler = run(folder / "distcc-build", "cc", "gcc").split()
    assert (Path(launcher).name, compiler) == ("distcc", "gcc")
    assert run(Path(launcher), "--version") == f"distcc-launch {version}"
    assert Path(run(folder / "distcc-build", "makefile")).is_file()
    assert Path(run(folder / "distcc-build", "cmake-include")).is_file()
    assert "distcc" in run(folder / "distcc-build", "meson-native")


def run(*words: str | Path) -> str:
    environ = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=environ)
    return done.stdout.strip()
