"""Sites with name servers and distccd of their own, joined by a router, and a laptop that moves.

All of it in network namespaces: real routes, real addresses, real programs.  Site N has the
networks 10.N.0.0/16 and fd00:N::/48: its machines are one namespace on 10.N.0.0/24, the laptop
that is plugged in there has 10.N.1.100.  The router passes everything between sites, so what
does not reach another site was not sent there.
"""

import contextlib
import functools
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from running import eventually

from distcc_build.errors import NotFoundError
from distcc_build.farm.daemons import DAEMON_PATH, Daemons, Differing, default_slots
from distcc_build.farm.lifeline import Lifeline

__all__ = ["Cable", "Internet", "NameServer", "SiteDaemons", "ip", "missing", "without_netem"]

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": PATH, "LC_ALL": "C.UTF-8"}
INTO = (shutil.which("ip", path=PATH) or "ip", "netns", "exec")
NETNS = Path("/etc/netns")
CORES = 2
"""Of the laptop's at most: distccd starts a process for each of its slots."""

PORT = 3632
REMOVE = """
trap '' HUP INT TERM
read -r _
for name in $(ip netns list); do
  case $name in "$1"*) ip netns delete "$name" ;; esac
done
rm -rf -- "$2/$1"*
"""
"""What becomes of namespaces at the end; programs in them end before (farm/lifeline.py)."""

_COUNT = itertools.count()


def ip(*words: str) -> str:
    """Run ip(8)."""
    done = subprocess.run(
        ["ip", *words], env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
    return done.stdout


def sysctl(namespace: str, setting: str) -> None:
    """Set something of the kernel's, there only."""
    ip("netns", "exec", namespace, "sysctl", "-qw", setting)


@functools.cache
def without_netem() -> str:
    """Why no line can be made slow and lossy on this machine; empty where it can."""
    if missing("tc"):
        return missing("tc")
    with Internet() as net:
        name = net.namespace("try")
        words = ("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")
        try:
            ip("netns", "exec", name, *words)
        except AssertionError as error:
            return f"this kernel has no netem: {error}"
    return ""


def missing(*programs: str) -> str:
    """Why there can be no sites on this machine; empty where there can.

    :param programs: what is needed beside what all sites need.
    """
    for program in ("ip", "sysctl", "taskset", "distccd", *programs):
        if shutil.which(program, path=PATH) is None:
            return f"{program} is not installed"
    return _refusal()


@functools.cache
def _refusal() -> str:
    """Why this machine has no network namespaces."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    try:
        with Internet() as net:
            one, two = net.namespace("try1"), net.namespace("try2")
            wire = ("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", two)
            ip("-n", one, *wire)
            add_address(one, "eth0", "fd00::1/64")
            sysctl(one, "net.ipv4.ip_forward=1")
    except (AssertionError, OSError) as error:
        return f"this machine does not allow network namespaces: {error}"
    return ""


class Internet:
    """Namespaces and what runs in them, for as long as the `with` block lasts."""

    def __enter__(self) -> Self:
        self._prefix = f"dcb{os.getpid()}-{next(_COUNT)}-"
        self._stack = contextlib.ExitStack()
        self.router = ""
        # The kernel closes the pipe even where this process is killed.
        remover = subprocess.Popen(
            ["/bin/sh", "-c", REMOVE, "sh", self._prefix, str(NETNS)],
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        self._stack.callback(remover.communicate)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def namespace(self, label: str) -> str:
        """Make a namespace; returns its name."""
        name = self._prefix + label
        ip("netns", "add", name)
        # Addresses are good at once: nobody else can have them.
        sysctl(name, "net.ipv6.conf.default.accept_dad=0")
        sysctl(name, "net.ipv6.conf.default.dad_transmits=0")
        ip("-n", name, "link", "set", "lo", "up")
        return name

    def begin(self) -> None:
        """Make the router."""
        self.router = self.namespace("router")
        for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            sysctl(self.router, f"{key}=1")

    def site(self, number: int, addresses: Sequence[str] = ()) -> str:
        """Make the namespace of a site's machines, with these addresses; returns its name."""
        name = self.namespace(f"site{number}")
        wire = ("link", "add", "eth0", "type", "veth", "peer", "name", f"lan{number}")
        ip("-n", name, *wire, "netns", self.router)
        ends = ((self.router, f"lan{number}", 1), (name, "eth0", 2))
        for namespace, device, host in ends:
            ip("-n", namespace, "link", "set", device, "up")
            for one in (f"10.{number}.0.{host}/24", f"fd00:{number}::{host}/64"):
                add_address(namespace, device, one)
        for one in addresses:
            add_address(name, "eth0", one if "/" in one else f"{one}/{64 if ':' in one else 24}")
        ip("-n", name, "route", "add", "default", "via", f"10.{number}.0.1")
        ip("-n", name, "route", "add", "default", "via", f"fd00:{number}::1")
        return name

    def laptop(self) -> "Cable":
        """Make the laptop, which is plugged in nowhere."""
        name = self.namespace("laptop")
        # ip(8) mounts what is in there over /etc.  NETNS itself stays, for others who use it.
        NETNS.mkdir(exist_ok=True)
        folder = NETNS / name
        folder.mkdir()
        (folder / "resolv.conf").touch()
        return Cable(self.router, name, folder / "resolv.conf")

    def name_server(self, namespace: str, folder: Path, kind: str, **given: Any) -> "NameServer":
        """Run a name server; see `CONFIGURATIONS` for what can be given."""
        folder.mkdir()
        lifeline = self._stack.enter_context(Inside(namespace))
        command, ready = CONFIGURATIONS[kind](folder, **given)
        log = folder / "log"
        process = lifeline.start(command, log=log, environment=ENVIRONMENT)
        started = eventually(lambda: ready in log.read_text("utf-8", "replace"))
        assert started, log.read_text("utf-8", "replace")
        return NameServer(kind, log, process)

    def daemons(self, namespace: str, folder: Path, addresses: Sequence[str]) -> "SiteDaemons":
        """Run distccd at each of these addresses."""
        folder.mkdir()
        folder.chmod(0o711)
        return self._stack.enter_context(SiteDaemons(namespace, folder, addresses))


def add_address(namespace: str, device: str, address: str) -> None:
    """Give an interface an address that can be used at once."""
    more = ("nodad",) if ":" in address else ()
    ip("-n", namespace, "address", "add", address, "dev", device, *more)


class Cable:
    """The laptop's one interface, and its resolv.conf."""

    def __init__(self, router: str, name: str, resolv_conf: Path) -> None:
        self._router, self.name, self._resolv_conf = router, name, resolv_conf
        self._plugged = False
        cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:CORES]))
        self.prefix = (*INTO, name, "taskset", "--cpu-list", cores)
        """What comes before a command that is to run on the laptop."""

    def plug(
        self, number: int, *, families: Sequence[int] = (4, 6), network: int = 0, host: int = 100
    ) -> None:
        """Plug it in at another site; addresses and routes become those of that site.

        :param network: what stands for the site's number in them.
        :param host: the last part of the laptop's own addresses.
        """
        network = network or number
        if self._plugged:
            ip("-n", self.name, "link", "delete", "net0")
        wire = ("link", "add", "net0", "type", "veth", "peer", "name", "desk")
        ip("-n", self.name, *wire, "netns", self._router)
        self._plugged = True
        ip("-n", self._router, "link", "set", "desk", "up")
        ip("-n", self.name, "link", "set", "net0", "up")
        nets = {4: (f"10.{network}.1.", "/24"), 6: (f"fd00:{network}:0:1::", "/64")}
        for family in families:
            net, length = nets[family]
            add_address(self._router, "desk", f"{net}1{length}")
            add_address(self.name, "net0", f"{net}{host}{length}")
            ip("-n", self.name, "route", "add", "default", "via", f"{net}1")

    def idle(self) -> bool:
        """Whether nothing runs on it any more."""
        return not ip("netns", "pids", self.name).split()

    def resolve(self, *lines: str) -> None:
        """Write resolv.conf, as dhclient and others do: a new one, even if it says the same."""
        # In place: a mount of the old file would not see another one in its place.
        self._resolv_conf.write_text("".join(f"{line}\n" for line in lines), "utf-8")


class Inside(Lifeline):
    """Starts programs in a namespace."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def start(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        """Start a program there; ip(8) becomes the program."""
        words = [*INTO, self._namespace, *command]
        return super().start(words, log=log, environment=environment)


class SiteDaemons(Daemons):
    """Real distccd at a site's own addresses, on distcc's own port, for everybody."""

    def __init__(self, namespace: str, folder: Path, addresses: Sequence[str]) -> None:
        everybody = Differing(allow="0.0.0.0/0", options=("--allow=::/0",))
        differing = dict.fromkeys(range(1, len(addresses) + 1), everybody)
        # Any one of them is large enough that a client compiles nothing itself.
        slots = default_slots(1, CORES)
        super().__init__(folder, servers=0, slots=slots, environ=ENVIRONMENT, differing=differing)
        self.addresses = list(addresses)
        self._namespace = namespace

    def __enter__(self) -> Self:
        program = shutil.which("distccd", path=f"{PATH}:{DAEMON_PATH}")
        if program is None:
            raise NotFoundError("distccd is not installed")
        self._program, self.port = program, PORT
        self._lifeline = Inside(self._namespace).__enter__()
        try:
            self._start_all()
        except BaseException:
            self._lifeline.__exit__()
            raise
        return self

    def connections(self, *addresses: str) -> int:
        """How many clients have connected so far, whatever they sent; to these servers or all."""
        logs = [self.log(one).read_bytes() for one in addresses or self.addresses]
        return sum(log.count(b"connection from") for log in logs)


class NameServer:
    """A name server that runs."""

    def __init__(self, kind: str, log: Path, process: "subprocess.Popen[bytes]") -> None:
        self._kind, self.log, self.process = kind, log, process

    def queries(self) -> list[tuple[str, str]]:
        """Type and name, without the last dot, of every question so far."""
        return [
            (found["type"], found["name"].removesuffix(".").lower())
            for found in QUERIES[self._kind].finditer(self.log.read_text("utf-8", "replace"))
        ]


QUERIES = {
    "dnsmasq": re.compile(r"query\[(?P<type>\w+)\] (?P<name>\S+) from"),
    "lossy": re.compile(r"query\[(?P<type>\w+)\] (?P<name>\S+) from"),
    "named": re.compile(r"query: (?P<name>\S+) IN (?P<type>\w+) "),
    "unbound": re.compile(r"info: \S+ (?P<name>\S+) (?P<type>[A-Z]+) IN$", re.MULTILINE),
}

Records = Mapping[str, Sequence[str]]
"""Addresses by name, without the last dot."""

NONE: Records = MappingProxyType({})


def _typed(records: Records) -> Iterator[tuple[str, str, str]]:
    for name, addresses in records.items():
        for address in addresses:
            yield name, "AAAA" if ":" in address else "A", address


def _dnsmasq(
    folder: Path,
    *,
    listen: Sequence[str],
    domains: Sequence[str] = (),
    records: Records = NONE,
    forward: str = "",
    more: Sequence[str] = (),
) -> tuple[list[str], str]:
    lines = ["no-resolv", "no-hosts", "bind-interfaces", "log-queries", "pid-file=", "user=root"]
    lines += ["group=root", "local-ttl=60", "neg-ttl=60", "no-negcache", "cache-size=0"]
    lines += [f"listen-address={one}" for one in listen]
    lines += [f"local=/{one}/" for one in domains]
    lines += [f"host-record={name},{address},60" for name, _, address in _typed(records)]
    lines += [f"server={forward}"] if forward else []
    (folder / "conf").write_text("\n".join([*lines, *more, ""]), "utf-8")
    command = ["dnsmasq", "--keep-in-foreground", f"--conf-file={folder / 'conf'}"]
    return [*command, "--log-facility=-"], "started"


def _named(
    folder: Path,
    *,
    listen: Sequence[str],
    domains: Sequence[str] = (),
    records: Records = NONE,
    forward: str = "",
) -> tuple[list[str], str]:
    four = " ".join(f"{one};" for one in listen if ":" not in one)
    six = " ".join(f"{one};" for one in listen if ":" in one)
    zones = []
    for number, domain in enumerate(domains):
        file = folder / f"zone{number}"
        lines = [f"$ORIGIN {domain}.", "$TTL 60", "@ SOA ns admin 1 3600 600 86400 60", "@ NS ns"]
        lines.append("ns A 127.0.0.1")
        lines += [
            f"{name}. {kind} {address}"
            for name, kind, address in _typed(records)
            if name.partition(".")[2] == domain
        ]
        file.write_text("\n".join([*lines, ""]), "utf-8")
        zones.append(f'zone "{domain}" {{ type primary; file "{file}"; }};')
    forwarding = f"forwarders {{ {forward}; }}; forward only;" if forward else "recursion no;"
    text = f"""
options {{
  directory "{folder}"; pid-file none; session-keyfile none; lock-file none;
  listen-on {{ {four} }}; listen-on-v6 {{ {six} }};
  allow-query {{ any; }}; allow-recursion {{ any; }}; dnssec-validation no; querylog yes;
  {forwarding}
}};
controls {{ }};
{" ".join(zones)}
"""
    (folder / "conf").write_text(text, "utf-8")
    return ["named", "-g", "-n", "1", "-c", str(folder / "conf")], "running\n"


def _unbound(
    folder: Path,
    *,
    listen: Sequence[str],
    domains: Sequence[str] = (),
    records: Records = NONE,
    forward: str = "",
) -> tuple[list[str], str]:
    lines = ["server:", 'chroot: ""', 'username: ""', f'directory: "{folder}"', 'pidfile: ""']
    lines += ["use-syslog: no", 'logfile: ""', "log-queries: yes", "verbosity: 1", "num-threads: 1"]
    lines += ["do-daemonize: no", "do-not-query-localhost: no", 'module-config: "iterator"']
    lines += ["access-control: 0.0.0.0/0 allow", "access-control: ::/0 allow"]
    lines += [f"interface: {one}" for one in listen]
    lines += [f'local-zone: "{one}." static' for one in domains]
    lines += [
        f'local-data: "{name}. 60 IN {kind} {address}"' for name, kind, address in _typed(records)
    ]
    lines += ["forward-zone:", 'name: "."', f"forward-addr: {forward}"] if forward else []
    lines += ["remote-control:", "control-enable: no"]
    (folder / "conf").write_text("\n".join([*lines, ""]), "utf-8")
    return ["unbound", "-d", "-c", str(folder / "conf")], "start of service"


def _lossy(
    folder: Path,
    *,
    listen: Sequence[str],
    records: Records = NONE,
) -> tuple[list[str], str]:
    program = Path(__file__).with_name("lossy.py")
    pairs = [f"{name}={address}" for name, _, address in _typed(records)]
    # Where the tests have their modules from, as this one.
    begin = f"import sys; sys.path[:0] = {sys.path!r}; import runpy; "
    begin += f"runpy.run_path({str(program)!r}, run_name='__main__')"
    return [sys.executable, "-P", "-c", begin, *listen, *pairs], "started"


CONFIGURATIONS = {"dnsmasq": _dnsmasq, "named": _named, "unbound": _unbound, "lossy": _lossy}
"""What runs a name server: its command, and what it says when it answers.  Each takes the addresses
to listen on, the domains that it knows all of, their records, and whom to ask for the rest."""
