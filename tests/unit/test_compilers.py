"""Which C and C++ compilers belong together."""

import pytest

from distcc_build.compilers import sibling


@pytest.mark.parametrize(
    ("c", "cxx"),
    [
        ("gcc", "g++"),
        ("cc", "c++"),
        ("clang-14", "clang++-14"),
        ("/usr/bin/x86_64-linux-gnu-gcc-12", "/usr/bin/x86_64-linux-gnu-g++-12"),
        ("/opt/my g++/bin/gcc", "/opt/my g++/bin/g++"),
    ],
)
def test_each_is_the_sibling_of_the_other(c: str, cxx: str) -> None:
    assert sibling(c) == cxx
    assert sibling(cxx) == c


@pytest.mark.parametrize("word", ["icc", "gcc-ar", "ccache", "", "gcc/", "/usr/bin/"])
def test_others_have_none(word: str) -> None:
    assert sibling(word) is None
