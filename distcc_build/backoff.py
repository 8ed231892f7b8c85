"""The marks that distcc leaves at servers where a compile failed, in the user's DISTCC_DIR.

distcc marks a server it could not use by an empty-looking file `lock/backoff_tcp_HOST_PORT_0`,
with HOST as the hosts list spells it, and removes the mark when a compile has worked there.
Only the time of the file counts: distcc passes the server over while that is less than
DISTCC_BACKOFF_PERIOD seconds ago.  A time in the future counts as well, for as long as it lasts.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["forgive", "in_backoff"]

# Greedy: the port and the slot, always 0, are the last of the parts.  No brackets around IPv6.
_MARK = re.compile(r"backoff_tcp_(?P<host>.+)_(?P<port>[1-9][0-9]{0,4})_0")


def in_backoff(distcc_dir: Path, now: float, period: float) -> set[tuple[str, int]]:
    """The servers that are marked.

    :param distcc_dir: what distcc has as DISTCC_DIR, or ~/.distcc.
    :param now: seconds since 1970.
    :param period: seconds for which a mark counts: distcc's DISTCC_BACKOFF_PERIOD tells what
        it passes over now, the time since something else whom a compile failed at since then.
    :returns: host and port of each.
    """
    return {(host, port) for host, port, when in _marks(distcc_dir / "lock") if now - when < period}


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


def _marks(folder: Path) -> Iterator[tuple[str, int, float]]:
    """Host, port and time of each mark.  Odd files are taken as distcc takes them: by stat."""
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    with entries:
        for entry in entries:
            found = _MARK.fullmatch(entry.name)
            if found is None or not int(found["port"]) < 65536:
                continue
            with contextlib.suppress(OSError):  # gone since, or a link to nowhere
                yield found["host"], int(found["port"]), entry.stat().st_mtime
