"""Numbers, times and lists in words."""

from collections.abc import Sequence

__all__ = ["believable", "count", "duration", "listed", "plain", "remedy_in"]


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


def plain(name: str) -> str:
    """A full name of DNS as people write it.

    >>> plain("distcc1.farm.test.")
    'distcc1.farm.test'
    """
    return name.removesuffix(".")


def remedy_in(sentence: str) -> tuple[str, str]:
    """Part a sentence into what is the matter and what to do.

    >>> remedy_in("it is on another network than distcc1: correct it, or set ipv4_network")
    ('it is on another network than distcc1', 'correct it, or set ipv4_network')
    >>> remedy_in('8.8.8.8 is not a private address (allow = ["8.8.8.0/24"] would use it)')
    ('8.8.8.8 is not a private address', 'allow = ["8.8.8.0/24"] would use it')
    >>> remedy_in("has the address of distcc1.farm.test.")
    ('has the address of distcc1.farm.test.', '')
    """
    matter, sign, remedy = sentence.rpartition(": ")
    if not sign and sentence.endswith(")"):
        matter, sign, remedy = sentence[:-1].partition(" (")
    return (matter, remedy) if sign else (sentence, "")


def believable(sentence: str) -> tuple[str, str]:
    """Part a sentence about a file that is not believed (trust.py) likewise.

    >>> believable("/x is not believed: / can be written by others (chmod go-w /)")
    ('/x is not believed: / can be written by others', 'chmod go-w /')
    >>> believable("/x is not believed: /x belongs to joe, neither to you nor to root")[1]
    'chown it to yourself, or to root'
    """
    matter, sign, remedy = sentence.removesuffix(")").rpartition(" (")
    return (matter, remedy) if sign else (sentence, "chown it to yourself, or to root")
