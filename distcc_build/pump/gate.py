"""Stands between distcc and its include server: asks that, looks at the answer, answers distcc.

No answer makes distcc preprocess here, which is always right.
"""

import contextlib
import os
import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from distcc_build.pump.check import Checker

__all__ = ["Gate", "ask"]

SECONDS = 30.0
"""For one question; the include server itself ends what takes it 4 seconds."""

MOST = 1 << 20
"""Words of a message, and bytes of a word; execve takes a tenth of that."""


class Gate(socketserver.ThreadingUnixStreamServer):
    """Answers at a socket while its `with` block lasts.

    :param path: of the socket.
    :param behind: of the include server's.
    """

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, path: Path, behind: Path) -> None:
        self.behind = behind
        self.checker = Checker()
        self.lock = threading.Lock()
        self.reasons: Counter[str] = Counter()
        """By why a compile was preprocessed here; empty for those that were not."""
        super().__init__(str(path), _Question)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: distcc does, and goes on."""

    def answer(self, cwd: str, argv: Sequence[str], environ: dict[str, str] | None) -> list[str]:
        """What distcc is to send for a compile; empty where it preprocesses."""
        files: list[str] = []
        with self.lock:
            if environ is None:
                why = "its environment cannot be read"
            else:
                why = self.checker.unfit(argv, environ)
            try:
                if not why:
                    files = ask(self.behind, cwd, argv)
                    why = self.checker.trouble(argv, cwd, files, environ or {})
            except OSError as error:
                why = f"distcc's include server is gone: {error.strerror or error}"
            self.reasons[why] += 1
        return [] if why else files


def ask(server: Path, cwd: str, argv: Sequence[str]) -> list[str]:
    """What an include server answers.

    :raises OSError: when it does not.
    """
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(SECONDS)
        link.connect(str(server))
        link.sendall(_body(b"CDIR", cwd) + _words(argv))
        with link.makefile("rb") as stream:
            return list(_read_words(stream))


class _Question(socketserver.StreamRequestHandler):
    timeout = SECONDS

    def handle(self) -> None:
        cwd = _read_body(self.rfile, b"CDIR")
        argv = list(_read_words(self.rfile))
        gate = self.server
        assert isinstance(gate, Gate)  # noqa: S101 - it is the only one that makes us
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(_words(gate.answer(cwd, argv, _environment(self.connection))))


def _environment(link: socket.socket) -> dict[str, str] | None:
    """What the process at the other end was started with; None where that cannot be known."""
    try:
        packed = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        content = Path(f"/proc/{struct.unpack('3i', packed)[0]}/environ").read_bytes()
    except (AttributeError, OSError):
        return None
    pairs = (os.fsdecode(one).partition("=") for one in content.split(b"\0"))
    return {name: value for name, _, value in pairs}


def _words(words: Sequence[str]) -> bytes:
    return b"ARGC%08x" % len(words) + b"".join(_body(b"ARGV", word) for word in words)


def _body(name: bytes, text: str) -> bytes:
    content = os.fsencode(text)
    return b"%s%08x" % (name, len(content)) + content


def _read_words(stream: Any) -> Iterator[str]:
    for _ in range(_read_number(stream, b"ARGC")):
        yield _read_body(stream, b"ARGV")


def _read_body(stream: Any, name: bytes) -> str:
    return os.fsdecode(_exactly(stream, _read_number(stream, name)))


def _read_number(stream: Any, name: bytes) -> int:
    token = _exactly(stream, 12)
    try:
        number = int(token[4:], 16)
    except ValueError:
        number = MOST
    if token[:4] != name or number >= MOST:
        raise ConnectionError(f"{name.decode()} was expected, got {token!r}")
    return number


def _exactly(stream: Any, size: int) -> bytes:
    content: bytes = stream.read(size)
    if len(content) < size:
        raise ConnectionError("it ends in the middle")
    return content
