"""What is to be known of this machine: its cores, its own addresses, its name."""

import fcntl
import os
import re
import socket
import struct
from pathlib import Path

from distcc_build.hostspec import IPAddress

__all__ = ["cores", "default_routes", "identity", "is_own", "own_networks"]


SIOCGIFADDR = 0x8915
IFNAMSIZ = 16
"""Of Linux (linux/sockios.h, linux/if.h)."""


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
    """Where packets to the rest of the world go, and from where (Linux); empty where not known.

    :param proc: where the kernel tells its routes.

    Two networks may have the same resolv.conf, and many have the same router's address: with this
    they are less often taken for one.
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
    devices = {one.partition(" ")[0] for one in found}
    return "\n".join(sorted(found) + [_address(one) for one in sorted(devices)])


def _address(device: str) -> str:
    """An interface's IPv4 address (netdevice(7)); empty where there is none.

    Not the IPv6 ones: those for privacy are others every day.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            name = struct.pack("40s", device.encode()[: IFNAMSIZ - 1])
            return socket.inet_ntoa(fcntl.ioctl(link.fileno(), SIOCGIFADDR, name)[20:24])
    except OSError:
        return ""


def own_networks(proc: Path = Path("/proc/net")) -> str:
    """Networks that this machine is on, and its addresses there (Linux); empty if not known.

    :param proc: where the kernel tells of them.

    What was heard on one link must not be looked for on another.  Two networks of the same numbers
    are told apart where this machine has another address in each, or their gateways have.
    """
    found: list[str] = []
    links: set[str] = set()
    for line in _lines(proc / "route")[1:]:
        fields = line.split()
        # A route to one machine is a tunnel's or a container's.
        if len(fields) > 7 and fields[7] != "FFFFFFFF":
            links.add(fields[0])
            found.append(" ".join(fields[place] for place in (0, 1, 2, 7)))
    addresses = [line.split() for line in _lines(proc / "if_inet6") if _INET6.fullmatch(line)]
    # Privacy addresses come and go on one link (RFC 8981; IFA_F_TEMPORARY).
    lasting = [one for one in addresses if not int(one[4], 16) & 0x01]
    links |= {one[5] for one in lasting if one[3] != LINK_LOCAL}
    # Containers' ends of a cable have nothing but a link-local address, and come and go as well.
    found += [f"{one[5]} {one[0]} {one[2]}" for one in lasting if one[5] in links - {"lo"}]
    before = ""
    for line in _lines(proc / "fib_trie"):
        if line.strip() == "/32 host LOCAL" and not before.startswith("127."):
            found.append(before)
        before = line.rpartition(" ")[2]
    return "\n".join(sorted(set(found)))


LINK_LOCAL = "20"
"""Scope of an address, as the kernel writes it."""

_INET6 = re.compile(r"[0-9a-f]{32} [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ +\S+")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").splitlines()
    except (OSError, ValueError):
        return []


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
