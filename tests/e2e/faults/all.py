"""The list of all faults."""

from e2e.faults.daemons import SERVERS
from e2e.faults.kept import FILES
from e2e.faults.names import NAMES
from e2e.faults.process import PROCESS
from e2e.faults.scene import Fault

__all__ = ["FAULTS", "RELATED"]

FAULTS: list[Fault] = [*PROCESS, *NAMES, *SERVERS, *FILES]

RELATED = {
    "cache-is-a-link",
    "cache-open-to-all",
    "configuration-binary",
    "configuration-directory",
    "distcc-without-libraries",
    "home-nonexistent",
    "hosts-half-bad",
    "limit-memory",
    "lock-foreign",
    "lock-from-the-future",
    "lock-symlink",
    "names-formerr",
    "names-half-silent",
    "names-nodata",
    "names-nxdomain",
    "names-one-fails",
    "names-refused",
    "names-tcp-closes",
    "names-tcp-cut",
    "names-too-slow",
    "names-wrong-question",
    "other-locale",
    "plan-and-farm-binary",
    "plan-and-farm-empty",
    "plan-and-farm-fifo",
    "plan-and-farm-hard-link",
    "plan-and-farm-long-ago",
    "resolv-conf-empty",
    "server-cut",
    "server-garbage",
    "server-resets",
    "server-status",
    "server-turns-to-cut",
    "server-turns-to-garbage",
    "server-turns-to-huge",
    "server-turns-to-resets",
    "server-turns-to-status",
    "server-turns-to-version",
    "server-version",
    "tmpdir-is-a-file",
    "tmpdir-not-writable",
    "umask-of-nobody",
}
"""Those that go the way of another one: met when there is time for them."""
