"""What is to be known of this machine: its cores, its own addresses, its name."""

import os
import socket
from pathlib import Path

from distcc_build.hostspec import IPAddress

__all__ = ["cores", "identity", "is_own"]


def cores() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, BSD
        return os.cpu_count() or 1


def identity() -> str:
    """What tells this client of the farm from all others: the machine and the user."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            machine = Path(path).read_text("ascii").strip()
        except (OSError, ValueError):
            continue
        if machine:
            break
    else:
        machine = socket.gethostname()
    # Containers of one image share the file, and not the name.
    return f"{machine} {socket.gethostname()} {os.geteuid()}"


def is_own(address: IPAddress) -> bool:
    """Whether packets to `address` stay on this machine.

    The kernel picks the address itself as the source of packets to it, and no other one
    does (a bind() that works proves nothing where net.ipv4.ip_nonlocal_bind is set).  A
    UDP connect sends nothing.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return bool(probe.getsockname()[0] == str(address))
    except OSError:
        return False
