"""Announces services on the link of the machine it runs on, until it is told to end: a program.

    announcing.py '{"services": [{"name": "distcc@a", "server": "a.local.", "port": 3632,
                                  "addresses": ["10.77.0.1"], "properties": {"jobs": "4"}}]}'
    announcing.py '{"packets": ["0000840000..."], "later": [], "times": 1}'

Services are announced by python-zeroconf, as other programs do it; packets are sent as they are
to everybody, in answer to each question about distcc's service; those for later in answer to each
question about a single one.
"""

import json
import signal
import socket
import struct
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import dns.message
import dns.rdatatype
from zeroconf import IPVersion, ServiceInfo, Zeroconf

__all__ = ["GROUP", "TYPE"]

TYPE = "_distcc._tcp.local."
GROUP = "224.0.0.251"


def services(table: Sequence[Mapping[str, Any]]) -> None:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with Zeroconf(ip_version=IPVersion.All) as link:
        for one in table:
            info = ServiceInfo(
                *(TYPE, f"{one['name']}.{TYPE}", one["port"]),
                properties=one.get("properties", {}),
                server=one["server"],
                parsed_addresses=one["addresses"],
            )
            # Nobody else has these names: without the second of asking whether somebody has.
            assert link.loop is not None
            link.loop.call_soon_threadsafe(link.registry.async_add, info)
        print("announced", flush=True)
        ended.wait()


def packets(first: list[str], later: list[str], times: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        link.bind(("", 5353))
        group = struct.pack("=4s4s", socket.inet_aton(GROUP), bytes(4))
        link.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        print("announced", flush=True)
        while True:
            asked = link.recv(9000)
            if asked[2] & 0x80 or b"\x07_distcc" not in asked:
                continue
            (question, *_) = dns.message.from_wire(asked).question
            texts = first if question.rdtype == dns.rdatatype.PTR else later
            for text in texts * times:
                link.sendto(bytes.fromhex(text), (GROUP, 5353))


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    if "services" in told:
        services(told["services"])
    else:
        packets(told["packets"], told.get("later", []), told.get("times", 1))
