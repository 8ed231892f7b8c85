"""What becomes of a compile: the plan for a compiler, and the environment of a whole build."""

import os
import pwd
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from distcc_build import machine, paths
from distcc_build.choice import Candidate, complete, job_count, pause
from distcc_build.config import Config
from distcc_build.discover import Wanted, discover
from distcc_build.farmfile import Farm
from distcc_build.hosts import HostsList, Kind
from distcc_build.inputs import Inputs
from distcc_build.plan import MAX_DEPENDENCIES, Dependency, Note, Plan
from distcc_build.policy import State
from distcc_build.search import RESOLV_CONF

if TYPE_CHECKING:
    from distcc_build.reference import Compiler

__all__ = ["Situation", "assess", "distcc_environment", "failure_plan", "make_plan"]

NOTHING_CHANGES = 86_400.0
"""Seconds for which a plan is fresh that rests on nothing but its dependencies."""

TUNING = {
    # Else distcc sends, and even runs here, another program than was typed: x86_64-linux-gnu-gcc
    # for gcc, whatever gcc is first on PATH (distcc src/compile.c).
    "DISTCC_NO_REWRITE_CROSS": "1",
    # A source that fails only remotely must not bench a healthy server for a minute; 0 would
    # make distcc 3.4 try a dead server for ever.
    "DISTCC_BACKOFF_PERIOD": "10",
}


@dataclass(frozen=True, slots=True)
class Situation:
    """All that plans and queries are made from."""

    inputs: Inputs
    farm: Farm | None
    """None where the user's list does not ask for discovery."""
    path: str | None
    """Where compilers are looked for: the value of PATH."""

    def compilers(self, words: Iterable[str]) -> "list[Compiler]":
        """The compilers that these words stand for; those that are not here are left out."""
        from distcc_build.reference import find_compiler

        return [one for word in words if (one := find_compiler(word, self.path))]

    def candidates(self, words: Iterable[str]) -> list[Candidate]:
        """The servers that are good for all these compilers."""
        farm, config = self.farm, self.inputs.config
        if farm is None:
            return []
        if not config.probe:
            return [Candidate(one, one.limit or config.limit) for one in farm.used]
        keys = [one.key for one in self.compilers(words)]
        found = []
        for server in farm.used:
            proofs = [farm.proofs.get(key, {}).get(str(server.address)) for key in keys]
            good = [one for one in proofs if one is not None and one.good]
            if good and len(good) == len(proofs):
                latency = max((one.latency for one in good if one.latency), default=None)
                found.append(Candidate(server, server.limit or config.limit, latency))
        return found

    def hosts(self, *words: str) -> HostsList:
        """The hosts list for compiles by these compilers."""
        own = self.farm is not None and any(one.state is State.OWN for one in self.farm.servers)
        listed = HostsList(()) if self.inputs.off else self.inputs.hosts
        return complete(
            listed,
            self.candidates(words),
            self.inputs.config,
            client=machine.identity(),
            cores=machine.cores(),
            own=own,
        )

    def jobs(self, *words: str) -> int:
        """How many jobs a build by these compilers should run at once."""
        return job_count(self.hosts(*words), self.inputs.config, machine.cores())


def assess(
    inputs: Inputs,
    directory: Path,
    environ: Mapping[str, str],
    *words: str,
    force: bool = False,
    patient: bool = False,
    started: float | None = None,
) -> Situation:
    """Learn what there is to compile on.

    :param environ: what the build runs with.
    :param words: the compilers that it uses.
    :param patient: nobody waits for the result.

    See `discover` for the other arguments and the errors.
    """
    path = environ.get("PATH")
    if not inputs.hosts.discover or inputs.off:
        return Situation(inputs, None, path)
    state = _distcc_dir(environ, directory) or _users_own(environ)
    wanted = Wanted(words, path, state, patient)
    farm = discover(inputs.config, directory, wanted, force=force, started=started)
    return Situation(inputs, farm, path)


def distcc_environment(
    situation: Situation, hosts: HostsList, environ: Mapping[str, str], directory: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """The variables that a distcc client is to have.

    :param hosts: what it is to compile on.
    :param environ: what the build runs with.
    :param directory: a directory of ours, for a DISTCC_DIR where the user has none.
    :returns: those to set, and those to set unless the user has.
    """
    inputs = situation.inputs
    env = {}
    untouched = inputs.hosts_given and not inputs.hosts.discover and not inputs.warnings
    if not untouched or not any(host.usable for host in inputs.hosts.hosts):
        env["DISTCC_HOSTS"] = str(hosts)
    defaults = {**TUNING, "DISTCC_PAUSE_TIME_MSEC": str(pause(hosts))}
    state = _distcc_dir(environ, directory)
    if state is not None:
        (env if "DISTCC_DIR" in environ else defaults)["DISTCC_DIR"] = str(state)
    return env, defaults


def make_plan(
    word: str, situation: Situation, environ: Mapping[str, str], directory: Path, now: float
) -> Plan:
    """The plan for the compiles of one compiler.

    :param word: the compiler as typed, absolute if it has a slash.
    :param now: seconds since 1970.
    """
    inputs, farm = situation.inputs, situation.farm
    path = environ.get("PATH")
    distcc = paths.find_program("distcc", path) or paths.find_program("distcc", None)
    compiler = paths.find_program(word, path)
    until = now + NOTHING_CHANGES if farm is None else farm.until
    stale = until + NOTHING_CHANGES if farm is None else farm.stale
    hosts = situation.hosts(word)
    env, defaults = distcc_environment(situation, hosts, environ, directory)
    kind = compiler.resolve().name if compiler else ""
    program, as_distcc = compiler, False
    if kind in {"ccache", "sccache"}:
        # ccache runs the real compiler behind its prefix: that is where distribution belongs.
        env["DISTCC_BUILD_HOSTS"] = str(inputs.hosts)
        defaults["CCACHE_PREFIX"] = str(paths.launcher())
    elif kind != "distcc" and distcc is not None:
        program, as_distcc = distcc, True
    if program is None:
        # The launcher looks for the compiler before it waits for a plan; it has gone since.
        program = Path(word if "/" in word else f"/usr/bin/{word}")
    looked_at = [
        *inputs.files,
        *(str(one) for one in RESOLV_CONF if farm is not None),
        *_search(word, path, compiler),
        *_search("distcc", path, distcc),
    ]
    return Plan(
        made=int(now),
        until=max(int(until), int(now) + 1),
        stale=max(int(stale), int(now) + 1),
        jobs=job_count(hosts, inputs.config, machine.cores()),
        program_kind="distcc" if as_distcc else "compiler",
        program=str(program),
        dependencies=tuple(_dependencies(looked_at)),
        env=env,
        defaults=defaults,
        notes=_notes(situation, word, hosts, distcc is not None),
    )


def failure_plan(
    word: str,
    text: str,
    files: Iterable[str],
    environ: Mapping[str, str],
    directory: Path,
    now: float,
) -> Plan:
    """The plan where none could be made: compile locally, say why, try again in a minute.

    :param text: what went wrong, in one sentence.
    :param files: the files whose change may mend it.
    """
    said = (f"{text}; compiling locally",)
    inputs = Inputs(Config(), HostsList(()), "", True, said, tuple(files), off=False)
    situation = Situation(inputs, None, environ.get("PATH"))
    plan = make_plan(word, situation, environ, directory, now)
    return replace(plan, until=plan.made + 60)


def _notes(situation: Situation, word: str, hosts: HostsList, has_distcc: bool) -> tuple[Note, ...]:
    """At most one line, with everything that the user should know."""
    inputs, farm = situation.inputs, situation.farm
    said = [("config", text) for text in inputs.warnings]
    alone = all(one.kind is Kind.LOCAL for one in hosts.hosts)
    if not has_distcc:
        said.append(("no-distcc", "distcc is not installed; compiling locally"))
    elif farm is not None and alone and not farm.used:
        refused = next((one.why for one in farm.servers if one.why), "")
        said.append(("no-servers", f"no distcc servers: {refused or farm.why}; compiling locally"))
    elif farm is not None and alone:
        why = _why_none(situation, farm, word)
        said.append(("no-good-servers", f"no distcc server for {word}: {why}; compiling locally"))
    if not said:
        return ()
    more = "" if said[-1][0] == "no-distcc" else " ('distcc-build explain' tells more)"
    return (Note(said[0][0], "; ".join(text for _, text in said) + more),)


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


def _users_own(environ: Mapping[str, str]) -> Path:
    """The DISTCC_DIR that distcc finds by itself."""
    return Path(environ.get("DISTCC_DIR") or f"{environ.get('HOME', '')}/.distcc")


def _distcc_dir(environ: Mapping[str, str], directory: Path) -> Path | None:
    """The DISTCC_DIR to set, where distcc would find none and compile everything locally."""
    if given := environ.get("DISTCC_DIR"):
        # distcc makes lock/ and state/ in it, but not the directory itself.
        return None if _usable(Path(given)) else _private(directory)
    home = environ.get("HOME", "")
    if home and _usable(Path(home, ".distcc")):
        return None
    try:
        own = Path(pwd.getpwuid(os.geteuid()).pw_dir, ".distcc")
    except KeyError:
        return _private(directory)
    # A build without HOME shares its slots with the same user's other builds.
    return own if not home and _usable(own) else _private(directory)


def _private(directory: Path) -> Path | None:
    own = directory / "distcc"
    return own if _usable(own) else None


def _usable(folder: Path) -> bool:
    """Whether distcc can keep its state there; made if missing, but in our own folders only."""
    try:
        if not folder.exists() and folder.parent.stat().st_uid == os.geteuid():
            folder.mkdir(0o700)
        return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        return False


def _search(word: str, path: str | None, found: Path | None) -> Iterable[str]:
    """What decides which program a name stands for: all places before it on PATH, and itself."""
    if "/" in word:
        return [word]
    places = []
    for folder in (os.defpath if path is None else path).split(os.pathsep):
        if folder.startswith("/"):
            places.append(f"{folder.rstrip('/')}/{word}")
            if found is not None and Path(places[-1]) == found:
                break
    return places


def _dependencies(looked_at: Iterable[str]) -> Iterable[Dependency]:
    for path in list(dict.fromkeys(looked_at))[:MAX_DEPENDENCIES]:
        try:
            found = os.stat(path)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            yield Dependency(path, None)
        except OSError:
            continue  # what cannot be looked at now cannot be compared later
        else:
            yield Dependency(path, found.st_mtime_ns, found.st_size, found.st_ino)
