"""A distcc that ends at once, and a thousand servers that answer at once: two cores suffice.

What is measured with them is what the launcher and discovery take, and not compiles.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from probing import references

from benchmarks.beside import beside
from benchmarks.names import DOMAIN, LateNames
from distcc_build import paths

CLIENT = r"""
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    return argc > 1 && !strcmp(argv[1], "--version") && write(1, "distcc 3.4\n", 11) < 0;
}
"""

TOKEN = 12
REPLY = b"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO%08x%b"


def instant_client(folder: Path) -> dict[str, str]:
    """Put a distcc that ends at once into a folder; returns the environment in which it is used."""
    subprocess.run(
        ["gcc", "-O2", "-static", "-xc", "-", "-o", folder / "distcc"],
        input=CLIENT.encode(),
        check=True,
    )
    keep = {"LANG", "LC_ALL", "TMPDIR"}
    kept = {name: value for name, value in dict(os.environ).items() if name in keep}
    return {
        **kept,
        "PATH": f"{folder}:{paths.launcher().parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "DISTCC_HOSTS": "--discover-distccN",
        "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
        "DISTCC_BUILD_DOMAIN": DOMAIN,
    }


@contextlib.contextmanager
def instant_servers(folder: Path, *words: str, path: str) -> Iterator[int]:
    """Serve on all loopback addresses; each gives the objects that this machine's compilers give.

    Args:
        folder: For the cache in which the objects are made.
        words: The compilers.
        path: Where they are looked for.

    Yields:
        The port.
    """
    before = os.environ["PATH"]
    os.environ["PATH"] = path
    try:
        made = references(folder / "references", *words)
    finally:
        os.environ["PATH"] = before
    replies = {one.compiler.name.encode(): REPLY % (len(one.object), one.object) for one in made}
    with (
        socket.create_server(("", 0), backlog=4096) as server,
        beside(lambda: asyncio.run(_serve(server, replies))),
    ):
        yield server.getsockname()[1]


def at(names: LateNames, port: int, cache: Path) -> dict[str, str]:
    """Return the variables for a farm with these names, on this port, in this cache."""
    return {
        "DISTCC_BUILD_NAMESERVERS": names.endpoint,
        "DISTCC_BUILD_PORT": str(port),
        "DISTCC_BUILD_CACHE_DIR": str(cache),
    }


async def _serve(server: socket.socket, replies: Mapping[bytes, bytes]) -> None:
    loop = asyncio.get_running_loop()
    serving = await loop.create_server(lambda: _Distccd(replies), sock=server, backlog=4096)
    await serving.serve_forever()


class _Distccd(asyncio.Protocol):
    """One connection; a reply to each compiler, whatever the source is."""

    def __init__(self, replies: Mapping[bytes, bytes]) -> None:
        self._replies = replies
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        words = _words(self._data)
        if words:
            self._transport.write(self._replies[words[0]])
            self._transport.close()


def _words(data: bytes) -> Sequence[bytes]:
    """The command line of a request (protocol 1); empty while more is to come."""
    words, position = [], 2 * TOKEN
    for _ in range(int(data[TOKEN + 4 : 2 * TOKEN] or b"0", 16) + 1):
        end = position + TOKEN
        size = int(data[position + 4 : end] or b"0", 16)
        words.append(data[end : end + size])
        position = end + size
    return words[:-1] if position <= len(data) else []
