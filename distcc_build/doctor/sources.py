"""What the sources beside the numbered names gave, for doctor.  Pure."""

import re
from collections.abc import Iterator

from distcc_build.doctor.findings import Check, Loss, Status, ok, problem
from distcc_build.doctor.words import count, duration
from distcc_build.farmfile import Farm
from distcc_build.hostspec import DISCOVER_FILE, DNS_SD
from distcc_build.offer import Account
from distcc_build.policy import State

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
    if good:
        said = f"{count(len(good), 'server')} ({duration(account.seconds)})"
        if not account.degraded:
            yield ok(word, f"{said}: {account.why}")
        else:
            text = f"{said}, but not all could be asked: {account.why}"
            yield problem(word, text, _remedy(account), Loss.SERVERS)
    elif servers:
        # What is wrong with each is said of it.
        yield Check(word, Status.PROBLEM, "it names no server that may be used", "", loss)
    else:
        yield problem(word, f"no servers: {account.why}", _remedy(account), loss)
    bad = [one for one in account.lines if "left out" in one.verdict]
    for line in bad[:NAMED]:
        remedy = "correct its SRV and address records, or take its PTR record away"
        text = f"{line.came_back}: {line.verdict}"
        yield problem(line.name, text, remedy if word == DNS_SD else "", Loss.SERVERS)
    if len(bad) > NAMED:
        text = f"{count(len(bad) - NAMED, 'more name')} left out (distcc-build explain)"
        yield Check(word, Status.PROBLEM, text, "", Loss.SERVERS)


def _remedy(account: Account) -> str:
    """What to do where a source gives no servers, or could not be asked."""
    word, why = account.source, account.why
    if word.startswith(DISCOVER_FILE):
        return f"see that {word.removeprefix(DISCOVER_FILE)} lists the servers"
    if word != DNS_SD and account.degraded:
        return "see that it can be asked: distcc-build[zeroconf] installed, UDP port 5353 free"
    if word != DNS_SD:
        return "start distccd with --zeroconf on machines of this link"
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
