"""Leads a walk to its end: feeds it from what is cached and from a resolver, in time."""

import asyncio
import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from distcc_build.resolve.answers import Answer, Failed, Found, Question, WalkResult
from distcc_build.resolve.walk import Walk

__all__ = ["TEXTS_AT_ONCE", "Resolver", "survey", "texts"]

TEXTS_AT_ONCE = 100
"""TXT questions in flight at most: more would overflow the buffer of a socket."""


class Resolver(Protocol):
    """What can look up names: the name servers, or the system.

    Each name is answered, with Failed after the longest silence that is waited for.
    """

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
        asked[question.name] = _whole(answer)
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
        _give_up(walk, waiting.values(), asked, Failed(f"no answer within {seconds:g} s"))
    assert walk.result is not None  # noqa: S101 - for the type checker; the loops end with it
    return walk.result, asked


async def texts(
    resolver: Resolver, names: Iterable[str], *, quiet: float, seconds: float
) -> dict[str, Answer]:
    """The TXT records of names; nothing depends on these records alone.

    :param quiet: seconds without any answer after which no more are waited for.
    :param seconds: the longest this may take.
    :returns: by name; what could not be asked in time is left out.
    """
    news = asyncio.Event()
    answers: dict[str, Answer] = {}
    left = list(dict.fromkeys(names))[::-1]
    out: set[str] = set()

    def take(name: str, answer: Answer) -> None:
        out.discard(name)
        answers[name] = answer
        news.set()

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while left or out:
                news.clear()
                while left and len(out) < TEXTS_AT_ONCE:
                    name = left.pop()
                    out.add(name)
                    resolver.ask_text(name, functools.partial(take, name))
                async with asyncio.timeout(quiet):
                    await news.wait()
    return {name: one for name, one in answers.items() if not isinstance(one, Failed)}


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
    return dataclasses.replace(answer, partial=False) if isinstance(answer, Found) else answer
