"""distcc-build servers with hosts that are named, and what it prints for scripts."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.workbench import PATIENT, SYSTEM_PATH, Output, Workbench
from jsonschema import Draft202012Validator
from peers import closed_port

import distcc_build
from distcc_build.farm.daemons import Differing
from distcc_build.farm.loopback import Farm

SCHEMA = Path(distcc_build.__file__).parent / "schemas/servers.json"


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    """Three servers, of which the last listens on an IPv6 address."""
    six = Differing(options=("--listen=::1", "--allow=::1"))
    with Farm(servers=3, slots=4, environ={"PATH": SYSTEM_PATH}, differing={3: six}) as running:
        yield running


@pytest.fixture
def stranger(installation: Path, tmp_path: Path) -> Workbench:
    """Somebody who neither knows of the farm nor has allowed loopback addresses."""
    home = tmp_path / "home"
    home.mkdir()
    return Workbench(installation, home, {"DISTCC_BUILD_ONLY": "10.0.0.0/8"})


def servers(bench: Workbench, *words: str, status: int = 0) -> Output:
    return bench.run("distcc-build", "servers", *words, cwd=bench.home, status=status)


def test_each_host_has_a_row_in_the_order_in_which_they_are_named(
    stranger: Workbench, farm: Farm
) -> None:
    port = farm.daemons.port
    free = closed_port(socket.SOCK_STREAM, "127.1.0.1")
    hosts = {
        f"127.1.0.2:{port}/8,lzo": ("127.1.0.2", "good"),
        f"[::1]:{port}": ("::1", "good"),
        f"127.1.0.1:{port},lzo,cpp": ("127.1.0.1", "good"),
        f"127.1.0.1:{free}": ("127.1.0.1", "refused"),
        f"127.1.0.2/3:{port}": ("127.1.0.2", "duplicate"),
        "nosuch.invalid": ("nosuch.invalid", "not known"),
        "a=8": ("a=8", "no host"),
        "user@big:/usr/bin/distccd": ("user@big:/usr/bin/distccd", "not probed"),
        "big,auth": ("big,auth", "not probed"),
        "big,down": ("big,down", "marked down"),
        "localhost/2": ("localhost/2", "this machine"),
    }
    done = servers(stranger, "--json", *hosts)
    said = json.loads(done.out)
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(said)
    assert done.err == ""
    assert [(one["name"], one["state"]) for one in said["servers"]] == [*hosts.values()]
    good = said["servers"][:3]
    assert [one["hostspec"] for one in good] == [
        f"127.1.0.2:{port}/8,lzo",
        f"[::1]:{port}/4",
        f"127.1.0.1:{port}/4,lzo,cpp",
    ]
    assert [one["limit"] for one in good] == [8, 4, 4]
    assert {word for one in good for word in one["compilers"]} == {"gcc", "g++"}
    assert all(one["latency"] > 0 for one in good)
    lines = servers(stranger, *hosts).lines
    assert lines[0].split()[:3] == ["name", "address", "state"]
    assert [line.split()[0] for line in lines[1:]] == [name for name, _ in hosts.values()]
    assert f"[::1]:{port}" in lines[2]
    assert "distcc reaches it by ssh, not over TCP" in lines[8]


def test_for_scripts_only_the_good_ones_are_printed_and_the_rest_told(
    stranger: Workbench, farm: Farm
) -> None:
    port = farm.daemons.port
    # As a list that somebody keeps, in one word.
    hosts = f"127.1.0.2:{port}/8,lzo a=8 localhost/2 nosuch.invalid 127.1.0.1:{port}"
    done = servers(stranger, "--plain", hosts)
    assert done.lines == [f"127.1.0.2:{port}/8,lzo", "localhost/2", f"127.1.0.1:{port}/4"]
    bad, unknown = done.err.splitlines()
    assert bad == 'distcc-build: a=8: no host: "=" sets no limit; did you mean a/8?'
    assert unknown.startswith("distcc-build: nosuch.invalid: not known: no such name: ")
    both = [f"127.1.0.2:{port}", f"127.1.0.1:{port}"]
    assert servers(stranger, "--names", hosts).lines == both
    assert servers(stranger, "--addresses", hosts, f"[::1]:{port}").lines == [
        *(*both, f"[::1]:{port}")
    ]
    # Without a port, where the configured one is another.
    here = ("-o", f"port={port}", "127.1.0.1")
    assert servers(stranger, "--plain", *here).lines == [f"127.1.0.1:{port}/4"]


@pytest.mark.parametrize("form", [(), ("--plain",), ("--names",), ("--addresses",), ("--json",)])
def test_the_status_tells_that_none_is_good(stranger: Workbench, form: tuple[str, ...]) -> None:
    free = closed_port(socket.SOCK_STREAM, "127.1.0.1")
    done = servers(stranger, *form, f"127.1.0.1:{free}", status=1)
    assert (done.out == "") == (form in {("--plain",), ("--names",), ("--addresses",)})
    done = servers(stranger, *form, "", status=1)
    assert done.err == "distcc-build: no servers: none named\n"


def test_hosts_that_distcc_reaches_in_its_own_way_are_passed_on(stranger: Workbench) -> None:
    done = servers(stranger, "--plain", "me@big/2", "a,auth", "localhost")
    assert done.lines == ["me@big/2", "a,auth", "localhost"]
    # The status is 0, as it is without --plain.
    assert "not probed" in servers(stranger, "me@big/2").out
    assert "me@big/2: not probed: distcc reaches it by ssh" in done.err


def test_the_compilers_that_are_asked_about_are_here_and_there(
    stranger: Workbench, farm: Farm
) -> None:
    host = f"127.1.0.1:{farm.daemons.port}"
    assert servers(stranger, "--plain", "--compiler", "gcc", host).lines == [f"{host}/4"]
    done = servers(stranger, "--plain", "--compiler", "nosuch", host, status=5)
    assert done.out == ""
    assert "nosuch: it is not installed here" in done.err


def test_discovered_servers_are_printed_for_scripts_too(
    installation: Path, tmp_path: Path, farm: Farm
) -> None:
    bench = Workbench(installation, tmp_path, {**farm.exports, **PATIENT})
    port = farm.daemons.port
    # Nobody listens at the third's address.
    done = servers(bench, "--plain", "-o", "compression=lzo")
    assert done.lines == [f"127.1.0.1:{port}/4,lzo", f"127.1.0.2:{port}/4,lzo"]
    assert done.err.startswith("distcc-build: distcc3.farm.test 127.1.0.3: refused: ")
    names = [f"distcc{n}.farm.test:{port}" for n in (1, 2)]
    assert servers(bench, "--names").lines == names
    assert servers(bench, "--addresses").lines == [f"127.1.0.{n}:{port}" for n in (1, 2)]
    done = servers(bench, "--plain", "-o", "pattern=nosuch%d", status=1)
    assert (done.out, done.err) == (
        "",
        "distcc-build: no servers: nosuch1.farm.test. does not exist\n",
    )


def test_a_list_that_is_not_ours_does_not_matter_to_hosts_that_are_named(
    stranger: Workbench, farm: Farm
) -> None:
    stranger.environ["DISTCC_HOSTS"] = "a=8 bigbox"
    done = servers(stranger, "--plain", f"127.1.0.1:{farm.daemons.port}")
    assert (len(done.lines), done.err) == (1, "")
