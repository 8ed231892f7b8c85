"""What a DNS zone answers: existing names, NODATA, NXDOMAIN, wildcards, aliases.  Opens no socket.

Names are absolute and lower-case (`distcc1.farm.test.`), records are in the text form of
RFC 1035 section 5.1 without owner and class: `"A 127.1.0.1"`, or with a TTL `"30 A 127.1.0.1"`.

>>> zone = Zone({"distcc1.farm.test.": ["30 A 127.1.0.1"]}, origins=["farm.test."])
>>> zone.lookup("distcc1.farm.test.", "A").answers
(Record(name='distcc1.farm.test.', ttl=30, type='A', data='127.1.0.1'),)
>>> zone.lookup("distcc1.farm.test.", "AAAA").rcode, zone.lookup("distcc2.farm.test.", "A").rcode
('NOERROR', 'NXDOMAIN')
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Lookup", "Record", "Zone"]

# As many as dnspython and BIND follow; a loop ends here, and the whole of it is the answer.
MAX_ALIASES = 16


class Record(NamedTuple):
    """One resource record of class IN."""

    name: str
    ttl: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer to one question."""

    rcode: str
    """`NOERROR` or `NXDOMAIN`; of an alias, that of the name at its end (RFC 6604)."""

    answers: tuple[Record, ...]
    """Aliases first, in the order they were followed; empty with `NOERROR` is NODATA."""

    soa: Record | None
    """Goes into the authority section of a negative answer, for its TTL (RFC 2308)."""


class Zone:
    """Names with their records, and the rules that turn a question into an answer.

    Args:
        records: Name to records.  A name may start with a `*` label.
        origins: Tops of the zones that the names are in, each with an SOA of its own.
            Every other name belongs to the root, as behind a recursive server.
        ttl: Seconds, for records that name none.
        negative_ttl: Seconds that a resolver may remember a name that does not exist.

    Raises:
        ValueError: A name is not absolute or a record has no data.
    """

    def __init__(
        self,
        records: Mapping[str, Iterable[str]],
        *,
        origins: Iterable[str] = (),
        ttl: int = 60,
        negative_ttl: int = 60,
    ) -> None:
        self._origins = sorted((_absolute(name) for name in origins), key=len, reverse=True)
        self._negative_ttl = negative_ttl
        self._records = {
            _absolute(name): [_record(_absolute(name), text, ttl) for text in texts]
            for name, texts in records.items()
        }
        for origin in self._origins:
            self._records.setdefault(origin, []).append(self._soa(origin))
        # A name above an existing one exists too: NODATA, not NXDOMAIN (RFC 8020).
        self._exists = {above for name in self._records for above in _upwards(name)}

    def lookup(self, name: str, rdtype: str) -> Lookup:
        """Answer one question.

        Args:
            name: Absolute name; upper and lower case are the same.
            rdtype: Mnemonic of the type, `"ANY"` for all there are.
        """
        answers: list[Record] = []
        name = _absolute(name)
        for _ in range(MAX_ALIASES):
            owner = self._owner(name)
            if owner is None:
                return Lookup("NXDOMAIN", tuple(answers), self._soa(self._origin(name)))
            found = [record._replace(name=name) for record in self._records.get(owner, [])]
            wanted = [record for record in found if rdtype in {"ANY", record.type}]
            alias = next((record for record in found if record.type == "CNAME"), None)
            if wanted or alias is None:
                answers += wanted
                soa = None if wanted else self._soa(self._origin(name))
                return Lookup("NOERROR", tuple(answers), soa)
            answers.append(alias)
            name = _absolute(alias.data)
        return Lookup("NOERROR", tuple(answers), None)

    def _owner(self, name: str) -> str | None:
        """Return the name whose records answer for `name`: itself, a wildcard or none."""
        if name in self._exists:
            return name
        # Only the wildcard right below the closest name that exists counts (RFC 4592, 3.3.1).
        closest = next((above for above in _upwards(name) if above in self._exists), ".")
        wildcard = "*." if closest == "." else f"*.{closest}"
        return wildcard if wildcard in self._records else None

    def _origin(self, name: str) -> str:
        return next((top for top in self._origins if f".{name}".endswith(f".{top}")), ".")

    def _soa(self, origin: str) -> Record:
        data = f"ns.{origin} hostmaster.{origin} 1 3600 600 86400 {self._negative_ttl}"
        return Record(origin, self._negative_ttl, "SOA", data.replace("..", "."))


def _absolute(name: str) -> str:
    if not name.endswith("."):
        msg = f"expected an absolute name such as 'distcc1.farm.test.', got {name!r}"
        raise ValueError(msg)
    return name.lower()


def _record(name: str, text: str, ttl: int) -> Record:
    first, _, rest = text.partition(" ")
    if first.isdecimal():
        ttl, (first, _, rest) = int(first), rest.partition(" ")
    if not rest:
        msg = f"expected a record such as 'A 127.1.0.1', got {text!r}"
        raise ValueError(msg)
    return Record(name, ttl, first.upper(), rest)


def _upwards(name: str) -> Iterator[str]:
    """Yield `name` and every name above it, the root last."""
    while name != ".":
        yield name
        name = name.partition(".")[2] or "."
    yield "."
