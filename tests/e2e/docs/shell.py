"""A shell that runs one line after another, as somebody does who follows a page."""

import os
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

__all__ = ["Shell"]

SECONDS = 60
"""For one line, builds included."""

END = b"\x01"
"""Around the exit status: no program prints it."""


class Shell:
    """bash without a terminal; what lines print, to stdout or stderr, is one text.

    :param cwd: where it starts.
    :param environ: its environment.
    """

    def __init__(self, cwd: Path, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()

    def run(self, line: str) -> tuple[int, str]:
        """Run a line; its exit status, and what was printed.

        :raises AssertionError: when it does not end, or the shell does.
        """
        assert self._process.stdin
        mark = "printf '\\001%s\\001' $?\n"
        self._process.stdin.write(f"{{ {line}\n}} </dev/null 2>&1\n{mark}".encode())
        self._process.stdin.flush()
        said = self._read(line)
        text, status, _ = said.rsplit(END, 2)
        return int(status), text.decode("utf-8", "replace")

    def _read(self, line: str) -> bytes:
        assert self._process.stdout
        file, said = self._process.stdout.fileno(), b""
        deadline = time.monotonic() + SECONDS
        while said.count(END) < 2:
            left = deadline - time.monotonic()
            assert left > 0, f"{line}: no end after {SECONDS} s:\n{said!r}"
            if select.select([file], [], [], left)[0]:
                more = os.read(file, 65536)
                assert more, f"{line}: the shell has ended:\n{said!r}"
                said += more
        return said
