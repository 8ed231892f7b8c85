"""The servers: in which state each is, and why."""

from collections import Counter
from collections.abc import Iterator

from distcc_build.doctor.case import Case
from distcc_build.doctor.findings import Check, Loss, Section, Status, ok, problem, skipped
from distcc_build.doctor.targets import distributions
from distcc_build.doctor.words import plain, remedy_in
from distcc_build.farmfile import Farm
from distcc_build.health import OF_THE_COMPILER, Row, rows
from distcc_build.hosts import Kind
from distcc_build.launch import Situation
from distcc_build.policy import State
from distcc_build.verdict import Cause, Verdict
from distcc_build.words import count, duration, listed

__all__ = ["look"]


def look(case: Case) -> Section:
    """Say what the look at the farm has shown."""
    case.distributions = distributions(case.asked, case.jobs())
    checks = [*_checks(case)] or [skipped("servers", "there are none")]
    return Section("servers", "servers", (*checks, *_list(case)))


def _checks(case: Case) -> Iterator[Check]:
    situation = case.situation()
    if situation is None:
        yield skipped("servers", "not asked")
        return
    listed_hosts = [one for one in situation.inputs.hosts.hosts if one.kind is not Kind.LOCAL]
    for host in listed_hosts:
        how = "reached by ssh" if host.kind is Kind.SSH else count(host.slots, "slot")
        if any(option.startswith("auth") for option in host.options):
            how += " with authentication"
        text = f"of the hosts list, {how}; not judged" if host.usable else "marked down in the list"
        yield ok(host.host, text)
    if case.health is None:
        if not listed_hosts:
            yield skipped("servers", "none are looked for")
        return
    for row in rows(case.health):
        # Of name servers that say nothing at all the station before has spoken.
        if case.health.farm.servers or row.state != "not known":
            yield from _row(row)
    if not listed_hosts:
        yield from _by_itself(case.health.farm)
    for word in case.compilers:
        yield from _alone(situation, word, bool(listed_hosts))


def _by_itself(farm: Farm) -> Iterator[Check]:
    """A word about a farm that nobody but this machine is in."""
    states = {one.state for one in farm.servers}
    if State.OWN not in states or State.USED in states:
        return
    # What is wrong with others is said of each.
    more = State.REFUSED in states
    text = "no server but this machine itself " + ("may be used" if more else "was found")
    remedy = "" if more else "list other machines beside it: what is sent to itself gains nothing"
    yield Check("this machine", Status.PROBLEM, text, remedy, Loss.ALL)


def _list(case: Case) -> Iterator[Check]:
    """A word about a farm that is larger than what this machine gets of it."""
    for word in case.compilers:
        good = [job for job in case.jobs() if job.word == word]
        given = sum(job.target.given for job in good)
        if given < len(good):
            text = f"{given} of {len(good)} good servers, as many as this machine can feed"
            yield ok(f"list for {word}", text)


def _row(row: Row) -> Iterator[Check]:
    name = plain(row.name)
    bad: dict[tuple[Cause, str], list[str]] = {}
    for word, verdict in row.verdicts.items():
        if not verdict.good:
            bad.setdefault((verdict.cause, verdict.why), []).append(word)
    if row.well or (row.verdicts and not bad):
        good = row.state if row.verdicts or row.well else f"{row.state}: {row.why}"
        slots = f", {count(row.limit, 'slot')}" if row.limit else ""
        took = f", {duration(row.latency)}" if row.latency else ""
        yield ok(name, f"{row.address}  {good}{slots}{took}")
    elif not row.verdicts:
        if row.state == "not proved":
            # Of the compilers that are missing the station before speaks.
            yield skipped(name, f"{row.address}  {row.why}")
            return
        text, remedy = remedy_in(row.why)
        remedy = remedy or "give each server one name and one address in DNS"
        text = f"{row.address}  {row.state}: {text}".lstrip()
        yield problem(name, text, remedy, Loss.SERVERS)
    for (cause, why), words in bad.items():
        text, remedy = _said(cause, why, words, whole=len(words) == len(row.verdicts))
        yield problem(name, f"{row.address}  {text}", remedy, Loss.SERVERS)


def _said(cause: Cause, why: str, words: list[str], *, whole: bool) -> tuple[str, str]:
    """What is the matter with a server, and what to do.

    :param words: the compilers that it concerns.
    :param whole: these are all that it was asked for.
    """
    if cause not in OF_THE_COMPILER:
        return f"{cause.value}: {Verdict(cause, why).seen}", cause.remedy
    names = listed(words)
    text = cause.value if whole else f"{cause.value} for {names}"
    remedy = cause.remedy.replace("install it", f"install {names}")
    for one in ("same version", "same package"):
        remedy = remedy.replace(one, f"{one} of {names}")
    return f"{text} ({why})" if why else text, remedy


def _alone(situation: Situation, word: str, others: bool) -> Iterator[Check]:
    """A word about a compiler that no server is good for."""
    farm = situation.farm
    if farm is None or not farm.used or others or not situation.client.usable:
        return
    if situation.candidates([word]):
        return
    keys = [one.key for one in situation.compilers([word])]
    causes = Counter(one.cause for key in keys for one in farm.proofs.get(key, {}).values())
    if causes:
        cause, number = causes.most_common(1)[0]
        text = f"no server is good for it: {cause.meaning} ({number} of {len(farm.used)})"
        # What to do is said of the servers.
        yield Check(word, Status.PROBLEM, text, "", Loss.COMPILER)
