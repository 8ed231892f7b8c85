"""What a walk of numbered names gives, with what was known before.  Does no I/O."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from distcc_build.farmfile import Asked, Farm, Grant
from distcc_build.hostspec import DISCOVER
from distcc_build.offer import Account, Gave, Line, Offer
from distcc_build.policy import Server
from distcc_build.resolve.answers import Answer, Failed, Found, Missing, Step, WalkResult
from distcc_build.resolve.answers import Verdict as NameVerdict

__all__ = ["MAX_KEPT", "Numbered", "Walked", "came_back", "of_one_site"]

MAX_KEPT = 3_600.0
"""Seconds for which an answer is not asked for again, however long its TTL."""


class Walked(NamedTuple):
    """What a walk of numbered names came to."""

    result: WalkResult
    asked: Mapping[str, Answer]
    """The answers that came from DNS now, by name."""
    grants: Mapping[str, Grant] = {}
    """By name, what TXT records say now, where they could be asked for."""


def of_one_site(
    walked: Walked | None, gave: Sequence[Gave], domains: Sequence[str], before: str = ""
) -> tuple[Walked | None, list[Gave], str]:
    """What was found in the first of the domains in which any source found servers.

    Another domain of the list may be another site's, whose servers are not for this one.  So
    nothing is used that is behind a domain of which a source could not learn whether it has any.

    :param domains: where was looked, in order.
    :param before: the domain of the servers that were known before.  There were none in those
        in front of it, so that one of them that cannot be asked now takes nothing away.
    :returns: both without the servers of other domains, and the domain that was gone by: that of
        those that are left, or the one that is in doubt.
    """
    found = {one.domain for one in gave if one.offers}
    doubted = {one.domain for one in gave if not one.offers}
    if walked and walked.result.servers:
        found.add(walked.result.domain)
    elif walked and walked.result.degraded:
        doubted.add(walked.result.domain)
    if before in domains:
        doubted -= {*domains[: domains.index(before)]}
    first = next((one for one in domains if one in found | doubted), "")
    what = "there are some" if first in found else "it is not known whether there are any"

    def behind(domain: str) -> str:
        """Why nothing of a domain is used; empty where that is not so."""
        if not first or domain not in domains or domains.index(domain) <= domains.index(first):
            return ""
        return f"the servers of {domain} are left out, as {what} in {first}, which comes first"

    if walked and walked.result.servers and (why := behind(walked.result.domain)):
        walked = walked._replace(result=_without_servers(walked.result, why))

    def rest(one: Gave) -> Gave:
        """What is left of what a source gave."""
        if why := behind(one.domain):
            return Gave(_without_offers(one.account, why) if one.offers else one.account)
        # What it named before is of another site.
        moved = one.domain and first and before not in {"", first}
        return one._replace(keep=0.0) if moved else one

    return walked, [rest(one) for one in gave], first or before


def _without_servers(result: WalkResult, why: str) -> WalkResult:
    steps = (
        one._replace(addresses=(), verdict=NameVerdict.LATER_DOMAIN) if one.addresses else one
        for one in result.steps
    )
    return result._replace(steps=tuple(steps), why=why)


def _without_offers(account: Account, why: str) -> Account:
    lines = (
        line._replace(verdict=NameVerdict.LATER_DOMAIN.value, offer="") if line.offer else line
        for line in account.lines
    )
    return account._replace(lines=tuple(lines), why=why)


class Numbered:
    """A walk, with what was known before.

    :param walked: what it came to.
    :param old: what was known before, in the same surroundings.
    :param now: seconds since 1970.
    """

    def __init__(self, walked: Walked, old: Farm | None, now: float) -> None:
        self._result, self._now = walked.result, now
        answers = {} if old is None else {n: a for n, a in old.answers.items() if now < a.expires}
        for name, answer in walked.asked.items():
            if isinstance(answer, Failed):
                answers.pop(name, None)
            else:
                answers[name] = Asked(answer, now + min(answer.ttl, MAX_KEPT))
        self._answers = answers
        self._grants = {**(old.grants if old else {}), **walked.grants}
        self._before = {} if old is None else _by_name(old)

    def offers(self) -> list[Offer]:
        """The servers."""
        return [
            Offer(
                step.name,
                step.addresses,
                self._seen(step),
                step.number,
                limit=self._grants[step.name].slots if step.name in self._grants else None,
            )
            for step in self._result.servers
        ]

    def _seen(self, step: Step) -> float:
        kept = step.verdict is NameVerdict.KEPT and step.name in self._before
        return self._before[step.name].seen if kept else self._now

    def expiries(self) -> list[float]:
        """When the answers end that the walk rests on, seconds since 1970."""
        names = (step.name for step in self._result.steps)
        return [self._answers[name].expires for name in names if name in self._answers]

    def put_into(self, farm: Farm) -> Farm:
        """The farm with what is kept for the next walk, and of this one for people."""
        steps, names = self._result.steps, [one.name for one in self._result.servers]
        return farm._replace(
            domain=self._result.domain,
            lines=tuple(Line(one.name, came_back(one.answer), _verdict(one)) for one in steps),
            answers=self._answers,
            grants={one: self._grants[one] for one in names if one in self._grants},
        )


def _by_name(farm: Farm) -> dict[str, Server]:
    return {server.name: server for server in farm.servers if server.source == DISCOVER}


def came_back(answer: Answer) -> str:
    """An answer in words."""
    if isinstance(answer, Found):
        return " ".join(str(address) for address in answer.addresses) + f" (TTL {answer.ttl:g})"
    if isinstance(answer, Missing):
        return "NXDOMAIN" if answer.nxdomain else "no addresses"
    return answer.why


def _verdict(step: Step) -> str:
    if step.verdict is NameVerdict.KEPT:
        return "could not be asked; its address from before is kept"
    if step.verdict is NameVerdict.FAILED:
        return "could not be asked; left out"
    return str(step.verdict.value)
