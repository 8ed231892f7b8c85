"""Numbers, times and lists in words."""

from collections.abc import Sequence

__all__ = ["count", "duration", "listed"]


def count(number: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "server"), count(3, "slot")
    ('1 server', '3 slots')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them.

    >>> listed(["gcc", "g++", "clang"])
    'gcc, g++ and clang'
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def duration(seconds: float) -> str:
    """A time in its largest unit.

    >>> [duration(one) for one in (-3, 0.0314, 45, 600, 9000, 200_000)]
    ['0 ms', '31 ms', '45 s', '10 min', '2.5 h', '2 days']
    """
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    units = ((86_400, "days", 0), (3_600, "h", 1), (120, "min", 0))
    for size, unit, digits in units:
        if seconds >= (2 * size if unit == "days" else size):
            per = 60 if unit == "min" else size
            return f"{seconds / per:.{digits}f} {unit}"
    return f"{seconds:.0f} s"
