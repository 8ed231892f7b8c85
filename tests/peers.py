"""What tests talk to besides our own name server: dnsmasq, sick distccds, ports without anybody."""

import contextlib
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

__all__ = ["DNSMASQ", "Dnsmasq", "FakeDistccd", "closed_port", "dnsmasq"]

# The Debian package puts it where an ordinary user's PATH does not look.
DNSMASQ = shutil.which("dnsmasq") or shutil.which("dnsmasq", path="/usr/sbin:/usr/local/sbin")


@dataclass(frozen=True, slots=True)
class Dnsmasq:
    """A dnsmasq that runs."""

    port: int
    log: Path

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def queries(self) -> list[tuple[str, str]]:
        """Return (type, name without the last dot) of every question so far."""
        return re.findall(r"query\[(\w+)\] (\S+) from", self.log.read_text("utf-8"))


@contextlib.contextmanager
def dnsmasq(directory: Path, lines: Iterable[str]) -> Iterator[Dnsmasq]:
    """Run dnsmasq on a free port.

    Args:
        directory: For its configuration and log.
        lines: Configuration beside the basics, such as `local=/farm.test/` and
            `host-record=distcc1.farm.test,10.0.0.1,30`.
    """
    assert DNSMASQ, "dnsmasq is not installed (Debian: dnsmasq-base)"
    basics = ["no-resolv", "no-hosts", "bind-interfaces", "listen-address=127.0.0.1"]
    basics += ["log-queries", "pid-file=", "user=", "group=", "local-ttl=30", "neg-ttl=30"]
    configuration, log = directory / "dnsmasq.conf", directory / "dnsmasq.log"
    process, port = None, 0
    while process is None:
        port = closed_port()
        configuration.write_text("\n".join([*basics, f"port={port}", *lines, ""]), "utf-8")
        process = _started(configuration)
    with process, log.open("w", encoding="utf-8", buffering=1) as stream:
        assert process.stderr
        copy = threading.Thread(target=stream.writelines, args=[process.stderr])
        copy.start()
        try:
            yield Dnsmasq(port, log)
        finally:
            process.terminate()
            copy.join()


def _started(configuration: Path) -> subprocess.Popen[str] | None:
    """Start dnsmasq and wait until it serves; None when its port has been taken meanwhile."""
    command = [str(DNSMASQ), "--keep-in-foreground", f"--conf-file={configuration}"]
    process = subprocess.Popen([*command, "--log-facility=-"], stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if "started" in line:
            return process
    with process:
        assert "in use" in "".join(said), said
    return None


def closed_port(kind: socket.SocketKind = socket.SOCK_DGRAM, address: str = "127.0.0.1") -> int:
    """Return a port where nothing listens (and something may, later: it is not reserved).

    Name servers want it for both, so a port of UDP is one of TCP where nobody is as well.
    """
    while True:
        with socket.socket(socket.AF_INET, kind) as probe, socket.socket(socket.AF_INET) as other:
            probe.bind((address, 0))
            port: int = probe.getsockname()[1]
            with contextlib.suppress(OSError):
                if kind == socket.SOCK_DGRAM:
                    other.bind((address, port))
                return port


class FakeDistccd:
    """A TCP server that takes connections as a sick distccd does.

    Args:
        reply: What to send to a client that has sent something; None leaves it waiting
            until the server ends, `b""` closes without a byte.
        address, port: Where to listen; 0 is a free port.
        every: Send byte by byte, and wait for so many seconds after each.
    """

    def __init__(
        self,
        reply: bytes | None,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        every: float = 0.0,
    ) -> None:
        self._reply = reply
        self._every = every
        self._address = address
        self.port = port
        self.connections = 0
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self._socket = socket.create_server((self._address, self.port))
        self.port = self._socket.getsockname()[1]
        self._kept: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing does not wake a blocked accept; shutting down does on Linux, connecting elsewhere.
        self._ended.set()
        socket.create_connection((self._address, self.port)).close()
        self._thread.join()
        for connection in [*self._kept, self._socket]:
            connection.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if self._ended.is_set():
                connection.close()
                return
            self.connections += 1
            if self._reply is None:
                self._kept.append(connection)
                continue
            with connection, contextlib.suppress(ConnectionError):
                connection.recv(65536)
                if not self._every:
                    connection.sendall(self._reply)
                    continue
                for byte in self._reply:
                    connection.send(bytes([byte]))
                    if self._ended.wait(self._every):
                        break
