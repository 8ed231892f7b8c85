"""resolv.conf(5): the name servers and the search list.  Reads no file itself."""

import re
from typing import NamedTuple

from distcc_build.hostspec import is_address
from distcc_build.values import is_domain

__all__ = ["ResolvConf", "parse_resolv_conf"]

_COUNT = re.compile(r"[0-9]{1,9}")

MAX_NDOTS = 15
"""The C library takes more for this (resolv.conf(5))."""


class ResolvConf(NamedTuple):
    """What of it matters for a walk."""

    nameservers: tuple[tuple[str, int], ...]
    """Address and port."""
    search: tuple[str, ...]
    """Domains in order, lower case, without dots at the ends; never the root.

    Only those in which names can be looked for: a DHCP server may write anything here.
    """
    ndots: int = 1
    """Dots that a name needs to be looked for as it is before the search list is tried."""


def parse_resolv_conf(text: str, hostname: str) -> ResolvConf:
    """Read the file as the C library does.

    :param text: its content; empty stands for no file.
    :param hostname: of this machine; where neither `search` nor `domain` is there, its
        domain is searched (resolv.conf(5)).
    """
    nameservers: list[tuple[str, int]] = []
    search, ndots = [hostname.partition(".")[2]], 1
    for line in text.splitlines():
        word, *rest = line.partition("#")[0].partition(";")[0].split() or [""]
        if word == "nameserver" and rest and is_address(rest[0]):
            nameservers.append((rest[0], 53))
        elif word == "search" and rest:
            search = rest
        elif word == "domain" and rest:
            search = rest[:1]
        elif word == "options":
            given = [one.removeprefix("ndots:") for one in rest if one.startswith("ndots:")]
            ndots = next(
                (min(int(one), MAX_NDOTS) for one in given if _COUNT.fullmatch(one)), ndots
            )
    # Without any, the C library asks this machine.
    servers = tuple(nameservers) or (("127.0.0.1", 53),)
    domains = (one.strip(".").lower() for one in search)
    known = tuple(dict.fromkeys(one for one in domains if is_domain(one)))
    return ResolvConf(servers, known, ndots)
