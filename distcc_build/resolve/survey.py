"""Leads a walk to its end: feeds it from what is cached and from a resolver, in time."""

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from distcc_build.loop import Loop
from distcc_build.resolve.answers import Answer, Failed, Found, Question, WalkResult
from distcc_build.resolve.walk import Walk

__all__ = ["Resolver", "survey"]


class Resolver(Protocol):
    """What can look up names: the name servers, or the system.

    Each name is answered, with Failed after the longest silence that is waited for.
    """

    queries: int

    def ask(self, name: str, reply: Callable[[Answer], None]) -> None:
        """Start to look up `name`; `reply` may come twice, a partial answer first."""

    def ask_text(self, name: str, reply: Callable[[Answer], None]) -> None:
        """Start to look up the TXT records of `name`."""


def survey(
    walk: Walk,
    loop: Loop,
    resolver: Resolver,
    *,
    cached: Mapping[str, Answer],
    seconds: float,
    found: Callable[[str], object] = lambda _: None,
) -> tuple[WalkResult, dict[str, Answer]]:
    """Lead `walk` to its end.

    :param walk: a fresh walk.
    :param loop: that of the resolver.
    :param resolver: asked for every name that is not in `cached`.
    :param cached: answers that still hold, by name.
    :param seconds: the longest this may take; what has not answered by then has failed.
    :param found: called with the name of each server, as soon as it is known to be one.
    :returns: the result, and the answers that were asked for here.
    """
    asked: dict[str, Answer] = {}
    waiting: dict[str, Question] = {}
    judged = 0

    def take(question: Question, answer: Answer) -> None:
        if not (isinstance(answer, Found) and answer.partial):
            waiting.pop(question.name, None)
        asked[question.name] = _whole(answer)
        walk.feed(question, answer)

    def over() -> bool:
        """Whether the walk is; asks for what it wants next."""
        nonlocal judged
        fed = True
        while fed and not walk.finished:
            fed = False
            for question in walk.ask():
                if question.name in cached:
                    walk.feed(question, cached[question.name])
                    fed = True
                else:
                    waiting[question.name] = question
                    resolver.ask(question.name, functools.partial(take, question))
        for step in walk.steps[judged:]:
            judged += 1
            if step.addresses:
                found(step.name)
        return walk.finished

    if not loop.run(over, seconds):
        _give_up(walk, waiting.values(), asked, Failed(f"no answer within {seconds:g} s"))
    assert walk.result is not None  # noqa: S101 - for the type checker; the loops end with it
    return walk.result, asked


def _give_up(
    walk: Walk, waiting: Iterable[Question], asked: Mapping[str, Answer], late: Failed
) -> None:
    for question in waiting:
        # The half that is there counts: a slow AAAA must not hide a server.
        walk.feed(question, asked.get(question.name, late))
    while not walk.finished:
        for question in walk.ask():
            walk.feed(question, late)


def _whole(answer: Answer) -> Answer:
    """An answer to which no second half is to be waited for."""
    return answer._replace(partial=False) if isinstance(answer, Found) else answer
