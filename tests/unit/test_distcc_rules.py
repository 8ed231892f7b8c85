"""What distcc itself keeps local, as it scans a command line."""

import pytest

from distcc_build.distcc_rules import subject, why_distcc_local

SENT = [
    "-c a.c",
    "-c a.c -o a.o",
    "-S a.cpp -oa.s",
    "-c a.i",
    "-c dir/a.mm",
    "-MD -MP -MF x.c -MTb.o -MQ c.c -c a.c -o a.o",
    "-c a.c -x c++",
    "-Wa,--noexecstack -c a.c",
    "-march=x86-64 -mcpu=native -flto=auto -c a.c",
]
KEPT = {
    "-E a.c": "preprocesses",
    "-march=native -c a.c": "native",
    "-mtune=native -c a.c": "native",
    "-flto -c a.c": "link",
    "--coverage -c a.c": "profile",
    "-fprofile-use=x -c a.c": "profile",
    "-frepo -c a.c": "beside",
    "-dr -c a.c": "beside",
    "-specs=x -c a.c": "specs",
    "-M -c a.c": "dependencies",
    "-MJ x -c a.c": "dependencies",
    "-MDx -c a.c": "dependencies",
    "-Wa,-x,-ahl -c a.c": "assembler",
    "-Wa,--MD,x -c a.c": "assembler",
    "-x f95 -c a.c": "-x",
    "-xc -c a.c": "-x",
    "a.o -o program": "does not compile",
    "": "does not compile",
    "-c": "no source",
    "-c a.s": "no source",
    "-c -": "no source",
    "-c a.c b.c": "more than one source",
    "-include b.c -c a.c": "more than one source",
    "-c a.c b.o -o a.o": "more than one object",
    "-c a.c -o a.o -o b.o": "more than one object",
    "-c a.c -o -": "output is -",
    "-c dir/conftest.c": "configure check",
    "-c tmp.conftest.c": "configure check",
}


@pytest.mark.parametrize("line", SENT)
def test_sent(line: str) -> None:
    assert why_distcc_local(["gcc", *line.split()]) is None


@pytest.mark.parametrize("line", KEPT)
def test_kept(line: str) -> None:
    assert KEPT[line] in (why_distcc_local(["gcc", *line.split()]) or "")


@pytest.mark.parametrize(
    ("line", "about"),
    [
        ("gcc -c src/a.c -o out/a.o", "a.c"),
        ("gcc -c -MD -MT a.c -MF x.cc -o a.o b.cpp", "b.cpp"),
        ("gcc a.o b.o -o bin/tool", "tool"),
        ("gcc -o bin/tool -lstdc.c", "tool"),
        ("gcc --version", ""),
        ("gcc", ""),
        ("", ""),
    ],
)
def test_a_command_line_is_about_its_source_or_else_its_output(line: str, about: str) -> None:
    assert subject(line.split()) == about
