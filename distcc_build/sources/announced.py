"""Services as they are announced on a link, made into offers.  Does no I/O.

Anybody on the link announces what he likes.  A host name, addresses, a port and a number of jobs
are taken out of it, each in its own type's form; all other text is for people.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from distcc_build.hostspec import IPAddress
from distcc_build.offer import Account, Gave, Line, Offer
from distcc_build.resolve.answers import lowest
from distcc_build.sources.service import SERVICE, host_name, limit_of, of_itself, shown

__all__ = ["DOMAIN", "KEEP", "Heard", "gathered", "unheard"]

DOMAIN = "local."
"""Names outside it are none of multicast DNS (RFC 6762 section 3)."""

HOLDS = 120.0
"""Seconds for which an address holds (RFC 6762 section 10: TTL of records with a host's name).
Compiles of a machine that was carried elsewhere go by them for no longer, and one refresh."""

KEEP = 600.0
"""Seconds for which a server stays in use that was not heard again: answers get lost, and whether
it lives is seen when it is proved."""


class Heard(NamedTuple):
    """One service, as it was heard."""

    instance: str
    """Its own name, with that of the service."""
    target: str = ""
    """The name of its host; empty where nobody told."""
    port: int = 0
    addresses: tuple[IPAddress, ...] = ()
    text: bytes = b""
    """Its TXT record as it was sent (RFC 6763 section 6.1)."""


def gathered(
    source: str, services: Iterable[Heard], *, now: float, more: bool = False, odd: Sequence[str]
) -> Gave:
    """What was heard within one look.

    :param source: the word of the hosts list.
    :param now: seconds since 1970.
    :param more: more services were announced than are looked at.
    :param odd: what went wrong with single packets, for people.
    """
    offers: list[Offer] = []
    lines: list[Line] = []
    for one in sorted(services, key=lambda one: (one.instance, one.target, one.port)):
        judged = _offer(one, now)
        if isinstance(judged, str):
            lines.append(Line(_instance(one), judged, "left out"))
        else:
            offers.append(judged)
            said = " ".join([_instance(one), *map(str, judged.addresses), f"port {judged.port}"])
            itself = of_itself(_strings(one.text))
            lines.append(Line(judged.name, f"{said} ({itself})" if itself else said, "server"))
    why = f"no {'further ' if offers else ''}machine of this link announces {SERVICE}"
    if more:
        why = f"only the first {len(lines)} that were heard count (max_servers)"
    lines += [Line(f"{SERVICE}.{DOMAIN}", shown([one.encode()]), "left out") for one in odd]
    account = Account(source, tuple(lines), why)
    return Gave(account, tuple(offers), now + HOLDS if offers else 0.0, KEEP)


def unheard(source: str, why: str) -> Gave:
    """Where nothing could be asked; what was heard before stays in use for a while.

    :param why: a sentence without its full stop.
    """
    return Gave(Account(source, why=why, degraded=True), keep=KEEP)


def _offer(one: Heard, now: float) -> Offer | str:
    """A server, or why it is none."""
    if not one.target:
        return "it does not say on which host it is"
    host = host_name([label.encode() for label in one.target.removesuffix(".").split(".")])
    if host is None or not host.endswith(f".{DOMAIN}"):
        return f"its host, {shown([one.target.encode()])}, is no name of {DOMAIN}"
    if not 0 < one.port < 65536:
        return f"its port is {one.port}"
    # A link-local IPv6 address needs the name of an interface, which distcc cannot be given.
    usable = [at for at in one.addresses if not (at.version == 6 and at.is_link_local)]
    if not usable:
        return f"no address of {host} that distcc can reach was heard"
    limit = limit_of(_strings(one.text))
    return Offer(host, lowest(usable), now, port=one.port, limit=limit)


def _instance(one: Heard) -> str:
    """Its own name for people, without that of the service."""
    return shown([one.instance.removesuffix(f".{SERVICE}.{DOMAIN}").encode()])


def _strings(text: bytes) -> list[bytes]:
    """The strings of a TXT record, each behind its length; what is cut off at the end is none."""
    found = []
    while text:
        end = 1 + text[0]
        if end <= len(text):
            found.append(text[1:end])
        text = text[end:]
    return found
