"""The name of a compiler that a probe uses is the one that the real distcc sends."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from recording import RecordingProxy, command_line

from distcc_build.farm.loopback import Farm
from distcc_build.launch import TUNING
from distcc_build.reference import find_compiler

pytestmark = pytest.mark.skipif(
    not (shutil.which("distccd") and shutil.which("clang")), reason="needs distcc and clang"
)


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with Farm(servers=1, slots=2) as farm:
        yield farm


@pytest.fixture
def proxy(farm: Farm) -> Iterator[RecordingProxy]:
    with RecordingProxy((farm.daemons.addresses[0], farm.daemons.port)) as proxy:
        yield proxy


def compile_through(
    farm: Farm, proxy: RecordingProxy, folder: Path, *command: str, path: str
) -> str:
    """Compile a file, and return the compiler's name in the request."""
    source = "x.cc" if "++" in command[-1] else "x.c"
    (folder / source).write_text("int x;\n")
    done = subprocess.run(
        [*command, "-c", source, "-o", "x.o"],
        cwd=folder,
        env={
            **farm.environment(),
            **TUNING,
            "PATH": path,
            "DISTCC_HOSTS": f"127.0.0.1:{proxy.port}",
            "DISTCC_FALLBACK": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (request,) = proxy.requests
    return command_line(request)[0]


@pytest.mark.parametrize(
    "word", ["gcc", "g++", "cc", "c++", "clang", "clang++", "/usr/bin/gcc", "/usr/bin/clang++"]
)
def test_behind_distcc(farm: Farm, proxy: RecordingProxy, tmp_path: Path, word: str) -> None:
    path = os.environ["PATH"]
    sent = compile_through(farm, proxy, tmp_path, "distcc", word, path=path)
    compiler = find_compiler(word, path)
    assert compiler is not None
    assert compiler.name == sent == word


@pytest.mark.parametrize("whole", [False, True], ids=["by name", "by path"])
def test_behind_a_link_to_distcc(
    farm: Farm, proxy: RecordingProxy, tmp_path: Path, whole: bool
) -> None:
    folder = tmp_path / "masquerade"
    folder.mkdir()
    distcc = shutil.which("distcc")
    assert distcc
    (folder / "gcc").symlink_to(distcc)
    path = f"{folder}:{os.environ['PATH']}"
    word = str(folder / "gcc") if whole else "gcc"
    sent = compile_through(farm, proxy, tmp_path, word, path=path)
    compiler = find_compiler(word, path)
    assert compiler is not None
    assert compiler.name == sent == "gcc"
    assert Path(compiler.path).resolve() == Path(shutil.which("gcc") or "").resolve()
    assert compiler.search == os.environ["PATH"]
