r"""The journal of compiles: its format, and what can be told from it.

distcc-record (integrations/recorder) writes it: a line when a compile begins and one when it has
ended, each a JSON object of its own, appended by many processes at once.  A line that was cut
short, by a kill or a full disk, is passed over; where one could not be written, the file's mode has
the bit u+x.

    {"pid": 7, "id": 5, "begin": 5, "as": "distcc", "program": "/usr/bin/distcc", "why": "",
     "host": "here", "cwd": "/src", "argv": ["gcc", "-c", "x.c"]}
    {"pid": 7, "id": 5, "states": [[6, 2, "10.1.0.7", 0]], "end": 9, "status": 0, "size": 1104}

`pid` and `id` together name the compile.  Times are nanoseconds since 1970.  `as` is distcc, or
compiler where no server was to be asked; `why` is the launcher's reason or the plan's; `host` is
this machine's name.  `argv` has the words of response files in their place; `cut` says that some
are missing, where "..." stands.  `states` are what distcc said of itself, when, for which host and
in which slot (distcc src/state.h).  `status` is the exit status, or `signal` what ended it; `size`
is that of the file behind -o.  Bytes that are not UTF-8 are lone surrogates, as os.fsdecode has
them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from distcc_build.distcc_rules import why_distcc_local
from distcc_build.flags import words_of

__all__ = [
    "COMPILED_AGAIN",
    "DISTCC_CHOSE",
    "FAILED_TWICE",
    "KILLED",
    "LOST",
    "STILL_RAN",
    "UNKNOWN",
    "Job",
    "Key",
    "Pending",
    "Phase",
    "ended",
    "parted",
    "read_journal",
]

PHASES = ("start", "wait", "connect", "preprocess", "send", "compile", "receive", "done")
"""distcc's, by its numbers."""

UNKNOWN = "?"
"""The host of a compile that did not tell where it ran."""

LOCALHOST = "localhost"

COMPILED_AGAIN = "a server could not compile it, so it was compiled here"
FAILED_TWICE = "it failed on a server, and here as well"
DISTCC_CHOSE = "distcc took this machine: its turn, or no server was to be had"
KILLED = "it was killed before it could tell"
LOST = "its end could not be recorded"
STILL_RAN = "it had not ended when the build was over"

_COMPILES = frozenset({"-c", "-S"})
_SUFFIXES = tuple(
    ".c .cc .cpp .cxx .c++ .C .cp .m .mm .M .i .ii .mi .mii .s .S .sx .adb .f .f90 .d .go".split()  # noqa: SIM905 - one line is easier to read than twenty
)


class Phase(NamedTuple):
    """What distcc did for a compile from some time on, until its next phase."""

    begin: float
    """Seconds since 1970."""
    name: str
    """One of PHASES."""
    host: str
    """For which server; localhost for what is done here; may be empty."""


class Job(NamedTuple):
    """One compile, or another command line that was given to the launcher."""

    pid: int
    begin: float
    """Seconds since 1970."""
    end: float | None
    """None for one of which that is not known: it was killed, its end was lost, or it still ran."""
    argv: tuple[str, ...]
    """The compiler and its words, as far as they were kept."""
    cwd: str
    file: str
    """Its source; empty where none is to be seen."""
    output: str
    """What stands behind -o; may be empty."""
    compiles: bool
    """Whether it makes an object or assembler from one source, so that a server could."""
    host: str
    """The server, as it stands in the hosts list; empty for this machine; UNKNOWN."""
    slot: int | None
    """Which of the server's or distcc's local slots it had; None where distcc was not asked."""
    tried: tuple[str, ...]
    """Servers that were asked before it was compiled here."""
    why: str
    """Why it was not compiled on a server; empty if it was."""
    phases: tuple[Phase, ...]
    status: int | None
    """Exit status; negative for a signal; None where that is not known."""
    size: int | None
    """Bytes of its output."""

    @property
    def failed(self) -> bool:
        """Whether it ended with another status than 0, or was killed, as far as is known."""
        return self.why == KILLED if self.status is None else self.status != 0

    @property
    def remote(self) -> bool:
        """Whether a server compiled it."""
        return self.host not in {"", UNKNOWN}

    @property
    def seconds(self) -> float:
        """How long it took, with all waiting; 0 where that is not known."""
        return 0.0 if self.end is None else self.end - self.begin

    def seconds_in(self, name: str) -> float:
        """How long it was in the phases of this name."""
        ends = [one.begin for one in self.phases[1:]]
        ends.append(self.end if self.end is not None else self.begin)
        found = zip(self.phases, ends, strict=False)
        return sum(max(end - one.begin, 0.0) for one, end in found if one.name == name)


Key = tuple[int, int]
"""What names a compile: `pid` and `id`."""


class Pending(NamedTuple):
    """A compile without its second line: it runs, or was killed."""

    key: Key
    begin: float
    """Seconds since 1970."""
    machine: str
    """Where it was started: process ids of another machine say nothing here."""
    line: str
    """Its first line."""

    @property
    def pid(self) -> int:
        """The recorder's process id."""
        return self.key[0]


def read_journal(data: bytes, fate: Callable[[Key], str] = lambda _: KILLED) -> list[Job]:
    """All compiles that a journal tells of, in the order in which they began.

    What is no record, or half of one, is left out.

    :param fate: what became of a compile without its second line: KILLED, LOST or STILL_RAN.
    """
    begun, done = _paired(data)
    return _in_order(
        _job(record, done[key]) if key in done else _job(record, {})._replace(why=fate(key))
        for key, record in begun.items()
    )


def parted(data: bytes) -> tuple[list[Job], list[Pending]]:
    """The compiles that have ended, in the order in which they began, and the others."""
    begun, done = _paired(data)
    finished = _in_order(_job(record, done[key]) for key, record in begun.items() if key in done)
    pending = [
        Pending(key, one["begin"] / 1e9, _text(str(one.get("host", ""))), json.dumps(one))
        for key, one in begun.items()
        if key not in done
    ]
    return finished, pending


def ended(data: bytes) -> set[Key]:
    """The compiles of which a journal has the second line."""
    return set(_paired(data)[1])


def _in_order(jobs: Iterable[Job]) -> list[Job]:
    return sorted(jobs, key=lambda job: (job.begin, job.pid))


_Records = dict[Key, dict[str, Any]]


def _paired(data: bytes) -> tuple[_Records, _Records]:
    begun: _Records = {}
    ended: _Records = {}
    for record in _records(data):
        part = begun if "begin" in record else ended
        part[record["pid"], record["id"]] = record
    return begun, ended


def _records(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.split(b"\n"):
        try:
            record = json.loads(line)
            if _sound(record):
                yield record
        except (ValueError, RecursionError):
            continue


_BEGIN = {"begin": int, "as": str, "program": str, "why": str, "cwd": str, "argv": list}


def _sound(record: object) -> bool:
    """Whether it has all that its kind of line has."""
    if not isinstance(record, dict):
        return False
    numbers = [record.get("pid"), record.get("id"), record.get("begin", record.get("end"))]
    if not all(type(one) is int for one in numbers):
        return False
    if "begin" not in record:
        return all(type(record.get(one, 0)) is int for one in ("status", "signal", "size"))
    if not all(type(record.get(name)) is kind for name, kind in _BEGIN.items()):
        return False
    return bool(record["argv"]) and all(type(word) is str for word in record["argv"])


def _job(record: dict[str, Any], end: dict[str, Any]) -> Job:
    argv = tuple(_text(word) for word in record["argv"])
    states = list(_states(end.get("states")))
    last = states[-1] if states else None
    host, slot = "", last[3] if last else None
    if record["as"] == "distcc":
        host = UNKNOWN if last is None else "" if last[2] in {"", LOCALHOST} else last[2]
    tried = tuple(dict.fromkeys(one[2] for one in states if one[2] not in {"", LOCALHOST}))
    status = end.get("status", -end["signal"] if "signal" in end else None)
    remote = host not in {"", UNKNOWN}
    file, output = _files(argv)
    return Job(
        pid=record["pid"],
        begin=record["begin"] / 1e9,
        end=end["end"] / 1e9 if end else None,
        argv=argv,
        cwd=_text(record["cwd"]),
        file=file,
        output=output,
        compiles=bool(_COMPILES & set(argv[1:])),
        host=host,
        slot=slot,
        tried=() if remote else tried,
        why="" if remote else _why(_text(record["why"]), argv, tried, status),
        phases=tuple(Phase(when / 1e9, PHASES[phase], host) for when, phase, host, _ in states),
        status=status,
        size=end.get("size"),
    )


def _states(found: object) -> Iterator[tuple[int, int, str, int]]:
    for one in found if isinstance(found, list) else []:
        if isinstance(one, list) and [type(part) for part in one] == [int, int, str, int]:
            when, phase, host, slot = one
            if 0 <= phase < len(PHASES):
                yield when, phase, _text(host), slot


def _why(said: str, argv: Sequence[str], tried: Sequence[str], status: int | None) -> str:
    if tried:
        return COMPILED_AGAIN if status == 0 else FAILED_TWICE
    return said or why_distcc_local(argv) or DISTCC_CHOSE


def _files(argv: Sequence[str]) -> tuple[str, str]:
    """The source, and what is behind -o."""
    source = output = ""
    for previous, word, is_input in words_of(argv):
        if previous == "-o":
            output = word
        elif word.startswith("-o") and len(word) > 2:
            output = word[2:]
        elif is_input and not source and word.endswith(_SUFFIXES):
            source = word
    return source, output


def _text(text: str) -> str:
    """Bytes that stand as surrogates, as the characters that they were."""
    # Only the recorder writes it, and no other surrogates; whoever else did gets a "?".
    known = text.encode("utf-8", "surrogateescape" if _only_bytes(text) else "replace")
    return known.decode("utf-8", "surrogateescape")


def _only_bytes(text: str) -> bool:
    return not any("\ud800" <= one < "\udc80" or "\udcff" < one <= "\udfff" for one in text)
