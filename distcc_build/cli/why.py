"""distcc-build why: what becomes of one command line, and why."""

import argparse
import os
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from distcc_build.cli.common import (
    add_options,
    compiler_word,
    environment,
    print_json,
    printable,
    warn,
)
from distcc_build.cli.progress import waiting
from distcc_build.errors import NotFoundError, UsageError

HELP = "tell whether a compile would be distributed, to whom, and why or why not"
EXAMPLE = "distcc-build why -- gcc -O2 -c hello.c -o hello.o"
STATUS = "0 if it would be distributed, 1 if it is compiled here"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_options(parser)
    parser.add_argument(
        "--json", action="store_true", help="the same as JSON (distcc-build schema)"
    )
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="-- COMPILER ARGUMENTS", help="the command line"
    )


@dataclass(frozen=True)
class Answer:
    """What becomes of a command line."""

    command: list[str]
    """The compiler and its words, with those of response files."""
    why_here: str | None
    """Why it is compiled on this machine; None when it is distributed."""
    decided_by: str
    """Who decides that: the launcher, the plan, or distcc."""
    hosts: list[str] = field(default_factory=list)
    """The hosts list, in the order in which distcc takes them."""
    added: list[str] = field(default_factory=list)
    """Words that the launcher puts behind the others."""
    notes: list[str] = field(default_factory=list)
    """What the launcher would say."""


def run(args: argparse.Namespace) -> int:
    """Print what would be done; exit 0 when it is distributed, 1 when it is compiled here."""
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not words:
        msg = "why: expected a compiler and its arguments, as in: distcc-build why -- gcc -c x.c"
        raise UsageError(msg)
    answer = find_answer(words, environment(args))
    if args.json:
        print_json({"distributed": answer.why_here is None, **asdict(answer)})
    else:
        _print(answer)
    return 0 if answer.why_here is None else 1


def find_answer(words: Sequence[str], environ: dict[str, str]) -> Answer:
    """What becomes of a command line in this directory.

    :raises DistccBuildError: when there is no launcher to ask, or no usable configuration.
    """
    from distcc_build.distcc_rules import why_distcc_local
    from distcc_build.hosts import Kind
    from distcc_build.inputs import read_inputs
    from distcc_build.launch import assess
    from distcc_build.paths import find_program
    from distcc_build.planning import make_plan
    from distcc_build.reference import CACHES, find_compiler

    told = _ask_launcher(words, environ)
    command, added = told.get("word", list(words)), told.get("add", [])
    if "local" in told:
        return Answer(command, told["local"][0] + _blamed(command, environ), "the launcher")
    compiler = command[0]
    path = environ.get("PATH")
    first = find_program(compiler, path)
    # ccache is no compiler, and has a plan all the same.
    real = find_compiler(compiler, path)
    if first and first.resolve().name in CACHES and (real or command[1:]):
        # By its own name it has the compiler for its first word, by a compiler's name none.
        behind = [real.path, *command[1:]] if real else command[1:]
        answer = find_answer(behind, environ)
        return replace(
            answer, notes=[f"{first} is first: this is for what it misses", *answer.notes]
        )
    if real is None:
        return Answer(command, f"{compiler!a}: there is no such compiler", "the launcher")
    word = compiler_word(compiler)
    directory = Path(told["plan"][0]).parent
    with waiting("looking for the servers"):
        situation = assess(read_inputs(environ), directory, environ, word)
    warn(situation.inputs.warnings)
    plan = make_plan(word, situation, environ, directory, time.time())
    notes = [note.text for note in plan.notes]
    hosts = situation.hosts(word)
    tokens = [str(entry) for entry in hosts.hosts]
    if plan.program_kind == "compiler":
        why = notes[0] if notes else f"{plan.program} is first, and has its own compiles judged"
        return Answer(command, why, "the plan", added=added)
    if all(one.kind is Kind.LOCAL for one in hosts.hosts):
        why = notes[0] if notes else "the hosts list names nobody but this machine"
        return Answer(command, why, "the plan", tokens, added)
    why_here = why_distcc_local(command)
    return Answer(command, why_here, "distcc" if why_here else "the plan", tokens, added, notes)


def _blamed(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """The word with which a command line stays here, as an addition to the reason."""
    from distcc_build.flags import NO_INPUT, NO_VALUE, SEVERAL, why_local

    for end in range(2, len(command) + 1):
        reason = why_local(command[:end], os.getcwd(), environ)  # noqa: PTH109
        if reason not in {None, NO_INPUT, NO_VALUE, SEVERAL}:
            return f" ({command[end - 1]})" if why_local(command[:1], "", environ) != reason else ""
    return ""


def _ask_launcher(words: Sequence[str], environ: Mapping[str, str]) -> dict[str, list[str]]:
    """What the launcher would do, as KEY -> values."""
    from distcc_build.paths import launcher

    done = subprocess.run(
        [str(launcher()), "--why", *words], env=dict(environ), stdout=subprocess.PIPE, check=False
    )
    told: dict[str, list[str]] = {}
    for entry in done.stdout.split(b"\0")[:-1]:
        key, _, value = os.fsdecode(entry).partition("=")
        told.setdefault(key, []).append(value)
    if done.returncode or not told:
        raise NotFoundError("the launcher gives no answer; install distcc-build again")
    return told


def _print(answer: Answer) -> None:
    command = " ".join(shlex.quote(word) for word in answer.command)
    lines = [("distributed" if answer.why_here is None else "compiled here", command)]
    if answer.why_here is not None:
        lines.append(("because", f"{answer.why_here} (so {answer.decided_by} says)"))
    if answer.why_here is None or answer.decided_by == "distcc":
        lines.append(("hosts", " ".join(answer.hosts)))
    if answer.added:
        lines.append(("added", " ".join(shlex.quote(word) for word in answer.added)))
    lines += [("note", text) for text in answer.notes]
    for name, text in lines:
        # A command line may come from a build file that somebody else wrote.
        print(f"{name:14}{printable(text)}")
