"""Servers of the user's own list that distcc reaches by ssh, or proves to them who it is."""

import os
import pwd
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import kerberos
import pytest
import sshd
from e2e.workbench import PATIENT, SYSTEM_PATH, Workbench, write
from running import eventually

from distcc_build.farm.loopback import Farm

USER = pwd.getpwuid(os.geteuid()).pw_name
BY_SSH = "distccd --inetd --enable-tcp-insecure"
"""What distcc asks an ssh server to run (distcc src/ssh.c)."""


@pytest.fixture(scope="module")
def three(installation: Path) -> Iterator[Farm]:
    """Three servers that have numbered names."""
    with Farm(servers=3, environ={"PATH": SYSTEM_PATH}) as running:
        yield running


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that distccd still sees when it is root no more."""
    with tempfile.TemporaryDirectory(prefix="distcc-build-hosts-", dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="module")
def by_ssh(folder: Path) -> Iterator[sshd.Sshd]:
    if sshd.MISSING:
        pytest.skip("needs openssh-server and openssh-client")
    (folder / "ssh").mkdir()
    with sshd.sshd(folder / "ssh") as running:
        yield running


SLOTS = 3


@pytest.fixture(scope="module")
def with_tickets(folder: Path) -> Iterator[kerberos.Realm]:
    if kerberos.MISSING:
        pytest.skip("needs krb5-kdc, krb5-admin-server and krb5-user")
    (folder / "krb").mkdir()
    with kerberos.realm(folder / "krb", SLOTS) as running:
        yield running


Client = Callable[..., Workbench]


@pytest.fixture
def client(bench: Workbench, three: Farm) -> Client:
    """A client whose list this is, with what else it has in its environment."""

    def make(hosts: str, **environ: str) -> Workbench:
        configured = {
            "DISTCC_BUILD_NAMESERVERS": three.nameserver.endpoint,
            "DISTCC_BUILD_DOMAIN": "farm.test",
            "DISTCC_BUILD_PORT": str(three.daemons.port),
            "DISTCC_BUILD_LIMIT": str(three.daemons.slots),
            "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
            **PATIENT,
        }
        return Workbench(bench.venv, bench.home, {**configured, "DISTCC_HOSTS": hosts, **environ})

    return make


def compile_one(site: Workbench, name: str) -> None:
    write(site.home / name, "int x;\n")
    done = site.run("distcc-launch", "gcc", "-c", name, cwd=site.home)
    assert done.text == ""
    assert (site.home / name).with_suffix(".o").exists()


def of_the_farm(three: Farm, name: str) -> int:
    """How often the three have compiled a file, where they have."""
    return three.daemons.wait_for(1, lambda job: job.source == name).total()


@pytest.mark.parametrize("host", ["@far", f"{USER}@far/4", "@far/2:/usr/bin/distccd,lzo"])
def test_a_compile_goes_through_ssh_with_discovered_servers_beside_it(
    host: str, by_ssh: sshd.Sshd, client: Client, three: Farm
) -> None:
    tag = "".join(filter(str.isalnum, host))
    ssh, before = by_ssh.client("far"), len(by_ssh.commands)
    first = client(f"{host} --discover-distccN", DISTCC_SSH=ssh)
    compile_one(first, f"first_{tag}.c")
    assert eventually(lambda: by_ssh.compiled[-1:] == [f"first_{tag}.c"])
    program = "/usr/bin/distccd" if "/usr" in host else "distccd"
    assert by_ssh.commands[before:] == [BY_SSH.replace("distccd", program, 1)]
    # In its place: behind them all it comes last.
    last = client(f"--discover-distccN {host}", DISTCC_SSH=ssh)
    compile_one(last, f"last_{tag}.c")
    assert of_the_farm(three, f"last_{tag}.c") == 1
    assert len(by_ssh.commands) == before + 1


@pytest.mark.parametrize("compiler", ["distcc-launch gcc", "distcc gcc"])
def test_a_build_by_ssh_alone_needs_no_discovery(
    compiler: str, by_ssh: sshd.Sshd, client: Client
) -> None:
    site = client("@far/2", DISTCC_SSH=by_ssh.client("far"))
    name = f"alone_{compiler.partition(' ')[0].replace('-', '')}"
    write(site.home / f"{name}.c", "int x;\n")
    write(site.home / "Makefile", f"{name}.o: {name}.c\n\t$(CC) -c $<\n")
    make = ["make", f"CC={compiler}", f"{name}.o"]
    if compiler.startswith("distcc "):
        make = ["distcc-build", "run", "--", *make]
    site.run(*make, cwd=site.home)
    assert eventually(lambda: by_ssh.compiled[-1:] == [f"{name}.c"])
    assert site.query("hosts") == "@far/2"
    assert int(site.query("jobs")) == (os.cpu_count() or 1) + 2


def own_slots(three: Farm) -> int:
    return 3 * three.daemons.slots


@pytest.mark.parametrize(
    ("host", "slots", "said"),
    [
        ("@far", 4, "by ssh, 4 at once; passed on, not judged"),
        ("builder@far/7", 7, "by ssh, 7 at once; passed on, not judged"),
        ("@far/2:/opt/distccd,lzo", 2, "by ssh, 2 at once; passed on, not judged"),
        ("far,auth", 4, "with authentication, 4 at once; passed on, not judged"),
        ("far:3632/8,auth=far.example.com", 8, "with authentication, 8 at once; passed on"),
        ("far/5:4000,lzo,auth", 5, "with authentication, 5 at once; passed on, not judged"),
    ],
)
def test_it_is_passed_on_as_it_is_written_in_its_place_and_counted(
    host: str, slots: int, said: str, client: Client, three: Farm
) -> None:
    for words in (f"{host} --discover-distccN", f"--discover-distccN {host}"):
        site = client(words)
        hosts = site.query("hosts").split()
        discovered = [one for one in hosts if one.startswith("127.1.0.")]
        assert len(discovered) == 3
        others = [one for one in hosts if one not in discovered and not one.startswith("--")]
        assert others == [host]
        before = words.startswith(host)
        assert (hosts.index(host) < hosts.index(discovered[0])) is before
    assert int(site.query("jobs")) == own_slots(three) + (os.cpu_count() or 1) + slots
    ran = site.run("distcc-build", "run", "--", "printenv", "DISTCC_HOSTS", cwd=site.home)
    assert host in ran.out.split()
    assert f"  {host}  -> {said}" in site.query("explain")


def test_a_server_that_the_list_has_too_is_reached_as_the_list_says(
    client: Client, three: Farm
) -> None:
    host = f"127.1.0.2:{three.daemons.port}/2,auth=build"
    hosts = client(f"--discover-distccN {host}").query("hosts").split()
    assert [one for one in hosts if one.startswith("127.1.0.2:")] == [host]


class Trap:
    """Ports of an address at which nobody but distcc itself has anything to do."""

    def __init__(self, address: str, *ports: int) -> None:
        self._sockets = [socket.create_server((address, port)) for port in ports]
        for one in self._sockets:
            one.setblocking(False)

    def close(self) -> None:
        for one in self._sockets:
            one.close()

    @property
    def caught(self) -> int:
        """How many have connected since the last look."""
        return sum(self._accepted(one) for one in self._sockets)

    @staticmethod
    def _accepted(one: socket.socket) -> int:
        count = 0
        while True:
            try:
                one.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1


@pytest.fixture
def trap(three: Farm) -> Iterator[tuple[str, Trap]]:
    """An address of this test alone, with distcc's usual port and the configured one."""
    number = os.getpid()
    address = f"127.9.{number // 250 % 250}.{number % 250 + 1}"
    found = Trap(address, 3632, three.daemons.port)
    yield address, found
    found.close()


@pytest.mark.parametrize("words", ["{} --discover-distccN", "{}"])
def test_it_is_never_probed(
    words: str, trap: tuple[str, Trap], client: Client, tmp_path: Path
) -> None:
    address, caught = trap
    # One that would be run, were it called.
    called = write(tmp_path / "ssh", f"#!/bin/sh\ntouch {tmp_path}/called\n")
    called.chmod(0o755)
    hosts = f"@{address}/2 {USER}@{address} {address},auth {address}:3632/8,auth=x"
    site = client(words.format(hosts), DISTCC_SSH=str(called))
    for command in ("hosts", "jobs", "explain", "refresh", "run -- true"):
        site.query(*command.split())
    table = site.query("servers")
    assert address not in table
    assert "distcc1.farm.test" in table
    assert caught.caught == 0
    # The doctor has the real distcc try those that it reaches by TCP, and asks nobody by ssh.
    said = site.run("bash", "-c", "distcc-build doctor || true", cwd=site.home).text
    assert "reached by ssh; not judged" in said
    assert caught.caught > 0
    assert not (tmp_path / "called").exists()


def test_who_has_a_ticket_compiles_at_a_server_that_asks_for_one(
    with_tickets: kerberos.Realm, client: Client, three: Farm
) -> None:
    port = with_tickets.port
    own = client(f"localhost:{port}/{SLOTS},auth --discover-distccN", **with_tickets.client)
    compile_one(own, "fqdn.c")
    named = client(f"127.0.0.1:{port}/{SLOTS},auth=localhost", **with_tickets.client)
    compile_one(named, "named.c")
    assert eventually(lambda: with_tickets.compiled == ["fqdn.c", "named.c"])
    connections = with_tickets.connections
    assert connections == 2
    assert int(own.query("jobs")) == own_slots(three) + SLOTS + (os.cpu_count() or 1)
    own.query("explain")
    own.query("servers")
    assert with_tickets.connections == connections
    said = own.run("distcc-build", "doctor", "--compiler", "gcc", cwd=own.home).text
    assert with_tickets.connections > connections
    assert "with authentication" in said


def test_who_has_none_compiles_elsewhere(
    with_tickets: kerberos.Realm, client: Client, three: Farm
) -> None:
    before, connections = with_tickets.compiled, with_tickets.connections
    hosts = f"localhost:{with_tickets.port}/{SLOTS},auth --discover-distccN"
    site = client(hosts, **with_tickets.stranger)
    write(site.home / "stranger.c", "int x;\n")
    site.run("distcc-launch", "gcc", "-c", "stranger.c", cwd=site.home)
    assert (site.home / "stranger.o").exists()
    assert with_tickets.connections > connections
    assert with_tickets.compiled == before


@pytest.mark.skipif(not shutil.which("ssh"), reason="needs ssh")
def test_an_ssh_server_that_is_not_there_breaks_no_build(
    folder: Path, client: Client, three: Farm
) -> None:
    refused = "ssh -F none -o BatchMode=yes -o ConnectTimeout=2 -p 9"
    site = client("@127.0.0.1/2 --discover-distccN", DISTCC_SSH=refused)
    write(site.home / "refused.c", "int x;\n")
    site.run("distcc-launch", "gcc", "-c", "refused.c", cwd=site.home)
    assert (site.home / "refused.o").exists()
