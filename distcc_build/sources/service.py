"""What a distcc service says of itself by DNS-SD (RFC 6763), whichever way it was heard.  Pure.

Anybody on a link, and whoever holds a zone, writes these texts.  Numbers are taken out of them,
and host names of letters, digits, "-" and "_"; all else is shown to people at most.
"""

import re
from collections.abc import Iterable, Sequence

from distcc_build.values import is_domain

__all__ = ["BROWSE", "MAX_LIMIT", "SERVICE", "host_name", "limit_of", "of_itself", "shown"]

SERVICE = "_distcc._tcp"
"""What distccd --zeroconf registers (distcc src/zeroconf-reg.c)."""

BROWSE = "b._dns-sd._udp"
"""Where a domain says which domains to browse for services (RFC 6763 section 11)."""

MAX_LIMIT = 1000
"""Jobs at once that are believed of one server, as of its TXT record (resolve/slots.py)."""

EXTRA = 2
"""Jobs that distccd takes beside one for each processor (distcc src/dparent.c)."""

_VALUE = re.compile(r"[A-Za-z0-9._+-]{1,52}")
"""Of what distccd writes into a TXT record; longer values it cuts."""


def host_name(labels: Sequence[bytes]) -> str | None:
    """The host name that a record leads to, with the dot at its end; None where it is none."""
    text = b".".join(labels).decode("ascii", "replace")
    plain = all(b"." not in one for one in labels)
    return f"{text.lower()}." if plain and is_domain(text) else None


def shown(labels: Sequence[bytes]) -> str:
    """A name of any bytes, such as a service's own, for people: printable ASCII, on one line.

    That of the root, which has no labels, is a dot.
    """
    return ".".join(ascii(one.decode("utf-8", "replace"))[1:-1] for one in labels) or "."


def limit_of(strings: Iterable[bytes]) -> int | None:
    """Jobs at once: `jobs`, else `cpus` and two (distcc src/zeroconf.c); None where neither is.

    :param strings: those of its TXT record.
    """
    pairs = _pairs(strings)
    for key, more in (("jobs", 0), ("cpus", EXTRA)):
        if _holds(pairs.get(key, "")):
            return min(int(pairs[key]) + more, MAX_LIMIT)
    return None


def _holds(value: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,4}", value)) and 0 < int(value) <= MAX_LIMIT


def of_itself(strings: Iterable[bytes]) -> str:
    """What it says of its compiler and of itself, for people; nothing rests on it."""
    pairs = {key: value for key, value in _pairs(strings).items() if _VALUE.fullmatch(value)}
    names = {"cc_version": "cc", "cc_machine": "for", "distcc": "distcc", "jobs": "jobs"}
    if not _holds(pairs.get("jobs", "1")):
        pairs["jobs"] += f" (not believed: 1 to {MAX_LIMIT} would be)"
    return " ".join(f"{name} {pairs[key]}" for key, name in names.items() if key in pairs)


def _pairs(strings: Iterable[bytes]) -> dict[str, str]:
    """The values by key: in any case, the first of several holds (RFC 6763 section 6.4)."""
    found: dict[str, str] = {}
    for one in strings:
        key, _, value = one.decode("ascii", "replace").partition("=")
        found.setdefault(key.lower(), value)
    return found
