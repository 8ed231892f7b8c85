"""Every file that a compile writes is there, in its place, and the same as without us."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from compiling import Bench

from distcc_build.farm.loopback import Farm
from distcc_build.paths import launcher

DEPENDENCIES = [
    "-MMD -MP -c a.c -o sub/q.o",
    "-MD -c a.c -o sub/q.o",
    "-MD -MF x.d -c a.c -o sub/q.o",
    "-MD -MT target -c a.c -o sub/q.o",
    "-MMD -MQ target -MF x.d -c a.c -o sub/q.o",
    "-MMD -c a.c -osub/q.o",
    "-MMD -c a.c -o sub/q",
    "-MMD -c a.c -o sub/q.tar.o",
    "-MMD -c a.c -o sub.dir/q",
    "-MMD -S a.c -o sub/q.s",
    "-MMD -c a.c",
    "-MMD -c inner/b.c",
    "-MFx.d -MMD -c a.c -o sub/q.o",
    "--write-dependencies -c a.c -o sub/q.o",
    "--write-user-dependencies -c a.c -o sub/q.o",
    "-Wp,-MMD,x.d -c a.c -o sub/q.o",
    "-MMD -c a.c -o a$b.o",
    "-MD -MF - -c a.c -o sub/q.o",
    "-MMD -dumpdir sub/z- -c a.c -o sub/q.o",
    "-MMD @words.rsp",
    "-MMD -include h.h -c a.c -o sub/q.o",
]

OTHERS = [
    "-c a.c --output=r.o",
    "-c a.c --output r.o",
    "@split.rsp -c a.c -o a.o",
    "@usage.rsp -c a.c -o a.o",
    "@nested.rsp -c a.c -o a.o",
    "-fopt-info-vec=vec.txt -O3 -c a.c -o a.o",
    "-da -O1 -c a.c -o a.o",
    "-Xassembler --MD -Xassembler asm.d -c a.c -o a.o",
    "-Wa,-ahl=x.lst -c a.c -o a.o",
    "-x c -O2 -c a.c -o a.o",
    "-fpch-preprocess -c a.c -o a.o",
    "-gsplit-dwarf -c a.c -o sub/a.o",
    "-fstack-usage -c a.c -o a.o",
    "-c a.c -o a.o -save-temps",
    "-c -o a.o -- a.c",
    "@quoted.rsp",
]


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with Farm() as running:
        yield running


def sources(folder: Path) -> None:
    for one in ("sub", "sub.dir", "inner"):
        (folder / one).mkdir(parents=True)
    (folder / "h.h").write_text("#define K 1\n")
    (folder / "a.c").write_text('#include "h.h"\nint a = K;\nint f(int *p) { return p[a]; }\n')
    (folder / "inner/b.c").write_text('#include "../h.h"\nint b = K;\n')
    (folder / "words.rsp").write_text("-c a.c\n-o sub/q.o\n")
    (folder / "split.rsp").write_text("-gsplit-dwarf -g")
    (folder / "usage.rsp").write_text("'-fstack-usage'")
    (folder / "nested.rsp").write_text("-DX=1 @usage.rsp")
    (folder / "quoted.rsp").write_text('-c a.c "-DS=\\"a b\\"" -o \'with blank.o\'')


def result(folder: Path, words: list[str], bench: Bench) -> tuple[int, dict[str, bytes]]:
    """Exit status, and every file that is new, with its content."""
    sources(folder)
    before = {path for path in folder.rglob("*") if path.is_file()}
    done = subprocess.run(words, cwd=folder, env=bench.environ, capture_output=True, check=False)
    made = {path for path in folder.rglob("*") if path.is_file()} - before
    # gcc's temporary assembly and the numbers in its dumps differ from run to run.
    contents = {
        str(path.relative_to(folder)): b""
        if re.fullmatch(r"a\.c\.[0-9]+[a-z]\..*", path.name)
        else re.sub(rb"/tmp/cc\w+\.s", b"TEMPORARY", path.read_bytes())
        for path in made
    }
    return done.returncode, contents


@pytest.mark.parametrize("line", [*DEPENDENCIES, *OTHERS])
def test_files_are_those_of_the_compiler(line: str, farm: Farm, tmp_path: Path) -> None:
    bench = Bench(tmp_path, {**farm.exports, "DISTCC_BUILD_DEADLINE": "60"})
    bench.compile("gcc")
    # One folder after the other in the same place: its name is in debug information.
    place = tmp_path / "place"
    expected = result(place, ["gcc", *line.split()], bench)
    shutil.rmtree(place)
    found = result(place, [str(launcher()), "gcc", *line.split()], bench)
    assert sorted(found[1]) == sorted(expected[1])
    assert found == expected


@pytest.mark.parametrize("line", [one for one in DEPENDENCIES if "dumpdir" not in one][:12])
def test_dependencies_do_not_keep_a_compile_here(line: str, farm: Farm, tmp_path: Path) -> None:
    bench = Bench(tmp_path, {**farm.exports, "DISTCC_BUILD_DEADLINE": "60"})
    before = farm.daemons.compiles().total()
    result(tmp_path / "place", [str(launcher()), "gcc", *line.split()], bench)
    assert farm.daemons.wait_for(before + 1).total() == before + 1


def test_a_changed_header_is_noticed_by_make(farm: Farm, tmp_path: Path) -> None:
    bench = Bench(tmp_path, {**farm.exports, "DISTCC_BUILD_DEADLINE": "60"})
    place = tmp_path / "place"
    sources(place)
    (place / "Makefile").write_text(
        "CC := $(or $(shell distcc-build cc gcc),gcc)\n"
        "sub/a.o: a.c ; $(CC) -MMD -MP -c $< -o $@\n"
        "-include sub/a.d\n"
    )
    for value in ("1", "2"):
        (place / "h.h").write_text(f"#define K {value}\n")
        # Older files are as good as unchanged to make, so that the header must be newer.
        done = subprocess.run(
            ["make"], cwd=place, env=bench.environ, capture_output=True, text=True, check=False
        )
        assert "up to date" not in done.stdout
        assert done.returncode == 0
        (place / "sub/a.o").touch()
        os.utime(place / "sub/a.o", (1, 1))
        os.utime(place / "a.c", (0, 0))
        os.utime(place / "h.h", (0, 0))
        assert (
            "up to date"
            in subprocess.run(
                ["make"], cwd=place, env=bench.environ, capture_output=True, text=True, check=True
            ).stdout
        )


def test_a_whole_command_in_a_response_file(farm: Farm, tmp_path: Path) -> None:
    bench = Bench(tmp_path, {**farm.exports, "DISTCC_BUILD_DEADLINE": "60"})
    place = tmp_path / "place"
    sources(place)
    (place / "all.rsp").write_text("gcc -c a.c -o a.o")
    done = subprocess.run([launcher(), "@all.rsp"], cwd=place, env=bench.environ, check=False)
    assert done.returncode == 0
    assert (place / "a.o").exists()


def test_behind_distcc_the_launcher_is_the_compiler(farm: Farm, tmp_path: Path) -> None:
    bench = Bench(tmp_path, {**farm.exports, "DISTCC_HOSTS": "localhost"})
    command = ["distcc", str(launcher()), "gcc", "-c", "x.c", '-DWHAT="x"', "-o", "x.o"]
    done = subprocess.run(command, cwd=tmp_path, env=bench.environ, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("words", ["-g -O2", "-ggdb3 -fPIC", "-g -I sub -DX=1"])
def test_debug_information_of_clang_names_the_directory_of_the_compile(
    words: str, farm: Farm, tmp_path: Path
) -> None:
    bench = Bench(tmp_path, {**farm.exports, "DISTCC_BUILD_DEADLINE": "60"})
    bench.compile("clang")
    before = farm.daemons.compiles().total()
    place, line = tmp_path / "place", [*words.split(), "-c", "a.c", "-o", "a.o"]
    said = []
    for command in (["clang"], [str(launcher()), "clang"]):
        sources(place)
        subprocess.run([*command, *line], cwd=place, env=bench.environ, check=True)
        dump = ["readelf", "--debug-dump=info", "a.o"]
        done = subprocess.run(dump, cwd=place, capture_output=True, text=True, check=True)
        names = re.findall(r"DW_AT_(?:comp_dir|name) .*: (.*)", done.stdout)
        said.append(names)
        shutil.rmtree(place)
    # The columns of its line table are those of preprocessed text, so not all can be equal.
    assert said[0] == said[1]
    assert str(place) in said[0]
    assert farm.daemons.wait_for(before + 1).total() == before + 1
