"""What a probe can find out about a server for one compiler, in words.  Asks nothing itself."""

from enum import Enum
from typing import NamedTuple

__all__ = ["Cause", "Verdict", "first_line"]


class Cause(Enum):
    """Why a server is used for a compiler, or not."""

    OK = "ok"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    DENIED = "denied"
    NOT_LISTED = "not listed"
    MISSING = "compiler missing"
    VERSION = "other version"
    TARGET = "other target"
    DIFFERENT = "different object"
    FAILED = "compile fails"
    SILENT = "silent"
    NOT_DISTCCD = "not distccd"
    PROTOCOL = "protocol"

    @property
    def meaning(self) -> str:
        """What it says of the server, in one clause."""
        return _TEXTS[self][0]

    @property
    def remedy(self) -> str:
        """What to do about it; empty where nothing is wrong."""
        return _TEXTS[self][1]


# How each shows itself on the wire: distcc 3.4, measured against the real server.
_TEXTS = {
    Cause.OK: ("gives the object that this machine gives", ""),
    Cause.REFUSED: (
        "no daemon listens there",
        "start distccd on it, or correct its port (where it is listed, else option 'port')",
    ),
    Cause.UNREACHABLE: (
        "it cannot be reached",
        "see that it is switched on and that no firewall drops the port",
    ),
    Cause.DENIED: (
        "it resets the connection: this client is not allowed",
        "add this machine's network to its --allow (Debian: ALLOWEDNETS in /etc/default/distcc)",
    ),
    Cause.NOT_LISTED: (
        "the compiler is not in its list of compilers",
        "run update-distcc-symlinks there, or link the name into /usr/lib/distcc",
    ),
    Cause.MISSING: (
        "the compiler is not installed there",
        "install it where distccd's PATH looks",
    ),
    Cause.VERSION: ("the compiler has another version", "install the same version on both"),
    Cause.TARGET: (
        "the compiler makes code for another machine",
        "name the compiler by its target, such as x86_64-linux-gnu-gcc, on both",
    ),
    Cause.DIFFERENT: (
        "the compiler gives another object, by other default options or patches",
        'install the same package on both, or set match = "version" to accept it',
    ),
    Cause.FAILED: ("the compiler fails there", "compile something on it by hand"),
    Cause.SILENT: (
        "it accepts the connection and does not answer in time",
        "it is frozen, or busy with more jobs than it can run: see its load, restart distccd",
    ),
    Cause.NOT_DISTCCD: (
        "something else than distccd answers",
        "correct its address, or its port (where it is listed, else option 'port')",
    ),
    Cause.PROTOCOL: (
        "it does not speak the protocol that is needed",
        "upgrade distccd there, or do without compression and pump mode",
    ),
}


class Verdict(NamedTuple):
    """What one server is worth to one compiler."""

    cause: Cause
    why: str = ""
    """What was seen, such as both versions or the compiler's complaint; may be empty."""
    latency: float | None = None
    """Seconds until the whole object of the proof was here; None when none came."""
    version: str = ""
    """The server's compiler, as -dumpfullversion says; empty where it was not asked."""
    target: str = ""
    """As -dumpmachine says; empty where it was not asked."""
    lzo: bool | None = None
    """Whether the protocol for compression is spoken; None where it was not asked."""
    pump: bool | None = None
    """Whether the protocol for pump mode is spoken; None where it was not asked."""

    @property
    def good(self) -> bool:
        """Whether the server gets compiles of this compiler."""
        return self.cause is Cause.OK

    @property
    def seen(self) -> str:
        """What is the matter, for people."""
        return f"{self.cause.meaning} ({self.why})" if self.why else self.cause.meaning

    @property
    def sentence(self) -> str:
        """What is the matter and what to do, for people.

        >>> Verdict(Cause.FAILED, "disk full").sentence
        'the compiler fails there (disk full): compile something on it by hand'
        """
        return f"{self.seen}: {self.cause.remedy}" if self.cause.remedy else self.seen


def first_line(said: bytes) -> str:
    r"""The first line of what a compiler says, as printable ASCII: it may go to a terminal.

    >>> first_line(b"\x1b[31mno space left\ncompilation terminated")
    '?[31mno space left'
    """
    text = said.strip().partition(b"\n")[0][:200].decode("ascii", "replace").strip()
    return "".join(one if " " <= one <= "~" else "?" for one in text)
