"""How the value of an option is written: text to a typed value, or what was expected instead.

Each reader raises ValueError with what is to follow the word "expected".
"""

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from distcc_build.hostspec import DISCOVER_FILE, SOURCES, is_source, parse_address

__all__ = [
    "NUMBER_LENGTH",
    "Network",
    "choice",
    "directory",
    "domain",
    "domains",
    "is_domain",
    "nameservers",
    "networks",
    "pattern",
    "seconds",
    "some_networks",
    "sources",
    "switch",
    "whole",
]

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")

MAX_DOMAIN = 240
"""Characters of a domain: a whole name has 253 at most (RFC 1035 section 2.3.4)."""

NUMBER_LENGTH = 12
"""Characters in place of %d at most: the random name has as many."""


def is_domain(text: str) -> bool:
    """Whether names can be looked for in this domain: letters, digits, "-" and "_" only."""
    return len(text) <= MAX_DOMAIN and _DOMAIN.fullmatch(text) is not None


def switch(text: str) -> bool:
    """On or off."""
    value = {"1": True, "on": True, "true": True, "yes": True}.get(text.lower())
    if value is None and text.lower() not in {"0", "off", "false", "no"}:
        raise ValueError("on or off")
    return bool(value)


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers, both bounds included."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    """A reader of durations, both bounds included."""

    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or not low <= float(text) <= high:
            raise ValueError(f"seconds from {low:g} to {high:g}")
        return float(text)

    return parse


def pattern(text: str) -> str:
    """A name with one %d, without a dot at its end."""
    longest = text.replace("%d", "1" * NUMBER_LENGTH)
    if text.count("%") != 1 or "%d" not in text or not is_domain(longest):
        raise ValueError('a host name with one "%d" for the number, such as distcc%d')
    return text.rstrip(".")


def domain(text: str) -> str:
    """A domain in lower case, without a dot at its end."""
    if not is_domain(text):
        raise ValueError("a domain name, such as build.example.com")
    return text.rstrip(".").lower()


def domains(text: str) -> tuple[str, ...]:
    """Domains, one at least, each once."""
    return tuple(dict.fromkeys(domain(part) for part in [*_parts(text)] or [text]))


def sources(text: str) -> tuple[str, ...]:
    """Words that ask for servers, one at least, each once."""
    found = tuple(dict.fromkeys(_parts(text)))
    wrong = next((one for one in found if not is_source(one)), "")
    if wrong or not found:
        path = wrong[:1] not in "-+" and any(one.startswith(DISCOVER_FILE) for one in found)
        more = " (a path has no comma and no blank here)" if path else ""
        raise ValueError(f"{SOURCES}, and not {wrong!a}{more}" if wrong else SOURCES)
    return found


def patterns(text: str) -> tuple[str, ...]:
    """Patterns as of a shell, parted as all lists are, by commas or blanks."""
    found = tuple(_parts(text))
    if not found or any("[" in re.sub(r"\[!?+\]?+[^]]*\]", "", one) for one in found):
        raise ValueError('patterns, such as ["aarch64-*"], each [ with its ]')
    return found


def nameservers(text: str) -> tuple[tuple[str, int], ...]:
    """Address and port of each."""
    return tuple(_nameserver(part) for part in _parts(text))


def _nameserver(text: str) -> tuple[str, int]:
    bracket = re.fullmatch(r"\[(.+)\](?::([0-9]{1,5}))?", text)
    plain = re.fullmatch(r"([0-9.]+)(?::([0-9]{1,5}))?", text)
    found = bracket or plain
    try:
        address, port = (found[1], int(found[2] or 53)) if found else (text, 53)
        known = str(parse_address(address))
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise ValueError("addresses, each ADDRESS[:PORT] or [IPV6][:PORT]")
    return known, port


def networks(text: str) -> tuple[Network, ...]:
    """Networks, none at all being allowed."""
    try:
        return tuple(ipaddress.ip_network(part) for part in _parts(text))
    except ValueError:
        raise ValueError("networks, such as 10.0.0.0/8 (no bits set behind the prefix)") from None


def some_networks(text: str) -> tuple[Network, ...]:
    """Networks, one at least: an empty list would say the opposite of what it means."""
    found = networks(text)
    if not found:
        raise ValueError("one network at least, such as 10.1.0.0/16")
    return found


def choice(*allowed: str) -> Callable[[str], str]:
    """A reader of these words, in any case."""

    def parse(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(", ".join(allowed[:-1]) + f" or {allowed[-1]}")
        return text.lower()

    return parse


def directory(text: str) -> str:
    """An absolute path."""
    if not text.startswith("/") or "\0" in text:
        raise ValueError("an absolute path")
    return text


def _parts(text: str) -> Iterable[str]:
    return (part for part in re.split(r"[,\s]+", text) if part)
