"""Programs that are not ours, one per build system, from sources that Python packages carry."""

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.workbench import Workbench, objects, write

from distcc_build.farm.loopback import Farm

pytestmark = pytest.mark.slow

Unpack = Callable[[str, str], Path]

only_if_all = pytest.mark.skipif(not os.environ.get("TEST_ALL"), reason="TEST_ALL=1 builds it")


@pytest.fixture(scope="session")
def sdists(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Download the source distribution of a package, once."""
    folder = tmp_path_factory.mktemp("sdists")

    def download(name: str, version: str) -> Path:
        # --no-binary :all: would compile the package's build requirements as well.
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name]
        subprocess.run([*command, "-d", str(folder), f"{name}=={version}"], check=True)
        return folder / f"{name}-{version}.tar.gz"

    return download


@pytest.fixture
def unpack(sdists: Callable[[str, str], Path], tmp_path: Path) -> Unpack:
    """Give a fresh copy of a package's sources."""

    def to(name: str, version: str) -> Path:
        with tarfile.open(sdists(name, version)) as archive:
            archive.extractall(tmp_path / "foreign", filter="data")
        return tmp_path / "foreign" / f"{name}-{version}"

    return to


def check(
    bench: Workbench, farm: Farm, folder: Path, *commands: list[str], clean: list[str], least: int
) -> None:
    """Build, and hold what the farm compiled against what the same commands make here."""
    for command in commands:
        bench.run(*command, cwd=folder)
    remote = objects(folder)
    assert len(remote) >= least
    assert farm.daemons.wait_for(len(remote)).total() == len(remote)
    assert len(farm.daemons.jobs()) == len(remote)
    for name in clean:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for command in commands:
        bench.run(*command, cwd=folder, environ={"DISTCC_BUILD": "off"})
    assert objects(folder) == remote


CMARK = """\
env = Environment(
    CCFLAGS=["-O2"],
    CPPDEFINES=["CMARK_GFM_STATIC_DEFINE", "CMARK_GFM_EXTENSIONS_STATIC_DEFINE"],
    CPPPATH=["generated/unix", "third_party/cmark/src", "third_party/cmark/extensions"],
)
env.Tool("distcc_discover")
conf = Configure(env)
conf.CheckCHeader("stdbool.h")
env = conf.Finish()
cmark = Glob("third_party/cmark/src/*.c") + Glob("third_party/cmark/extensions/*.c")
env.Program("cmark", cmark)
"""


@only_if_all
def test_cmark_under_scons(farm_bench: Workbench, farm: Farm, unpack: Unpack) -> None:
    folder = unpack("cmarkgfm", "2025.10.22")
    write(folder / "SConstruct", CMARK)
    check(farm_bench, farm, folder, ["scons"], clean=[".sconsign.dblite", "cmark"], least=30)
    write(folder / "a.md", "*it* works\n")
    assert farm_bench.run("./cmark", "a.md", cwd=folder).out == "<p><em>it</em> works</p>\n"


def test_libuv_under_cmake(farm_bench: Workbench, farm: Farm, unpack: Unpack) -> None:
    folder = unpack("uvloop", "0.23.0") / "vendor/libuv"
    include = f"-DCMAKE_PROJECT_TOP_LEVEL_INCLUDES={farm_bench.query('cmake-include')}"
    configure = ["cmake", "-B", "b", "-G", "Ninja", include, "-DCMAKE_BUILD_TYPE=Release"]
    configure += ["-DLIBUV_BUILD_SHARED=OFF", "-DBUILD_TESTING=OFF"]
    build = ["cmake", "--build", "b", "-j", farm_bench.query("jobs")]
    check(farm_bench, farm, folder, configure, build, clean=["b"], least=30)


BROTLI = """\
project('brotli', 'c', default_options: ['optimization=1', 'debug=false'])
math = meson.get_compiler('c').find_library('m')
sources = run_command('sh', '-c', 'ls c/common/*.c c/dec/*.c c/enc/*.c c/tools/*.c', check: true)
executable('brotli', sources.stdout().split(), include_directories: 'c/include',
           dependencies: math)
"""


@only_if_all
def test_brotli_under_meson(farm_bench: Workbench, farm: Farm, unpack: Unpack) -> None:
    folder = unpack("brotli", "1.2.1")
    write(folder / "meson.build", BROTLI)
    write(folder / "native.ini", farm_bench.query("meson-native") + "\n")
    setup = ["meson", "setup", "b", "--native-file", "native.ini"]
    build = ["ninja", "-C", "b", "-j", farm_bench.query("jobs")]
    check(farm_bench, farm, folder, setup, build, clean=["b"], least=30)
    write(folder / "a.txt", "brotli " * 1000)
    farm_bench.run("b/brotli", "a.txt", cwd=folder)
    farm_bench.run("b/brotli", "-d", "-o", "b.txt", "a.txt.br", cwd=folder)
    assert (folder / "b.txt").read_text("utf-8") == "brotli " * 1000


ZOPFLI = """\
#include <stdio.h>
#include <string.h>
#include "src/zopfli/zopfli.h"

int main(void) {
    ZopfliOptions options;
    unsigned char *out = NULL;
    size_t size = 0;
    const char *text = "zopfli zopfli zopfli";
    ZopfliInitOptions(&options);
    ZopfliCompress(&options, ZOPFLI_FORMAT_GZIP, (const unsigned char *)text, strlen(text),
                   &out, &size);
    return fwrite(out, 1, size, stdout) != size;
}
"""


def test_zopfli_under_make(farm_bench: Workbench, farm: Farm, unpack: Unpack) -> None:
    folder = unpack("zopfli", "0.4.3") / "zopfli"
    compilers = [
        f"{variable}={farm_bench.query('cc', name)}"
        for variable, name in (("CC", "gcc"), ("CXX", "g++"))
    ]
    build = ["make", "-j", farm_bench.query("jobs"), *compilers, "libzopfli.a", "libzopflipng.a"]
    check(farm_bench, farm, folder, build, clean=["obj"], least=15)
    write(folder / "main.c", ZOPFLI)
    farm_bench.run("gcc", "main.c", "-o", "main", "libzopfli.a", "-lm", cwd=folder)
    unpacked = farm_bench.run("sh", "-c", "./main | gzip -cd", cwd=folder)
    assert unpacked.out == "zopfli zopfli zopfli"
