"""A plan: what the launcher does with one compile.  Knows the format, decides nothing.

A plan belongs to one configuration and one compiler word.  Python writes it, the C
launcher (integrations/launcher/plan.c) carries it out; both readers are tested on
tests/vectors/plan.  This is the specification of the file, version 1::

    distcc-build plan 1
    made SECONDS                when it was made: whole seconds since 1970
    until SECONDS               fresh before this
    stale SECONDS               may be served stale before this
    jobs N                      how many jobs a build should run at once
    dep MTIME SIZE INODE PATH   holds only while stat(PATH) says this; MTIME in nanoseconds
    dep - PATH                  holds only while stat(PATH) fails
    debug OPTION                put OPTION, with the working directory joined to it, behind words
                                that ask for debug information
    env NAME=VALUE              set in the environment of the compile
    default NAME=VALUE          set unless the environment has NAME, even empty
    exec distcc PATH            become PATH with the words: distcc, compiler word, arguments
    exec compiler PATH          become PATH with the words: compiler word, arguments
    note CAUSE TEXT             say TEXT once per session and CAUSE
    end

* Bytes, at most 64 KiB; each line ends in one newline.  No other byte below 0x20 and no
  0x7F occurs.  What is not UTF-8 is kept as it is.
* The first and the last line are exactly these.  made, until, stale, jobs and exec occur
  once; at most 256 dep, 64 env and default together, 16 note, 1 debug.  Any order in between.
* Numbers are 1 to 20 decimal digits, below 2**64; MTIME is taken modulo 2**64, so that
  a file from before 1970 has one too.  made <= until <= stale.
* Every PATH is absolute and the rest of its line.  NAME is ``[A-Za-z_][A-Za-z0-9_]*``
  and occurs once, CAUSE is ``[a-z0-9-]{1,32}``, TEXT is not empty.  OPTION begins with
  ``-``, is longer, and has no blank.

Anything else is no plan at all, never half a plan.  A plan made more than 60 seconds in
the future does not hold: somebody set the clock back, so its other times mean nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from distcc_build.errors import PlanError

__all__ = [
    "FIRST_LINE",
    "MAX_AHEAD",
    "MAX_CAUSE",
    "MAX_DEPENDENCIES",
    "MAX_NOTES",
    "MAX_SIZE",
    "MAX_VARIABLES",
    "Dependency",
    "Note",
    "Plan",
    "format_plan",
    "freshness",
    "parse_plan",
]

FIRST_LINE = "distcc-build plan 1"
"""Another version of the format has another first line, so an old launcher sees no plan."""

MAX_SIZE = 65536
"""Bytes: half of what one environment string may have (execve fails above 128 KiB)."""

MAX_AHEAD = 60
"""Seconds that ``made`` may lie in the future; clocks of one machine step by less."""

MAX_DEPENDENCIES = 256
MAX_VARIABLES = 64
MAX_NOTES = 16
MAX_CAUSE = 32
"""Limits that let the launcher read a plan without allocating memory."""

_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")
_WORD = 1 << 64
_NUMBER = r"([0-9]{1,20})"
_ASSIGNMENT = r"([A-Za-z_][A-Za-z0-9_]*)=(.*)"
# Keyword -> the rest of its line, and how often it occurs at most.
_GRAMMAR = {
    "made": (re.compile(_NUMBER), 1),
    "until": (re.compile(_NUMBER), 1),
    "stale": (re.compile(_NUMBER), 1),
    "jobs": (re.compile(_NUMBER), 1),
    "dep": (re.compile(rf"(?:-|{_NUMBER} {_NUMBER} {_NUMBER}) (/.*)"), MAX_DEPENDENCIES),
    "env": (re.compile(_ASSIGNMENT), MAX_VARIABLES),
    "default": (re.compile(_ASSIGNMENT), MAX_VARIABLES),
    "debug": (re.compile(r"(-[^ ]+)"), 1),
    "exec": (re.compile(r"(distcc|compiler) (/.*)"), 1),
    "note": (re.compile(rf"([a-z0-9-]{{1,{MAX_CAUSE}}}) (.+)"), MAX_NOTES),
}


class Dependency(NamedTuple):
    """A file that a plan was made from; the plan holds while the file stays the same."""

    path: str
    """Absolute; links are followed when it is looked at."""

    mtime_ns: int | None
    """Nanoseconds since 1970; None when the file was not there and must stay away."""

    size: int = 0
    """Bytes."""

    inode: int = 0


class Note(NamedTuple):
    """One line for the user, said once per session and cause."""

    cause: str
    """Which notes count as the same, as in ``no-servers``."""

    text: str


class Plan(NamedTuple):
    """What becomes of the compiles of one configuration and one compiler word."""

    made: int
    """Seconds since 1970, as the other two."""
    until: int
    """Fresh before this."""
    stale: int
    """May be served stale before this."""
    jobs: int
    """How many jobs a build should run at once; of no interest to the launcher."""
    program_kind: Literal["distcc", "compiler"]
    """How the words of ``program`` begin: with ``distcc``, or with the compiler's own."""

    program: str
    """Absolute path of what the compile becomes."""

    dependencies: tuple[Dependency, ...] = ()

    env: Mapping[str, str] = {}
    """Variables that are set, whatever the user has."""

    defaults: Mapping[str, str] = {}
    """Variables that are set unless the user has."""

    notes: tuple[Note, ...] = ()

    debug: str = ""
    """The option that tells the compiler what its working directory is called."""


def freshness(plan: Plan, now: float) -> Literal["fresh", "stale", "none"]:
    """What a plan is worth at a time, as far as time is concerned.

    :param now: seconds since 1970.
    """
    if plan.made > now + MAX_AHEAD or now >= plan.stale:
        return "none"
    return "fresh" if now < plan.until else "stale"


def format_plan(plan: Plan) -> bytes:
    """The bytes of a plan, in the order of the specification.

    Notes are made printable and one line, nothing else is changed.

    :raises PlanError: the plan cannot be written: a path is not absolute, a value has a
        control character, a name is no name, or there is too much of something.
    """
    plan = plan._replace(
        dependencies=tuple(map(_signed, plan.dependencies)),
        notes=tuple(Note(note.cause, _printable(note.text)) for note in plan.notes),
    )
    try:
        data = "".join(f"{line}\n" for line in _lines(plan)).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        msg = f"cannot write a plan: {error.object[error.start]!r} is no character"
        raise PlanError(msg) from error
    # One grammar, written once: what does not come back the same must not be written.
    if parse_plan(data) != plan:
        msg = "cannot write a plan: a value would be read as something else"
        raise PlanError(msg)
    return data


def parse_plan(data: bytes) -> Plan:
    """The plan in these bytes; strict.

    :raises PlanError: there is none; the text names the first line that is wrong.
    """
    if len(data) > MAX_SIZE:
        msg = f"not a plan: {len(data)} bytes, expected at most {MAX_SIZE}"
        raise PlanError(msg)
    if (control := _CONTROL.search(data)) is not None:
        msg = f"not a plan: control character {control[0]!r}"
        raise PlanError(msg)
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if lines[0] != FIRST_LINE or lines[-2:] != ["end", ""]:
        msg = f"not a plan: expected {FIRST_LINE!r} ... 'end', got {lines[0]!r} ... {lines[-2:]!r}"
        raise PlanError(msg)
    found: dict[str, list[re.Match[str]]] = {keyword: [] for keyword in _GRAMMAR}
    for line in lines[1:-2]:
        keyword, _, rest = line.partition(" ")
        grammar, limit = _GRAMMAR.get(keyword, (None, 0))
        match = grammar and grammar.fullmatch(rest)
        if match is None or len(found[keyword]) == limit:
            msg = f"not a plan: cannot read {line!r}"
            raise PlanError(msg)
        found[keyword].append(match)
    return _assemble(found)


def _lines(plan: Plan) -> list[str]:
    return [
        FIRST_LINE,
        f"made {plan.made}",
        f"until {plan.until}",
        f"stale {plan.stale}",
        f"jobs {plan.jobs}",
        *map(_dependency_line, plan.dependencies),
        *([f"debug {plan.debug}"] if plan.debug else []),
        *(f"env {name}={value}" for name, value in plan.env.items()),
        *(f"default {name}={value}" for name, value in plan.defaults.items()),
        f"exec {plan.program_kind} {plan.program}",
        *(f"note {note.cause} {note.text}" for note in plan.notes),
        "end",
    ]


def _dependency_line(dependency: Dependency) -> str:
    if dependency.mtime_ns is None:
        return f"dep - {dependency.path}"
    mtime = dependency.mtime_ns % _WORD
    return f"dep {mtime} {dependency.size} {dependency.inode} {dependency.path}"


def _signed(dependency: Dependency) -> Dependency:
    """The dependency with its time as a signed 64-bit number, which is how it is read."""
    if dependency.mtime_ns is None:
        return Dependency(dependency.path, None)
    half = _WORD // 2
    return dependency._replace(mtime_ns=(dependency.mtime_ns + half) % _WORD - half)


def _printable(text: str) -> str:
    """Text that cannot move a terminal's cursor: it may quote names from the network."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


def _assemble(found: Mapping[str, Sequence[re.Match[str]]]) -> Plan:
    """The plan that these lines make up; raises PlanError when they do not."""
    if not (
        found["made"] and found["until"] and found["stale"] and found["jobs"] and found["exec"]
    ):
        msg = "not a plan: made, until, stale, jobs and exec must be there"
        raise PlanError(msg)
    env = {match[1]: match[2] for match in found["env"]}
    defaults = {match[1]: match[2] for match in found["default"]}
    named = len(found["env"]) + len(found["default"])
    if len(env.keys() | defaults.keys()) != named or named > MAX_VARIABLES:
        msg = "not a plan: a variable occurs twice, or there are too many"
        raise PlanError(msg)
    made, until, stale, jobs = (
        _number(found[word][0][1]) for word in ("made", "until", "stale", "jobs")
    )
    if not made <= until <= stale:
        msg = "not a plan: expected made <= until <= stale"
        raise PlanError(msg)
    kind, program = found["exec"][0].groups()
    return Plan(
        made=made,
        until=until,
        stale=stale,
        jobs=jobs,
        program_kind="distcc" if kind == "distcc" else "compiler",
        program=program,
        dependencies=tuple(map(_dependency, found["dep"])),
        env=env,
        defaults=defaults,
        notes=tuple(Note(*match.groups()) for match in found["note"]),
        debug=found["debug"][0][1] if found["debug"] else "",
    )


def _dependency(match: re.Match[str]) -> Dependency:
    mtime, size, inode, path = match.groups()
    if mtime is None:
        return Dependency(path, None)
    return _signed(Dependency(path, _number(mtime), _number(size), _number(inode)))


def _number(digits: str) -> int:
    number = int(digits)
    if number >= _WORD:
        msg = f"not a plan: {digits} does not fit into 64 bits"
        raise PlanError(msg)
    return number
