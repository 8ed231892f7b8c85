"""From the result of a walk to a farm: which servers are used, how long that holds, what to say."""

from collections.abc import Callable, Mapping

from distcc_build.config import Config
from distcc_build.farmfile import REMEMBERED, Asked, Farm, Line
from distcc_build.hostspec import IPAddress
from distcc_build.policy import State, judge
from distcc_build.resolve.answers import Answer, Failed, Found, Missing, Step, Verdict, WalkResult

__all__ = ["outcome"]

MAX_KEPT = 86_400.0
"""Seconds for which an answer is not asked for again, however long its TTL."""


def outcome(
    result: WalkResult,
    asked: Mapping[str, Answer],
    config: Config,
    *,
    old: Farm | None,
    own: Callable[[IPAddress], bool],
    now: float,
) -> Farm:
    """Make of a walk what is kept of it.

    :param asked: the answers that came from DNS now, by name.
    :param old: what was known before, in the same surroundings.
    :param own: whether an address is this machine's.
    :param now: seconds since 1970.
    :returns: the farm, its surroundings left empty.
    """
    answers = {} if old is None else {n: a for n, a in old.answers.items() if now < a.expires}
    for name, answer in asked.items():
        if isinstance(answer, Failed):
            answers.pop(name, None)
        else:
            answers[name] = Asked(answer, now + min(answer.ttl, MAX_KEPT))
    before = {} if old is None else {server.name: server.seen for server in old.servers}

    def seen(step: Step) -> float:
        return before.get(step.name, now) if step.verdict is Verdict.KEPT else now

    servers = judge(result.servers, config, own, seen)
    good = any(server.state in {State.USED, State.OWN} for server in servers)
    until = now + config.ttl_min
    if good and not result.degraded:
        # Every answer that the result rests on counts, the one that ended the walk too.
        expiries = [answers[step.name].expires for step in result.steps if step.name in answers]
        until = min(max(until, min(expiries, default=0.0)), now + config.ttl_max)
    until = float(int(until))
    return Farm(
        made=now,
        # Whole, as in a plan: else the plan would turn stale before the farm does.
        until=until,
        # Nothing found is safe to go on with for long: it only means compiling locally.
        stale=until + (config.stale if good else REMEMBERED),
        surroundings="",
        domain=result.domain,
        servers=servers,
        lines=tuple(
            Line(step.name, came_back(step.answer), _verdict(step)) for step in result.steps
        ),
        why=result.why,
        degraded=result.degraded,
        answers=answers,
        compilers=old.compilers if old else (),
    )


def came_back(answer: Answer) -> str:
    """An answer in words."""
    if isinstance(answer, Found):
        return " ".join(str(address) for address in answer.addresses) + f" (TTL {answer.ttl:g})"
    if isinstance(answer, Missing):
        return "NXDOMAIN" if answer.nxdomain else "no addresses"
    return answer.why


def _verdict(step: Step) -> str:
    if step.verdict is Verdict.KEPT:
        return "could not be asked; its address from before is kept"
    if step.verdict is Verdict.FAILED:
        return "could not be asked; left out"
    return str(step.verdict.value)
