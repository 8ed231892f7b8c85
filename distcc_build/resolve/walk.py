"""Which names to ask for next, what an answer means, and when it is over.  Asks nothing itself.

The result is that of the sequential walk over distcc1, distcc2, ..., whatever the order in
which answers arrive, because a name is judged only after all lower ones:

- distcc1 is looked for in each domain in turn; the next domain is tried only when the name
  does not exist in this one.  Where it exists, all further names are asked, and only there.
- A name that does not exist, that answers exactly as a random name does (a wildcard record),
  or whose addresses are all on another network than distcc1's, is a miss.  The walk stops at
  the first miss, or with `gap`, at the first run of misses longer than that.
- A name that could not be asked is no miss.  It keeps what was known of it before, if
  anything was, and makes the result degraded.

Rules and names: Dan Kegel's proposal of --discover-distccN, distcc list, 2005-08-11.
"""

from collections.abc import Iterator, Mapping, Sequence

from distcc_build.hostspec import IPAddress
from distcc_build.resolve.answers import (
    CANARY,
    Answer,
    Failed,
    Found,
    Known,
    Missing,
    Question,
    Step,
    Verdict,
    WalkResult,
)

__all__ = ["Walk"]

FIRST_WINDOW = 40
"""Names in flight at first, and names asked behind the last one that is known; each server found
adds one to both, so that a round trip doubles them."""

BEHIND_KNOWN = 8
"""The same, where it was looked before: farms are looked at often, and seldom grow."""

LAST_WINDOW = 100
"""Names in flight at most: two answers each, and a socket's usual buffer holds 280."""

MAX_FAILED_RUN = 32
"""Names in a row, none of them known before, that cannot be asked: then no more are tried."""


MISSES = {Verdict.MISSING, Verdict.WILDCARD, Verdict.OTHER_NETWORK}


class Walk:
    """One walk.  Call `ask` for what to look up now, `feed` with each answer, until `finished`."""

    def __init__(
        self,
        domains: Sequence[str],
        *,
        canary: str,
        pattern: str = "distcc%d",
        gap: int = 0,
        networks: Mapping[int, int] | None = None,
        cap: int = 1024,
        known: Known | None = None,
    ) -> None:
        """Start.

        :param domains: where to look for distcc1, in order, without dots at the ends.
        :param canary: what stands for the number in the random name; it must not be
            guessable, nor a number.
        :param pattern: the names, with one %d.
        :param gap: misses in a row that do not end the walk.
        :param networks: prefix length of distcc1's network by IP version, 0 for any network.
        :param cap: the highest number.
        :param known: what was found before, in the same network surroundings, be it nothing;
            None for a first look.
        """
        self._domains = list(domains)
        self._pattern, self._canary = pattern, canary
        self._gap, self._cap = gap, cap
        self._networks = dict(networks if networks is not None else {4: 16, 6: 48})
        self._known = known or Known()
        self._behind = FIRST_WINDOW if known is None else BEHIND_KNOWN
        self.steps: list[Step] = []
        """Every name judged so far."""
        self._degraded = False
        self.result: WalkResult | None = None
        self._answers: dict[int, Answer] = {}
        self._open: set[int] = set()
        self._window = self._next = self._bound = self._last = self._new = 0
        self._number = self._misses = self._failures = 0
        self._pinned = False
        self._reference: int | None = None
        self._enter()

    @property
    def finished(self) -> bool:
        """Whether `result` is there."""
        return self.result is not None

    def ask(self) -> Iterator[Question]:
        """The questions to start now; each is given once."""
        while not self.finished and len(self._open) < self._window:
            number = self._next
            # Before distcc1 is found, further names are asked only where no other domain
            # is left to try: they would be asked outside the farm's own domain.
            alone = len(self._domains) == 1 or self._domains[0] == self._known.domain
            reach = max(self._last, self._number) + self._behind + self._new
            if number > min(self._bound, reach) or (number > 1 and not (self._pinned or alone)):
                return
            self._next += 1
            self._open.add(number)
            yield self._question(number)

    def feed(self, question: Question, answer: Answer) -> None:
        """Take an answer; one that no longer matters is ignored.

        :param answer: a partial Found is to be followed by a full one for the same question.
        """
        if self.finished or question.domain != self._domains[0]:
            return
        number = question.number
        first = number not in self._answers
        self._open.discard(number)
        self._answers[number] = answer
        if first and isinstance(answer, Found):
            self._window = min(self._window + 1, LAST_WINDOW)
            self._last = max(self._last, number)
            self._new += not self._known_addresses(number)
        if isinstance(answer, Missing) and number != CANARY:
            self._narrow(number)
        self._judge_all()

    def _enter(self) -> None:
        """Begin with the first of the domains that are left."""
        self._answers = {}
        self._open = set()
        # Of the names there were before, where this is their domain, all may be asked at once.
        known = self._domains and self._domains[0] == self._known.domain
        numbers = self._known.addresses if known else {}
        self._window, self._next, self._bound = self._behind + 1, CANARY, self._cap
        self._last, self._new = max(numbers, default=0), 0
        self._window = min(self._window + len(numbers), LAST_WINDOW)
        self._number, self._misses, self._failures = 1, 0, 0
        self._pinned = False
        self._reference = None
        if not self._domains:
            self.result = WalkResult("", (), "there is no domain to look in", degraded=False)

    def _question(self, number: int) -> Question:
        label = self._canary if number == CANARY else str(number)
        name = f"{self._pattern.replace('%d', label)}.{self._domains[0]}"
        return Question(self._domains[0], number, f"{name.rstrip('.')}.")

    def _narrow(self, number: int) -> None:
        """Ask nothing above a run of missing names that is long enough to end the walk."""
        low = high = number
        while isinstance(self._answers.get(low - 1), Missing) and low > 1:
            low -= 1
        while isinstance(self._answers.get(high + 1), Missing):
            high += 1
        if high - low >= self._gap:
            self._bound = min(self._bound, low + self._gap)

    def _judge_all(self) -> None:
        """Judge names in their order for as long as what is needed for it is known."""
        while not self.finished:
            if self._number > self._cap:
                return self._stop(f"{self._cap} is the highest number asked for (max_servers)")
            step = self._judge(self._number)
            if step is None:
                return None
            self.steps.append(step)
            self._take(step)
        return None

    def _judge(self, number: int) -> Step | None:
        """What is to be said of a name, or None while that depends on an answer still out."""
        answer, canary = self._answers.get(number), self._answers.get(CANARY)
        if answer is None or canary is None:
            return None
        name = self._question(number).name
        if isinstance(answer, Missing):
            return Step(number, name, answer, Verdict.MISSING)
        if isinstance(answer, Failed):
            kept = self._known_addresses(number)
            return Step(number, name, answer, Verdict.KEPT if kept else Verdict.FAILED, kept)
        same = self._same(answer, canary)
        if same is None:
            return None
        if same:
            return Step(number, name, answer, Verdict.WILDCARD)
        near = self._near(number, answer)
        if near is None:
            return None
        verdict = Verdict.SERVER if near else Verdict.OTHER_NETWORK
        return Step(number, name, answer, verdict, near)

    def _known_addresses(self, number: int) -> tuple[IPAddress, ...]:
        if self._domains[0] != self._known.domain:
            return ()
        return self._known.addresses.get(number, ())

    @staticmethod
    def _same(answer: Found, canary: Answer) -> bool | None:
        """Whether a name answers exactly as the random one does; None while a half is out."""
        if not isinstance(canary, Found):
            return False
        halves = [
            {one for one in answer.addresses if one.version == version}
            == {one for one in canary.addresses if one.version == version}
            for version in (4, 6)
        ]
        if answer.partial or canary.partial:
            return None if halves[0] else False
        return all(halves)

    def _near(self, number: int, answer: Found) -> tuple[IPAddress, ...] | None:
        """The addresses on distcc1's network; None while a half that decides it is out.

        Where distcc1 could not be asked and was not known, the lowest name that has
        addresses stands for it: whichever answers first must not decide.
        """
        ordered = tuple(sorted(set(answer.addresses), key=lambda one: (one.version, int(one))))
        if self._reference is None or self._reference == number:
            self._reference = number
            return ordered
        known = self._answers.get(self._reference)
        reference = (
            known.addresses if isinstance(known, Found) else self._known_addresses(self._reference)
        )
        networks = {self._network(one) for one in reference}
        near = tuple(
            one
            for one in ordered
            if not self._networks.get(one.version) or self._network(one) in networks
        )
        decided = not answer.partial and not self._partial(self._reference)
        return near if near or decided else None

    def _partial(self, number: int) -> bool:
        answer = self._answers.get(number)
        return isinstance(answer, Found) and answer.partial

    def _network(self, address: IPAddress) -> tuple[int, int]:
        """What all addresses on the same network have in common."""
        prefix = self._networks.get(address.version, 0)
        return address.version, int(address) >> (address.max_prefixlen - prefix)

    def _take(self, step: Step) -> None:
        """Draw the consequences of a judged name."""
        if step.verdict in {Verdict.KEPT, Verdict.FAILED}:
            self._degraded = True
            if step.number == 1 and self._known.domain in self._domains[1:]:
                # It did not exist here before; the farm known before is further on.
                return self._next_domain()
        absent = step.verdict in {Verdict.MISSING, Verdict.WILDCARD}
        if step.number == 1 and absent and len(self._domains) > 1:
            return self._next_domain()
        self._pinned = True
        if step.verdict is Verdict.KEPT and self._reference is None:
            self._reference = step.number
        if step.verdict in MISSES:
            self._misses += 1
        elif step.addresses:
            self._misses = 0
        self._failures = self._failures + 1 if isinstance(step.answer, Failed) else 0
        highest = max(self._known.addresses, default=0)
        if self._misses > self._gap:
            return self._stop(_reason(step))
        if self._failures >= MAX_FAILED_RUN and step.number >= highest:
            return self._stop(_all_failed(self.steps[-self._failures :]))
        self._number += 1
        return None

    def _next_domain(self) -> None:
        del self._domains[0]
        self._enter()

    def _stop(self, why: str) -> None:
        canary_failed = isinstance(self._answers.get(CANARY), Failed)
        self.result = WalkResult(
            self._domains[0], tuple(self.steps), why, self._degraded or canary_failed
        )


def _all_failed(steps: Sequence[Step]) -> str:
    """Why names that could not be asked end the walk: their common reason, if they have one."""
    reasons = {one.answer.why for one in steps if isinstance(one.answer, Failed)}
    why = reasons.pop() if len(reasons) == 1 else "no usable answer from DNS"
    return f"{steps[0].name} and the names behind it could not be asked: {why}"


def _reason(step: Step) -> str:
    return {
        Verdict.MISSING: f"{step.name} does not exist",
        Verdict.WILDCARD: f"{step.name} answers as any name there does (wildcard)",
        Verdict.OTHER_NETWORK: f"{step.name} is on another network than distcc1",
    }[step.verdict]
