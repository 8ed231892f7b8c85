"""Three sites with name servers of three kinds, their parent domain, and a laptop that builds."""

import contextlib
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import sites
from e2e.workbench import Output, Workbench, write
from running import eventually
from sites import Internet, NameServer, SiteDaemons

__all__ = [
    "ANYCAST",
    "DOMAINS",
    "PARENT",
    "PORTAL",
    "PUBLIC",
    "WHY_NOT",
    "Laptop",
    "Project",
    "World",
    "the_world",
]

WHY_NOT = sites.missing("dnsmasq", "named", "unbound")
"""Why none of this can be on this machine; empty where it can."""

KINDS = {1: "dnsmasq", 2: "named", 3: "unbound"}
DOMAINS = {1: "one.example.com", 2: "two.example.com", 3: "three.example.com"}
PARENT, PORTAL = 9, 4

ODD = {
    # Nobody has .9 and ::9; .9 comes before .11, and IPv4 before IPv6.
    "distcc1.six.test": ["fd00:3::11"],
    "distcc2.six.test": ["fd00:3::12"],
    "distcc1.dead4.test": ["10.3.0.9", "fd00:3::11"],
    "distcc1.dead6.test": ["10.3.0.11", "fd00:3::9"],
    "distcc1.late.test": ["10.3.0.9", "10.3.0.11"],
    # The second name's second address is the first name's only one.
    "distcc1.twice.test": ["10.3.0.11"],
    "distcc2.twice.test": ["10.3.0.9", "10.3.0.11"],
    # The router drops what goes to this network.
    "distcc1.hole.test": ["10.3.66.1"],
    "distcc2.hole.test": ["10.3.0.12"],
}
"""At site 3: servers that have several addresses, or one where nobody is."""

PUBLIC = "203.0.113.80"
"""An address of the internet's (RFC 5737)."""

ANYCAST = "10.53.0.53"
"""A name server's address that both site 1 and site 2 have, as they have the domain corp.test."""


class Traffic(NamedTuple):
    """What has reached a site."""

    queries: int
    connections: int
    """To its compile servers."""


class World:
    """All of it."""

    def __init__(self, net: Internet, folder: Path) -> None:
        self.net, self.folder = net, folder
        self.places: dict[int, str] = {}
        """The namespaces of the sites' machines."""
        self.names: dict[int, NameServer] = {}
        self.daemons: dict[int, SiteDaemons] = {}
        self.portals: dict[int, NameServer] = {}
        """By the last part of their addresses."""
        net.begin()
        # The sites' zones are delegated, as zones are: who asks the parent is sent on.
        delegated = [f"server=/{domain}/10.{n}.0.2" for n, domain in DOMAINS.items()]
        # Behind those of the sites, and on another network.
        known = {f"distcc{n}.example.com": [f"10.9.0.1{n}"] for n in (1, 3)}
        parent = net.site(PARENT, ["10.9.0.11"])
        self.names[PARENT] = net.name_server(
            parent,
            folder / "names9",
            "dnsmasq",
            listen=["10.9.0.2"],
            domains=["example.com"],
            records=known,
            # There is no other internet: all else does not exist.
            more=[*delegated, "address=/#/"],
        )
        self.daemons[PARENT] = net.daemons(parent, folder / "servers9", ["10.9.0.11"])
        for number, kind in KINDS.items():
            domain, own = DOMAINS[number], f"10.{number}.0."
            addresses = [f"{own}11", f"{own}12"]
            addresses += ["fd00:3::11", "fd00:3::12"] if number == 3 else [f"{ANYCAST}/32"]
            place = self.places[number] = net.site(number, addresses)
            records = {f"distcc{n}.{domain}": [f"{own}1{n}"] for n in (1, 2)}
            records[f"distcc1.build.{domain}"] = [f"{own}12"]
            records |= ODD if number == 3 else {"distcc1.corp.test": [f"{own}11"]}
            zones = [domain, f"build.{domain}"]
            zones += sorted({one.partition(".")[2] for one in records} - {*zones})
            listen = [f"{own}2", f"fd00:{number}::2", *([ANYCAST] if number < 3 else [])]
            self.names[number] = net.name_server(
                place,
                folder / f"names{number}",
                kind,
                listen=listen,
                domains=zones,
                records=records,
                forward="10.9.0.2",
            )
            servers = [one for one in addresses if "/" not in one]
            self.daemons[number] = net.daemons(place, folder / f"servers{number}", servers)
        sites.ip("-n", net.router, "route", "add", "blackhole", "10.3.66.0/24")
        # A hotel: whatever is asked for is the portal's own address, a public one and a private
        # one, and a distccd at both would take what comes.
        hotel = net.site(PORTAL, ["10.4.0.3", "10.4.0.80", f"{PUBLIC}/32"])
        sites.ip("-n", net.router, "route", "add", f"{PUBLIC}/32", "via", "10.4.0.2")
        for host, answer in ((2, PUBLIC), (3, "10.4.0.80")):
            self.portals[host] = net.name_server(
                hotel,
                folder / f"names{PORTAL}-{host}",
                "dnsmasq",
                listen=[f"10.4.0.{host}"],
                more=[f"address=/#/{answer}"],
            )
        self.names[PORTAL] = self.portals[2]
        self.daemons[PORTAL] = net.daemons(hotel, folder / "servers4", ["10.4.0.80", PUBLIC])
        self.cable = net.laptop()

    def traffic(self) -> dict[int, Traffic]:
        """What has reached each site so far."""
        return {
            n: Traffic(len(self.names[n].queries()), servers.connections())
            for n, servers in self.daemons.items()
        }

    @contextlib.contextmanager
    def only(self, *numbers: int) -> Iterator[None]:
        """Nothing at all reaches other sites than these."""
        before = self.traffic()
        yield
        after = self.traffic()
        assert {n: one for n, one in after.items() if n not in numbers} == {
            n: one for n, one in before.items() if n not in numbers
        }
        for n in numbers:
            assert after[n] != before[n], f"nothing reached site {n}"


class Laptop(Workbench):
    """Builds on the laptop."""

    def __init__(self, venv: Path, folder: Path, world: World) -> None:
        home = folder / "home"
        home.mkdir()
        # Names that nobody answers for, and servers without a word, are waited for; but the
        # machine may be busy.
        own = {"DISTCC_BUILD_DEADLINE": "20", "DISTCC_BUILD_WALK_BUDGET": "4"}
        own["DISTCC_BUILD_LIMIT"] = str(world.daemons[1].slots)
        super().__init__(venv, home, own)
        # It uses the name servers of the network in which it is.
        del self.environ["DISTCC_BUILD_NAMESERVERS"]
        self.world, self.cable, self._folder = world, world.cable, folder
        self._count = itertools.count()

    def at(self, number: int, *, search: str | None = None, **plug: Any) -> None:
        """Go to a site, and take what its DHCP server says."""
        self.cable.plug(number, **plug)
        domain = DOMAINS.get(number, "")
        names = f"search {search or f'{domain} example.com'}"
        self.cable.resolve(names, f"nameserver 10.{number}.0.2")

    def run(self, *words: str | Path, **given: Any) -> Output:
        return super().run(*self.cable.prefix, *words, **given)

    def project(self, halves: Sequence[int] = (6,)) -> "Project":
        """A project of so many files; between its halves it waits to be told to go on."""
        name = f"{self._folder.name}-{next(self._count)}"
        return Project(self, self._folder / name, name.replace("_", "-"), halves)

    def build(self, files: int = 6, **environ: str) -> "Project":
        """Build a new project to its end."""
        project = self.project([files])
        project.make(**environ)
        return project


class Project:
    """C files, and a Makefile that compiles them with the launcher."""

    def __init__(self, laptop: Laptop, folder: Path, name: str, halves: Sequence[int]) -> None:
        self._laptop, self._folder, self._name = laptop, folder, name
        self.said = ""
        lines = ["CC := $(or $(shell distcc-launch --cc gcc),gcc)"]
        goals, gate = [], ""
        for half, files in enumerate(halves, 1):
            objects = [f"{name}-h{half}-{n}.o" for n in range(files)]
            for one in objects:
                source = one.replace(".o", ".c")
                write(folder / source, f"int f{files}(int a) {{ return a * {len(one)}; }}\n")
                lines.append(f"{one}: {source} {gate}\n\t$(CC) -O1 -c {source} -o $@")
            goals += objects
            gate = f"gate{half}"
            wait = f"echo > at{half}; until [ -e go{half} ]; do sleep 0.05; done"
            lines.append(f"{gate}: {' '.join(goals)}\n\t@{wait}")
        write(
            folder / "Makefile", "\n".join(["default: all", *lines, f"all: {' '.join(goals)}", ""])
        )

    def make(self, *before: str, **environ: str) -> None:
        """Build it to its end, by a command behind `before`."""
        self.said = self._laptop.run(
            *before, "make", "-j4", "all", cwd=self._folder, environ=environ
        ).text

    @property
    def notes(self) -> list[str]:
        """What the user was told, line by line."""
        return [one for one in self.said.splitlines() if one.startswith("distcc-build: ")]

    @contextlib.contextmanager
    def halfway(self, **environ: str) -> Iterator[None]:
        """Build it; the block runs between its halves."""
        with ThreadPoolExecutor() as pool:
            making = pool.submit(self.make, **environ)
            try:
                there = self._folder / "at1"
                assert eventually(lambda: there.exists() or making.done(), 120)
                assert there.exists(), self.said or making.result()
                yield
            finally:
                write(self._folder / "go1", "")
            making.result()

    def compiled(self, number: int, half: int = 1, *, expected: int | None = None) -> int:
        """How many of its compiles a site's servers have done."""
        mark = f"{self._name}-h{half}-"
        servers = self._laptop.world.daemons[number]
        if expected:
            servers.wait_for(expected, lambda job: mark in job.source)
        return servers.compiles(lambda job: mark in job.source).total()


@contextlib.contextmanager
def the_world() -> Iterator[World]:
    """Make all of it, and remove it."""
    # Not in pytest's folder, which distccd may not search once it has given up root.
    with tempfile.TemporaryDirectory(prefix="distcc-build-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Internet() as net:
            yield World(net, Path(folder))
