"""Discovery: which names were asked, what they came to, and what builds still know."""

import re
import time
from collections.abc import Generator, Iterator
from pathlib import Path

from distcc_build import store
from distcc_build.belonging import belonging, of_farm, taken, usual_words
from distcc_build.config import Config
from distcc_build.doctor.case import Case
from distcc_build.doctor.findings import Check, Loss, Section, Status, ok, problem, skipped, warning
from distcc_build.doctor.sources import look_at
from distcc_build.doctor.words import plain, remedy_in
from distcc_build.examine import examine
from distcc_build.health import Health, named_before, reached, stop
from distcc_build.hostspec import DISCOVER, Kind
from distcc_build.inputs import Inputs
from distcc_build.policy import Server, State
from distcc_build.problems import numbering
from distcc_build.resolve.answers import Verdict
from distcc_build.search import surroundings
from distcc_build.words import duration

__all__ = ["look"]


WILDCARD = "remove the wildcard record"


def look(case: Case) -> Section:
    """Walk the names and ask the servers, as `distcc-build servers` does; keep nothing."""
    return Section("discovery", "discovery", tuple(_checks(case)))


def _checks(case: Case) -> Iterator[Check]:
    inputs = case.inputs
    if inputs is None:
        yield skipped("names", "not asked: nobody knows what the configuration forbids")
        return
    if not inputs.hosts.discover:
        yield skipped("names", "not asked for by the hosts list")
        return
    inputs = yield from _of_one_farm(case, inputs)
    health = case.health = examine(
        inputs.config, case.directory, list(case.compilers), case.path, case.told
    )
    # Other servers that the list names are not lost with these.
    own = any(one.usable and one.kind is not Kind.LOCAL for one in inputs.hosts.hosts)
    accounts = {one.source: one for one in health.farm.accounts}
    for word in inputs.config.sources:
        other = any(_usable(one) and one.source != word for one in health.farm.servers)
        loss = Loss.SERVERS if own or other else Loss.ALL
        if word == DISCOVER:
            yield from _names(health, loss)
        elif word in accounts:
            yield from look_at(health.farm, accounts[word], loss)
    yield from _kept(case.directory, inputs.config)


def _of_one_farm(case: Case, inputs: Inputs) -> Generator[Check, None, Inputs]:
    """What is configured for the farm of the first compiler; others have another look."""
    if not inputs.farms or not case.asked:
        return inputs
    one = case.inputs = belonging(inputs, case.asked[0], case.path, case.directory)
    yield ok("farm", one.farm or "the usual one, of compilers that no [farm.NAME] fits")
    elsewhere = {}
    for word in case.asked[1:]:
        other = belonging(inputs, word, case.path, case.directory).farm
        if other != one.farm:
            of = f"farm {other}" if other else "the usual farm"
            elsewhere[word] = of
            text = f"has {of}: look with doctor --compiler {word}"
            yield skipped(word, text)
            case.compilers.pop(word, None)
            case.asked = tuple(asked for asked in case.asked if asked != word)
    case.elsewhere = tuple(f"{word} ({of})" for word, of in elsewhere.items())
    if not case.words:
        # Who names no compiler asks about all of them.
        for name in [table.name for table in inputs.farms if table.name != one.farm]:
            if (of := f"farm {name}") not in elsewhere.values():
                case.elsewhere += (of,)
                yield _not_looked_at(case, of_farm(inputs, name))
    return one


def _not_looked_at(case: Case, inputs: Inputs) -> Check:
    """A word about a farm whose compilers nobody has named."""
    name, look = f"farm {inputs.farm}", "look with doctor --compiler, and a compiler of it"
    if usual_words(inputs, case.path, case.directory):
        return skipped(name, look)
    if why := taken(inputs, case.path, case.directory):
        return warning(name, why, f"put [farm.{inputs.farm}] first")
    return skipped(name, f"no compiler is known here that has it; {look}")


def _usable(server: Server) -> bool:
    return server.state in {State.USED, State.OWN}


def _names(health: Health, loss: Loss) -> Iterator[Check]:
    """What the names came to.

    :param loss: what is lost where none of them is a server.
    """
    farm, config = health.farm, health.config
    end = reached(farm, config)
    servers = [one for one in farm.servers if 0 < one.number < end]
    # One that another source has named before is that source's, and as good as any.
    usable = [one for one in servers if _usable(one) or named_before(farm, one)]
    said, odd = stop(health), list(numbering(health))
    if usable:
        last = plain(servers[-1].name)
        if len(servers) > 1:
            last = f"{plain(servers[0].name).partition('.')[0]} to {last}"
        yield ok("names", f"{last} ({duration(farm.seconds)})")
        yield ok("stopped", _plain_names(said))
    elif servers:
        # What is wrong with each is said of it.
        yield Check("names", Status.PROBLEM, "no name is a server that may be used", "", loss)
    elif any(one.verdict == Verdict.LATER_DOMAIN.value for one in farm.lines):
        yield ok("names", f"those in {plain(farm.domain)} are of a later domain, and not used")
    else:
        yield problem(
            farm.domain or "names",
            f"no servers: {_plain_names(said)}",
            _remedy(said, farm.domain, wild=bool(odd)),
            loss,
        )
    others = any(one.degraded for one in farm.accounts)
    if farm.degraded and usable and not others:
        text = "some names could not be asked, and are tried again within a minute"
        yield problem("name servers", text, "see that they answer all names", Loss.SERVERS)
    for line in odd if servers else ():
        where, _, rest = line.partition(": ")
        text, remedy = remedy_in(rest)
        name, _, more = where.partition(" ")
        text = _plain_names(f"{more}  {text}".lstrip())
        yield problem(plain(name), text, WILDCARD if "wildcard" in text else remedy, Loss.SERVERS)


def _remedy(why: str, domain: str, *, wild: bool) -> str:
    """What to do where no name is a server.

    :param wild: any name there gets an answer, by a wildcard record.
    """
    name = re.search(r"\S+\.(?= )", why)
    shown = plain(name[0]) if name else "distcc1"
    if wild:
        names = f"give the servers the names distcc1, distcc2, ... in {domain}"
        return f"{WILDCARD}, and {names}"
    if "does not exist" in why:
        return f"give the first server the name {shown} in DNS, or set 'domain' to where it is"
    if "domain" in why:
        return (
            'set the domain of the servers: domain = "build.example.com" in '
            "~/.config/distcc-build/config.toml, or search in /etc/resolv.conf"
        )
    if "validat" in why:
        return "sign the zone and validate on this machine, as require_dnssec asks for it"
    return f"see that the name servers answer: dig {shown}; 'nameservers' names others"


def _kept(directory: Path, config: Config) -> Iterator[Check]:
    """What builds go by until they look again themselves."""
    now = time.time()
    farm = store.read_farm(store.farm_path(directory, config))
    if farm is None:
        yield ok("age", "nothing kept yet; the next compile looks for itself")
        return
    age = f"builds go by what was learned {duration(now - farm.made)} ago"
    if farm.surroundings != surroundings(config)[1]:
        yield ok("age", f"{age} in another network, so the next compile looks again")
    elif now < farm.until:
        yield ok("age", f"{age}, fresh for {duration(farm.until - now)} more")
    elif now < farm.stale:
        yield ok("age", f"{age}, used while it is renewed")
    else:
        yield ok("age", f"what was learned {duration(now - farm.made)} ago is too old to go by")


def _plain_names(text: str) -> str:
    """A sentence with names of DNS as people write them."""
    return re.sub(r"\.(?=\s|:|$|,)", "", text)
