"""What servers are worth to compilers: all of them asked at once, before one deadline."""

import asyncio
import math
import resource
import socket
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from distcc_build.exchange import Exchange, Patience, exchange
from distcc_build.hostspec import IPAddress
from distcc_build.lzo import expand
from distcc_build.reference import Reference
from distcc_build.units import NAME, PUMP_OPTIONS, arguments, pump_files
from distcc_build.verdict import Cause, Verdict, first_line
from distcc_build.wire import CompressedError, Reply, WireError, decompress, request

__all__ = ["probe"]

CONNECTIONS = 1000
"""At once, in all; fewer where this process may not have as many files."""

PER_SERVER = 4
"""Connections to one server at once; distccd runs two more jobs than it has processors."""

ATTEMPTS = 4
"""Connections that a server with several addresses may have before it is known where it is."""

OTHER_FILES = 64
"""Of the files that this process may have: those that it has otherwise."""

NO_COMPILER = 110
"""distcc's exit status for a compiler that is not there."""

HOPELESS = frozenset(
    {Cause.REFUSED, Cause.UNREACHABLE, Cause.DENIED, Cause.SILENT, Cause.NOT_DISTCCD}
)
"""What says as much of a server's other compilers."""


async def probe(
    servers: Sequence[tuple[IPAddress, int]],
    references: Sequence[Reference],
    *,
    match: str,
    seconds: float,
    silence: float = math.inf,
    lzo: bool = False,
    pump: Mapping[str, bytes | str] | None = None,
    details: bool = False,
    others: Mapping[tuple[IPAddress, int], Sequence[IPAddress]] = MappingProxyType({}),
    moved: Callable[[tuple[IPAddress, int], IPAddress], object] = lambda _server, _to: None,
    told: Callable[[], object] = lambda: None,
) -> dict[tuple[str, int], dict[str, Verdict]]:
    """Learn for each server and each compiler whether compiles may be sent there.

    :param servers: address and port of each.
    :param references: what this machine's own compilers give.
    :param match: "exact": the same object; "version": the same version and target, and a
        compile works; "off": a compile works.
    :param seconds: the longest that all of it may take.
    :param silence: seconds without a word from any server after which none is waited for.
    :param lzo: compression is wanted, so that a server must speak it.
    :param pump: where pump mode is wanted: by the compiler's key, what this machine makes of the
        proof for it (pump/proof.py), or why there is none.
    :param details: for people: ask for versions, lzo and pump mode also where all is well.
    :param others: further addresses of servers; such a server is asked at the first that answers.
    :param moved: called with a server, and at which of its other addresses it was asked.
    :param told: called for each server when all is known of it.
    :returns: by address and port, by the compiler's key.
    """
    wanted = list(dict.fromkeys(servers))
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    connections = max(min(CONNECTIONS, allowed - OTHER_FILES), 8)
    at_once = min(max(connections // max(len(wanted), 1), 1), PER_SERVER)
    most = max(at_once, ATTEMPTS) if others else at_once
    places = asyncio.Semaphore(max(connections // most, 1))
    # Where not all have a place at once, a silent server gives its place up to others in time.
    rounds = -(-len(wanted) * most // connections)
    patience = Patience(seconds, silence)

    async def one(address: IPAddress, port: int) -> dict[str, Verdict]:
        async with places:
            latest = asyncio.get_running_loop().time() + seconds / max(rounds, 1)
            further = tuple(others.get((address, port), ()))
            server = _Server(address, port, at_once, patience, latest, further)
            judged = await _judge_all(server, references, match, lzo=lzo, details=details)
            if pump is not None:
                judged = await _judge_pump(server, references, judged, pump)
        if server.address != address:
            moved((address, port), server.address)
        told()
        return judged

    try:
        verdicts = await asyncio.gather(*(one(address, port) for address, port in wanted))
    finally:
        patience.stop()
    names = [(str(address), port) for address, port in wanted]
    return dict(zip(names, verdicts, strict=True))


class _Server:
    """One server, and how it is asked."""

    def __init__(
        self,
        address: IPAddress,
        port: int,
        at_once: int,
        patience: Patience,
        latest: float,
        others: Sequence[IPAddress],
    ) -> None:
        self.address = address
        self._others = others
        self._settling = asyncio.Lock()
        self._port = port
        self._slots = asyncio.Semaphore(at_once)
        self._patience = patience
        self._latest = latest
        self._trouble: Exchange | None = None

    async def ask(
        self,
        argv: Sequence[str],
        source: bytes = b"",
        version: int = 1,
        beside: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Exchange:
        """What comes back for this command line."""
        async with self._slots:
            if self._trouble is not None:
                return self._trouble
            if self._patience.over:
                return Exchange(None, Cause.SILENT, "there was no time left to ask")
            try:
                link = await self._settle() if self._others else None
            except TimeoutError:
                result = Exchange(None, Cause.UNREACHABLE, "no answer at any of its addresses")
            else:
                result = await exchange(
                    self.address,
                    self._port,
                    request(argv, source, version=version, beside=beside),
                    patience=self._patience,
                    latest=self._latest,
                    version=version,
                    connection=link,
                )
        if result.cause not in {Cause.SILENT, Cause.UNREACHABLE}:
            self._patience.heard()
        if version == 1 and result.cause in HOPELESS:
            self._trouble = result
        return result

    async def _settle(self) -> socket.socket | None:
        """Find the address at which it answers; the connection that told, for one of those who ask.

        :raises TimeoutError: when none does in time.
        """
        async with self._patience.limit(self._latest), self._settling:
            if not self._others:
                return None
            # Imported here: most servers have one address.
            from distcc_build.reach import connect_first

            self.address, link = await connect_first(
                (self.address, *self._others), self._port, ATTEMPTS
            )
            self._others = ()
        return link


async def _judge_all(
    server: _Server, references: Sequence[Reference], match: str, *, lzo: bool, details: bool
) -> dict[str, Verdict]:
    judged = await asyncio.gather(*(_judge(server, one, match, details) for one in references))
    verdicts = {one.compiler.key: verdict for one, verdict in zip(references, judged, strict=True)}
    good = next((one for one in references if verdicts[one.compiler.key].good), None)
    if good is None or not (lzo or details):
        return verdicts
    spoken, pump = await _protocols(server, good.compiler.name, details)
    for key, verdict in verdicts.items():
        if verdict.good:
            told = verdict._replace(lzo=spoken.reply is not None, pump=pump)
            if lzo and spoken.reply is None:
                told = told._replace(cause=spoken.cause, why=spoken.why or "it resets protocol 2")
            verdicts[key] = told
    return verdicts


async def _protocols(server: _Server, name: str, details: bool) -> tuple[Exchange, bool | None]:
    """How the server takes protocol 2, and with details whether it takes protocol 3."""
    lzo = await server.ask(_question(name, "-dumpmachine"), version=2)
    if lzo.reply is not None:
        try:
            decompress(lzo.reply.stdout)
        except CompressedError:
            pass  # a longer answer than we read: it does compress
        except WireError as error:
            lzo = Exchange(None, Cause.PROTOCOL, str(error))
    if not details:
        return lzo, None
    pump = await server.ask([name, "-c", "-o", f"{NAME}.o", f"/{NAME}.c"], b"int x;\n", version=3)
    return lzo, pump.reply is not None and pump.reply.status == 0


async def _judge_pump(
    server: _Server,
    references: Sequence[Reference],
    verdicts: Mapping[str, Verdict],
    expected: Mapping[str, bytes | str],
) -> dict[str, Verdict]:
    """What is left of the verdicts where a server has to preprocess as well."""

    async def one(reference: Reference) -> tuple[str, Verdict]:
        key = reference.compiler.key
        verdict, ours = verdicts[key], expected.get(key, "it was not tried here")
        if not verdict.good:
            return key, verdict
        if isinstance(ours, str):
            return key, verdict._replace(cause=Cause.PROTOCOL, why=f"pump mode: {ours}", pump=None)
        why = await _pump_trouble(server, reference.compiler.name, ours)
        cause = Cause.PROTOCOL if why else Cause.OK
        return key, verdict._replace(cause=cause, why=why, pump=not why)

    return dict(await asyncio.gather(*map(one, references)))


async def _pump_trouble(server: _Server, name: str, expected: bytes) -> str:
    """Why a server is not for pump mode; empty where it gives the object of this machine."""
    (source, text), *others = pump_files(name).items()
    beside = {f"/{other}": content for other, content in others}
    argv = [name, *PUMP_OPTIONS, "-o", f"{NAME}.o", f"/{source}"]
    asked = await server.ask(argv, text, version=3, beside=beside)
    if asked.reply is None:
        return f"pump mode: {asked.why or 'it resets protocol 3'}"
    if asked.reply.status:
        return "pump mode: a file that includes another does not compile there"
    try:
        same = expand(asked.reply.object) == expected
    except WireError as error:
        return f"pump mode: {error}"
    return "" if same else "pump mode: its headers give another object, so they are others"


async def _judge(server: _Server, reference: Reference, match: str, details: bool) -> Verdict:
    name = reference.compiler.name
    proof = await server.ask([name, *arguments(name)], reference.unit)
    reply = proof.reply
    if reply is None:
        return Verdict(proof.cause, proof.why)
    if reply.status >> 8 == NO_COMPILER:
        return Verdict(Cause.MISSING)
    works = reply.status == 0 and bool(reply.object)
    same = works and reply.object == reference.object
    latency = proof.seconds if works else None
    if (same or (works and match == "off")) and not details:
        known = (reference.version, reference.target) if same else ("", "")
        return Verdict(Cause.OK, "", latency, *known)
    questions = [("-dumpfullversion", "-dumpversion"), ("-dumpmachine",), ("--version",)]
    asked = await asyncio.gather(*(server.ask(_question(name, *one)) for one in questions))
    version, target, banner = (_answer(one.reply) for one in asked)
    if same or (works and match == "off"):
        return Verdict(Cause.OK, "", latency, version, target)
    cause, why = _difference(reference, version, target, banner)
    if not works and cause is Cause.DIFFERENT:
        cause, why = Cause.FAILED, _complaint(reply)
    elif match == "version" and version and target and cause is Cause.DIFFERENT:
        cause, why = Cause.OK, ""
    return Verdict(cause, why, latency, version, target)


def _difference(ours: Reference, version: str, target: str, banner: str) -> tuple[Cause, str]:
    """Why a compiler that says this of itself may give another object."""
    if version and version != ours.version:
        return Cause.VERSION, f"{version} there, {ours.version or 'another'} here"
    if target and target != ours.target:
        return Cause.TARGET, f"{target} there, {ours.target or 'another'} here"
    if not version or not target:
        return Cause.DIFFERENT, "it does not say its version"
    said = f"'{banner}' there, '{ours.banner}' here"
    return Cause.DIFFERENT, said if banner != ours.banner else ""


def _question(name: str, *options: str) -> list[str]:
    """A command line that distccd takes for a compile and the compiler for a question."""
    return [name, *options, "-c", f"{NAME}.i", "-o", f"{NAME}.o"]


def _answer(reply: Reply | None) -> str:
    return first_line(reply.stdout) if reply is not None and reply.status == 0 else ""


def _complaint(reply: Reply) -> str:
    lines = reply.stderr.splitlines()
    errors = [line for line in lines if b"error" in line.lower()]
    said = first_line(b"\n".join(errors or lines))
    return said or f"status {reply.status:#x} and no word"
