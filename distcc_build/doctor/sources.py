"""What the sources beside the numbered names gave, for doctor.  Pure."""

import re
from collections.abc import Iterator

from distcc_build.doctor.findings import Check, Loss, Status, ok, problem
from distcc_build.doctor.lists import of_the_line, of_the_list, unanswered
from distcc_build.doctor.words import believable
from distcc_build.farmfile import Farm
from distcc_build.hostspec import DISCOVER_FILE, DNS_SD, ZEROCONF
from distcc_build.offer import Account, Line
from distcc_build.policy import State
from distcc_build.resolve.answers import Verdict
from distcc_build.trouble import Trouble
from distcc_build.words import count, duration

__all__ = ["look_at"]

NAMED = 5
"""Names that came to nothing, each with a line of its own."""


def look_at(farm: Farm, account: Account, loss: Loss) -> Iterator[Check]:
    """What one source came to.

    :param loss: what is lost where it gives no server.
    """
    word = account.source
    servers = [one for one in farm.servers if one.source == word]
    good = [one for one in servers if one.state is not State.REFUSED]
    why, remedy = _why_and_remedy(account)
    if good:
        said = f"{count(len(good), 'server')} ({duration(account.seconds)})"
        if not account.degraded:
            yield ok(word, f"{said}: {account.why}")
        else:
            yield problem(word, f"{said}, but not all could be asked: {why}", remedy, Loss.SERVERS)
    elif servers:
        # What is wrong with each is said of it.
        yield Check(word, Status.PROBLEM, "it names no server that may be used", "", loss)
    elif any(one.verdict == Verdict.LATER_DOMAIN.value for one in account.lines):
        yield ok(word, why)
    else:
        yield problem(word, f"no servers: {why}", remedy, loss)
    bad = [one for one in account.lines if "left out" in one.verdict]
    for line in bad[:NAMED]:
        text = ": ".join(one for one in (line.came_back, line.verdict) if one)
        yield problem(line.name, text, _of_the_line(word, line), Loss.SERVERS)
    if len(bad) > NAMED:
        text = f"{count(len(bad) - NAMED, 'more name')} left out (distcc-build explain)"
        yield problem(word, text, "see what else is left out: distcc-build explain", Loss.SERVERS)


def _of_the_line(word: str, line: Line) -> str:
    """What to do about a name that was left out."""
    if word == DNS_SD:
        return "correct its SRV and address records, or take its PTR record away"
    if word == ZEROCONF:
        return "see who announces it so: avahi-browse --resolve --terminate _distcc._tcp"
    return of_the_line(word.removeprefix(DISCOVER_FILE), line)


def _why_and_remedy(account: Account) -> tuple[str, str]:
    """What is the matter where a source gives no servers, or could not be asked; what to do."""
    word, why = account.source, account.why
    if word == ZEROCONF:
        return _of_the_link(account)
    if word == DNS_SD:
        return why, _of_the_zones(account)
    remedy = of_the_list(word.removeprefix(DISCOVER_FILE), account)
    if names := unanswered(account):
        return names, remedy
    return believable(why)[0] if account.trouble is Trouble.NOT_BELIEVED else why, remedy


def _of_the_link(account: Account) -> tuple[str, str]:
    why = account.why
    if "(require_dnssec)" in why:
        return why, f"take {ZEROCONF} out of the hosts list, or set require_dnssec = false"
    if not account.degraded:
        return why, "start distccd with --zeroconf on machines of this link"
    if why.startswith("python-zeroconf "):
        # What to run is in the sentence.
        matter, _, remedy = why.rpartition(": ")
        return matter, remedy
    if "5353" in why:
        return why, "end it, or let it share the port: avahi-daemon does, and is as good"
    return why, f"see that this machine can ask by multicast, or take {ZEROCONF} out of the list"


def _of_the_zones(account: Account) -> str:
    why = account.why
    if "no domain" in why:
        return (
            'set the domain of the servers: domain = "build.example.com" in '
            "~/.config/distcc-build/config.toml, or search in /etc/resolv.conf"
        )
    if "validat" in why:
        return "sign the zone and validate on this machine, as require_dnssec asks for it"
    if "addresses only" in why:
        return 'set resolver = "dns" in ~/.config/distcc-build/config.toml'
    if account.degraded:
        name = re.search(r"\S+(?= could not be asked)", why)
        how = f"dig {name[0]} PTR" if name else "distcc-build explain shows which names"
        return f"see that the name servers answer: {how}; 'nameservers' names others"
    domain = re.search(r" in ([^\s,]+)", why)
    where = f" --domain {domain[1]}" if domain else ""
    return (
        f"list the servers in DNS: distcc-build zone --dns-sd{where} SERVER... prints the records"
    )
