"""Which command lines a server may preprocess."""

import pytest

from distcc_build.pump.line import Search, read_line


def test_where_headers_are_looked_for() -> None:
    line = "gcc -Ia -I b -isystem c -isystemd -iquote e -I../f -c x.c -o x.o"
    assert read_line(line.split()) == Search("gcc", "x.c", ("e",), ("a", "b", "../f"), ("c", "d"))
    search = read_line(["g++", "-Ia", "-isystem", "c", "-c", "x.cc"])
    assert isinstance(search, Search)
    assert search.folders == ("a", "c")


@pytest.mark.parametrize(
    "words",
    [
        "-O2 -std=c++17 -Wall -Wextra -MMD -MP",
        "-fPIC -fdiagnostics-color=always -D_FILE_OFFSET_BITS=64 -D N=1 -U M -w",
        "-MD -MQ x.o -MF x.o.d -pipe -pthread -g0 --param max-inline=3 -march=x86-64-v3 -m64",
        "-MTx -MQ x.o -MFx.d -ansi -pedantic-errors",
    ],
)
def test_ordinary_lines_may_go(words: str) -> None:
    assert isinstance(read_line(["gcc", *words.split(), "-c", "x.c", "-o", "x.o"]), Search)


@pytest.mark.parametrize(
    "words",
    [
        "-g",
        "-ggdb3",
        "-m32",
        "-fsanitize=address",
        "-ffile-prefix-map=/a=/b",
        "-flto",
        "-include a.h",
        "-imacros a.h",
        "-idirafter a",
        "-iprefix a",
        "-nostdinc",
        "--sysroot=/x",
        "-stdlib=libc++",
        "--target=arm-linux",
        "-Wp,-MD,x.d",
        "-Wa,-I.",
        "-S",
        "-x c",
        "-DBUILT=__DATE__",
        "-D AT=__TIME__",
        "-DHAS=__has_include(<x.h>)",
        '-D P=_Pragma("once")',
        "-I-",
        "-I=/x",
        "-Ia -isystem a",
        "y.c",
    ],
)
def test_other_lines_may_not(words: str) -> None:
    assert isinstance(read_line(["gcc", *words.split(), "-c", "x.c"]), str)


@pytest.mark.parametrize("words", [["x.c", ""], ["x.S"], ["x.i"], ["x.m"], [], ["x.c", "-I"]])
def test_nor_may_what_is_no_source_in_c(words: list[str]) -> None:
    assert isinstance(read_line(["gcc", "-c", *words]), str)
