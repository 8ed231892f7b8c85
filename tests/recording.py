"""What a distcc client really sends: a proxy in front of a server keeps every request."""

import contextlib
import re
import socket
import threading
from typing import Self

__all__ = ["RecordingProxy", "command_line"]


class RecordingProxy:
    """Passes connections on to a server, and keeps what clients send.

    Args:
        server: Address and port of the real one.
        refused: Requests that begin so are reset, as distccd does with versions it does not know.
    """

    def __init__(self, server: tuple[str, int], refused: bytes = b"nothing") -> None:
        self._server = server
        self._refused = refused
        self.requests: list[bytes] = []

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._socket.close()

    _ending = False

    def _serve(self) -> None:
        while True:
            client, _ = self._socket.accept()
            with client, contextlib.suppress(OSError):
                if self._ending:
                    return
                with socket.create_connection(self._server) as server:
                    self._pass_on(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        """One job: the request is whole when its source is; then the reply, up to its end."""
        received = client.recv(12)
        if received == self._refused:
            return  # what was not read makes the end a reset
        server.sendall(received)
        while not _whole(received):
            part = client.recv(65536)
            if not part:
                break
            received += part
            server.sendall(part)
        self.requests.append(received)
        while part := server.recv(65536):
            client.sendall(part)


def command_line(request: bytes) -> list[str]:
    """The words of a request of protocol 1."""
    words, rest = [], request[24:]
    for _ in range(int(request[16:24], 16)):
        size = int(rest[4:12], 16)
        words.append(rest[12 : 12 + size].decode())
        rest = rest[12 + size :]
    return words


def _whole(request: bytes) -> bool:
    found = re.search(rb"(?:DOTI|FILE)([0-9a-f]{8})", request)
    return found is not None and len(request) >= found.end() + int(found[1], 16)
