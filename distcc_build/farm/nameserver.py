"""A real DNS server on loopback: one zone, UDP and TCP on one port, every question counted.

Serves the demo farm and the tests.  It plays the part of a site's recursive server, so a name
outside its zones does not exist.  It never forwards a question to anybody.  How to answer wrongly
is not here: tests override `respond`.
"""

import asyncio
import contextlib
import signal
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import NamedTuple, Self

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from distcc_build.farm.zone import Record, Zone

__all__ = ["HangUp", "NameServer", "Query"]

# The largest UDP answer that no path fragments (DNS flag day 2020), and the one without EDNS.
EDNS_PAYLOAD = 1232
PLAIN_PAYLOAD = 512

# A walk of 1,000 names arrives as a burst; the default buffer loses all but the first 280.
RECEIVE_BUFFER = 4 << 20

# UDP and TCP ports are handed out apart, so a pair that is free may take a few tries.
PORT_ATTEMPTS = 50

# Turns of the event loop from taking a connection to `_converse`: three, and some to spare.
TURNS_TO_A_CONVERSATION = 8


class Query(NamedTuple):
    """One question as it arrived: absolute lower-case name, type mnemonic, `udp` or `tcp`."""

    name: str
    type: str
    transport: str


class HangUp(Exception):  # noqa: N818  (an order to the server, not an error)
    """Raised by `respond`: close the TCP connection without an answer."""


class NameServer:
    """A DNS server that runs in a thread while its `with` block does.

    Args:
        zone: The records, as a `Zone` or as the mapping that a `Zone` is made from.  The
            attribute may be replaced while the server runs.
        address: Where to listen.
        port: 0 for one that is free.

    Raises:
        OSError: On entering, when there is no such address or the port is taken.
    """

    def __init__(
        self, zone: Zone | Mapping[str, Sequence[str]], *, address: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.zone = zone if isinstance(zone, Zone) else Zone(zone)
        self.address = address
        self.port = port
        self.queries: list[Query] = []
        self._errors: list[Exception] = []

    @property
    def endpoint(self) -> str:
        """`ADDRESS:PORT` as `DISTCC_BUILD_NAMESERVERS` takes it, IPv6 addresses in brackets."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    def count(
        self, name: str | None = None, rdtype: str | None = None, transport: str | None = None
    ) -> int:
        """Return how many of the questions so far were for this name, type and transport."""
        wanted = (name, rdtype, transport)
        return sum(
            all(want in {None, is_} for want, is_ in zip(wanted, query, strict=True))
            for query in list(self.queries)
        )

    async def respond(self, query: Query, request: dns.message.Message) -> Sequence[bytes]:
        """Return the replies to one request, in the order to send them; none is silence.

        The seam for tests: awaiting something here delays this request and no other.

        Raises:
            HangUp: To close a TCP connection.
        """
        return [self.to_wire(self.answer(request), query.transport, request)]

    def answer(self, request: dns.message.Message) -> dns.message.Message:
        """Return what the zone answers, not yet cut to any size."""
        response = dns.message.make_response(
            request, recursion_available=True, our_payload=EDNS_PAYLOAD
        )
        if request.edns > 0:
            response.set_rcode(dns.rcode.BADVERS)
        elif request.opcode() != dns.opcode.QUERY:
            response.set_rcode(dns.rcode.NOTIMP)
        elif len(request.question) != 1:
            response.set_rcode(dns.rcode.FORMERR)
        elif request.question[0].rdclass != dns.rdataclass.IN:
            response.set_rcode(dns.rcode.REFUSED)
        else:
            question = request.question[0]
            found = self.zone.lookup(
                question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
            )
            response.set_rcode(dns.rcode.from_text(found.rcode))
            _add(response.answer, found.answers)
            _add(response.authority, [found.soa] if found.soa else [])
        return response

    @staticmethod
    def to_wire(
        response: dns.message.Message, transport: str, request: dns.message.Message
    ) -> bytes:
        """Return the bytes to send; what does not fit the client's UDP buffer is truncated."""
        room = max(PLAIN_PAYLOAD, request.payload) if request.edns >= 0 else PLAIN_PAYLOAD
        try:
            # In the zone's order: what a test sees must not hang on a die of dnspython's.
            return response.to_wire(
                max_size=65535 if transport == "tcp" else room, want_shuffle=False
            )
        except dns.exception.TooBig:
            response.answer, response.authority = [], []
            response.flags |= dns.flags.TC
            return response.to_wire()

    def __enter__(self) -> Self:
        self._udp, self._tcp = _bind(self.address, self.port)
        self.port = self._udp.getsockname()[1]
        self._talking: set[asyncio.StreamWriter] = set()
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._loop, self._stop = self._ready.result()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._udp.close()
        # A `respond` that fails must not pass for a silent server.
        if self._errors and kind is None:
            raise self._errors[0]

    def _run(self) -> None:
        # A signal that lands in this thread would not wake the main thread, which handles it.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._converse, sock=self._tcp)
        listening = asyncio.create_task(self._listen())
        self._ready.set_result((loop, stop))
        await stop.wait()
        listening.cancel()
        # asyncio loses a connection that it has taken, and not yet given away, when it closes a
        # server: take no more, give away what is there, and close only then.
        loop.remove_reader(self._tcp)
        for _ in range(TURNS_TO_A_CONVERSATION):
            await asyncio.sleep(0)
        server.close()
        for writer in self._talking:
            writer.transport.abort()

    async def _listen(self) -> None:
        """Take UDP requests; each is answered on its own, as they may be answered late."""
        loop = asyncio.get_running_loop()
        # The loop holds its tasks weakly; one that is not held here may vanish half-way.
        pending: set[asyncio.Task[None]] = set()
        while True:
            data, client = await loop.sock_recvfrom(self._udp, 65535)
            task = asyncio.create_task(self._exchange(data, client))
            pending.add(task)
            task.add_done_callback(pending.discard)

    async def _exchange(self, data: bytes, client: tuple[str, int]) -> None:
        with contextlib.suppress(HangUp, OSError):
            for reply in await self.replies(data, "udp"):
                await asyncio.get_running_loop().sock_sendto(self._udp, reply, client)

    async def replies(self, data: bytes, transport: str) -> Sequence[bytes]:
        """Return the replies to the bytes of one request, after noting what it asks."""
        try:
            request = dns.message.from_wire(data)
        except (dns.exception.DNSException, ValueError):
            return _format_error(data)
        if request.flags & dns.flags.QR:
            return []
        name, rdtype = "", ""
        if request.question:
            name = request.question[0].name.to_text().lower()
            rdtype = dns.rdatatype.to_text(request.question[0].rdtype)
        query = Query(name, rdtype, transport)
        self.queries.append(query)
        try:
            return await self.respond(query, request)
        except HangUp:
            raise
        except Exception as error:  # noqa: BLE001  (raised again on leaving the with block)
            self._errors.append(error)
            return []

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one TCP connection: requests and replies, each after two bytes of length."""
        self._talking.add(writer)
        try:
            while True:
                (size,) = struct.unpack("!H", await reader.readexactly(2))
                for reply in await self.replies(await reader.readexactly(size), "tcp"):
                    writer.write(struct.pack("!H", len(reply)) + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError, HangUp, asyncio.CancelledError):
            pass  # the client is done, or gone, or to be left without an answer; or we are done
        finally:
            self._talking.discard(writer)
            writer.close()


def _bind(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a listening TCP socket on one port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for left in reversed(range(1 if port else PORT_ATTEMPTS)):
        udp, tcp = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family)
        try:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            udp.setblocking(False)
            udp.bind((address, port))
            tcp.bind((address, udp.getsockname()[1]))
            tcp.listen(128)
        except OSError:
            udp.close()
            tcp.close()
            if not left:
                raise
        else:
            break
    return udp, tcp


def _add(section: list[dns.rrset.RRset], records: Sequence[Record]) -> None:
    """Append `records`, those of one name and type as one set, in their order."""
    sets: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        sets.setdefault((record.name, record.type), []).append(record)
    for (name, rdtype), same in sets.items():
        ttl = min(record.ttl for record in same)
        section.append(dns.rrset.from_text(name, ttl, "IN", rdtype, *(r.data for r in same)))


def _format_error(data: bytes) -> Sequence[bytes]:
    """Return FORMERR to what has the head of a query, else nothing (RFC 1035, 4.1.1)."""
    if len(data) < 12 or data[2] & 0x80:
        return []
    return [data[:2] + struct.pack("!HHHHH", 0x8081, 0, 0, 0, 0)]
