"""What compiles come to over many builds: the figures of `stats`, and the file that keeps them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from distcc_build.record.tally import Tally

__all__ = ["Kept", "ServerTotal", "Totals", "added", "format_kept", "parse_kept"]

VERSION = 1

MOST = 200
"""Servers, and causes, that are kept apart; all others are one."""

OTHER = "others"


class ServerTotal(NamedTuple):
    """What one server did."""

    compiles: int
    seconds: float
    """As in tally.Row."""


class Totals(NamedTuple):
    """All since some time; see tally.Tally for the figures."""

    since: float
    """Seconds since 1970."""
    compiles: int = 0
    remote: int = 0
    others: int = 0
    failed: int = 0
    elsewhere: float = 0.0
    servers: Mapping[str, ServerTotal] = {}
    """By host; empty for this machine."""
    causes: Mapping[str, int] = {}
    """Why compiles stayed here."""
    whole: bool = True
    """Whether all compiles could be recorded to their ends."""

    @property
    def share(self) -> float:
        """Part of the compiles that servers did, 0 to 1; 0 where there was none."""
        return self.remote / self.compiles if self.compiles else 0.0


class Kept(NamedTuple):
    """The content of the file."""

    totals: Totals
    pending: tuple[str, ...] = ()
    """Lines of a journal about compiles that still ran when it was summed up."""
    summed: tuple[int, ...] = ()
    """Which journal was summed up last, in figures of the file that no other one has."""
    lost_before: float = 0.0
    """Seconds since 1970: of compiles that began before, the end may have been lost."""


def added(totals: Totals, tally: Tally) -> Totals:
    """The totals with what a tally has."""
    servers = dict(totals.servers)
    for row in tally.rows:
        host = row.host if row.host in servers or len(servers) < MOST else OTHER
        old = servers.get(host, ServerTotal(0, 0.0))
        servers[host] = ServerTotal(old.compiles + row.compiles, old.seconds + row.seconds)
    causes = dict(totals.causes)
    for text, number in tally.causes:
        cause = text if text in causes or len(causes) < MOST else OTHER
        causes[cause] = causes.get(cause, 0) + number
    return Totals(
        since=totals.since,
        compiles=totals.compiles + tally.compiles,
        remote=totals.remote + tally.remote,
        others=totals.others + tally.others,
        failed=totals.failed + tally.failed,
        elsewhere=totals.elsewhere + tally.elsewhere,
        servers=servers,
        causes=causes,
        whole=totals.whole,
    )


def format_kept(kept: Kept) -> bytes:
    """The file."""
    table = {
        "version": VERSION,
        **kept.totals._asdict(),
        "pending": list(kept.pending),
        "summed": list(kept.summed),
        "lost_before": kept.lost_before,
    }
    return json.dumps(table).encode()


def parse_kept(data: bytes, now: float) -> Kept:
    """What a file holds; totals that begin now where it is not such a file."""
    try:
        table = json.loads(data)
        if table["version"] != VERSION:
            return Kept(Totals(now))
        servers = {
            _text(host): ServerTotal(_count(compiles), _seconds(seconds))
            for host, (compiles, seconds) in table["servers"].items()
        }
        totals = Totals(
            since=_seconds(table["since"]),
            **{name: _count(table[name]) for name in ("compiles", "remote", "others", "failed")},
            elsewhere=_seconds(table["elsewhere"]),
            servers=servers,
            causes={_text(cause): _count(one) for cause, one in table["causes"].items()},
            # Older files have none, and no `lost_before`.
            whole=table.get("whole", True) is not False,
        )
        return Kept(
            totals=totals,
            pending=tuple(_texts(table["pending"])),
            summed=tuple(map(_count, table["summed"])),
            lost_before=_seconds(table.get("lost_before", 0)),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Kept(Totals(now))


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def _seconds(value: Any) -> float:
    if type(value) not in {int, float} or not 0 <= value < 1e18:
        raise ValueError(value)
    return float(value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(value)
    return value


def _texts(values: Iterable[Any]) -> list[str]:
    return [_text(one) for one in values]
