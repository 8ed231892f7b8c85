"""The compilers, and who they are: what a server has to have as well."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from distcc_build import paths
from distcc_build.doctor.case import Case
from distcc_build.doctor.findings import Check, Loss, Section, ok, problem, skipped
from distcc_build.doctor.variables import named, without_compiler
from distcc_build.reference import Reference, References, find_compiler

__all__ = ["look"]

SECONDS = 5.0
"""For a small compile by each; it takes 50 ms."""


def look(case: Case) -> Section:
    """Find them, and let each compile a small file."""
    variables = {} if case.words else named(case.environ)
    words = case.words or tuple(variables)
    found = {word: find_compiler(word, case.path) for word in words}
    case.compilers = {word: one for word, one in found.items() if one is not None}
    # Of the usual two one is enough; what was asked for by name is missed.
    there = tuple(word for word in variables if word in case.compilers or variables[word])
    case.asked = case.words or there or words
    wrong = () if case.words else without_compiler(case.environ)
    return Section("compilers", "compilers", (*_checks(case, words, variables), *wrong))


def _checks(case: Case, words: Sequence[str], variables: Mapping[str, str]) -> Iterator[Check]:
    with References(case.directory, case.compilers.values()) as references:
        made, failed = references.collect(case.left(SECONDS))
    by_key = {one.compiler.key: one for one in made}
    for word in words:
        compiler, variable = case.compilers.get(word), variables.get(word, "")
        if compiler is None and word in case.asked:
            text = "is not installed here" + (f", and {variable} names it" if variable else "")
            another = f"correct {variable}" if variable else "name another by --compiler"
            loss = Loss.COMPILER if case.compilers else Loss.ALL
            yield problem(word, text, f"install it, or {another}", loss)
        elif compiler is None:
            yield skipped(word, "is not installed here")
        elif compiler.key in failed:
            remedy = (f"correct {variable}, or " if variable else "") + f"try it: {word} -c FILE"
            yield problem(word, failed[compiler.key], remedy, Loss.COMPILER)
        else:
            told = _identity(by_key[compiler.key], paths.find_program(word, case.path))
            yield ok(word, told + (f", by {variable}" if variable else ""))


def _identity(reference: Reference, typed: Path | None) -> str:
    known = " ".join(one for one in (reference.version, reference.target) if one)
    path = reference.compiler.path
    # A link to ccache or distcc of that name is first: people wonder why.
    behind = f", behind {typed}" if typed is not None and str(typed) != path else ""
    return f"{known or 'tells no version'}  {path}{behind}"
