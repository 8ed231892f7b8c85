"""What a source of servers gives: who it says is there, and how it came to that.  Values only.

A source is one word in the hosts list.  It tells of servers; whether one is used, and for which
compiler, is decided elsewhere, for all sources alike.
"""

from typing import NamedTuple

from distcc_build.hostspec import IPAddress
from distcc_build.trouble import Trouble

__all__ = ["Account", "Gave", "Line", "Offer"]


class Line(NamedTuple):
    """What one name came to, for people."""

    name: str
    came_back: str
    verdict: str
    offer: str = ""
    """Name of the offer that it became, where that is another."""


class Offer(NamedTuple):
    """A server as a source names it.  All of it has its type's form; nothing is judged."""

    name: str
    """Printable ASCII, a host name or an address, perhaps with a port; for people, and never
    given to distcc."""
    addresses: tuple[IPAddress, ...]
    """At least one, in the order in which they are to be tried."""
    seen: float
    """When the source said so, seconds since 1970."""
    number: int = 0
    """Its place in the walk of numbered names; 0 for other sources."""
    port: int | None = None
    """None where the source does not tell: the configured one."""
    limit: int | None = None
    """Jobs at once by its own word; None when it says nothing."""
    priority: int = 0
    """Servers of a higher one are used only where none of a lower one is good (RFC 2782)."""
    weight: int = 0
    """Its share among those of one priority (RFC 2782); 0 where nothing is said."""
    limit_known: bool = True
    """False where it could not be asked for its limit, which may be as it was before."""


class Account(NamedTuple):
    """How a source came to what it gave."""

    source: str
    """Its word in the hosts list."""
    lines: tuple[Line, ...] = ()
    why: str = ""
    """Why there are no more servers, or none: a sentence without its full stop."""
    degraded: bool = False
    """It could not be asked, or not for all."""
    queries: int = 0
    seconds: float = 0.0
    """How long it took."""
    trouble: Trouble | None = None
    """What is wrong with a list, so that somebody can be told what to do."""


class Gave(NamedTuple):
    """What a source gave at one look."""

    account: Account
    offers: tuple[Offer, ...] = ()
    expires: float = 0.0
    """Until when it holds by its own word, seconds since 1970; 0 when it does not say."""
    keep: float = 0.0
    """Seconds for which servers that it named before, and does not now, stay in use: where it
    could not be asked, or does not always hear all of them."""
    still: tuple[str, ...] | None = None
    """Names, of servers or of lines, of which alone these may be; None where it cannot say."""
    domain: str = ""
    """In which of the domains that are looked in, in order, it stopped: where it found them or,
    without offers, could not learn whether there are any; empty where it stopped in none."""
