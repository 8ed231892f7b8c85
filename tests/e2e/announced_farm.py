"""Servers as Debian has them: distccd --zeroconf and avahi-daemon, each on a machine of its own."""

import re
import shutil
from pathlib import Path

import pytest
from namespaces import PATH, Link, Machine, Program, needs_namespaces

from distcc_build.units import NAME

__all__ = ["AnnouncedFarm", "needs_avahi", "run_avahi"]

PROGRAMS = ("avahi-daemon", "dbus-daemon", "distccd")

ABSENT = [one for one in PROGRAMS if not shutil.which(one, path=PATH)]
needs_avahi = (
    needs_namespaces
    if not ABSENT
    else pytest.mark.skip(reason=f"not installed: {' '.join(ABSENT)}")
)

# As Debian's for the system's bus, without what starts programs and needs its users.
BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


def run_avahi(link: Link, machine: Machine, directory: Path) -> None:
    """Run Debian's avahi-daemon as Debian configures it, and the bus at which it is asked."""
    bus = directory / "bus.conf"
    bus.write_text(BUS)
    machine.run("mkdir", "/run/dbus")
    link.start(machine, "dbus-daemon", f"--config-file={bus}", "--nofork", "--nopidfile")
    machine.run("sh", "-c", "until [ -e /run/dbus/system_bus_socket ]; do sleep 0.01; done")
    # Its limits on processes count those of this whole machine.
    daemon = link.start(machine, "avahi-daemon", "--no-rlimits")
    daemon.await_said("Server startup complete")


class AnnouncedFarm:
    """Servers on a link, and a client that knows nothing of them.

    Args:
        link: Where they are; it ends them.
        directory: For logs.
        servers: How many.
        slots: Jobs at once that each announces.
    """

    def __init__(self, link: Link, directory: Path, *, servers: int = 5, slots: int = 1) -> None:
        self._link = link
        self.client = link.machine("client")
        self.servers = [link.machine(f"build{number + 1}") for number in range(servers)]
        self._daemons: dict[str, Program] = {}
        for machine in self.servers:
            run_avahi(link, machine, directory)
            options = ["--daemon", "--no-detach", "--log-stderr", "--log-level=info"]
            options += ["--user=distccd", f"--jobs={slots}", "--allow=10.77.0.0/16", "--zeroconf"]
            daemon = link.start(
                machine, "distccd", *options, environ={"PATH": "/usr/local/bin:/usr/bin:/bin"}
            )
            daemon.await_said("preforking daemon started")
            self._daemons[machine.name] = daemon

    @property
    def addresses(self) -> set[str]:
        """Of the servers."""
        return {str(one.address) for one in self.servers}

    def compiles(self) -> list[tuple[str, str]]:
        """The server and the source's name of each compile, but for those that test a server."""
        jobs = re.compile(r"client: \S+ COMPILE_OK exit:0 .* (\S+)$", re.MULTILINE)
        return [
            (name, Path(source).name)
            for name, daemon in self._daemons.items()
            for source in jobs.findall(daemon.log.read_text("utf-8", "replace"))
            if NAME not in source
        ]

    def run_dnsmasq(self, *lines: str) -> str:
        """Run a name server on the client until the link ends.

        :param lines: what it is to know, in its configuration's words.
        :returns: where it is asked.
        """
        basics = ["no-resolv", "no-hosts", "bind-interfaces", "listen-address=127.0.0.1"]
        basics += ["port=53", "pid-file=", "user=", "group=", "log-facility=-", "neg-ttl=30"]
        options = [f"--{one}" for one in [*basics, *lines]]
        daemon = self._link.start(self.client, "dnsmasq", "--keep-in-foreground", *options)
        daemon.await_said("started")
        return "127.0.0.1:53"
