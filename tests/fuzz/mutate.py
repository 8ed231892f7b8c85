"""Inputs from seeds, the same in every run: for brief runs, and where there is no atheris."""

import random
from collections.abc import Callable, Iterator, Sequence

__all__ = ["mutations"]

LONGEST = 4096
"""Bytes; libFuzzer's own default."""


def mutations(seeds: Sequence[bytes], words: Sequence[bytes], seed: str) -> Iterator[bytes]:
    """Inputs without end.

    :param seeds: what they are made from; may be empty.
    :param words: what is put in, beside random bytes.
    :param seed: another one gives other inputs.
    """
    rng = random.Random(seed)
    pool = [*seeds] or [b""]

    def insert(data: bytes, at: int, end: int) -> bytes:
        word = (
            rng.choice(words) if words and rng.random() < 0.6 else rng.randbytes(rng.choice(SIZES))
        )
        return data[:at] + word + data[rng.choice((at, end)) :]

    def flip(data: bytes, at: int, end: int) -> bytes:
        return (
            data[:at]
            + bytes(one ^ 1 << rng.randrange(8) for one in data[at : at + 1])
            + data[at + 1 :]
        )

    def repeat(data: bytes, at: int, end: int) -> bytes:
        return data[:end] + data[at:end] * rng.choice((1, 1, 2, 40)) + data[end:]

    def cross(data: bytes, at: int, end: int) -> bytes:
        other = rng.choice(pool)
        return data[:at] + other[rng.randint(0, len(other)) :]

    def cut(data: bytes, at: int, end: int) -> bytes:
        return data[:at] + data[end:]

    steps: list[Callable[[bytes, int, int], bytes]] = [insert, insert, flip, repeat, cross, cut]
    while True:
        data = rng.choice(pool)
        for _ in range(rng.randint(1, 6)):
            at = rng.randint(0, len(data))
            data = rng.choice(steps)(data, at, min(len(data), at + rng.randint(1, 16)))
        yield data[:LONGEST]


SIZES = (1, 1, 2, 4, 16)
