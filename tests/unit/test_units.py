"""The units and the command line of the proof, by the name of the compiler."""

import pytest

from distcc_build.units import CXX, C, arguments, language, units


@pytest.mark.parametrize(
    "word",
    [
        "g++",
        "c++",
        "clang++",
        "/usr/bin/g++",
        "g++-12",
        "clang++-14",
        "clang++-14.0.6",
        "x86_64-linux-gnu-g++-12",
        "/opt/gcc 13/bin/aarch64-none-elf-g++",
    ],
)
def test_compilers_of_cxx(word: str) -> None:
    assert language(word) == "c++"
    assert units(word)[0] == CXX
    assert arguments(word)[2].endswith(".ii")


@pytest.mark.parametrize(
    "word", ["gcc", "cc", "clang", "/usr/bin/gcc-12", "x86_64-linux-gnu-gcc", "/opt/g++/bin/gcc"]
)
def test_compilers_of_c(word: str) -> None:
    assert language(word) == "c"
    assert units(word) == (C,)
    assert arguments(word)[2].endswith(".i")


@pytest.mark.parametrize("unit", [C, CXX])
def test_unit_hides_the_name_of_its_file_and_is_small(unit: bytes) -> None:
    # Without a line marker the server's temporary name gets into the object.
    assert unit.startswith(b'# 1 "p.c')
    assert unit.isascii()
    assert unit.endswith(b"\n")
    assert len(unit) < 1500
    # Preprocessed: nothing but the marker may ask for a header or a macro.
    assert unit.count(b"#") == 1


@pytest.mark.parametrize("word", ["gcc", "g++"])
def test_command_line_is_one_that_distccd_takes(word: str) -> None:
    options = arguments(word)
    assert options.count("-c") == 1
    assert options[-2] == "-o"
    assert not any(option.startswith("-g") for option in options)
