"""Names of compilers: which C compiler and which C++ compiler belong together."""

import re

__all__ = ["USUAL", "sibling"]

USUAL = ("gcc", "g++")
"""The compilers in question where nobody says which."""

_PAIRS = {"gcc": "g++", "cc": "c++", "clang": "clang++"}
_BOTH = _PAIRS | {cxx: c for c, cxx in _PAIRS.items()}
_NAME = re.compile(r"(.*/)?((?:[A-Za-z0-9_.]+-)*)(gcc|g\+\+|cc|c\+\+|clang\+\+|clang)(-[0-9.]+)?")


def sibling(word: str) -> str | None:
    """The compiler of the other language, by name only.

    >>> sibling("/opt/bin/x86_64-linux-gnu-gcc-12")
    '/opt/bin/x86_64-linux-gnu-g++-12'
    >>> sibling("icc") is None
    True
    """
    found = _NAME.fullmatch(word)
    if found is None:
        return None
    folder, prefix, name, version = found.groups(default="")
    return f"{folder}{prefix}{_BOTH[name]}{version}"
