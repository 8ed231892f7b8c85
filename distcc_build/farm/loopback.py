"""The whole farm on this machine: name server, distccd servers, and the environment to use them."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from distcc_build import zonefile
from distcc_build.farm.daemons import Daemons, Differing, open_to_others
from distcc_build.farm.lifeline import Lifeline
from distcc_build.farm.nameserver import NameServer
from distcc_build.farm.zone import Zone

__all__ = ["DEFAULT_SERVERS", "DOMAIN", "Farm"]

DOMAIN = "farm.test"
DEFAULT_SERVERS = 3


class Farm:
    """A farm that exists while its `with` block does, and leaves nothing behind.

    It has its own cache, distcc directory and temporary files, so nothing of the user's is
    read or changed.

    Args:
        servers: How many distccd.
        slots: Jobs at once per server; None makes the farm large enough that a client of this
            size compiles nothing itself.
        environ: Environment the farm is started from.
        differing: Servers, by number from 1 on, that are not like the rest.

    Raises:
        NotFoundError: On entering: no distccd, or no loopback addresses for them.
        DistccBuildError: On entering: distccd does not start.
    """

    nameserver: NameServer
    """Its `queries` show what was asked."""
    daemons: Daemons
    """Its `compiles()` shows what was built where."""
    directory: Path
    """Everything of the farm's: `cache`, `distcc`, and `servers` with their logs."""

    def __init__(
        self,
        *,
        servers: int = DEFAULT_SERVERS,
        slots: int | None = None,
        environ: Mapping[str, str] = os.environ,
        differing: Mapping[int, Differing] | None = None,
    ) -> None:
        self._servers = servers
        self._slots = slots
        self._differing = differing
        self._environ = environ

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            lifeline = stack.enter_context(Lifeline())
            self.directory = Path(tempfile.mkdtemp(prefix="distcc-build-farm-", dir=_temporary()))
            lifeline.remove(self.directory)
            stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
            # The servers may run as another user, who passes through here to their own files.
            self.directory.chmod(0o711)
            for name, mode in (("cache", 0o700), ("distcc", 0o700), ("servers", 0o711)):
                (self.directory / name).mkdir()
                (self.directory / name).chmod(mode)
            self.daemons = stack.enter_context(
                Daemons(
                    self.logs,
                    servers=self._servers,
                    slots=self._slots,
                    environ=self._environ,
                    differing=self._differing,
                )
            )
            self.nameserver = stack.enter_context(NameServer(self._zone()))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _zone(self) -> Zone:
        """The servers by number, and as services for DNS-SD."""
        listed = tuple(zonefile.parse_listed(address) for address in self.daemons.addresses)
        asked = zonefile.Zone(listed, DOMAIN, services=True, port=self.daemons.port)
        names: dict[str, list[str]] = {}
        for one in zonefile.records(asked):
            names.setdefault(one.name, []).append(f"{one.type} {one.data}")
        return Zone(names, origins=[f"{DOMAIN}."])

    @property
    def exports(self) -> dict[str, str]:
        """The variables that point a build at this farm, whatever the user has configured."""
        return {
            "DISTCC_HOSTS": "--discover-distccN",
            "DISTCC_DIR": str(self.directory / "distcc"),
            "DISTCC_BUILD_CACHE_DIR": str(self.directory / "cache"),
            "DISTCC_BUILD_RESOLVER": "dns",
            "DISTCC_BUILD_NAMESERVERS": self.nameserver.endpoint,
            "DISTCC_BUILD_PATTERN": "distcc%d",
            "DISTCC_BUILD_DOMAIN": DOMAIN,
            "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
            "DISTCC_BUILD_PORT": str(self.daemons.port),
            "DISTCC_BUILD_LIMIT": str(self.daemons.slots),
        }

    @property
    def logs(self) -> Path:
        """The directory with the log of each server, `ADDRESS.log`."""
        return self.directory / "servers"

    def environment(self, environ: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return an environment (default: the one the farm was started from) with `exports`."""
        environment = {**(self._environ if environ is None else environ), **self.exports}
        # It would stand in for DISTCC_HOSTS: left by a `distcc-build run` around this farm.
        environment.pop("DISTCC_BUILD_HOSTS", None)
        return environment


def _temporary() -> str:
    """Return where to put the farm: distccd leaves root, and must still reach its files."""
    usual = tempfile.gettempdir()
    return usual if os.geteuid() != 0 or open_to_others(usual) else "/tmp"  # noqa: S108
