"""What a list that something else maintains says, and what it comes to.  Does no I/O.

It is written as a hosts list, so one file can serve distcc and us.  Of what such a list can say
only servers that are reached by TCP are taken: ssh and authentication are for the user's own
list alone, as is what words change.
"""

import itertools
import math
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from distcc_build.config import Config
from distcc_build.errors import HostsError
from distcc_build.farmfile import REMEMBERED
from distcc_build.hosts import Hostspec, IPAddress, Kind, Word, parse_token, tokens
from distcc_build.hostspec import is_address, misread, plainly
from distcc_build.offer import Account, Gave, Line, Offer
from distcc_build.sources.service import MAX_LIMIT
from distcc_build.trouble import Trouble

__all__ = ["ABSENT", "Answer", "Entry", "Listing", "gave", "read_listing"]

ABSENT = "no such name"

Answer: TypeAlias = tuple[IPAddress, ...] | str
"""The addresses of a name, or why they are not known."""

MAX_TOKENS = 20_000
"""Words that are read at most: twice as many as there can be servers."""

MAX_NAME = 253
"""Characters of a name (RFC 1035 section 2.3.4, without the dot at its end)."""

MAX_SAID = 20
"""Entries of which it is said why they were left out; the others are counted."""

UNPROVED = "require_dnssec asks for an address: names of such a list are looked up without proof"

LEFT_OUT = "left out"
"""What becomes of an entry that somebody should look at."""

NOT_USED = "not used"
"""And of one that is meant to be so."""

OWN_LIST = "put it into the hosts list itself"


class Entry(NamedTuple):
    """A server of the list."""

    host: str
    """Name or address, without brackets."""
    port: int | None = None
    """None for the configured one."""
    limit: int | None = None
    """Jobs at once; None where the list does not say."""
    options: tuple[str, ...] = ()
    """Of lzo and cpp."""

    def __str__(self) -> str:
        """HOST, or HOST:PORT where it has a port of its own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


class Listing(NamedTuple):
    """A list as read."""

    entries: tuple[Entry, ...]
    rest: tuple[Line, ...] = ()
    """What was not taken, and why."""


def read_listing(text: str, config: Config) -> Listing:
    """Read a list; what is wrong with one entry costs no other."""
    entries: dict[tuple[str, int | None], Entry] = {}
    rest: list[Line] = []
    found = tokens(text)
    for number, token in itertools.islice(found, MAX_TOKENS):
        line = f"line {number}"
        try:
            one = parse_token(token)
        except HostsError as problem:
            rest.append(Line(line, str(problem).removeprefix("hosts list: "), LEFT_OUT))
            continue
        refused = _refused(one, config)
        if refused is None and isinstance(one, Hostspec):
            entry = _entry(one)
            key = entry.host, entry.port
            if key in entries:
                refused = "named before", NOT_USED
            elif len(entries) == config.max_servers:
                refused = f"only {config.max_servers} are taken (max_servers)", LEFT_OUT
            else:
                entries[key] = entry
        if refused is not None:
            why, verdict = refused
            rest.append(Line(line, f"{token[:MAX_NAME]!a}: {why}", verdict))
    more = max(len(rest) - MAX_SAID, 0) + sum(1 for _ in found)
    said = rest[:MAX_SAID]
    if more:
        said.append(Line(f"{more} more", "", LEFT_OUT))
    return Listing(tuple(entries.values()), tuple(said))


def _refused(one: Hostspec | Word, config: Config) -> tuple[str, str] | None:
    """Why such a list cannot have this, and what becomes of it; None for a server."""
    if isinstance(one, Word):
        return f"no host; {OWN_LIST}", LEFT_OUT
    if one.kind is Kind.SSH:
        return f"reached by ssh; {OWN_LIST}", LEFT_OUT
    if any(option.startswith("auth") for option in one.options):
        return f"wants authentication; {OWN_LIST}", LEFT_OUT
    if one.kind is Kind.LOCAL:
        return "this machine takes part by its own rule", NOT_USED
    if not one.usable:
        return "marked down", NOT_USED
    if "%" in one.host:
        return f"an address with an interface; {OWN_LIST}", LEFT_OUT
    if why := _no_host(one.host):
        return why, LEFT_OUT
    if config.require_dnssec and not is_address(one.host):
        return UNPROVED, LEFT_OUT
    return None


def _no_host(text: str) -> str:
    """Why this is no host that is looked up; empty for one that is."""
    if text.isdecimal():
        return "a number is no host; a port is written HOST:PORT"
    return f"a name has {MAX_NAME} characters at most" if len(text) > MAX_NAME else misread(text)


def _entry(one: Hostspec) -> Entry:
    host, port = plainly(one.host.lower()), one.port if one.says_port else None
    return Entry(host, port, one.limit, one.options)


def gave(
    account: Account,
    listing: Listing,
    answers: Mapping[str, Answer],
    config: Config,
    now: float,
    *,
    holds: bool,
) -> Gave:
    """What the source gives.

    :param account: of its word; `why` says what was read.
    :param answers: what each host of the list came to.
    :param now: seconds since 1970.
    :param holds: the list stays as it is unless that is noticed.
    """
    lines, offers, failed = list(listing.rest), [], []
    for entry in listing.entries:
        answer = answers[entry.host]
        if not isinstance(answer, str):
            came_back = " ".join(map(str, answer)) + _unused(entry, config)
            lines.append(Line(str(entry), came_back, "server"))
            limit = entry.limit and min(entry.limit, MAX_LIMIT)
            offers.append(Offer(str(entry), answer, now, port=entry.port, limit=limit))
        elif answer == ABSENT:
            lines.append(Line(str(entry), answer, LEFT_OUT))
        else:
            failed.append(str(entry))
            lines.append(Line(str(entry), answer, "could not be asked"))
    # Names may come to other addresses, and nobody says when.
    fixed = holds and all(is_address(one.host) for one in listing.entries)
    what, trouble = ("no more", None) if offers else _nothing(listing, file=holds)
    account = account._replace(
        lines=tuple(lines),
        why=f"{account.why} {what}",
        degraded=bool(failed),
        trouble=trouble,
    )
    return Gave(
        account,
        tuple(offers),
        expires=math.inf if fixed else 0.0,
        keep=REMEMBERED if failed else 0.0,
        still=tuple(failed),
    )


def _nothing(listing: Listing, *, file: bool) -> tuple[str, Trouble]:
    if listing.entries:
        return "no server whose address is known", Trouble.UNKNOWN
    if listing.rest:
        return "nothing that can be used", Trouble.UNUSABLE
    return "no server", Trouble.EMPTY if file else Trouble.PRINTS_NOTHING


def _unused(entry: Entry, config: Config) -> str:
    """A word about what has no effect: compression is proved on all servers, as configured."""
    said = ",".join(entry.options)
    more = f' (",{said}" has no effect: compression is "{config.compression}")' if said else ""
    if entry.limit and entry.limit > MAX_LIMIT:
        more += f' ("/{entry.limit}" counts as {MAX_LIMIT}, the most that is believed)'
    return more
