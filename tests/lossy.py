"""A name server behind a bad line, as a program: it loses some questions, and answers late.

    python lossy.py ADDRESS NAME=ADDRESS...

Every name's first question is lost; each answer takes LATE seconds.  Questions go to stdout, in the
words of dnsmasq.
"""

import signal
import sys

import dns.message
from servers import ScriptedNameServer, delay, first_drop

from distcc_build.farm.nameserver import Query

LATE = 0.1


class Lossy(ScriptedNameServer):
    """Tells what it is asked."""

    async def respond(self, query: Query, request: dns.message.Message) -> list[bytes]:
        print(f"query[{query.type}] {query.name} from somebody", flush=True)
        return await super().respond(query, request)


def main(address: str, *records: str) -> None:
    """Serve until the end of the process."""
    zone = {f"{name}.": [f"60 A {to}"] for name, _, to in (one.partition("=") for one in records)}
    with Lossy(zone, {"*": first_drop(1, then=delay(LATE))}, address=address, port=53):
        print("started", flush=True)
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
