"""A real compile through the real distcc client, at every good server, held against our own.

Nothing of it stays: each run has a DISTCC_DIR of its own, so that a server that fails here gets
no mark that builds would go by.
"""

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from distcc_build.doctor.case import Case, scratch
from distcc_build.doctor.findings import (
    Check,
    Loss,
    Section,
    Status,
    ok,
    problem,
    skipped,
    warning,
)
from distcc_build.doctor.programs import LATE, Said, ask
from distcc_build.doctor.targets import Job, Target, distributions
from distcc_build.reference import Compiler
from distcc_build.units import language
from distcc_build.verdict import Cause
from distcc_build.words import duration, listed

__all__ = ["look"]

SECONDS = 15.0
"""For all of them together.  A farm at work takes a second for each."""

AT_ONCE = 16
"""Runs of distcc at the same time: each preprocesses here first."""

NAME = "distcc-build-doctor"
"""Of the source, which shows in the servers' logs."""

C = "#include <stddef.h>\nsize_t doctor(const char *s) { return s[0] + sizeof *s; }\n"

CXX = """\
#include <stddef.h>
template <class T> struct Doctor { T of(T t) { return t * 2; } };
size_t doctor(size_t n) { return Doctor<size_t>().of(n); }
"""

SOURCES = {"c": ("c", C), "c++": ("cc", CXX)}
"""By language, suffix and text.  The header is the compiler's own: no library has to be there."""

SAID = {
    "Connection refused": Cause.REFUSED,
    "No route to host": Cause.UNREACHABLE,
    "Network is unreachable": Cause.UNREACHABLE,
    # Before the other: distcc says both of a connection that is not made in time.
    "timeout while connecting": Cause.UNREACHABLE,
    "IO timeout": Cause.SILENT,
    LATE: Cause.SILENT,
}
"""What is said of a compile that failed, and what it means of the server.  All else only a compile
by hand can tell."""

_LOGGED = re.compile(r"^distcc\[\d+\] (\(\w+\) )?(ERROR: |Warning: )?")
"""What distcc writes before a message."""


class Result(NamedTuple):
    """What came of a job."""

    seconds: float
    fault: str = ""
    """Why there is no object; empty where there is one."""
    cause: Cause | None = None
    """What the fault says of the server, if it is known what that is."""
    same: bool = False
    """It is byte for byte the one that this machine makes."""


def look(case: Case) -> Section:
    """Compile at every good server, and say what becomes of compiles by all that was found."""
    return Section("trial", "test compile", tuple(_checks(case)))


def _checks(case: Case) -> Iterator[Check]:
    found = case.jobs()
    if case.inputs is None or not found:
        yield skipped("servers", "there is none to compile on")
        return
    try:
        results, reasons = _all(case, [job for job in found if job.target.tried])
    except OSError as error:
        remedy = "make room for them, or set TMPDIR"
        yield problem("temporary files", f"cannot be made: {error}", remedy, Loss.ADVICE)
        return
    failed = {job for job, result in results.items() if result is not None and result.fault}
    case.distributions = distributions(case.asked, found, failed)
    for word, why in reasons.items():
        yield skipped(word, f"does not compile the test here: {why}")
    exact = case.inputs.config.match == "exact"
    for target in dict.fromkeys(job.target._replace(slots=0, given=True) for job in found):
        own = {job.word: results.get(job) for job in found if job.target.host == target.host}
        yield from _target(target, own, reasons, exact=exact)
    for one in case.distributions:
        if not one.servers and any(job.word == one.word for job in found):
            # What to do is said of the servers.
            text = "the test compile fails at every server"
            yield Check(one.word, Status.PROBLEM, text, "", Loss.COMPILER)


def _all(case: Case, wanted: Sequence[Job]) -> tuple[dict[Job, Result | None], dict[str, str]]:
    """What came of each job, None where the time was over; and by word why it has no object here.

    :raises OSError: when there is no place for the objects.
    """
    folder = scratch(case)
    try:
        words = list(dict.fromkeys(job.word for job in wanted))
        until = time.monotonic() + case.left(SECONDS)
        ours = {word: _here(case, case.compilers[word], folder, until) for word in words}
        reasons = {word: said.complaint for word, (made, said) in ours.items() if made is None}
        chosen = [job for job in wanted if job.word not in reasons]
        results: dict[Job, Result | None] = {}
        # Not as a `with` block: that would wait for all of them where time is over.
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            running = [
                pool.submit(_there, case, job, folder / str(number), ours[job.word][0], until)
                for number, job in enumerate(chosen)
            ]
            for number, (job, one) in enumerate(zip(chosen, running, strict=True)):
                case.told(number, len(chosen))
                results[job] = one.result()
        finally:
            pool.shutdown(cancel_futures=True)
        return results, reasons
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(case: Case, compiler: Compiler, folder: Path) -> dict[str, str]:
    environ = {one: text for one, text in case.environ.items() if not one.startswith("DISTCC_")}
    return environ | {
        "PATH": compiler.search,
        "LC_ALL": "C",
        "TMPDIR": str(folder),
        # A wrapper that calls the launcher is to get the compiler behind it.
        "DISTCC_BUILD": "off",
        "_DISTCC_BUILD_BEHIND": compiler.path,
    }


def _source(compiler: Compiler) -> tuple[str, str]:
    suffix, text = SOURCES[language(compiler.name)]
    return f"{NAME}.{suffix}", text


def _here(case: Case, compiler: Compiler, folder: Path, until: float) -> tuple[bytes | None, Said]:
    """The object that this machine makes, and what was said of it."""
    name, text = _source(compiler)
    (folder / name).write_text(text, "utf-8")
    made = folder / f"{language(compiler.name)}-here.o"
    words = [compiler.path, "-O2", "-c", str(folder / name), "-o", str(made)]
    said = ask(words, _environment(case, compiler, folder), max(until - time.monotonic(), 0.1))
    return (made.read_bytes() if said.status == 0 and made.is_file() else None), said


def _there(case: Case, job: Job, own: Path, expected: bytes | None, until: float) -> Result | None:
    """The same at a server; in a folder of its own."""
    began = time.monotonic()
    if began >= until or case.client is None or case.client.usable is None:
        return None
    own.mkdir()
    compiler = case.compilers[job.word]
    source, made = own.parent / _source(compiler)[0], own / "there.o"
    environ = _environment(case, compiler, own) | {
        "DISTCC_HOSTS": str(job.target.host),
        "DISTCC_DIR": str(own),
        "DISTCC_FALLBACK": "0",
        "DISTCC_SKIP_LOCAL_RETRY": "1",
        # As with the launcher: else another compiler is asked for than was typed.
        "DISTCC_NO_REWRITE_CROSS": "1",
    }
    command = [str(case.client.usable), compiler.name, "-O2", "-c", str(source), "-o", str(made)]
    said = ask(command, environ, until - began)
    seconds = time.monotonic() - began
    if said.status != 0 or not made.is_file():
        return Result(seconds, _LOGGED.sub("", said.complaint), _cause(said))
    return Result(seconds, same=made.read_bytes() == expected)


def _cause(said: Said) -> Cause | None:
    """What a compile that failed says of its server."""
    return next((cause for words, cause in SAID.items() if words in said.err), None)


def _remedy(target: Target, cause: Cause | None, word: str) -> str:
    """What to do about a server at which a compile failed."""
    if cause is None:
        return f"try it: DISTCC_HOSTS={target.host} DISTCC_FALLBACK=0 distcc {word} -c FILE"
    return cause.remedy


def _target(
    target: Target, own: dict[str, Result | None], reasons: dict[str, str], *, exact: bool
) -> Iterator[Check]:
    if not target.tried:
        yield skipped(target.name, "is reached by ssh, and not tried")
        return
    good = {word: one for word, one in own.items() if one and not one.fault and one.same}
    if good:
        times = ", ".join(f"{word} {duration(one.seconds)}" for word, one in good.items())
        yield ok(target.name, f"same object: {times}")
    late = [word for word, one in own.items() if one is None and word not in reasons]
    if late:
        yield skipped(target.name, f"no time was left to try {listed(late)}")
    faults: dict[tuple[str, Cause | None], list[str]] = {}
    for word, one in own.items():
        if one is not None and one.fault:
            faults.setdefault((one.fault, one.cause), []).append(word)
    for (fault, cause), words in faults.items():
        remedy = _remedy(target, cause, words[0])
        yield problem(target.name, f"{listed(words)}: {fault}", remedy, Loss.SERVERS)
    other = [word for word, one in own.items() if one and not one.fault and not one.same]
    if other and exact:
        text = f"another object than here: {listed(other)}"
        remedy = "take it out of DNS, and install the same compiler packages there"
        yield problem(target.name, text, remedy, Loss.TRUST)
    elif other:
        text = f"another object than here, which 'match' accepts: {listed(other)}"
        yield warning(target.name, text, 'set match = "exact" to leave such servers out')
