"""What becomes of a compile: the plan for a compiler, and the environment of a whole build."""

import os
import pwd
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from distcc_build import machine, paths
from distcc_build.config import Config
from distcc_build.discover import RESOLV_CONF, discover
from distcc_build.farmfile import Farm
from distcc_build.hosts import HostsList
from distcc_build.inputs import Inputs
from distcc_build.plan import MAX_DEPENDENCIES, Dependency, Note, Plan
from distcc_build.policy import complete, job_count, pause

__all__ = ["Situation", "assess", "distcc_environment", "failure_plan", "make_plan"]

NOTHING_CHANGES = 86_400.0
"""Seconds for which a plan is fresh that rests on nothing but its dependencies."""

TUNING = {
    # Else distcc sends, and even runs here, another program than was typed (distcc.md 5.3).
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
    hosts: HostsList
    """What distcc is given."""
    jobs: int

    @property
    def alone(self) -> bool:
        """No server at all: everything is compiled on this machine."""
        return self.inputs.off or all(str(one).startswith("localhost") for one in self.hosts.hosts)


def assess(
    inputs: Inputs,
    directory: Path,
    *,
    compiler: str = "",
    force: bool = False,
    started: float | None = None,
) -> Situation:
    """Learn what there is to compile on; see `discover` for the arguments and errors."""
    cores = machine.cores()
    farm = None
    if inputs.hosts.discover and not inputs.off:
        farm = discover(inputs.config, directory, compiler=compiler, force=force, started=started)
    listed = HostsList(()) if inputs.off else inputs.hosts
    hosts = complete(listed, farm.servers if farm else (), inputs.config, cores)
    return Situation(inputs, farm, hosts, job_count(hosts, inputs.config, cores))


def distcc_environment(
    situation: Situation, environ: Mapping[str, str], directory: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """The variables that a distcc client is to have.

    :param environ: what the build runs with.
    :param directory: a directory of ours, for a DISTCC_DIR where the user has none.
    :returns: those to set, and those to set unless the user has.
    """
    inputs = situation.inputs
    env = {}
    untouched = inputs.hosts_given and not inputs.hosts.discover and not inputs.warnings
    if not untouched or not any(host.usable for host in inputs.hosts.hosts):
        env["DISTCC_HOSTS"] = str(situation.hosts)
    defaults = {**TUNING, "DISTCC_PAUSE_TIME_MSEC": str(pause(situation.hosts))}
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
    env, defaults = distcc_environment(situation, environ, directory)
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
        jobs=situation.jobs,
        program_kind="distcc" if as_distcc else "compiler",
        program=str(program),
        dependencies=tuple(_dependencies(looked_at)),
        env=env,
        defaults=defaults,
        notes=_notes(situation, distcc is not None),
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
    config = Config()
    hosts = complete(HostsList(()), (), config, machine.cores())
    inputs = Inputs(config, hosts, "", True, (f"{text}; compiling locally",), tuple(files), False)
    situation = Situation(inputs, None, hosts, machine.cores())
    plan = make_plan(word, situation, environ, directory, now)
    return replace(plan, until=plan.made + 60)


def _notes(situation: Situation, distcc: bool) -> tuple[Note, ...]:
    """At most one line, with everything that the user should know."""
    inputs, farm = situation.inputs, situation.farm
    said = [("config", text) for text in inputs.warnings]
    if not distcc:
        said.append(("no-distcc", "distcc is not installed; compiling locally"))
    elif farm is not None and not farm.used and situation.alone:
        refused = next((one.why for one in farm.servers if one.why), "")
        said.append(("no-servers", f"no distcc servers: {refused or farm.why}; compiling locally"))
    if not said:
        return ()
    more = "" if said[-1][0] == "no-distcc" else " ('distcc-build explain' tells more)"
    return (Note(said[0][0], "; ".join(text for _, text in said) + more),)


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
