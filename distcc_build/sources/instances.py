"""What the records of one DNS-SD instance come to: its servers, and what to tell of it.  Pure.

An instance has a name of any bytes, SRV records that say where it is, and a TXT record in which
it speaks of itself (RFC 6763).  Of all that only addresses, ports and limits go further.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from distcc_build.offer import Line, Offer
from distcc_build.resolve.answers import Answer, Failed, Found, Labels, Missing, Service
from distcc_build.sources.numbered import came_back
from distcc_build.sources.service import host_name, limit_of, of_itself, shown

__all__ = ["MAX_SERVICES", "Instance", "servers", "services", "target"]

MAX_SERVICES = 16
"""SRV records of one instance that are looked at; an answer may hold thousands."""

FAILED = "could not be asked"
LEFT_OUT = "left out"


class Instance(NamedTuple):
    """What was answered about one instance."""

    name: Labels
    srv: Answer
    txt: Answer = Missing(0.0)
    """Asked for where there is an SRV record."""


def services(answer: Answer) -> list[Service]:
    """The SRV records that are looked at, whatever the order and the case they came in."""
    if not isinstance(answer, Found):
        return []
    found = {
        one._replace(target=tuple(label.lower() for label in one.target)) for one in answer.services
    }
    return sorted(found, key=lambda one: (one.priority, -one.weight, one.port, one.target))[
        :MAX_SERVICES
    ]


def target(one: Service) -> str | None:
    """The host to which an SRV record leads, with the dot at its end; None where it leads nowhere.

    A target that is the root says that there is no such service (RFC 2782).
    """
    return host_name(one.target) if one.target and one.port else None


def servers(
    instance: Instance, addresses: Callable[[str], Answer], now: float
) -> Iterator[tuple[Line, Offer | None]]:
    """A line for each of its servers, or for what keeps it from being one.

    :param addresses: what was answered about a host that `target` gave.
    :param now: seconds since 1970.
    """
    name = shown(instance.name)
    if isinstance(instance.srv, Failed):
        yield Line(name, instance.srv.why, FAILED), None
        return
    found = services(instance.srv)
    if not found:
        yield Line(name, "no SRV record", LEFT_OUT), None
    strings, more = _strings(instance.txt)
    for one in found:
        host = target(one)
        if host is None:
            yield Line(name, *_nowhere(one)), None
            continue
        answer = addresses(host)
        back = f"{host} port {one.port}: {came_back(answer)}"
        if one.priority or one.weight:
            back += f", priority {one.priority} weight {one.weight}"
        back += f", {more}" if more else ""
        if not isinstance(answer, Found):
            yield Line(name, back, FAILED if isinstance(answer, Failed) else LEFT_OUT), None
            continue
        offer = Offer(
            *(host, answer.addresses, now),
            port=one.port,
            limit=limit_of(strings),
            priority=one.priority,
            weight=one.weight,
            limit_known=not isinstance(instance.txt, Failed),
        )
        yield Line(name, back, "server", host), offer


def _nowhere(one: Service) -> tuple[str, str]:
    if not one.target:
        return "SRV target .", "it is not offered"
    what = "port 0" if not one.port else "no host name"
    return f"SRV target {shown(one.target)} port {one.port}", f"{LEFT_OUT}: {what}"


def _strings(txt: Answer) -> tuple[Sequence[bytes], str]:
    """What it says of itself, and that for people."""
    if isinstance(txt, Failed):
        return (), f"TXT: {txt.why}"
    records = sorted(txt.texts) if isinstance(txt, Found) else []
    strings = [string for record in records for string in record]
    return strings, of_itself(strings)
