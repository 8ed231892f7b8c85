"""Counts files that are removed from a folder, so that jobs between two looks are counted too.

A small compile takes 30 ms, and a look comes twice a second.  This is inotify(7) of Linux, which
disturbs nobody.
"""

import contextlib
import ctypes
import os
import re
import struct
from pathlib import Path

__all__ = ["Departures"]

# The values of <sys/inotify.h>, which Python does not have.
_DELETE = 0x200
_DELETE_SELF = 0x400
_MOVE_SELF = 0x800
_IGNORED = 0x8000
_ONLYDIR = 0x1000000
_LOST = _DELETE_SELF | _MOVE_SELF | _IGNORED

_EVENT = struct.Struct("=iIII")
"""Watch, what happened, a cookie, and the length of the name that follows."""


class Departures:
    """Counts the files with such a name that leave a folder; the folder may come later.

    :param folder: may be removed and made again, and is found again by its name.
    :param name: what the whole name of a file has to match.
    """

    def __init__(self, folder: Path, name: re.Pattern[str]) -> None:
        self._folder = folder
        self._name = name
        self._watch: int | None = None
        try:
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._file = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, AttributeError):
            self._file = -1  # not Linux

    def close(self) -> None:
        """Watch no longer."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def count(self) -> int | None:
        """How many have left since the last call; None where that cannot be told."""
        if self._file < 0:
            return None
        known = self._watch is not None
        left = sum(1 for name in self._gone() if self._name.fullmatch(name))
        if self._watch is None:
            mask = _DELETE | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
            watch = self._libc.inotify_add_watch(self._file, os.fsencode(self._folder), mask)
            self._watch = watch if watch >= 0 else None
        return left if known else None

    def _gone(self) -> list[str]:
        """The names of all files that have left."""
        names = []
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._file, 1 << 16):
                at = 0
                while at < len(data):
                    watch, what, _, length = _EVENT.unpack_from(data, at)
                    name = data[at + _EVENT.size : at + _EVENT.size + length]
                    at += _EVENT.size + length
                    if watch != self._watch:
                        continue  # of a folder that had this name before
                    if what & _DELETE:
                        names.append(os.fsdecode(name.rstrip(b"\0")))
                    elif what & _LOST:
                        self._watch = None
        return names
