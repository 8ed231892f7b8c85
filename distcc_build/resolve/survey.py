"""Leads a walk to its end: feeds it from what is cached and from a resolver, in time."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from distcc_build.resolve.answers import Answer, Failed, Found, Question, WalkResult
from distcc_build.resolve.walk import Walk

__all__ = ["Resolver", "survey", "texts"]


class Resolver(Protocol):
    """What can look up names: the name servers, or the system."""

    queries: int

    def ask(self, name: str, reply: Callable[[Answer], None]) -> None:
        """Start to look up `name`; `reply` may come twice, a partial answer first."""

    def ask_text(self, name: str, reply: Callable[[Answer], None]) -> None:
        """Start to look up the TXT records of `name`."""


async def survey(
    walk: Walk, resolver: Resolver, *, cached: Mapping[str, Answer], seconds: float
) -> tuple[WalkResult, dict[str, Answer]]:
    """Lead `walk` to its end.

    :param walk: a fresh walk.
    :param resolver: asked for every name that is not in `cached`.
    :param cached: answers that still hold, by name.
    :param seconds: the longest this may take; what has not answered by then has failed.
    :returns: the result, and the answers that were asked for here.
    """
    news = asyncio.Event()
    asked: dict[str, Answer] = {}
    waiting: dict[str, Question] = {}

    def take(question: Question, answer: Answer) -> None:
        if not (isinstance(answer, Found) and answer.partial):
            waiting.pop(question.name, None)
        asked[question.name] = answer
        walk.feed(question, answer)
        news.set()

    try:
        async with asyncio.timeout(seconds):
            while not walk.finished:
                news.clear()
                for question in walk.ask():
                    if question.name in cached:
                        walk.feed(question, cached[question.name])
                        news.set()
                    else:
                        waiting[question.name] = question
                        resolver.ask(question.name, lambda answer, q=question: take(q, answer))  # type: ignore[misc]
                if not walk.finished:
                    await news.wait()
    except TimeoutError:
        _give_up(walk, waiting, seconds)
    assert walk.result is not None  # noqa: S101 - for the type checker; the loops end with it
    return walk.result, asked


async def texts(resolver: Resolver, names: Iterable[str], *, seconds: float) -> dict[str, Answer]:
    """The TXT records of names.

    :param seconds: the longest this may take; nothing depends on these records alone.
    :returns: by name; what could not be asked in time is left out.
    """
    loop = asyncio.get_running_loop()
    answers: dict[str, asyncio.Future[Answer]] = {}
    for name in names:
        answers[name] = loop.create_future()
        resolver.ask_text(name, answers[name].set_result)
    if answers:
        await asyncio.wait(answers.values(), timeout=seconds)
    done = {name: one.result() for name, one in answers.items() if one.done()}
    return {name: one for name, one in done.items() if not isinstance(one, Failed)}


def _give_up(walk: Walk, waiting: Mapping[str, Question], seconds: float) -> None:
    late = Failed(f"no answer within {seconds:g} s")
    for question in waiting.values():
        walk.feed(question, late)
    while not walk.finished:
        for question in walk.ask():
            walk.feed(question, late)
