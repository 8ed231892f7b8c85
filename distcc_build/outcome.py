"""From the result of a walk to a farm: which servers are used, how long that holds, what to say."""

from collections.abc import Callable, Mapping

from distcc_build.config import Config
from distcc_build.farmfile import REMEMBERED, Asked, Farm, Grant, Line
from distcc_build.hostspec import IPAddress
from distcc_build.policy import State, judge
from distcc_build.resolve.answers import Answer, Failed, Found, Missing, Step, WalkResult
from distcc_build.resolve.answers import Verdict as NameVerdict
from distcc_build.verdict import Cause, Verdict

__all__ = ["LATER", "MAX_KEPT", "came_back", "limited", "outcome", "proved", "silent"]

LATER = 0.1
"""Part of a farm's time that is added by chance: behind one caching resolver every client's TTLs
end in the same second."""

MAX_KEPT = 3_600.0
"""Seconds for which an answer is not asked for again, however long its TTL."""


def outcome(
    result: WalkResult,
    asked: Mapping[str, Answer],
    config: Config,
    *,
    new_grants: Mapping[str, Grant],
    old: Farm | None,
    own: Callable[[IPAddress], bool],
    now: float,
    chance: float = 0.0,
) -> Farm:
    """Make of a walk what is kept of it.

    :param asked: the answers that came from DNS now, by name.
    :param new_grants: by name, what TXT records say now, where they could be asked for.
    :param old: what was known before, in the same surroundings.
    :param own: whether an address is this machine's.
    :param now: seconds since 1970.
    :param chance: from 0 to 1; this client's own, so that not all refresh at once.
    :returns: the farm, its surroundings left empty.
    """
    answers = {} if old is None else {n: a for n, a in old.answers.items() if now < a.expires}
    for name, answer in asked.items():
        if isinstance(answer, Failed):
            answers.pop(name, None)
        else:
            answers[name] = Asked(answer, now + min(answer.ttl, MAX_KEPT))
    before = {} if old is None else {server.name: server for server in old.servers}

    def seen(step: Step) -> float:
        kept = step.verdict is NameVerdict.KEPT and step.name in before
        return before[step.name].seen if kept else now

    grants = {**(old.grants if old else {}), **new_grants}

    def limit(name: str) -> int | None:
        return grants[name].slots if name in grants else None

    judged = judge(result.servers, config, own, seen)
    servers = tuple(one._replace(limit=limit(one.name)) for one in judged)
    good = any(server.state in {State.USED, State.OWN} for server in servers)
    until = now + config.ttl_min
    if good and not result.degraded:
        # Every answer that the result rests on counts, the one that ended the walk too.
        expiries = [answers[step.name].expires for step in result.steps if step.name in answers]
        until = min(max(until, min(expiries, default=0.0)), now + config.ttl_max)
        until += chance * LATER * (until - now)
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
        grants={step.name: grants[step.name] for step in result.servers if step.name in grants},
        compilers=old.compilers if old else (),
    )


TRANSIENT = {
    Cause.REFUSED,
    Cause.UNREACHABLE,
    Cause.DENIED,
    Cause.SILENT,
    Cause.NOT_DISTCCD,
    Cause.FAILED,
}
"""What may be over in a minute.  Compilers are installed less often."""


def proved(
    farm: Farm,
    proofs: Mapping[str, Mapping[str, Verdict]],
    reasons: Mapping[str, str],
    config: Config,
    *,
    trouble: bool,
    hurried: bool,
    now: float,
) -> Farm:
    """Put into a farm what its servers are worth.

    :param proofs: by key of the compiler, then by address.
    :param reasons: by key of a compiler, why it could not be compared.
    :param trouble: a compile has failed at a server since the last look, or this machine was
        too busy to have its own part of a proof ready.
    :param hurried: somebody was waiting, so that a server that said nothing may just be slow.
    :param now: seconds since 1970.
    :returns: the farm, fresh for the shortest time when a server is out.
    """
    out = any(one.cause in TRANSIENT for found in proofs.values() for one in found.values())
    if out or trouble:
        farm = farm.fresh_until(now + config.ttl_min)
    if hurried and any(
        one.cause is Cause.SILENT for found in proofs.values() for one in found.values()
    ):
        # The next compile starts a refresh for which nobody waits.
        farm = farm.fresh_until(now + 1)
    return farm._replace(
        proofs={**farm.proofs, **proofs},
        reasons={**farm.reasons, **reasons},
    )


def silent(farm: Farm) -> list[IPAddress]:
    """The servers that have said nothing to a probe; they, or the way to them, may just be slow."""
    quiet = {
        address
        for found in farm.proofs.values()
        for address, one in found.items()
        if one.cause in {Cause.SILENT, Cause.UNREACHABLE}
    }
    return [one.address for one in farm.used if str(one.address) in quiet]


def limited(farm: Farm, limits: Mapping[str, int]) -> Farm:
    """The farm with what its servers say of the jobs at once that they take.

    :param limits: by address; only for servers whose name does not tell.
    """
    servers = (
        one._replace(limit=one.limit or limits.get(str(one.address))) for one in farm.servers
    )
    return farm._replace(servers=tuple(servers))


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
