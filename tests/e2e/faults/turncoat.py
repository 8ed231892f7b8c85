"""A server that hands requests on to a good one, and spoils what comes back."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from distcc_build.units import NAME

__all__ = ["SPOILERS", "black_hole", "turncoat"]


def black_hole(address: str, port: int) -> "contextlib.AbstractContextManager[object]":
    """Let packets to a port get lost: its queue of connections is full, as nobody takes any."""
    stack = contextlib.ExitStack()
    listening = stack.enter_context(socket.socket())
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, port))
    listening.listen(0)
    for _ in range(3):
        filler = stack.enter_context(socket.socket())
        filler.setblocking(False)
        filler.connect_ex((address, port))
    return stack


# A reply is DONE, STAT, SERR with text, SOUT with text, DOTO with the object.
SPOILERS: dict[str, tuple[str, Callable[[bytes], bytes | None]]] = {
    "closes": ("closes the connection without a word", lambda _: b""),
    "garbage": ("sends bytes that are no reply", lambda _: bytes(range(256)) * 40),
    "cut": ("sends half of a reply", lambda reply: reply[: len(reply) // 2]),
    "version": (
        "says another version of the protocol",
        lambda reply: reply.replace(b"DONE00000001", b"DONE00000063", 1),
    ),
    "huge": (
        "announces an object of 4 GiB",
        # The good one may be killed, and its reply end before.
        lambda reply: reply.partition(b"DOTO")[0] + b"DOTOffffffff" + reply[-100:],
    ),
    "status": (
        "says that the compiler crashed",
        lambda reply: reply.replace(b"STAT00000000", b"STAT0000000b", 1),
    ),
    "resets": ("resets the connection", lambda _: None),
}
"""Name -> what such a server does, and what it makes of a reply; None is a reset."""


@contextlib.contextmanager
def turncoat(
    address: str,
    behind: tuple[str, int],
    spoil: Callable[[bytes], bytes | None],
    *,
    while_judged: bool,
    until: threading.Event | None = None,
) -> Iterator[None]:
    """Serve at an address, by way of a good server.

    :param behind: the good server; its port is ours as well.
    :param while_judged: whether replies to probes are spoiled too.
    :param until: when the second half of a spoiled reply is sent; at once by default.
    """
    listening = socket.create_server((address, behind[1]), backlog=64)
    ending = threading.Event()

    def serve() -> None:
        while True:
            client, _ = listening.accept()
            if ending.is_set():
                client.close()
                return
            threading.Thread(target=_hand_on, args=(client,), daemon=True).start()

    def _hand_on(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(behind) as good:
            request, reply = _through(client, good)
            if while_judged or NAME.encode() not in request[:4096]:
                spoiled = spoil(reply) if reply else b""
                if spoiled is None:
                    now = struct.pack("ii", 1, 0)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
                    return
                reply = spoiled
                if until is not None:
                    client.sendall(reply[: len(reply) // 2])
                    until.wait()
                    reply = reply[len(reply) // 2 :]
            client.sendall(reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        socket.create_connection((address, behind[1])).close()
        thread.join()
        listening.close()


def _through(client: socket.socket, good: socket.socket) -> tuple[bytes, bytes]:
    """Hand on a request while it comes; returns it and the good server's whole reply."""
    parts: list[bytes] = []

    def forward() -> None:
        with contextlib.suppress(OSError):
            while part := client.recv(65536):
                parts.append(part)
                good.sendall(part)

    forwarding = threading.Thread(target=forward, daemon=True)
    forwarding.start()
    reply = b""
    # One that is killed before it takes the connection resets it.
    with contextlib.suppress(OSError):
        while part := good.recv(65536):
            reply += part
    # Closing alone would not be seen by the client while somebody still reads from it.
    client.shutdown(socket.SHUT_RD)
    forwarding.join()
    return b"".join(parts), reply
