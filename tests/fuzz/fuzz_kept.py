"""What others leave behind: TXT strings, distcc's marks, references in the cache."""

import functools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fuzz.feed import Feed

from distcc_build.backoff import forgive, in_backoff
from distcc_build.reference import MAGIC, Compiler, _first, _pack, _read
from distcc_build.resolve.slots import MAX_SLOTS, parse_slots

COMPILER = Compiler("gcc", "gcc", "/usr/bin/gcc", "/usr/bin", "key")


WORDS = (
    *(
        b"slots=",
        b"Slots=16",
        b"\0",
        b"\0\0",
        b"backoff_tcp_",
        b"_3632_0",
        b"10.0.0.1",
        b"fd00::1",
        b"_0",
    ),
    *(
        b"../",
        b"\n",
        b"distcc-build reference 1 ",
        b"0\n",
        b"-1\n",
        b"99\n",
        b"\xd9\xa3",
        b"+8",
        b"1_0",
    ),
)


def seeds() -> Iterator[bytes]:
    yield b"\0slots=16\0note=x\0\0slots=16"
    yield b"\x01backoff_tcp_10.0.0.1_3632_0"
    yield b"\x01backoff_tcp_fd00::1_99_0"
    yield b"\x02\x000\n12.2.0\nx86_64-linux-gnu\ngcc (Debian 12.2.0) 12.2.0\n\x7fELF\n"


def check(data: bytes) -> None:
    kind, data = data[:1], data[1:]
    checks = (check_slots, check_mark, check_reference)
    checks[kind[0] % len(checks) if kind else 0](data)


def check_slots(data: bytes) -> None:
    records = [record.split(b"\0") for record in data.split(b"\0\0")]
    slots = parse_slots(records)
    assert slots is None or 1 <= slots <= MAX_SLOTS
    assert parse_slots(reversed([record[::-1] for record in records])) == slots
    if slots is not None:
        assert b"slots=" in data.lower()


@functools.cache
def directory() -> Path:
    # Kept in the cache, which removes the directory when the interpreter ends.
    holder = _holder()
    folder = Path(holder.name)
    (folder / "lock").mkdir()
    return folder


@functools.cache
def _holder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="distcc-build-fuzz-")


def check_mark(data: bytes) -> None:
    name = os.fsdecode(data.replace(b"/", b"-").replace(b"\0", b"-")[:255])
    if name in {"", ".", ".."}:
        return
    mark = directory() / "lock" / name
    mark.touch()
    try:
        found = in_backoff(directory(), mark.stat().st_mtime, 60)
        assert len(found) <= 1
        for host, port in found:
            assert 0 < port < 65536
            forgive(directory(), host, port)
            assert not mark.exists()
    finally:
        mark.unlink(missing_ok=True)
    # Whatever the host is called, it is a file in that folder that goes, or none.
    beside = directory() / "beside_1_0"
    beside.touch()
    forgive(directory(), os.fsdecode(data), 1)
    assert beside.exists()


def check_reference(data: bytes) -> None:
    feed = Feed(data)
    whole = feed.number(2) == 0
    rest = feed.rest()
    path = directory() / f"reference-{COMPILER.key}"
    path.write_bytes(_first(rest) + b"\n" + rest if whole else rest)
    path.chmod(0o600)
    reference = _read(directory(), COMPILER)
    if reference is not None:
        assert whole or rest.startswith(MAGIC)
        assert _pack(reference).partition(b"\n")[2] == rest
