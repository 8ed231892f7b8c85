"""What a TXT record at a server's name says of its slots.  Asks nothing itself.

Each string of a record is one attribute KEY=VALUE (RFC 6763 section 6.3, keys in any case).
Ours is `slots=16`: how many jobs at once the server's administrator grants to one client.
Strings with other keys are somebody else's and do not matter.
"""

import re
from collections.abc import Iterable

__all__ = ["MAX_SLOTS", "parse_slots"]

MAX_SLOTS = 1000
"""The most that is believed; the option `limit` has the same bound."""

_OURS = re.compile(rb"slots\s*(=|$)", re.IGNORECASE)

# One spelling for each number: int() would also take "+8", "1_0", " 8" and other scripts' digits.
_WELL_FORMED = re.compile(rb"slots=([1-9][0-9]{0,8})", re.IGNORECASE)


def parse_slots(records: Iterable[Iterable[bytes]]) -> int | None:
    """Read the number of slots.

    :param records: the strings of each TXT record at the name, in any order.
    :returns: at most MAX_SLOTS; None when there is none, when one cannot be read, or when two
        differ: then nobody knows which was meant.
    """
    found: set[int] = set()
    for string in (string for record in records for string in record if _OURS.match(string)):
        matched = _WELL_FORMED.fullmatch(string)
        if matched is None:
            return None
        found.add(min(int(matched[1]), MAX_SLOTS))
    return found.pop() if len(found) == 1 else None
