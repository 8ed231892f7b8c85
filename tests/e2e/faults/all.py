"""The list of all faults."""

from e2e.faults.daemons import SERVERS
from e2e.faults.kept import FILES
from e2e.faults.names import NAMES
from e2e.faults.process import PROCESS
from e2e.faults.scene import Fault

__all__ = ["FAULTS", "RELATED"]

FAULTS: list[Fault] = [*PROCESS, *NAMES, *SERVERS, *FILES]

RELATED = {
    "home-nonexistent",
    "limit-memory",
    "names-formerr",
    "names-nodata",
    "names-tcp-closes",
    "names-tcp-cut",
    "names-too-slow",
    "names-wrong-question",
    "resolv-conf-empty",
    "server-cut",
    "server-garbage",
    "server-status",
    "server-version",
    "server-turns-to-garbage",
    "server-turns-to-status",
    "configuration-directory",
    "distcc-without-libraries",
    "lock-foreign",
    "lock-symlink",
    "plan-and-farm-binary",
    "plan-and-farm-empty",
    "plan-and-farm-hard-link",
    "tmpdir-is-a-file",
}
"""Those that go the way of another one: met when there is time for them."""
