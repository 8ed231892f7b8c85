"""Looks names up as every program of this machine does (getaddrinfo), many at once."""

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from distcc_build.hostspec import parse_address
from distcc_build.resolve.answers import lowest
from distcc_build.sources.entries import ABSENT, Answer

__all__ = ["ABSENT", "Answer", "look_up"]

THREADS = 32
"""Names that are looked up at once."""

LATE = "no answer in time"


def look_up(names: Sequence[str], end: float) -> dict[str, Answer]:
    """The addresses of each name, or why they are not known.

    :param names: or addresses, which stand for themselves.
    :param end: of time.monotonic(); the C library may take longer, in threads that are left.
    """
    found: dict[str, Answer] = dict.fromkeys(names, LATE)
    waiting, answered = SimpleQueue[str](), SimpleQueue[tuple[str, Answer]]()
    for name in found:
        try:
            found[name] = (parse_address(name),)
        except ValueError:
            waiting.put(name)
    left = waiting.qsize()
    for _ in range(min(left, THREADS)):
        threading.Thread(target=_serve, args=(waiting, answered), daemon=True).start()
    with contextlib.suppress(Empty):
        for _ in range(left):
            name, answer = answered.get(timeout=max(end - time.monotonic(), 0.01))
            found[name] = answer
        return found
    with contextlib.suppress(Empty):
        while True:
            # Nobody waits for these any more.
            waiting.get_nowait()
    return found


def _serve(waiting: SimpleQueue[str], answered: SimpleQueue[tuple[str, Answer]]) -> None:
    with contextlib.suppress(Empty):
        while True:
            name = waiting.get_nowait()
            answered.put((name, _address(name)))


def _address(name: str) -> Answer:
    # Not those of resolve/system.py: short names are found along the search list here.
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        absent = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)}
        return ABSENT if absent else (error.strerror or "failed")
    except (OSError, UnicodeError) as error:
        return str(error)
    return lowest(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found)
