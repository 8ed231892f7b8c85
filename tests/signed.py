"""A signed zone with a name server of its own, and resolvers on this machine that validate it."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dns.dnssec
import dns.dnssectypes
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.DS
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from peers import closed_port, dnsmasq

from distcc_build.farm.nameserver import NameServer, Query
from distcc_build.farm.zone import Zone

__all__ = ["RESOLVERS", "UNBOUND", "SignedServer", "Tamper", "sign", "validator"]

UNBOUND = shutil.which("unbound") or shutil.which("unbound", path="/usr/sbin:/usr/local/sbin")
RESOLVERS = ("dnsmasq", "unbound")
"""Of these, the first is there wherever the tests run."""

Tamper = Callable[[dns.message.Message], None]


@dataclass(frozen=True)
class Signed:
    """A zone with its signatures, and what a resolver has to be told to trust it."""

    zone: dns.zone.Zone
    anchor: dns.rdtypes.ANY.DS.DS

    @property
    def name(self) -> str:
        assert self.zone.origin is not None
        return self.zone.origin.to_text()


def sign(origin: str, records: Mapping[str, Sequence[str]]) -> Signed:
    """Sign a zone with a key made for it.

    :param records: by full name, each "TTL TYPE DATA".
    """
    lines = [f"{origin} 60 IN SOA ns.{origin} root.{origin} 1 3600 600 86400 60"]
    lines += [f"{origin} 60 IN NS ns.{origin}", f"ns.{origin} 60 IN A 127.0.0.1"]
    for name, texts in records.items():
        lines += [f"{name} {ttl} IN {rest}" for ttl, _, rest in (t.partition(" ") for t in texts)]
    zone = dns.zone.from_text("\n".join([*lines, ""]), origin=origin, relativize=False)
    key = ec.generate_private_key(ec.SECP256R1())
    algorithm = dns.dnssectypes.Algorithm.ECDSAP256SHA256
    public = dns.dnssec.make_dnskey(key.public_key(), algorithm, flags=257)
    dns.dnssec.sign_zone(zone, keys=[(key, public)], lifetime=86_400, add_dnskey=True)
    anchor = dns.dnssec.make_ds(dns.name.from_text(origin), public, "SHA256")
    return Signed(zone, anchor)


class SignedServer(NameServer):
    """The name server of a signed zone: what is asked for with its proof, or that it is not there.

    :param tamper: changes each answer on its way out, as one would who sits on it.
    """

    def __init__(self, signed: Signed, tamper: Tamper | None = None) -> None:
        super().__init__(Zone({}))
        self._signed, self._tamper = signed, tamper

    async def respond(self, query: Query, request: dns.message.Message) -> Sequence[bytes]:
        response = dns.message.make_response(request, our_payload=1232)
        response.flags |= dns.flags.AA
        asked = request.question[0]
        node = self._signed.zone.get_node(asked.name)
        if node is None or node.get_rdataset(asked.rdclass, asked.rdtype) is None:
            if node is None:
                response.set_rcode(dns.rcode.NXDOMAIN)
            self._deny(response, asked.name)
        else:
            self._add(response.answer, asked.name, node, asked.rdtype)
        if self._tamper is not None:
            self._tamper(response)
        return [self.to_wire(response, query.transport, request)]

    def _deny(self, response: dns.message.Message, name: dns.name.Name) -> None:
        """The proof that a name or type is not there, nor a wildcard (RFC 4035 section 3.1.3)."""
        zone, origin = self._signed.zone, self._signed.zone.origin
        assert origin is not None
        self._add(response.authority, origin, zone.nodes[origin], dns.rdatatype.SOA)
        ordered = sorted(zone.nodes)
        covering = {max(one for one in ordered if one <= name), origin}
        for owner in sorted(covering):
            self._add(response.authority, owner, zone.nodes[owner], dns.rdatatype.NSEC)

    @staticmethod
    def _add(
        section: list[dns.rrset.RRset],
        name: dns.name.Name,
        node: dns.node.Node,
        rdtype: dns.rdatatype.RdataType,
    ) -> None:
        for kind, covers in ((rdtype, dns.rdatatype.NONE), (dns.rdatatype.RRSIG, rdtype)):
            found = node.get_rdataset(dns.rdataclass.IN, kind, covers)
            if found is not None:
                section.append(dns.rrset.from_rdata_list(name, found.ttl, list(found)))


@contextlib.contextmanager
def validator(
    kind: str, directory: Path, zone: Signed, server: NameServer
) -> Iterator[tuple[str, int]]:
    """Run a validating resolver on this machine; its address and port.

    :param kind: of RESOLVERS.
    :param server: whom it asks for the names of the zone.
    """
    ds = f"{zone.anchor.key_tag},{int(zone.anchor.algorithm)},{int(zone.anchor.digest_type)}"
    digest = zone.anchor.digest.hex().upper()
    if kind == "dnsmasq":
        lines = [f"server=/{zone.name}/127.0.0.1#{server.port}", "dnssec", "cache-size=500"]
        # It wants one for the root as well, which is never asked for anything.
        lines += [f"trust-anchor={name},{ds},{digest}" for name in (".", zone.name.rstrip("."))]
        with dnsmasq(directory, lines) as running:
            yield "127.0.0.1", running.port
        return
    configuration = directory / "unbound.conf"
    # On a busy machine our server does not answer in the 376 ms that it would give a new one.
    text = f"""\
server:
    interface: 127.0.0.1
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{directory}"
    pidfile: ""
    use-syslog: no
    do-not-query-localhost: no
    unknown-server-time-limit: 10000
    module-config: "validator iterator"
    trust-anchor: "{zone.name} DS {ds.replace(",", " ")} {digest}"
    local-zone: "test." nodefault
remote-control:
    control-enable: no
stub-zone:
    name: "{zone.name}"
    stub-addr: 127.0.0.1@{server.port}
"""
    assert UNBOUND
    with (directory / "unbound.log").open("w+") as log:
        # What is free for UDP need not be for TCP, and may be taken in the meantime.
        for _ in range(10):
            port = closed_port()
            configuration.write_text(f"{text}server:\n    port: {port}\n")
            with subprocess.Popen([UNBOUND, "-d", "-c", configuration], stderr=log) as process:
                try:
                    if _listens(process, port):
                        yield "127.0.0.1", port
                        return
                finally:
                    process.terminate()
        log.seek(0)
        raise AssertionError(log.read())


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until something listens there; False when the process has ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            # Who answers may be whoever else has the port.
            return process.poll() is None
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens at {port}")
