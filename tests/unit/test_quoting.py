"""Texts that can hold anything, shown and quoted."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import HOSTILE

from distcc_build.record.quoting import command_line, shell_word, visible

# What os.fsdecode can give.
TEXTS = st.binary(max_size=40).map(lambda data: data.decode("utf-8", "surrogateescape"))


@given(st.text() | TEXTS)
def test_what_is_shown_hides_nothing_and_can_be_encoded(text: str) -> None:
    for shown in (visible(text), shell_word(text)):
        assert shown.isprintable()
        shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b.c", "a b.c"),
        ("\x7f\t", "\\x7f\\x09"),
        ("\u202e\u2028", "\\u202e\\u2028"),
        ("\udc80\ud800", "\\x80\\ud800"),
        ("日本.c", "日本.c"),
    ],
)
def test_what_is_no_text_is_shown_as_its_number(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_shell_gives_back_every_word() -> None:
    words = [*HOSTILE, "", "a b", "$HOME", "'", "\\", "\u202e'\\n", "\udcff1", '-DX="1"', "*"]
    script = f"printf '%s\\0' {command_line(words)}"
    # A word cannot hold the byte 0; there it ends.
    expected = [word.partition("\0")[0].encode("utf-8", "surrogateescape") for word in words]
    result = subprocess.run(
        ["bash", "-c", script], stdout=subprocess.PIPE, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert result.stdout.split(b"\0")[:-1] == expected


def test_a_character_that_nothing_can_encode_is_quoted_as_a_question_mark() -> None:
    assert shell_word("a\ud800") == "$'a\\x3f'"
