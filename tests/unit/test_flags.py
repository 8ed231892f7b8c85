"""Which command lines stay local, and that every row of the table is sound."""

import pytest
from shared_vectors import COMMAND_LINES, CommandLine

from distcc_build.flags import NO_INPUT, NO_VALUE, OPTION_KINDS, ROWS, SEVERAL, Kind, Row, why_local


@pytest.mark.parametrize("line", COMMAND_LINES, ids=str)
def test_command_line_stays_local_or_does_not(line: CommandLine) -> None:
    assert (why_local(line.argv, line.cwd) is not None) == line.local


def example(row: Row) -> list[str]:
    """A compile that only this row, or an earlier one, keeps local."""
    match row.kind:
        case Kind.WORD:
            return [row.text]
        case Kind.PREFIX:
            return [row.text + "x"]
        case Kind.VALUE:
            return [row.text, row.value]
        case Kind.ANY:
            return [row.text, "x"]
        case Kind.OUTPUT:
            return ["-o", f"a{row.text}"]
        case Kind.SUFFIX:
            return [f"dir/a{row.text}"]
        case Kind.NAME:
            return [f"dir/{row.text}a"]
        case Kind.PATH:
            return [f"/build/{row.text.replace('*', 'any')}/a.o"]
    raise AssertionError(row)


OTHERS = {Kind.TAKES, Kind.ENV}


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind not in OTHERS], ids=str)
def test_every_row_keeps_its_command_line_local(row: Row) -> None:
    assert why_local(["gcc", "-c", "a.c", *example(row)]) is not None
    assert why_local(["gcc", "-c", "a.c"]) is None


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind is Kind.TAKES], ids=str)
def test_value_of_an_option_is_not_an_input_file(row: Row) -> None:
    header, source = ["gcc", row.text, "a.h"], ["gcc", row.text, "a.h", "a.c"]
    assert why_local(header) is not None
    assert why_local(source) == why_local(["gcc", row.text, "x", "a.c"])


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind is Kind.ENV], ids=str)
def test_variable_keeps_every_command_line_local(row: Row) -> None:
    assert why_local(["gcc", "-c", "a.c"], "", ["HOME", row.text]) == row.reason
    assert why_local(["gcc", "-c", "a.c"], "", ["HOME", f"X{row.text}"]) is None


def test_more_inputs_than_one_stay_local_but_are_nothing_to_a_link() -> None:
    assert why_local(["gcc", "-c", "a.c", "b.s"]) == SEVERAL
    assert why_local(["gcc", "-S", "a.c", "b.o"]) == SEVERAL
    assert why_local(["gcc", "-S", "a.c", "b"]) is None
    assert why_local(["gcc", "a.o", "b.o", "-o", "program"]) is None


def test_option_behind_an_option_is_the_value_and_takes_none_itself() -> None:
    assert why_local(["gcc", "-o", "-o", "a.h"]) is not None
    assert why_local(["gcc", "-o", "-o", "a.c"]) is None


def test_reason_is_that_of_the_first_word_and_nothing_to_compile_comes_last() -> None:
    module = why_local(["gcc", "-fmodules"])
    assert why_local(["gcc", "-fmodules", "-E"]) == module
    assert why_local(["gcc", "-E", "-fmodules"]) != module
    assert why_local(["gcc"]) == NO_INPUT
    # distcc would add an output of its own, and take that for the value.
    assert why_local(["gcc", "-c", "a.c", "-o"]) == NO_VALUE
    assert why_local(["gcc", "-c", "a.c", "-o", "-o"]) is None
    assert why_local([]) == NO_INPUT


def test_rows_say_why_and_none_is_there_twice() -> None:
    assert len({(row.kind, row.text, row.value) for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.text
        assert bool(row.reason) == (row.kind is not Kind.TAKES)
        assert row.text[0] == "-" or row.kind not in OPTION_KINDS
        assert bool(row.value) == (row.kind is Kind.VALUE)
