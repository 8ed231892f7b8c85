"""What tests of pump mode share: which compiles servers preprocessed, servers that refuse it."""

import contextlib
import re
import signal
import socket
from collections.abc import Iterator

from e2e.faults.turncoat import turncoat
from running import eventually

from distcc_build.farm.loopback import Farm
from distcc_build.units import NAME

__all__ = ["preprocessed", "refusing"]


_LINE = re.compile(r"distccd\[(\d+)\] (?:compile from (\S+) to|\((dcc_fix_debug_info)\) client_p)")


def preprocessed(farm: Farm) -> int:
    """How many compiles that succeeded the servers preprocessed, by their own logs.

    Only behind those they look for the name of their own folder in the object.  Proofs of ours
    do not count.
    """
    count = 0
    for address in farm.daemons.addresses:
        source: dict[str, str] = {}
        for worker, compiled, looked in _LINE.findall(
            farm.daemons.log(address).read_text("utf-8", "replace")
        ):
            if compiled:
                source[worker] = compiled
            count += bool(looked) and not source[worker].startswith(NAME)
    return count


@contextlib.contextmanager
def refusing(farm: Farm, *numbers: int, good: int) -> Iterator[None]:
    """Have servers, by number, reset what is in protocol 3; all else goes to the good one."""
    with contextlib.ExitStack() as stack:
        for number in numbers:
            address = farm.daemons.addresses[number - 1]
            farm.daemons.signal(address, signal.SIGKILL)
            assert eventually(lambda: _nobody(address, farm.daemons.port))  # noqa: B023
            behind = (farm.daemons.addresses[good - 1], farm.daemons.port)
            stack.enter_context(turncoat(address, behind, _no_pump, while_judged=True))
        yield


def _nobody(address: str, port: int) -> bool:
    with socket.socket() as link:
        return link.connect_ex((address, port)) != 0


def _no_pump(reply: bytes) -> bytes | None:
    return None if reply.startswith(b"DONE00000003") else reply
