"""The plan for a compiler: what its compiles become, what that rests on, what the user is told."""

import os
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from distcc_build import machine, paths
from distcc_build.choice import job_count
from distcc_build.client import find_client
from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.hosts import HostsList, Kind
from distcc_build.inputs import Inputs
from distcc_build.launch import Situation, distcc_environment
from distcc_build.plan import MAX_DEPENDENCIES, Dependency, Note, Plan
from distcc_build.reference import CACHES, LATE, Compiler, find_compiler, kept
from distcc_build.search import RESOLV_CONF, surroundings
from distcc_build.sources.files import dependency

__all__ = ["failure_plan", "make_plan"]

NOTHING_CHANGES = 86_400.0
"""Seconds for which a plan is fresh that rests on nothing but its dependencies."""

CLANG = 14
"""The oldest clang whose -fdebug-compilation-dir=DIRECTORY was tried."""

UNSURE = 60
"""Seconds for which a plan is used that could not be made, or not be made to notice a change."""

UNSEEN = 5
"""Seconds for one that could not be made, and does not notice when it can."""


def make_plan(
    word: str, situation: Situation, environ: Mapping[str, str], directory: Path, now: float
) -> Plan:
    """The plan for the compiles of one compiler.

    :param word: the compiler as typed, absolute if it has a slash.
    :param now: seconds since 1970.
    """
    inputs, farm = situation.inputs, situation.farm
    path = environ.get("PATH")
    client = situation.client
    distcc = client.program
    typed, compiler = paths.find_program(word, path), find_compiler(word, path)
    hosts = situation.hosts(word)
    kind = typed.resolve().name if typed else ""
    env, defaults = distcc_environment(situation, hosts, environ, directory)
    notes = _notes(situation, word, hosts)
    if kind in CACHES:
        env, defaults, notes = *_ccache(environ), ()
    # What is a link to distcc or ccache is run as it is.
    plain = kind not in {"distcc", *CACHES}
    as_distcc = client.usable is not None and plain and _runs(compiler, farm)
    looked_at = [
        *_files(compiler, distcc),
        *inputs.files,
        *(str(one) for one in RESOLV_CONF if farm is not None),
        *_places(word, path, compiler),
        *_places("distcc", path, distcc),
    ]
    looked_at = list(dict.fromkeys(looked_at))
    until = now + NOTHING_CHANGES if farm is None else farm.until
    stale = until + NOTHING_CHANGES if farm is None else farm.stale
    dependencies = tuple(_dependencies(looked_at[:MAX_DEPENDENCIES], inputs.seen))
    # What is wrong with a client, or keeps a compiler from being one, may be mended without a
    # change of its file.
    if len(looked_at) > MAX_DEPENDENCIES or client.fault or (plain and compiler is None):
        until = stale = min(until, now + UNSURE)
    if farm is not None and surroundings(inputs.config)[1] != farm.surroundings:
        # The network was changed during the search; those who wait for this plan get it.
        until = stale = now + 1
    return Plan(
        made=int(now),
        until=max(int(until), int(now) + 1),
        stale=max(int(stale), int(now) + 1),
        jobs=job_count(hosts, inputs.config, machine.cores()),
        program_kind="distcc" if as_distcc else "compiler",
        # The launcher looks for the compiler before it waits for a plan: it may have gone since.
        program=str(client.usable if as_distcc else typed or f"/usr/bin/{word}"),
        dependencies=dependencies,
        env=env,
        defaults=defaults,
        notes=notes,
        debug=_debug_option(compiler, directory) if as_distcc else "",
    )


def failure_plan(
    text: str, files: Iterable[str], environ: Mapping[str, str], directory: Path, now: float
) -> Plan:
    """The plan where none could be made: compile locally, say why, try again in a minute.

    :param text: what went wrong, in one sentence.
    :param files: the files whose change may mend it.
    :param directory: the cache directory.
    :raises NotFoundError: when there is no distcc, whose slots this needs.
    """
    path = environ.get("PATH")
    client = find_client(path, directory)
    distcc = client.usable
    if distcc is None:
        raise paths.missing("distcc")
    inputs = Inputs(Config(), HostsList(()), "", True, (), tuple(files), off=False)
    situation = Situation(inputs, None, path, client)
    env, defaults = distcc_environment(situation, situation.hosts(), environ, directory)
    seen = tuple(files)
    dependencies = tuple(_dependencies(seen))
    # One that cannot be looked at (a link that leads round) would not be seen to change.
    sure = len(dependencies) == len(seen)
    text += "; compiling locally ('distcc-build explain' tells more)"
    return Plan(
        made=int(now),
        until=int(now) + (UNSURE if sure else UNSEEN),
        stale=int(now + (NOTHING_CHANGES if sure else UNSEEN)),
        jobs=machine.cores(),
        program_kind="distcc",
        program=str(distcc),
        dependencies=dependencies,
        env=env,
        defaults=defaults,
        notes=(_note("failure", text, text),),
    )


def _runs(compiler: Compiler | None, farm: Farm | None) -> bool:
    """Whether a compiler can be left to distcc, as far as it was tried.

    What cannot be run distcc looks for on PATH by the last part of its name, and runs that.
    """
    why = "" if farm is None or compiler is None else farm.reasons.get(compiler.key, "")
    return compiler is not None and (not why or why.endswith(LATE))


def _debug_option(compiler: Compiler | None, directory: Path) -> str:
    """What tells clang the name of this machine's directory; empty for other compilers.

    distcc puts it into preprocessed text, where only gcc looks for it.
    """
    reference = compiler and kept(directory, compiler)
    version = re.search(r"clang version (\d+)", reference.banner) if reference else None
    return "-fdebug-compilation-dir=" if version and int(version[1]) >= CLANG else ""


def _ccache(environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What ccache needs: it runs the real compiler behind its prefix, where distribution belongs.

    A prefix `distcc` that the user has set finds the launcher under that name.
    """
    alias = paths.alias()
    path = environ.get("PATH", os.defpath)
    env = {"PATH": f"{alias.parent}{os.pathsep}{path}"} if alias.name == "distcc" else {}
    return env, {"CCACHE_PREFIX": str(paths.launcher())}


def _notes(situation: Situation, word: str, hosts: HostsList) -> tuple[Note, ...]:
    """At most one line, with everything that the user should know."""
    inputs, farm = situation.inputs, situation.farm
    said = [("config", text) for text in inputs.warnings]
    alone = all(one.kind is Kind.LOCAL for one in hosts.hosts)
    if situation.client.fault:
        said.append(("no-distcc", f"{situation.client.fault}; compiling locally"))
    elif farm is not None and alone and not farm.used:
        refused = next((one.why for one in farm.servers if one.why), "")
        said.append(("no-servers", f"no distcc servers: {refused or farm.why}; compiling locally"))
    elif farm is not None and alone:
        why = _why_none(situation, farm, word)
        said.append(("no-good-servers", f"no distcc server for {word}: {why}; compiling locally"))
    if not said:
        return ()
    more = "" if said[-1][0] == "no-distcc" else " ('distcc-build explain' tells more)"
    cause, text = said[0][0], "; ".join(text for _, text in said) + more
    # Of the configuration alone: what is behind it another compiler says otherwise.
    return (_note(cause, text, str(inputs.warnings)) if inputs.warnings else Note(cause, text),)


def _note(cause: str, text: str, about: str) -> Note:
    """One that is said anew when it is about something else."""
    return Note(f"{cause}-{zlib.crc32(about.encode('utf-8', 'surrogateescape')):08x}", text)


def _why_none(situation: Situation, farm: Farm, word: str) -> str:
    """Why no server is good for a compiler: its own reason, or the most frequent of theirs."""
    for compiler in situation.compilers([word]):
        if compiler.key in farm.reasons:
            return farm.reasons[compiler.key]
        causes = Counter(one.cause for one in farm.proofs.get(compiler.key, {}).values())
        if causes:
            cause, count = causes.most_common(1)[0]
            return f"{count} of {len(farm.used)}: {cause.meaning}"
    return "it is not known here"


def _files(compiler: Compiler | None, distcc: Path | None) -> list[str]:
    """The programs themselves: first, as the plan must not outlive them."""
    found = [str(distcc)] if distcc else []
    if compiler is not None:
        # The object depends on the assembler as well (reference.py: its key).
        assembler = paths.find_program("as", compiler.search)
        found += [compiler.path, *([str(assembler)] if assembler else [])]
    return found


def _places(word: str, path: str | None, found: Compiler | Path | None) -> list[str]:
    """What decides which program a name stands for: all places before it on PATH."""
    end = found.path if isinstance(found, Compiler) else str(found or "")
    places = [word] if "/" in word else []
    name = found.name if isinstance(found, Compiler) else word
    if "/" in name:
        return places
    for folder in (os.defpath if path is None else path).split(os.pathsep):
        if folder.startswith("/"):
            places.append(f"{folder.rstrip('/')}/{name}")
            if places[-1] == end:
                break
    return places


def _dependencies(
    looked_at: Iterable[str], seen: Iterable[Dependency] = ()
) -> Iterable[Dependency]:
    """The files as they were when they were read, and else as they are."""
    known = {one.path: one for one in seen}
    for path in looked_at:
        found = dependency(path)
        if found is not None:
            yield known.get(path, found)
