"""Hosts from a file that something else maintains, or from what a command prints.

A file that may be executed is run, as Ansible does with an inventory.  Only a file that nobody
else can have written is believed, and what it names is judged as what every other source names.
"""

import errno
import os
import stat
import time
from pathlib import Path

from distcc_build.hostspec import DISCOVER_FILE
from distcc_build.offer import Account, Gave
from distcc_build.sources.command import printed
from distcc_build.sources.entries import gave, read_listing
from distcc_build.sources.lookup import look_up
from distcc_build.sources.request import Request
from distcc_build.trouble import ListError, Trouble
from distcc_build.trust import distrust

__all__ = ["read_listed"]

MAX_SIZE = 1 << 20
"""Bytes that a list may have."""

OF_ERRNO = {errno.ENOENT: Trouble.MISSING, errno.EACCES: Trouble.UNREADABLE}

RUNNING = 0.7
"""Part of the time that a command may take; the rest is for the names that it prints."""


OF_DEADLINE = 3
"""Part of the deadline that it may take, however patient somebody is: else what people are told
would not be what compiles get."""


def read_listed(word: str, request: Request) -> Gave:
    """Read the hosts, and look their names up as every program does.

    :param word: that of the hosts list.
    :raises ListError: when it cannot be read or run, or is no list.
    """
    end = time.monotonic() + request.seconds
    path = Path(word.removeprefix(DISCOVER_FILE))
    most = min(request.seconds * RUNNING, request.config.deadline / OF_DEADLINE)
    data, run = _content(path, most)
    if b"\0" in data:
        why = f"{path} {'prints' if run else 'is'} no text: there is a NUL byte in it"
        raise ListError(why, Trouble.NO_LIST)
    if not run and data.startswith(b"#!"):
        why = f"{path} begins as a program does, and is none (chmod +x {path})"
        raise ListError(why, Trouble.NOT_RUN)
    text = data.decode("utf-8-sig", "backslashreplace")
    listing = read_listing(text, request.config)
    answers = look_up([one.host for one in listing.entries], end)
    account = Account(word, why=f"{path} {'prints' if run else 'lists'}")
    return gave(account, listing, answers, request.config, request.now, holds=not run)


def _content(path: Path, seconds: float) -> tuple[bytes, bool]:
    """What is in the file, or what it prints, and whether it was run."""
    try:
        # A FIFO would be waited for.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise ListError(f"{path}: expected a file", Trouble.NO_FILE)
            if why := distrust(str(path), found, os.environ.get("HOME", "")):
                raise ListError(f"{path} is not believed: {why}", Trouble.NOT_BELIEVED)
            if not found.st_mode & 0o111:
                return _whole(file, path), False
        finally:
            os.close(file)
    except OSError as error:
        raise ListError(f"{path}: {error.strerror}", OF_ERRNO.get(error.errno or 0)) from None
    return printed(path, seconds, MAX_SIZE), True


def _whole(file: int, path: Path) -> bytes:
    data = bytearray()
    while part := os.read(file, MAX_SIZE):
        data += part
        if len(data) > MAX_SIZE:
            # Cut anywhere, an address in it would be another.
            raise ListError(f"{path} is larger than {MAX_SIZE} bytes", Trouble.NO_LIST)
    return bytes(data)
