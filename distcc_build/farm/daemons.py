"""Real distccd servers, each on a loopback address of its own, and what they have compiled."""

import errno
import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from distcc_build.errors import DistccBuildError, NotFoundError
from distcc_build.farm.lifeline import Lifeline, group_is_there
from distcc_build.units import NAME

__all__ = ["Compile", "Daemons", "Differing", "default_slots", "open_to_others"]

# Debian has distccd in /usr/bin, others have it where an ordinary user's PATH does not look.
DAEMON_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
COMPILER_PATH = "/usr/local/bin:/usr/bin:/bin"

# Of a loaded machine; a server that is well says "listening" within 20 ms.
START_SECONDS = 20.0
PORT_ATTEMPTS = 5

# distccd (dcc_job_summary) client: 127.0.0.1:5 COMPILE_OK exit:0 ... time:15ms gcc hello.c
_JOB = re.compile(
    rb"client: \S+ (?P<outcome>[A-Z_]+) exit:.* time:\d+ms (?P<compiler>\S+) (?P<source>.*)"
)


class Compile(NamedTuple):
    """One job in a server's log."""

    server: str
    """Address of the server."""
    outcome: str
    """distccd's word: `COMPILE_OK`, `COMPILE_ERROR`, `COMPILE_TIMEOUT`, `CLI_DISCONN`, ..."""
    compiler: str
    source: str
    """Input file as the client named it."""


@dataclass(frozen=True, slots=True)
class Differing:
    """What one server has otherwise than the rest."""

    path: str = ""
    """PATH on which it finds compilers, whole; empty for that of the rest."""
    allow: str = "127.0.0.0/8"
    """Network whose clients it serves."""
    options: tuple[str, ...] = ()
    """More of distccd's options."""


def default_slots(servers: int, cores: int) -> int:
    """Return the slots per server that keep a client out of its own farm.

    A client takes part where it is more than a fifth of the farm (distcc's rule), so the farm
    must have more than five slots for each core of the client.
    """
    return max(4, 5 * cores // servers + 1)


class Daemons:
    """Real distccd on 127.1.0.1, 127.1.0.2, ..., all on one port that was free.

    Args:
        directory: Where logs and temporary files go; it exists and is the caller's to remove.
        servers: How many.
        slots: Jobs at once per server; None is `default_slots` for this machine.
        environ: Where PATH and the locale are taken from; nothing else is passed on, as a
            real server knows nothing of its clients' environments.
        differing: Servers, by number from 1 on, that are not like the rest.

    Raises:
        NotFoundError: On entering: no distccd, or no such loopback addresses.
        DistccBuildError: On entering: distccd does not start.
    """

    def __init__(
        self,
        directory: Path,
        *,
        servers: int,
        slots: int | None,
        environ: Mapping[str, str],
        differing: Mapping[int, Differing] | None = None,
    ) -> None:
        self.addresses = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(servers)]
        self.slots = slots or default_slots(servers, os.cpu_count() or 1)
        self.port = 0
        self._directory = directory
        self._environ = environ
        self._differing = differing or {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        program = shutil.which("distccd", path=f"{self._environ.get('PATH', '')}:{DAEMON_PATH}")
        if program is None:
            raise NotFoundError(
                "distccd is not installed (Debian and Ubuntu: apt-get install distcc)"
            )
        self._program = program
        for attempt in itertools.count(1):
            self.port = _free_port(self.addresses)
            self._lifeline = Lifeline().__enter__()
            try:
                self._start_all()
            except BaseException as error:
                self._lifeline.__exit__()
                if not isinstance(error, _PortTakenError) or attempt == PORT_ATTEMPTS:
                    raise
            else:
                break
        return self

    def __exit__(self, *_: object) -> None:
        self._lifeline.__exit__()

    def log(self, address: str) -> Path:
        """Return the log of the server at `address`."""
        return self._directory / f"{address}.log"

    def signal(self, address: str, number: signal.Signals) -> None:
        """Send a signal to a whole server: SIGKILL for a crash, SIGSTOP for one that hangs."""
        os.killpg(self._processes[address].pid, number)

    def jobs(self, *, probes: bool = False) -> list[Compile]:
        """Return every job the servers have finished so far, failed ones included.

        A server writes its line after the client has its object: see `wait_for`.

        Args:
            probes: Return what was asked of the servers to judge them instead.
        """
        found = [
            Compile(address, *(part.decode("utf-8", "replace") for part in line))
            for address in self.addresses
            for line in _JOB.findall(self.log(address).read_bytes())
        ]
        return [job for job in found if (NAME in job.source) is probes]

    def compiles(self, counts: Callable[[Compile], bool] = lambda _: True) -> Counter[str]:
        """Return by address how many compiles each server has done, of those that count."""
        done = Counter(dict.fromkeys(self.addresses, 0))
        done.update(
            job.server for job in self.jobs() if job.outcome == "COMPILE_OK" and counts(job)
        )
        return done

    def wait_for(
        self,
        number: int,
        counts: Callable[[Compile], bool] = lambda _: True,
        *,
        seconds: float = 5.0,
    ) -> Counter[str]:
        """Return `compiles(counts)` as soon as there are `number` in all, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while (done := self.compiles(counts)).total() < number and time.monotonic() < deadline:
            time.sleep(0.01)
        return done

    def restart(self, address: str) -> None:
        """End a server, in whatever state it is, and start it again; its log goes on.

        Raises:
            DistccBuildError: It does not start.
        """
        with suppress(ProcessLookupError):
            self.signal(address, signal.SIGKILL)
        process = self._processes[address]
        process.wait()
        # Its workers listen as well, and end a moment later than it does.
        deadline = time.monotonic() + START_SECONDS
        while group_is_there(process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        before = self.log(address).stat().st_size
        self._start(address)
        self._await(address, time.monotonic() + START_SECONDS, before)

    def _start_all(self) -> None:
        for address in self.addresses:
            self.log(address).unlink(missing_ok=True)
            self._start(address)
        deadline = time.monotonic() + START_SECONDS
        for address in self.addresses:
            self._await(address, deadline)

    def _start(self, address: str) -> None:
        own = self._differing.get(self.addresses.index(address) + 1, Differing())
        user = _user()
        environment = {
            name: value
            for name, value in self._environ.items()
            if name in {"LANG", "LANGUAGE"} or name.startswith("LC_")
        }
        environment["PATH"] = own.path or _path(self._environ.get("PATH", ""), user)
        temporary = self._directory / address
        temporary.mkdir(mode=0o700, exist_ok=True)
        if user:
            # distccd gives up root and then resets every client if it cannot write here.
            os.chown(temporary, user.pw_uid, user.pw_gid)
        environment["TMPDIR"] = str(temporary)
        command = [self._program, "--daemon", "--no-detach", "--log-stderr", "--log-level=info"]
        command += [f"--jobs={self.slots}", f"--port={self.port}", f"--listen={address}"]
        command += [f"--user={user.pw_name}"] if user else []
        self._processes[address] = self._lifeline.start(
            [*command, f"--allow={own.allow}", *own.options],
            log=self.log(address),
            environment=environment,
        )

    def _await(self, address: str, deadline: float, before: int = 0) -> None:
        """Return when the server listens.  To connect would occupy one of its workers."""
        log, process = self.log(address), self._processes[address]
        while b"listening on" not in (said := log.read_bytes()[before:]):
            try:
                process.wait(0.01)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
            # What it said at its end may have come since.
            said = log.read_bytes()[before:]
            last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
            kind = _PortTakenError if "in use" in last else DistccBuildError
            raise kind(f"distccd did not start: {last or 'it said nothing'}")


class _PortTakenError(DistccBuildError):
    """Somebody took the port between our look and distccd's."""


def open_to_others(directory: str | Path) -> bool:
    """Whether every user may search `directory`, as far as file modes say."""
    path = Path(directory).resolve()
    try:
        return all(one.stat().st_mode & stat.S_IXOTH for one in [path, *path.parents])
    except OSError:
        return False


def _free_port(addresses: Sequence[str]) -> int:
    """Return a TCP port that is free on all addresses."""
    for _ in range(PORT_ATTEMPTS):
        port = 0
        try:
            for address in addresses:
                with socket.create_server((address, port)) as server:
                    port = server.getsockname()[1]
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise NotFoundError(
                    f"this machine has no address {address}; macOS and BSD get it with "
                    f"'ifconfig lo0 alias {address}' as root, one for each server"
                ) from None
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return port
    raise DistccBuildError(f"no TCP port is free on {addresses[0]} to {addresses[-1]}")


def _user() -> pwd.struct_passwd | None:
    """Return the account distccd runs under when we are root, else None."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next((known[name] for name in ("distccd", "distcc", "nobody") if name in known), None)


def _path(path: str, user: pwd.struct_passwd | None) -> str:
    """Return where the servers find compilers: where the user does, by their real names.

    A masquerade directory would send a server's compile to distcc again; gcc fails where it
    meets a directory on PATH that its user may not search.
    """
    directories = [part for part in path.split(":") if part.startswith("/")]
    usable = [
        part
        for part in directories
        if not _masquerades(Path(part)) and (user is None or open_to_others(part))
    ]
    return ":".join(dict.fromkeys([*usable, *COMPILER_PATH.split(":")]))


def _masquerades(directory: Path) -> bool:
    names = ("cc", "gcc", "g++", "clang")
    targets = {Path(os.path.realpath(directory / name)).name for name in names}
    return bool(targets & {"distcc", "distcc-launch", "ccache", "icecc", "sccache"})
