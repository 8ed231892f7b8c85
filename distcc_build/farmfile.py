"""What is known of the farm, and its form as a file.  Reads and writes no file itself.

The file is JSON, for Python only; the launcher reads plans.  Whatever is odd in it makes it
worthless as a whole: a walk costs less than a wrong server.
"""

import ipaddress
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from distcc_build.errors import DistccBuildError
from distcc_build.hostspec import DISCOVER, IPAddress
from distcc_build.offer import Account, Line
from distcc_build.policy import Server, State, used
from distcc_build.resolve.answers import Answer, Found, Known, Missing
from distcc_build.trouble import Trouble
from distcc_build.verdict import Cause, Verdict

__all__ = ["Asked", "Farm", "FarmFileError", "Grant", "Line", "format_farm", "parse_farm"]

VERSION = 3

REMEMBERED = 86_400.0
"""Seconds for which servers that cannot be asked for stay in use."""


MAX_NUMBER = 1e15
"""No number of ours is as large; up to here a float tells seconds apart."""


class FarmFileError(DistccBuildError):
    """The content is not a farm of this version."""


class Asked(NamedTuple):
    """An answer from DNS."""

    answer: Answer
    expires: float
    """Seconds since 1970."""


class Grant(NamedTuple):
    """What the TXT record at a name says of its slots."""

    slots: int | None
    """None when it says nothing."""
    expires: float
    """Seconds since 1970."""


class Farm(NamedTuple):
    """What a discovery came to.  Times are seconds since 1970."""

    made: float
    until: float
    """Fresh before this."""
    stale: float
    """May be used, while it is refreshed, before this."""
    surroundings: str
    """Fingerprint of the name servers and the search list; another network has another."""
    domain: str = ""
    servers: tuple[Server, ...] = ()
    lines: tuple[Line, ...] = ()
    """Of the walk of numbered names."""
    why: str = ""
    """Why there are no more servers: why the walk stopped, what other sources say."""
    degraded: bool = False
    queries: int = 0
    seconds: float = 0.0
    """How long the look took."""
    accounts: tuple[Account, ...] = ()
    """How the sources beside the walk came to what they gave."""
    site: str = ""
    """In which of several domains the servers are, or may be; before that there were none."""
    files: str = ""
    """What tells that a file from which servers were read is another now."""
    answers: Mapping[str, Asked] = {}
    """By name; to be used until they expire."""
    grants: Mapping[str, Grant] = {}
    """By name; asked for again when they expire, and kept when that fails."""
    compilers: tuple[str, ...] = ()
    """Compiler words that plans were made for, the last used first."""
    proofs: Mapping[str, Mapping[str, Verdict]] = {}
    """What each server is worth: by key of the compiler, then by the server's address."""
    reasons: Mapping[str, str] = {}
    """By key of a compiler, why it cannot be compared with any server's."""

    def fresh_until(self, until: float) -> "Farm":
        """The same, fresh until then at the latest, and used when stale for as long as before."""
        # Whole, as in a plan: else the plan would turn stale before the farm does.
        until = min(self.until, float(int(until)))
        return self._replace(until=until, stale=self.stale - self.until + until)

    def fresh(self, surroundings: str, now: float) -> bool:
        """Whether nothing needs to be asked."""
        return self.surroundings == surroundings and self.made <= now + 60 and now < self.until

    def known(self, now: float) -> Known:
        """Servers that are kept where they cannot be asked for."""
        numbered = [one for one in self.servers if one.source == DISCOVER]
        recent = [one for one in numbered if 0 <= now - one.seen < REMEMBERED]
        addresses: dict[int, tuple[IPAddress, ...]] = {
            one.number: (one.address, *one.others) for one in recent
        }
        return Known(self.domain, addresses)

    def cached(self, now: float) -> dict[str, Answer]:
        """Answers that still hold.

        None outlives its TTL, counted from now: the clock may have been set back.
        """
        return {
            name: one.answer
            for name, one in self.answers.items()
            if isinstance(one.answer, Found | Missing) and now < one.expires <= now + one.answer.ttl
        }

    def held(self, now: float) -> dict[str, Grant]:
        """Grants that still hold; as for answers, but their TTL is not known any more."""
        if self.made > now + 60:
            return {}
        return {
            name: one for name, one in self.grants.items() if now < one.expires <= now + REMEMBERED
        }

    @property
    def used(self) -> tuple[Server, ...]:
        """The servers that compiles are sent to."""
        return used(self.servers)


def format_farm(farm: Farm) -> bytes:
    """The content of the file."""
    bare = farm._replace(answers={}, servers=(), lines=(), proofs={}, grants={}, accounts=())
    table = bare._asdict()
    table["servers"] = [
        [
            *(s.number, s.name, str(s.address), s.state.name, s.why, s.seen, s.limit),
            *(s.port, s.source, s.priority, s.weight, [str(one) for one in s.others]),
        ]
        for s in farm.servers
    ]
    table["accounts"] = [
        [
            *one._replace(lines=())[:-1],
            one.trouble and one.trouble.name,
            [list(line) for line in one.lines],
        ]
        for one in farm.accounts
    ]
    table["proofs"] = {
        key: {address: _pack_verdict(one) for address, one in proofs.items()}
        for key, proofs in farm.proofs.items()
    }
    table["lines"] = [list(line) for line in farm.lines]
    table["grants"] = {name: [one.slots, one.expires] for name, one in farm.grants.items()}
    table["answers"] = {name: _pack(one) for name, one in farm.answers.items()}
    return json.dumps({"version": VERSION, **table}, separators=(",", ":")).encode()


def parse_farm(data: bytes) -> Farm:
    """Read what `format_farm` wrote.

    :raises FarmFileError: for anything else.
    """
    try:
        table: dict[str, Any] = json.loads(
            data, parse_float=_fraction, parse_int=_whole, parse_constant=_fraction
        )
        if table.pop("version") != VERSION:
            raise FarmFileError("another version")
        servers = tuple(_unpack_server(one) for one in table.pop("servers"))
        lines = _unpack_lines(table.pop("lines"))
        accounts = tuple(_unpack_account(one) for one in table.pop("accounts"))
        grants = {
            str(name): Grant(_limit(slots), float(expires))
            for name, (slots, expires) in table.pop("grants").items()
        }
        answers = {str(name): _unpack(one) for name, one in table.pop("answers").items()}
        compilers = tuple(str(word) for word in table.pop("compilers"))
        proofs = {
            str(key): {str(address): _unpack_verdict(one) for address, one in found.items()}
            for key, found in table.pop("proofs").items()
        }
        reasons = {str(key): str(why) for key, why in table.pop("reasons").items()}
        for name, annotation in Farm.__annotations__.items():
            if name in table and type(table[name]).__name__ not in _types(annotation):
                raise FarmFileError(f"{name} is {table[name]!r}")
        return Farm(
            servers=servers,
            lines=lines,
            accounts=accounts,
            answers=answers,
            grants=grants,
            compilers=compilers,
            proofs=proofs,
            reasons=reasons,
            **table,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FarmFileError(str(error)) from None


def _fraction(text: str) -> float:
    # One digit that became an "e" makes a time infinite; json also takes NaN for a number.
    value = float(text)
    if not abs(value) < MAX_NUMBER:
        raise FarmFileError(f"a number is {text[:40]}")
    return value


def _whole(text: str) -> int:
    _fraction(text)
    return int(text)


def _limit(value: object) -> int | None:
    if value is None or (type(value) is int and value > 0):
        return value
    raise FarmFileError(f"a limit is {value!r}")


def _unpack_server(packed: Any) -> Server:
    number, name, address, state, why, seen, limit, *more = packed
    port, source, priority, weight, others = more
    if port is not None and not (type(port) is int and 0 < port < 65536):
        raise FarmFileError(f"a port is {port!r}")
    return Server(
        int(number),
        str(name),
        ipaddress.ip_address(address),
        State[state],
        str(why),
        float(seen),
        _limit(limit),
        port,
        str(source),
        int(priority),
        int(weight),
        tuple(ipaddress.ip_address(one) for one in others),
    )


def _unpack_lines(packed: Any) -> tuple[Line, ...]:
    return tuple(Line(*(str(part) for part in line)) for line in packed)


def _unpack_account(packed: Any) -> Account:
    source, _, why, degraded, queries, seconds, trouble, lines = packed
    if type(degraded) is not bool:
        raise FarmFileError(f"degraded is {degraded!r}")
    unpacked = _unpack_lines(lines)
    return Account(
        *(str(source), unpacked, str(why), degraded, int(queries), float(seconds)),
        trouble=None if trouble is None else Trouble[trouble],
    )


def _pack_verdict(one: Verdict) -> list[object]:
    return [one.cause.name, one.why, one.latency, one.version, one.target, one.lzo, one.pump]


def _unpack_verdict(packed: Any) -> Verdict:
    cause, why, latency, version, target, lzo, pump = packed
    if not all(one in {None, True, False} for one in (lzo, pump)):
        raise FarmFileError("a verdict that is none")
    seconds = None if latency is None else float(latency)
    return Verdict(Cause[cause], str(why), seconds, str(version), str(target), lzo, pump)


def _types(annotation: object) -> tuple[str, ...]:
    """Names of the JSON types that a field may have; a whole number is a float too."""
    name = getattr(annotation, "__name__", str(annotation))
    return ("float", "int") if name == "float" else (name,)


def _pack(one: Asked) -> list[object]:
    if isinstance(one.answer, Found):
        return [one.expires, one.answer.ttl, [str(address) for address in one.answer.addresses]]
    missing = one.answer
    assert isinstance(missing, Missing)  # noqa: S101 - failures are not kept
    return [one.expires, missing.ttl, missing.nxdomain]


def _unpack(packed: Any) -> Asked:
    expires, ttl, content = packed
    if isinstance(content, bool):
        return Asked(Missing(float(ttl), content), float(expires))
    addresses = tuple(ipaddress.ip_address(text) for text in content)
    if not addresses:
        raise FarmFileError("an answer without addresses")
    return Asked(Found(addresses, float(ttl)), float(expires))
