r"""Texts that can hold anything, in a form that is safe to look at, and to paste into a shell."""

import shlex
from collections.abc import Iterable

__all__ = ["command_line", "shell_word", "visible"]


def visible(text: str) -> str:
    r"""Text in which nothing is hidden, moves a cursor or cannot be encoded.

    A byte that is no UTF-8 stands as os.fsdecode has it, and is shown as the byte.

    >>> visible("a\x1b[31m\u202e \udcff"), visible("naïve.c")
    ('a\\x1b[31m\\u202e \\xff', 'naïve.c')
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    code = ord(char)
    if char.isprintable():
        return char
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def command_line(words: Iterable[str]) -> str:
    """A command as a shell would take it."""
    return " ".join(map(shell_word, words))


def shell_word(word: str) -> str:
    r"""One word as a shell takes it; in the form of bash and zsh if there is more than text in it.

    >>> [shell_word(word) for word in ("-O2", "a b", "-DX=\n\udcff'")]
    ['-O2', "'a b'", "$'-DX=\\x0a\\xff\\''"]
    """
    if word.isprintable():
        return shlex.quote(word)
    return f"$'{''.join(map(_escaped, word))}'"


def _escaped(char: str) -> str:
    code = ord(char)
    if char in {"'", "\\"}:
        return "\\" + char
    if char.isprintable():
        return char
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "replace"))
