"""What `require_dnssec` asks of name servers, and who answers where it cannot be had.

A validating resolver says with the AD bit of an answer that DNSSEC proves it (RFC 4035 section
3.2.3), and a client that asks with that bit is told (RFC 6840 section 5.7).  Anybody on the way
can set a bit, so that it is worth something only where there is no way: from a resolver on a
loopback address of this machine.  It is not checked that the resolver validates itself; a
forwarder there that passes the bit on is worth as much as the way behind it.
"""

import functools
import ipaddress
from collections.abc import Sequence
from typing import Self

from distcc_build.loop import Loop
from distcc_build.resolve.answers import Failed, Labels
from distcc_build.resolve.pair import Reply

__all__ = ["BOGUS", "NOT_VALIDATED", "NO_VALIDATOR", "SYSTEM", "Unasked", "on_this_machine"]

NOT_VALIDATED = (
    "the answer is not validated, as require_dnssec wants it (sign the zone, and let the resolver"
    " on this machine validate)"
)
BOGUS = "SERVFAIL: the resolver on this machine has no answer, or one whose signature is wrong"
NO_VALIDATOR = (
    "require_dnssec believes only a name server on this machine, and none is set (run a validating"
    " resolver here, such as unbound)"
)
SYSTEM = 'require_dnssec cannot be had with resolver = "system" (set resolver = "dns")'


def on_this_machine(servers: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those name servers, by address and port, whose packets never leave this machine."""
    return [one for one in servers if _is_loopback(one[0])]


def _is_loopback(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.is_loopback and (address.version == 4 or int(address) == 1)


class Unasked:
    """In the place of a resolver: nothing is asked, and every name has failed for one reason."""

    queries = 0

    def __init__(self, loop: Loop, why: str) -> None:
        self._loop = loop
        self._why = why

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, name: str, reply: Reply) -> None:  # noqa: ARG002
        """Answer that the name could not be asked."""
        self._loop.call_soon(functools.partial(reply, Failed(self._why)))

    ask_text = ask

    def ask_records(self, name: Labels, rdtype: int, reply: Reply) -> None:  # noqa: ARG002
        """Answer that the records could not be asked for."""
        self._loop.call_soon(functools.partial(reply, Failed(self._why)))
