"""Which records to ask for next to browse a zone, and when it is over.  Asks nothing itself.

Unicast DNS-SD (RFC 6763), for distccd's service.  The result does not depend on the order in
which answers arrive, because nothing is judged before all that it rests on is there:

- In each domain in turn, `b._dns-sd._udp` says which domains to browse (section 11); where it
  says nothing, that is the domain itself.  The first domain in which any instance is listed
  wins; the next one is tried only where it is certain that there is none in this one.
- Of each instance the SRV records are asked for, then its TXT record and the addresses of the
  hosts to which they lead.
- What could not be asked makes the result degraded, so that servers from before stay.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from distcc_build.farmfile import REMEMBERED
from distcc_build.offer import Account, Gave, Line, Offer
from distcc_build.resolve.answers import Answer, Failed, Found, Labels, Missing
from distcc_build.resolve.packet import PTR, SRV, TXT, A
from distcc_build.sources.instances import Instance, servers, services, target
from distcc_build.sources.service import BROWSE, SERVICE, shown

__all__ = ["MAX_BROWSED", "Browse", "Record"]

TOLD: Labels = tuple(BROWSE.encode("ascii").split(b"."))
DISTCC: Labels = tuple(SERVICE.encode("ascii").split(b"."))

MAX_BROWSED = 16
"""Domains that are browsed for one; an answer may hold thousands, and each costs a question."""

MAX_SAID = 64
"""Lines about what is no server."""

MAX_STRANGE = 16
"""Names of no distcc service that are told of."""

WINDOW, TEXTS = 60, 40
"""Questions in flight at most, TXT records apart: some name servers drop these.  Hosts have two
answers each, and a socket's usual buffer holds 280."""


class Record(NamedTuple):
    """One question."""

    type: int
    """PTR, SRV or TXT; A stands for both kinds of address."""
    name: Labels


class _Lane:
    """Questions to be asked a few at a time."""

    def __init__(self, width: int) -> None:
        self._width = width
        self.waiting = deque[Record]()
        self.open = set[Record]()

    def __bool__(self) -> bool:
        return bool(self.waiting or self.open)

    def take(self) -> Iterator[Record]:
        while self.waiting and len(self.open) < self._width:
            one = self.waiting.popleft()
            self.open.add(one)
            yield one


class Browse:
    """One look.  Call `ask` for what to look up now, `feed` with each answer, until `finished`."""

    def __init__(self, word: str, domains: Sequence[str], *, cap: int, now: float) -> None:
        """Start.

        :param word: that of the hosts list.
        :param domains: where to look, in order, without dots at the ends.
        :param cap: of instances, and of servers.
        :param now: seconds since 1970.
        """
        self._word, self._cap, self._now = word, cap, now
        each = dict.fromkeys(domains)
        self._domains = deque(tuple(one.encode("ascii").split(b".")) for one in each)
        self._main, self._texts = _Lane(WINDOW), _Lane(TEXTS)
        self._answers: dict[Record, Answer] = {}
        self._wanted: set[Record] = set()
        self._looked: list[Labels] = []
        self._strange: list[Line] = []
        self._instances: list[Labels] = []
        self._listed = 0
        self.gave: Gave | None = None
        """What came of it; its account does not know the number of questions."""
        self._enter()

    @property
    def finished(self) -> bool:
        """Whether `gave` is there."""
        return self.gave is not None

    @property
    def settled(self) -> bool:
        """Whether nothing but TXT records is out, on which no server depends."""
        return not self._main

    def ask(self) -> Iterator[Record]:
        """The questions to start now; each is given once."""
        yield from self._main.take()
        yield from self._texts.take()

    def feed(self, record: Record, answer: Answer) -> None:
        """Take the whole answer to a question that is out; any other is ignored."""
        lane = self._texts if record.type == TXT else self._main
        if record not in lane.open:
            return
        lane.open.discard(record)
        self._answers[record] = answer
        if record.type == SRV:
            self._follow(record.name, answer)
        if self._main or self._texts:
            return
        if self._instances:
            self._finish(failure=self._failure())
        else:
            self._browsed()

    def _want(self, record: Record) -> None:
        if record not in self._wanted:
            self._wanted.add(record)
            (self._texts if record.type == TXT else self._main).waiting.append(record)

    def _enter(self) -> None:
        """Begin with the first of the domains that are left."""
        if not self._domains:
            where = ", ".join(map(shown, dict.fromkeys(self._looked)))
            self._finish(f"no {SERVICE} in {where}" if where else "there is no domain to look in")
            return
        # The second is usually the next one, and known to be of this domain either way.
        self._want(Record(PTR, TOLD + self._domains[0]))
        self._want(Record(PTR, DISTCC + self._domains[0]))

    def _tops(self) -> list[Labels]:
        """The domains to browse for this one."""
        told = _names(self._answers[Record(PTR, TOLD + self._domains[0])])
        named = [tuple(label.lower() for label in one) for one in told if one]
        return named[:MAX_BROWSED] or [self._domains[0]]

    def _browsed(self) -> None:
        """Go on where all PTR records that are wanted so far are there."""
        tops = self._tops()
        for one in tops:
            self._want(Record(PTR, DISTCC + one))
        if self._main:
            return
        names = _distinct(
            name for one in tops for name in _names(self._answers[Record(PTR, DISTCC + one)])
        )
        good = [one for one in names if _is_ours(one)]
        strange = [one for one in names if not _is_ours(one)][:MAX_STRANGE]
        self._strange += [Line(shown(one), "PTR record", "no distcc service") for one in strange]
        self._looked += tops
        if good:
            self._looked, self._listed, self._instances = tops, len(good), good[: self._cap]
            for name in self._instances:
                self._want(Record(SRV, name))
        elif failure := self._failure():
            # Nobody knows whether there are any here, so that the next domain's are not ours.
            self._finish(failure=failure)
        else:
            self._domains.popleft()
            self._enter()

    def _failure(self) -> str:
        """Why this domain could not be browsed, or not as a whole; empty where it was."""
        told = Record(PTR, TOLD + self._domains[0])
        for one in [told, *(Record(PTR, DISTCC + top) for top in self._tops())]:
            answer = self._answers[one]
            if isinstance(answer, Failed):
                return f"{shown(one.name)} could not be asked: {answer.why}"
        return ""

    def _follow(self, name: Labels, answer: Answer) -> None:
        """Ask where the SRV records of an instance lead, and what it says of itself."""
        hosts = [host for one in services(answer) if (host := target(one))]
        for host in hosts:
            self._want(_addresses(host))
        if hosts:
            self._want(Record(TXT, name))

    def _finish(self, why: str = "", *, failure: str = "") -> None:
        """Say what came of it.

        :param why: there are none; empty where some are listed, or that is not known.
        :param failure: why not all domains could be browsed.
        """
        lines, offers = list(dict.fromkeys(self._strange)), list[Offer]()
        for name in self._instances:
            txt = self._answers.get(Record(TXT, name), Missing(0.0))
            instance = Instance(name, self._answers[Record(SRV, name)], txt)
            for line, offer in servers(instance, self._host, self._now):
                if offer and len(offers) < self._cap:
                    lines.append(line)
                    offers.append(offer)
                elif not offer and len(lines) - len(offers) < MAX_SAID:
                    lines.append(line)
        failed = {record.type for record, one in self._answers.items() if isinstance(one, Failed)}
        degraded = bool(failure or failed & {SRV, A})
        ttls = [0.0 if isinstance(one, Failed) else one.ttl for one in self._answers.values()]
        self.gave = Gave(
            Account(self._word, tuple(lines), why or failure or self._end(bool(offers)), degraded),
            tuple(offers),
            self._now + min(ttls, default=0.0),
            REMEMBERED if degraded else 0.0,
            None if failure else self._still(),
            b".".join(self._domains[0]).decode("ascii") if offers or degraded else "",
        )

    def _still(self) -> tuple[str, ...]:
        """Instances and hosts that are listed, and could not be asked for."""
        failed = [record for record, one in self._answers.items() if isinstance(one, Failed)]
        hosts = [b".".join(one.name).decode("ascii") + "." for one in failed if one.type == A]
        return tuple(sorted({*(shown(one.name) for one in failed if one.type == SRV), *hosts}))

    def _host(self, name: str) -> Answer:
        return self._answers[_addresses(name)]

    def _end(self, good: bool) -> str:
        """Why there are no more servers where instances are listed."""
        where = ", ".join(map(shown, self._looked))
        if self._listed > self._cap:
            return f"{self._cap} of {self._listed} services in {where} are used (max_servers)"
        if not good:
            return f"none of the services that {where} lists is a server"
        return f"{where} {'lists' if len(self._looked) == 1 else 'list'} no more services"


def _addresses(host: str) -> Record:
    return Record(A, tuple(host.removesuffix(".").encode("ascii").split(b".")))


def _names(answer: Answer) -> list[Labels]:
    """Where PTR records lead, in an order of its own."""
    return _distinct(answer.names) if isinstance(answer, Found) else []


def _distinct(names: Iterable[Labels]) -> list[Labels]:
    """Each once, in whatever case it came, and in one order for all."""
    found: dict[Labels, Labels] = {}
    for name in sorted(names):
        found.setdefault(tuple(label.lower() for label in name), name)
    return [found[one] for one in sorted(found)]


def _is_ours(name: Labels) -> bool:
    """Whether it is an instance of distccd's service (RFC 6763 section 4.1)."""
    kind = tuple(label.lower() for label in name[1 : 1 + len(DISTCC)])
    return kind == DISTCC and len(name) > 1 + len(DISTCC)
