"""Choices drawn from a fuzzer's bytes, from the front, so that a small change stays a small one."""

from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Feed"]

T = TypeVar("T")


class Feed:
    """The bytes that are left; where there are none, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        """At most so many bytes."""
        taken = self._data[self._at : self._at + size]
        self._at += len(taken)
        return taken

    def number(self, below: int) -> int:
        """One of 0, 1, ..., by one byte up to 256 and else by two."""
        return int.from_bytes(self.take(1 if below <= 256 else 2), "big") % below

    def choice(self, choices: Sequence[T]) -> T:
        return choices[self.number(len(choices))]

    def rest(self) -> bytes:
        return self.take(len(self._data))
