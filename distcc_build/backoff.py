"""The marks that distcc leaves at servers where a compile failed, in the user's DISTCC_DIR.

distcc marks a server it could not use by an empty-looking file `lock/backoff_tcp_HOST_PORT_0`,
with HOST as the hosts list spells it, and removes the mark when a compile has worked there.
Only the time of the file counts: distcc passes the server over while that is less than
DISTCC_BACKOFF_PERIOD seconds ago.  A time in the future counts as well, for as long as it lasts.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from distcc_build.hostspec import Kind
from distcc_build.taskfile import Place, parse_backoff

__all__ = ["backoffs", "forgive", "in_backoff"]


def in_backoff(distcc_dir: Path, now: float, period: float) -> set[tuple[str, int]]:
    """The servers that are marked.

    :param distcc_dir: what distcc has as DISTCC_DIR, or ~/.distcc.
    :param now: seconds since 1970.
    :param period: seconds for which a mark counts: distcc's DISTCC_BACKOFF_PERIOD tells what
        it passes over now, the time since something else whom a compile failed at since then.
    :returns: host and port of each.
    """
    marked = backoffs(distcc_dir, now, period)
    return {(one.host, one.port) for one in marked if one.kind is Kind.TCP}


def backoffs(distcc_dir: Path, now: float, period: float) -> dict[Place, float]:
    """The hosts that distcc passes over, ssh hosts among them, with the seconds that are left.

    The arguments are those of `in_backoff`.
    """
    left = {place: period - (now - when) for place, when in _marks(distcc_dir / "lock")}
    return {place: seconds for place, seconds in left.items() if seconds > 0}


def forgive(distcc_dir: Path, host: str, port: int) -> None:
    """Remove the mark of a server that works again; all is well if there is none.

    :param host: as the hosts list spells it, an IPv6 address without brackets.
    """
    mark = f"backoff_tcp_{host}_{port}_0"
    if "/" in mark or "\0" in mark:
        return
    # A link is removed, not what it points to.
    with contextlib.suppress(OSError):
        os.unlink(distcc_dir / "lock" / mark)  # noqa: PTH108


def _marks(folder: Path) -> Iterator[tuple[Place, float]]:
    """Place and time of each mark.  Odd files are taken as distcc takes them: by stat."""
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    with entries:
        for entry in entries:
            place = parse_backoff(entry.name)
            if place is None:
                continue
            with contextlib.suppress(OSError):  # gone since, or a link to nowhere
                yield place, entry.stat().st_mtime
