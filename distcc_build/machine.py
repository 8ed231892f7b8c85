"""What is to be known of this machine: its cores, its own addresses, its name."""

import os
import socket
from pathlib import Path

from distcc_build.hostspec import IPAddress

__all__ = ["cores", "default_routes", "identity", "is_own"]


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


def default_routes(proc: Path = Path("/proc/net")) -> str:
    """Where packets to the rest of the world go (Linux); empty where that is not known.

    :param proc: where the kernel tells its routes.

    Two networks may have the same resolv.conf: with this they are less often taken for one.
    """
    found = []
    for name, columns, default in (
        ("route", (1, 7, 0, 2), ["00000000", "00000000"]),
        ("ipv6_route", (0, 1, 9, 4), ["0" * 32, "00"]),
    ):
        try:
            lines = (proc / name).read_text("ascii").splitlines()
        except (OSError, ValueError):
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > max(columns):
                *network, device, gateway = (fields[column] for column in columns)
                found += [f"{device} {gateway}"] if network == default and device != "lo" else []
    return "\n".join(sorted(found))


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
