"""Causes and what is said about them."""

import pytest

from distcc_build.verdict import Cause, Verdict, first_line


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_says_what_it_is_and_what_to_do(cause: Cause) -> None:
    sentence = Verdict(cause).sentence
    assert cause.meaning in sentence
    assert bool(cause.remedy) == (cause is not Cause.OK)
    assert sentence.isascii()
    assert sentence.isprintable()


def test_no_two_causes_say_the_same() -> None:
    assert len({cause.meaning for cause in Cause}) == len(Cause)
    assert len({cause.remedy for cause in Cause}) == len(Cause)


def test_only_a_proof_makes_a_server_good() -> None:
    assert [cause for cause in Cause if Verdict(cause).good] == [Cause.OK]


def test_sentence_names_what_was_seen() -> None:
    said = Verdict(Cause.VERSION, "11.3.0 there, 12.2.0 here").sentence
    assert said == (
        "the compiler has another version (11.3.0 there, 12.2.0 here): "
        "install the same version on both"
    )


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (b"", ""),
        (b"12.2.0\n", "12.2.0"),
        (b"\n\n  first \nsecond", "first"),
        (b"\x1b]0;title\x07", "?]0;title?"),
        ("für\r\n".encode(), "f??r"),
        (b"x" * 5000, "x" * 200),
    ],
)
def test_first_line_is_fit_for_a_terminal(said: bytes, line: str) -> None:
    assert first_line(said) == line
