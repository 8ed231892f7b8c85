"""One host of a hosts list, and how it is written for distcc.  The grammar is in hosts.py."""

import ipaddress
import re
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple, TypeAlias

from distcc_build.errors import HostsError

__all__ = [
    "DEFAULT_PORT",
    "DISCOVER",
    "DISCOVER_FILE",
    "DNS_SD",
    "MAX_LIMIT",
    "SOURCES",
    "ZEROCONF",
    "Hostspec",
    "IPAddress",
    "Kind",
    "Word",
    "is_address",
    "is_source",
    "misread",
    "parse_address",
    "plainly",
]

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORT = 3632
"""Assigned to distcc by IANA; distcc's own default."""

DISCOVER = "--discover-distccN"
"""The word that asks for numbered names (proposed for distcc in August 2005)."""

DNS_SD = "--discover-dns-sd"
"""The word that asks for the services that a DNS zone lists (RFC 6763)."""

ZEROCONF = "+zeroconf"
"""distcc's own word for the services that machines of this link announce (RFC 6762)."""

DISCOVER_FILE = "--discover-file="
"""Begins the word that asks for the hosts which a file, or a command's output, lists."""

SOURCES = f"{DISCOVER}, {DNS_SD}, {ZEROCONF} or {DISCOVER_FILE}/PATH"
"""For people."""

DEFAULT_LIMITS = {"tcp": 4, "ssh": 4, "local": 2}
"""Slots that distcc 3.4 gives a hostspec without a limit."""

MAX_LIMIT = 10_000
"""distcc looks for a free slot in lock files 0..9999 of a host."""

_DISCOVERED = re.compile(r"([0-9.]+|\[[0-9a-f:.]+\])(:[0-9]+)?/[0-9]+(,lzo)?(,cpp)?")
"""Every token that discovery may put into a list: nothing for ssh, a shell or distcc's options."""

# What inet_aton(3) takes for an address: parts may be missing, octal and hexadecimal.
_NUMBERS = re.compile(r"(0[xX][0-9A-Fa-f]*|[0-9]+)(\.(0[xX][0-9A-Fa-f]*|[0-9]+))*\.?")


# What Linux may call an interface, without the signs that would end a token or a label.
_ZONE = re.compile(r"(?=.{1,15}$)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def parse_address(text: str) -> IPAddress:
    """The address that a text stands for; an IPv6 address may name an interface behind a "%".

    :raises ValueError: for anything else.  ipaddress alone takes any text behind the "%".

    >>> parse_address("fe80::1%eth0.7")
    IPv6Address('fe80::1%eth0.7')
    """
    _, sign, zone = text.partition("%")
    if sign and not _ZONE.fullmatch(zone):
        raise ValueError("no name of an interface")
    return ipaddress.ip_address(text)


def is_address(text: str) -> bool:
    """Whether `parse_address` takes it."""
    try:
        parse_address(text)
    except ValueError:
        return False
    return True


def plainly(host: str) -> str:
    """A name as it is, and an address in its one form: of two texts, whether they are one host.

    >>> plainly("FD00:0::1"), plainly("big")
    ('fd00::1', 'big')
    """
    return str(parse_address(host)) if is_address(host) else host


def misread(host: str) -> str:
    """Why a host is none though it passes for a name: the C library reads an address out of it.

    >>> misread("10.1.0.011"), misread("10.1.0.11")
    ('numbers that are no address: expected four, without zeros before them', '')
    """
    if not _NUMBERS.fullmatch(host) or is_address(host):
        return ""
    return "numbers that are no address: expected four, without zeros before them"


def is_source(text: str) -> bool:
    """Whether a word of a hosts list asks for servers from somewhere."""
    if text.startswith(DISCOVER_FILE):
        return bool(re.fullmatch(r"/[!-~]*", text.removeprefix(DISCOVER_FILE))) and "#" not in text
    return text in {DISCOVER, DNS_SD, ZEROCONF}


class Kind(Enum):
    """How distcc reaches a host."""

    TCP = "tcp"
    SSH = "ssh"
    LOCAL = "local"


class Word(NamedTuple):
    """A word of the list that is not a host; `text` is as written."""

    text: str


class Hostspec(NamedTuple):
    """One host of the list."""

    kind: Kind
    host: str
    """Name or address, without brackets."""
    port: int = DEFAULT_PORT
    limit: int | None = None
    """Jobs at once; None leaves it to distcc."""
    options: tuple[str, ...] = ()
    """Of lzo, cpp, down, auth, auth=NAME, as written."""
    user: str = ""
    """SSH only; empty for the user's own name."""
    command: str = ""
    """SSH only: the remote command; empty for distcc's default."""
    verbatim: str = ""
    """The token as the user wrote it; empty for one that we made."""

    @property
    def slots(self) -> int:
        """Jobs at once that distcc will give this host."""
        return DEFAULT_LIMITS[self.kind.value] if self.limit is None else self.limit

    @property
    def usable(self) -> bool:
        """False for a host that is marked down."""
        return "down" not in self.options

    @property
    def place(self) -> tuple[Kind, str, int]:
        """Where it leads: two entries of one address have the same, however it is written."""
        return self.kind, plainly(self.host), self.port

    @property
    def says_port(self) -> bool:
        """Whether it was written with a port: the usual one may be meant where another is set."""
        return ":" in self.verbatim.partition(",")[0].rpartition("]")[2]

    def __str__(self) -> str:
        """The token for DISTCC_HOSTS."""
        if self.verbatim:
            return self.verbatim
        text = f"[{self.host}]" if ":" in self.host else self.host
        if self.kind is Kind.SSH:
            text = f"{self.user}@{text}"
        if self.kind is Kind.TCP and self.port != DEFAULT_PORT:
            text += f":{self.port}"
        if self.limit is not None:
            text += f"/{self.limit}"
        if self.command:
            text += f":{self.command}"
        return ",".join([text, *self.options])

    @classmethod
    def server(
        cls, address: IPAddress, port: int, limit: int, options: Iterable[str] = ()
    ) -> "Hostspec":
        """The hostspec of a server that was discovered: from typed values only, never from text.

        :param port: 1 to 65535.
        :param limit: jobs at once, 1 or more.
        :param options: of lzo, cpp.
        :raises HostsError: when a value is out of its range; a list that held it would
            disable every host (`a/0`) or hang for ever (`a/-5`).
        """
        chosen = tuple(options)
        made = cls(Kind.TCP, str(address), port, limit, chosen)
        # An IPv6 address may have any text behind a "%", its zone.
        sound = 0 < port < 65536 and 0 < limit <= MAX_LIMIT and _DISCOVERED.fullmatch(str(made))
        if not sound:
            msg = f"no hostspec can be made of {address!a}, port {port}, limit {limit}, {chosen}"
            raise HostsError(msg)
        return made
