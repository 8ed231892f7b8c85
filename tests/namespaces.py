"""Machines on one link of their own: each a network namespace, with its host name and its /run.

    with Link(tmp_path) as link:
        server, client = link.machine("server"), link.machine("client")
        link.start(server, "distccd", ...)
        client.run("ping", "-c1", str(server.address))

Nothing has a name on this machine: the namespaces end with the processes in them, and those with
the `with` block or this process.
"""

import ipaddress
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

import pytest
from running import eventually

from distcc_build.farm.lifeline import Lifeline

__all__ = ["PATH", "Link", "Machine", "needs_namespaces"]

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

HOLD = "mount -t tmpfs none /run && hostname {name} && ip link set lo up && exec sleep infinity"
UNSHARE = ("unshare", "--net", "--mount", "--uts")
NETWORK = ipaddress.ip_network("10.77.0.0/16")
NETWORK_LINK = ipaddress.ip_network("fe80::/64")
NETWORK_6 = ipaddress.ip_network("fd77::/64")


def missing() -> str:
    """Why this machine cannot have such a link; empty where it can."""
    if os.geteuid() != 0 or not all(shutil.which(one) for one in ("unshare", "nsenter", "ip")):
        return "needs root, unshare, nsenter and ip"
    tried = subprocess.run(
        [*UNSHARE, "sh", "-c", "mount -t tmpfs none /run && ip link add type bridge"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"this machine allows no namespaces: {tried.stderr.strip()}" if tried.returncode else ""


WHY = missing()
needs_namespaces = pytest.mark.skipif(bool(WHY), reason=WHY)


class Machine(NamedTuple):
    """One of a link's machines."""

    name: str
    pid: int
    """Of the process that holds its namespaces."""
    address: ipaddress.IPv4Address
    address_6: ipaddress.IPv6Address

    def inside(self, *words: str | Path, folder: Path = Path("/")) -> list[str]:
        """The command line that runs these words there.

        :param folder: to run in; to enter the mounts leads out of the one there was.
        """
        enter = ["nsenter", f"--target={self.pid}", "--net", "--mount", "--uts", "--"]
        return [*enter, "env", f"--chdir={folder}", *(os.fspath(word) for word in words)]

    def run(
        self, *words: str | Path, environ: Mapping[str, str] | None = None, status: int | None = 0
    ) -> str:
        """Run a command there to its end, and return what it prints on either stream.

        :param status: in which it has to end; None for any.
        """
        done = subprocess.run(
            self.inside(*words),
            env={"PATH": PATH, "LC_ALL": "C.UTF-8", **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert status in {None, done.returncode}, f"{words}: {done.returncode}\n{done.stdout}"
        return done.stdout


class Link:
    """An Ethernet switch, and machines at it.

    Args:
        directory: Where logs go, `MACHINE.NAME.log`.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = 0

    def __enter__(self) -> Self:
        self._lifeline = Lifeline().__enter__()
        try:
            self._switch = self._hold("switch")
            self._ip(self._switch, "link add switch type bridge mcast_snooping 0 forward_delay 0")
            self._ip(self._switch, "link set switch up")
        except BaseException:
            self._lifeline.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._lifeline.__exit__()

    def machine(self, name: str) -> Machine:
        """A machine more, with addresses of both families and a route to the world."""
        number, pid = self._count + 1, self._hold(name)
        address, address_6 = NETWORK[number], NETWORK_6[number]
        assert isinstance(address, ipaddress.IPv4Address)
        assert isinstance(address_6, ipaddress.IPv6Address)
        machine = Machine(name, pid, address, address_6)
        self.plug(machine, str(address), str(address_6))
        return machine

    def plug(self, machine: Machine, *addresses: str) -> None:
        """Pull a machine's cable, and plug in one of this link, where it has these addresses."""
        self._count += 1
        number, pid = self._count, machine.pid
        subprocess.run(
            machine.inside("ip", "link", "delete", "eth0"), capture_output=True, check=False
        )
        self._ip(self._switch, f"link add port{number} type veth peer name eth0 netns {pid}")
        self._ip(self._switch, f"link set port{number} master switch up")
        self._ip(pid, "link set eth0 addrgenmode none")
        # Without a search for duplicate addresses, which takes a second.
        for address in [*map(ipaddress.ip_address, addresses), NETWORK_LINK[number]]:
            length = 64 if address.version == 6 else NETWORK.prefixlen
            self._ip(pid, f"address add {address}/{length} dev eth0 nodad")
        self._ip(pid, "link set eth0 up")
        self._ip(pid, f"route add default via {NETWORK[-2]}")

    def start(
        self,
        machine: Machine,
        *words: str | Path,
        name: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> "Program":
        """Start a program there that runs on; it ends with the link at the latest.

        :param name: of its log; that of the program unless it is given.
        """
        log = self._directory / f"{machine.name}.{name or Path(words[0]).name}.log"
        process = self._lifeline.start(
            machine.inside(*words), log=log, environment={"PATH": PATH, **(environ or {})}
        )
        return Program(process, log)

    def _hold(self, name: str) -> int:
        log = self._directory / f"{name}.log"
        process = self._lifeline.start(
            [*UNSHARE, "sh", "-c", HOLD.format(name=name)], log=log, environment={"PATH": PATH}
        )
        command = Path(f"/proc/{process.pid}/comm")
        assert eventually(lambda: command.read_text() == "sleep\n"), log.read_text()
        return process.pid

    @staticmethod
    def _ip(pid: int, words: str) -> None:
        command = ["nsenter", f"--target={pid}", "--net", "--", "ip", *words.split()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"ip {words}: {done.stderr}"


class Program(NamedTuple):
    """One that was started on a machine."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self, text: str) -> bool:
        """Whether it has written this."""
        return text in self.log.read_text("utf-8", "replace")

    def await_said(self, text: str) -> None:
        """Wait until it has."""
        eventually(lambda: self.said(text) or self.process.poll() is not None)
        assert self.said(text), f"{self.log}: {self.log.read_text('utf-8', 'replace')}"
