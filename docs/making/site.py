"""The site that the documentation tells of: servers in build.example.com, in truth on loopback."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from distcc_build.farm.loopback import Farm
from distcc_build.farm.nameserver import NameServer
from distcc_build.farm.zone import Zone

__all__ = ["DOMAIN", "NETWORK", "Site", "site"]

DOMAIN = "build.example.com"
NETWORK = "10.1.0.0/16"


class Site(NamedTuple):
    """A farm under the names that it would have."""

    farm: Farm
    exports: Mapping[str, str]
    """The variables that point a build at it."""

    def told(self, text: str) -> str:
        """What a command has printed, with the addresses that the servers would have."""
        port = self.farm.daemons.port
        text = re.sub(rf"(?<!\d){port}(?!\d)", "3632", text.replace(f":{port}", ""))
        text = text.replace(self.exports["DISTCC_BUILD_NAMESERVERS"], "10.1.0.53")
        for number, address in enumerate(self.farm.daemons.addresses, 1):
            # Not a part of another address; a dot may end a sentence.
            text = re.sub(
                rf"(?<!\d)(?<!\d\.){re.escape(address)}(?!\.?\d)", f"10.1.0.1{number}", text
            )
        return text

    def untold(self, text: str) -> str:
        """What somebody has written, with the addresses that the servers have in truth."""
        for number, address in enumerate(self.farm.daemons.addresses, 1):
            text = re.sub(rf"(?<![\d.])10\.1\.0\.1{number}(?!\.?\d)", address, text)
        return text


@contextlib.contextmanager
def site(farm: Farm) -> Iterator[Site]:
    """Give the servers of a farm their names in the domain, and list them there as services."""
    listed = f"_distcc._tcp.{DOMAIN}."
    names: dict[str, list[str]] = {listed: []}
    for number, address in enumerate(farm.daemons.addresses, 1):
        host, service = f"distcc{number}.{DOMAIN}.", f"distcc{number}.{listed}"
        names[host] = [f"A {address}"]
        names[listed].append(f"PTR {service}")
        names[service] = [f"SRV 0 0 {farm.daemons.port} {host}", 'TXT "jobs=16"']
    with NameServer(Zone(names, origins=["example.com."])) as server:
        own = {"DISTCC_BUILD_NAMESERVERS": server.endpoint, "DISTCC_BUILD_DOMAIN": DOMAIN}
        yield Site(farm, {**farm.exports, **own})
