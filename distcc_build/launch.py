"""What compiles run with: the servers that are good for a compiler, and distcc's environment."""

import os
import pwd
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from distcc_build import machine
from distcc_build.belonging import belonging
from distcc_build.choice import Candidate, complete, foremost, job_count, pause
from distcc_build.client import Client, find_client
from distcc_build.discover import Wanted, discover, resolved
from distcc_build.farmfile import Farm
from distcc_build.hearing import hear_out
from distcc_build.hosts import HostsList
from distcc_build.inputs import Inputs
from distcc_build.learned import silent
from distcc_build.policy import State

if TYPE_CHECKING:
    from distcc_build.reference import Compiler

__all__ = ["Situation", "assess", "assess_silent", "distcc_environment", "unusable"]

TUNING = {
    # Else distcc sends, and even runs here, another program than was typed: x86_64-linux-gnu-gcc
    # for gcc, whatever gcc is first on PATH (distcc src/compile.c).
    "DISTCC_NO_REWRITE_CROSS": "1",
    # A source that fails only remotely must not bench a healthy server for a minute; 0 would
    # make distcc 3.4 try a dead server for ever.
    "DISTCC_BACKOFF_PERIOD": "10",
}


class Situation(NamedTuple):
    """All that plans and queries are made from."""

    inputs: Inputs
    farm: Farm | None
    """None where the user's list does not ask for discovery."""
    path: str | None
    """Where compilers are looked for: the value of PATH."""
    client: Client
    """What distributes; where there is none, no slots are waited for."""

    def compilers(self, words: Iterable[str]) -> "list[Compiler]":
        """The compilers that these words stand for; those that are not here are left out."""
        return resolved(tuple(words), self.path)

    def candidates(self, words: Iterable[str]) -> list[Candidate]:
        """The servers that are used for all these compilers: good ones, without their backups."""
        return foremost(self.good(words))

    def good(self, words: Iterable[str]) -> list[Candidate]:
        """The servers that are good for all these compilers, backups among them."""
        farm, config = self.farm, self.inputs.config
        if farm is None or not self.client.usable:
            return []
        if not config.probe:
            return [Candidate(one, one.limit or config.limit) for one in farm.used]
        keys = [one.key for one in self.compilers(words)]
        found = []
        for server in farm.used:
            proofs = [farm.proofs.get(key, {}).get(server.endpoint) for key in keys]
            good = [one for one in proofs if one is not None and one.good]
            if good and len(good) == len(proofs):
                latency = max((one.latency for one in good if one.latency), default=None)
                found.append(Candidate(server, server.limit or config.limit, latency))
        return found

    def judged(self, word: str) -> bool:
        """Whether it is known which servers are good for a compiler."""
        farm = self.farm
        if farm is None or not farm.used or not self.inputs.config.probe:
            return True
        return all(one.key in farm.proofs for one in self.compilers([word]))

    def hosts(self, *words: str) -> HostsList:
        """The hosts list for compiles by these compilers."""
        own = self.farm is not None and any(one.state is State.OWN for one in self.farm.servers)
        here = self.inputs.off or not self.client.usable
        listed = HostsList(()) if here else self.inputs.hosts
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
    content: bool = False,
    patient: bool = False,
    started: float | None = None,
) -> Situation:
    """Learn what there is to compile on.

    :param environ: what the build runs with.
    :param words: the compilers that it uses; the first one's farm is looked at.
    :param content: what compiles are given meanwhile will do.
    :param patient: nobody waits for the result, and `assess_silent` comes next.

    See `discover` for the other arguments and the errors.
    """
    path = environ.get("PATH")
    client = find_client(path, directory)
    if inputs.off:
        return Situation(inputs, None, path, client)
    state = _distcc_dir(environ, directory)
    inputs = inputs._replace(warnings=inputs.warnings + unusable(environ, directory))
    if not inputs.hosts.discover:
        return Situation(inputs, None, path, client)
    if words:
        inputs = belonging(inputs, words[0], path, directory)
    state = state or _users_own(environ)
    wanted = Wanted(words, path, state, patient)
    farm = discover(inputs.config, directory, wanted, force=force, content=content, started=started)
    return Situation(inputs, farm, path, client)


def assess_silent(situation: Situation, directory: Path, words: Sequence[str]) -> Situation | None:
    """Learn what servers are worth that said nothing so far; waits for them, so nobody should.

    :param situation: what `assess`, being patient, came to.
    :param words: the compilers that it was given.
    :returns: None where there is nothing new.
    :raises OSError: when the result cannot be kept.
    """
    inputs, farm = situation.inputs, situation.farm
    if farm is None or not silent(farm):
        return None
    wanted = Wanted(words, situation.path)
    heard = hear_out(inputs.config, directory, farm, wanted, inputs.config.deadline)
    return situation._replace(farm=heard)


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


def unusable(environ: Mapping[str, str], directory: Path) -> tuple[str, ...]:
    """A sentence for each directory that the user has set and that cannot be used.

    :param directory: the cache directory that is used.
    """
    return tuple(_unusable(environ, directory))


def _unusable(environ: Mapping[str, str], directory: Path) -> Iterable[str]:
    cache, distcc_dir = environ.get("DISTCC_BUILD_CACHE_DIR"), environ.get("DISTCC_DIR")
    state = _distcc_dir(environ, directory)
    if cache and Path(cache) != directory:
        expected = "expected an absolute path"
        if Path(cache).is_absolute():
            expected = "expected a directory that can be made, or your own with mode 0700"
        yield f"DISTCC_BUILD_CACHE_DIR={cache}: {expected}; {directory} is used"
    if distcc_dir and state is not None:
        expected = "expected a directory that can be written to"
        yield f"DISTCC_DIR={distcc_dir}: {expected}; {state} is used"


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
        return _private(directory) if _foreign(Path(home, ".distcc")) else None
    try:
        own = Path(pwd.getpwuid(os.geteuid()).pw_dir, ".distcc")
    except KeyError:
        return _private(directory)
    # A build without HOME shares its slots with the same user's other builds.
    return own if not home and _usable(own) else _private(directory)


def _foreign(folder: Path) -> bool:
    """Whether root would write into another's folder (sudo -E), where distcc follows links."""
    return os.geteuid() == 0 and folder.stat().st_uid != 0


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
