"""A name server that answers late and loses questions, and a system resolver that asks it."""

import contextlib
import ctypes
import functools
import mmap
import os
import random
import select
import socket
import struct
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import dns.message
import dns.rdatatype

from benchmarks.beside import beside
from distcc_build.farm.nameserver import RECEIVE_BUFFER, NameServer

DOMAIN = "farm.test"

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18


def farm_names(addresses: Sequence[str], ttl: int = 60) -> dict[str, list[str]]:
    """Return distcc1, distcc2, ... of the domain with these addresses, for a zone."""
    return {f"distcc{n}.{DOMAIN}.": [f"{ttl} A {one}"] for n, one in enumerate(addresses, 1)}


def many_addresses(count: int, network: str = "127.2") -> list[str]:
    """Return so many addresses of one network, /16."""
    return [f"{network}.{n // 250}.{n % 250 + 1}" for n in range(count)]


class LateNames:
    """A name server that costs next to nothing itself, while its `with` block lasts.

    An answer is put together once: dnspython takes 0.4 ms for each, more than those who ask.

    Args:
        zone: As for `NameServer`.
        delay: Seconds after which a question is answered; others are not held up.
        loss: Share of the questions that get no answer.
        address, port: Where to listen; 0 is a free port.
    """

    def __init__(
        self,
        zone: Mapping[str, Sequence[str]],
        *,
        delay: float = 0.0,
        loss: float = 0.0,
        address: str = "127.9.9.9",
        port: int = 0,
    ) -> None:
        self._zone = NameServer(zone)
        self._delay, self._loss = delay, loss
        self._where = (address, port)

    def __enter__(self) -> Self:
        self._counts = mmap.mmap(-1, 16)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.bind(self._where)
        self._process = beside(self._serve)
        self._process.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__(None, None, None)
        self._socket.close()

    @property
    def endpoint(self) -> str:
        """`ADDRESS:PORT` as `DISTCC_BUILD_NAMESERVERS` takes it."""
        address, port = self._socket.getsockname()
        return f"{address}:{port}"

    @property
    def queries(self) -> int:
        """How many questions came."""
        return self._count(0)

    @property
    def walks(self) -> int:
        """How many walks there were: each asks for a random name, to find wildcard records."""
        return self._count(1)

    def _count(self, index: int, more: int = 0) -> int:
        number: int = struct.unpack_from("=Q", self._counts, 8 * index)[0] + more
        if more:
            struct.pack_into("=Q", self._counts, 8 * index, number)
        return number

    def _serve(self) -> None:
        rng = random.Random(1)
        answer = functools.cache(self._answer)
        late: deque[tuple[float, bytes, tuple[str, int]]] = deque()
        while True:
            now = time.monotonic()
            while late and late[0][0] <= now:
                _, data, client = late.popleft()
                self._socket.sendto(data, client)
            # Not poll, whose clock has steps of 1 ms.
            wait = max(late[0][0] - time.monotonic(), 0.0) if late else None
            if select.select([self._socket], [], [], wait)[0]:
                data, client = self._socket.recvfrom(65535)
                self._count(0, 1)
                reply = data[:2] + answer(data[2:])
                if rng.random() >= self._loss:
                    late.append((time.monotonic() + self._delay, reply, client))

    def _answer(self, question: bytes) -> bytes:
        """The answer to a question that was not asked before; both without the id."""
        request = dns.message.from_wire(b"\0\0" + question)
        asked = request.question[0]
        label = asked.name.labels[0].removeprefix(b"distcc")
        self._count(1, not label.isdigit() and asked.rdtype == dns.rdatatype.A)
        return NameServer.to_wire(self._zone.answer(request), "udp", request)[2:]


def own_resolver(address: str, work: Callable[[], None]) -> None:
    """Do `work` where the system's resolver asks `address`, port 53, in the farm's domain.

    It is done in a process with mounts of its own, as only resolv.conf says whom to ask.
    """
    if os.geteuid():
        print("needs root, to give the system's resolver another name server: left out")
        return
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            with _resolv_conf(f"nameserver {address}\nsearch {DOMAIN}\n"):
                work()
            status = 0
        finally:
            if status:
                traceback.print_exc()
            sys.stdout.flush()
            os._exit(status)
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError("it failed in its own process")


@contextlib.contextmanager
def _resolv_conf(text: str) -> Iterator[None]:
    libc = ctypes.CDLL(None, use_errno=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        Path(file.name).chmod(0o644)
        _done(libc.unshare(CLONE_NEWNS))
        # Else the mount would be seen, and stay, outside.
        _done(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
        _done(libc.mount(file.name.encode(), b"/etc/resolv.conf", None, MS_BIND, None))
        yield


def _done(result: int) -> None:
    if result:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
