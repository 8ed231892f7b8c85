"""The installation under test: a wheel of this tree in a fresh environment, and a farm."""

import fcntl
import importlib.util
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.workbench import PATIENT, ROOT, SYSTEM_PATH, Workbench

from distcc_build.farm.loopback import Farm


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this tree; where tests run side by side, by the first that needs it."""
    own = tmp_path_factory.getbasetemp()
    directory = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "wheel"
    directory.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(directory)]
    if importlib.util.find_spec("mesonpy"):
        command.append("--no-build-isolation")
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not [*directory.glob("*.whl")]:
            subprocess.run([*command, str(ROOT)], check=True)
    (found,) = directory.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def make_venv() -> Iterator[Callable[..., Path]]:
    """Make a virtual environment with these packages in it."""
    # Some builds are another user's, and any run of pytest closes pytest's folder to others.
    with tempfile.TemporaryDirectory(prefix="distcc-build-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)

        def make(name: str, *packages: str) -> Path:
            path = Path(folder, name, "venv")
            # Our own pip does it: nobody needs one in there, and it takes longer than all else.
            venv.create(path)
            pip = [sys.executable, "-m", "pip", "--python", str(path / "bin" / "python")]
            subprocess.run([*pip, "install", "-q", *packages], check=True)
            return path

        yield make


@pytest.fixture(scope="session")
def installation(wheel: Path, make_venv: Callable[..., Path]) -> Path:
    """A fresh environment with the wheel and the build systems that Python brings."""
    return make_venv("installation", f"{wheel}[scons]", "meson", "ninja")


@pytest.fixture(scope="session")
def old_scons(make_venv: Callable[..., Path]) -> Path:
    """An environment with the oldest SCons that is supported, and without distcc-build."""
    return make_venv("scons", "scons==4.4.0")


@pytest.fixture(scope="session")
def newest_cmake(make_venv: Callable[..., Path]) -> Path:
    """An environment with the newest CMake."""
    return make_venv("cmake", "cmake")


@pytest.fixture
def bench(installation: Path, tmp_path: Path) -> Workbench:
    """The installation, in a network without servers."""
    home = tmp_path / "home"
    home.mkdir()
    return Workbench(installation, home)


@pytest.fixture
def farm(installation: Path) -> Iterator[Farm]:
    """Three servers that have compiled nothing yet."""
    with Farm(servers=3, environ={"PATH": SYSTEM_PATH}) as running:
        yield running


@pytest.fixture
def farm_bench(installation: Path, tmp_path: Path, farm: Farm) -> Workbench:
    """The installation, in a network with the farm."""
    home = tmp_path / "home"
    home.mkdir()
    return Workbench(installation, home, {**farm.exports, **PATIENT})
