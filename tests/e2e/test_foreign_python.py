"""The build has Python of its own about: none of it runs in ours, and compiles are distributed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from compiling import Bench

from distcc_build.farm.loopback import Farm

# What the refresher imports, what the interpreter imports by itself, and this package.
MODULES = (
    *("json", "socket", "asyncio", "dns", "filelock", "os", "re", "secrets", "hashlib"),
    *("sitecustomize", "usercustomize", "distcc_build", "encodings", "select", "struct"),
)


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with Farm(servers=1) as running:
        yield running


@pytest.fixture
def bench(farm: Farm, tmp_path: Path) -> Bench:
    state = tmp_path / "distcc"
    state.mkdir()
    own = {"DISTCC_BUILD_CACHE_DIR": str(tmp_path / "cache"), "DISTCC_DIR": str(state)}
    return Bench(tmp_path, {**farm.exports, **own, "DISTCC_BUILD_DEADLINE": "60"})


def poison(folder: Path) -> str:
    """Put modules into a folder that leave a mark when they are run; the program for that."""
    mark = f"open({str(folder / 'RAN')!r}, 'a').write(__name__)\n"
    for name in MODULES:
        (folder / f"{name}.py").write_text(mark)
    startup = folder / "startup.py"
    startup.write_text(mark)
    return str(startup)


@pytest.mark.parametrize(
    "names",
    [
        ["PYTHONPATH"],
        ["PYTHONHOME"],
        ["PYTHONSTARTUP", "PYTHONINSPECT"],
        ["PYTHONIOENCODING"],
        ["PYTHONUSERBASE"],
        ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONIOENCODING"],
    ],
    ids="+".join,
)
def test_no_python_of_the_build_runs_in_ours(farm: Farm, bench: Bench, names: list[str]) -> None:
    folder = bench.directory  # it is the working directory as well
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "userbase/lib" / version / "site-packages"
    packages.mkdir(parents=True)
    poison(packages)
    values = {
        "PYTHONPATH": f"{folder}:.",
        "PYTHONHOME": str(folder),
        "PYTHONSTARTUP": poison(folder),
        "PYTHONINSPECT": "1",
        "PYTHONIOENCODING": "bogus:nonsense",
        "PYTHONUSERBASE": str(folder / "userbase"),
    }
    bench.environ |= {name: values[name] for name in names}
    before = farm.daemons.compiles().total()
    assert bench.compile("gcc") == ""
    assert farm.daemons.wait_for(before + 1).total() == before + 1
    assert not (folder / "RAN").exists()
    assert not (packages / "RAN").exists()


def test_a_library_preloaded_by_the_build_reaches_the_compiler(farm: Farm, bench: Bench) -> None:
    source, library = bench.directory / "preload.c", bench.directory / "preload.so"
    source.write_text(
        "#include <errno.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
        "__attribute__((constructor)) static void mark(void)\n{\n"
        '\tFILE *f = fopen(getenv("MARKS"), "a");\n'
        '\tif (f) {\n\t\tfprintf(f, "%s\\n", program_invocation_short_name);\n\t\tfclose(f);\n\t}\n'
        "}\n"
    )
    compiler = ["gcc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(compiler, check=True)
    marks = bench.directory / "marks"
    bench.environ |= {"LD_PRELOAD": str(library), "MARKS": str(marks)}
    before = farm.daemons.compiles().total()
    assert bench.compile("gcc") == ""
    assert farm.daemons.wait_for(before + 1).total() == before + 1
    assert "distcc" in marks.read_text().split()
