"""A network of its own, in which programs find the name server that a test runs.

Programs that ask the C library for names read /etc/resolv.conf and ask port 53, so they are run
where both are the test's: in a network namespace, and in a mount namespace for each program.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = ["Network", "Ran", "network", "why_not"]

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of linux/sched.h; os.unshare is there from Python 3.12 on."""

SET_FLAGS, UP = 0x8914, 0x1
"""SIOCSIFFLAGS and IFF_UP of linux/sockios.h and linux/if.h."""

APART = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
"""In namespaces in which everything ends with the first program; lsdistcc's helpers go on for
20 s where no name server answers."""

MOUNTED = 'mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/nsswitch.conf && '


class Ran(NamedTuple):
    """What came of a command line."""

    status: int
    """That of a shell: more than 128 by a signal."""
    out: str
    err: str


class Network:
    """A network namespace with nothing in it but a loopback interface."""

    def __init__(self, file: int, directory: Path) -> None:
        self._file = file
        self._directory = directory
        directory.joinpath("nsswitch.conf").write_text("hosts: dns\n", "utf-8")
        self.resolv_conf("")

    def resolv_conf(self, text: str) -> None:
        """Have programs read this from now on."""
        self._directory.joinpath("resolv.conf").write_text(text, "utf-8")

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """What this thread starts and listens on meanwhile is in the namespace, for good."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _system("setns", self._file, NEW_NETWORK)
            yield
        finally:
            _system("setns", before, NEW_NETWORK)
            os.close(before)

    def run(self, line: str, environ: Mapping[str, str], cwd: Path) -> Ran:
        """Run a line of sh.

        Whatever it leaves running is ended.
        """
        files = [str(self._directory / name) for name in ("resolv.conf", "nsswitch.conf")]
        there = f"/proc/{os.getpid()}/fd/{self._file}"
        done = subprocess.run(
            ["nsenter", f"--net={there}", *APART, "sh", "-c", MOUNTED + line, "sh", *files],
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def network(directory: Path) -> Iterator[Network]:
    """Make one; it is gone when the last program in it is.

    :param directory: for its files.
    """
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _system("unshare", NEW_NETWORK)
        file = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14x", b"lo", UP))
    finally:
        _system("setns", before, NEW_NETWORK)
        os.close(before)
    try:
        yield Network(file, directory)
    finally:
        os.close(file)


def why_not() -> str:
    """Why this machine can have no such network; empty where it can."""
    missing = [one for one in ("unshare", "nsenter", "mount") if shutil.which(one) is None]
    if missing:
        return f"there is no {missing[0]} here"
    if not all(Path("/etc", name).exists() for name in ("resolv.conf", "nsswitch.conf")):
        return "/etc has no resolv.conf or no nsswitch.conf, over which another could be mounted"
    line = "mount --bind /etc/nsswitch.conf /etc/resolv.conf"
    words = ["unshare", "--net", *APART[1:], "sh", "-c", line]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"no namespaces: {tried.stderr.strip()}" if tried.returncode else ""


def _system(name: str, *arguments: int) -> None:
    """A call of the C library that is not in Python's os."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
