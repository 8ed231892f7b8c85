"""The files of the proof for pump mode."""

import pytest

from distcc_build.pump.includes import read_includes
from distcc_build.units import PUMP_HEADER, pump_files


@pytest.mark.parametrize(("word", "source"), [("gcc", "c"), ("/usr/bin/clang++-14", "cc")])
def test_the_source_comes_first_and_includes_the_other(word: str, source: str) -> None:
    (name, text), (header, _) = pump_files(word).items()
    assert name.rpartition(".")[2] == source
    assert header == PUMP_HEADER
    includes = read_includes(text)
    assert not isinstance(includes, str)
    assert [one.name for one in includes] == [header]
