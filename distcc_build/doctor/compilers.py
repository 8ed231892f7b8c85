"""The compilers, and who they are: what a server has to have as well."""

from collections.abc import Iterator
from pathlib import Path

from distcc_build import paths
from distcc_build.compilers import USUAL
from distcc_build.doctor.case import Case
from distcc_build.doctor.findings import Check, Loss, Section, ok, problem, skipped
from distcc_build.reference import Reference, References, find_compiler

__all__ = ["look"]

SECONDS = 5.0
"""For a small compile by each; it takes 50 ms."""


def look(case: Case) -> Section:
    """Find them, and let each compile a small file."""
    words = case.words or USUAL
    found = {word: find_compiler(word, case.path) for word in words}
    case.compilers = {word: one for word, one in found.items() if one is not None}
    case.asked = case.words or tuple(case.compilers) or words
    return Section("compilers", "compilers", tuple(_checks(case, words)))


def _checks(case: Case, words: tuple[str, ...]) -> Iterator[Check]:
    with References(case.directory, case.compilers.values()) as references:
        made, failed = references.collect(case.left(SECONDS))
    by_key = {one.compiler.key: one for one in made}
    for word in words:
        compiler = case.compilers.get(word)
        if compiler is None:
            # Of the usual two one is enough; what was asked for by name is missed.
            if case.words or not case.compilers:
                remedy = "install it, or name another by --compiler"
                loss = Loss.COMPILER if case.compilers else Loss.ALL
                yield problem(word, "is not installed here", remedy, loss)
            else:
                yield skipped(word, "is not installed here")
        elif compiler.key in failed:
            remedy = f"try it: {word} -c FILE"
            yield problem(word, failed[compiler.key], remedy, Loss.COMPILER)
        else:
            yield ok(word, _identity(by_key[compiler.key], paths.find_program(word, case.path)))


def _identity(reference: Reference, typed: Path | None) -> str:
    known = " ".join(one for one in (reference.version, reference.target) if one)
    path = reference.compiler.path
    # A link to ccache or distcc of that name is first: people wonder why.
    behind = f", behind {typed}" if typed is not None and str(typed) != path else ""
    return f"{known or 'tells no version'}  {path}{behind}"
