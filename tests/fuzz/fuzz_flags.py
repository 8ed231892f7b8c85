"""Command lines: Python and C judge them alike.  NUL parts the words; the directory is first."""

import os
from collections.abc import Iterator

from fuzz.verdicts import verdicts
from shared_vectors import COMMAND_LINES

from distcc_build.flags import ROWS, why_local

WORDS = (
    *dict.fromkeys(text.encode() for row in ROWS for text in (row.text, row.value) if text),
    *(b"\0", b"\0-o\0", b"\0-c\0", b"\0-x\0", b"a.c", b"-", b"--", b"/", b"\0-MD\0", b"\0-MT\0a"),
)


def seeds() -> Iterator[bytes]:
    for line in COMMAND_LINES:
        yield b"\0".join(os.fsencode(word) for word in (line.cwd, *line.argv))


def check(data: bytes) -> None:
    cwd, *argv = (os.fsdecode(word) for word in data.split(b"\0")[:256])
    if argv:
        assert verdicts().local(argv, cwd) == (why_local(argv, cwd) or "")
