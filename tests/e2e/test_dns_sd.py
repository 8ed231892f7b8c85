"""A farm that a DNS zone lists as services: five real servers, ports and limits of their own."""

import json
import re
import signal
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from e2e.workbench import PATIENT, ROOT, SYSTEM_PATH, Workbench, write
from jsonschema import Draft202012Validator
from peers import closed_port

from distcc_build.farm.daemons import Differing
from distcc_build.farm.loopback import Farm
from distcc_build.farm.zone import Zone

LIMITS = {1: 4, 2: 5, 3: 6, 4: 7, 5: 8}
HOST_OF = {1: 1, 2: 2, 3: 3, 4: 4, 5: 4}
"""The fifth listens on the address of the fourth, at another port."""
SOURCES = 30


class Listed:
    """The farm, and the name server that lists it."""

    def __init__(self, farm: Farm, ports: Mapping[int, int]) -> None:
        self.farm, self.ports = farm, ports

    def endpoint(self, number: int) -> str:
        return f"127.1.0.{HOST_OF[number]}:{self.ports[number]}"

    def publish(self, priorities: Mapping[int, int] | None = None) -> None:
        """List all of them.

        :param priorities: of the SRV records, by number; 0 for those that are not named.
        """
        names = {n: rf"build\032{n}\.x._distcc._tcp.farm.test." for n in LIMITS}
        zone = {"_distcc._tcp.farm.test.": [f"PTR {name}" for name in names.values()]}
        for number, name in names.items():
            priority = (priorities or {}).get(number, 0)
            host = f"host{HOST_OF[number]}.farm.test."
            zone[name] = [
                f"SRV {priority} 1 {self.ports[number]} {host}",
                f'TXT "txtvers=1" "cpus=99" "jobs={LIMITS[number]}" "cc_version=1.2.3"',
            ]
            zone[host] = [f"A 127.1.0.{HOST_OF[number]}"]
        self.farm.nameserver.zone = Zone(zone, origins=["farm.test."])


@pytest.fixture(scope="module")
def listed() -> Iterator[Listed]:
    ports = {
        number: closed_port(socket.SOCK_STREAM, f"127.1.0.{host}")
        for number, host in HOST_OF.items()
    }
    differing = {
        number: Differing(
            options=(
                f"--listen=127.1.0.{host}",
                f"--port={ports[number]}",
                f"--jobs={LIMITS[number]}",
            )
        )
        for number, host in HOST_OF.items()
    }
    with Farm(servers=5, environ={"PATH": SYSTEM_PATH}, differing=differing) as farm:
        yield Listed(farm, ports)


@pytest.fixture
def bench(installation: Path, tmp_path: Path, listed: Listed) -> Workbench:
    home = tmp_path / "home"
    home.mkdir()
    (home / "distcc").mkdir()
    own = {
        "DISTCC_HOSTS": "--discover-dns-sd",
        "DISTCC_DIR": str(home / "distcc"),
        "DISTCC_BUILD_CACHE_DIR": str(home / "cache"),
        **PATIENT,
    }
    return Workbench(installation, home, {**listed.farm.exports, **own})


def tokens(bench: Workbench, *words: str) -> list[str]:
    """The servers in the list."""
    return re.findall(r"127\.1\.0\.\d\S*", bench.query("hosts", *words))


def test_a_build_uses_them_all(listed: Listed, bench: Workbench, tmp_path: Path) -> None:
    listed.publish()
    expected = {f"{listed.endpoint(number)}/{limit}" for number, limit in LIMITS.items()}
    assert set(tokens(bench)) == expected

    project = tmp_path / "project"
    for number in range(SOURCES):
        write(project / f"s{number}.c", f"int f{number}(void) {{ return {number}; }}\n")
    objects = " ".join(f"s{number}.o" for number in range(SOURCES))
    write(project / "Makefile", f"include $(shell distcc-launch --makefile)\nall: {objects}\n")
    before = listed.farm.daemons.compiles()
    bench.run("make", "-j8", cwd=project)
    done = listed.farm.daemons.wait_for(before.total() + SOURCES) - before
    assert done.total() == SOURCES

    # Each was proved at its own port, and so had the compiler really there.
    said = json.loads(bench.query("servers", "--json"))
    assert {(one["address"], one["state"], one["limit"]) for one in said["servers"]} == {
        (listed.endpoint(number), "good", limit) for number, limit in LIMITS.items()
    }
    assert all(one["compilers"]["gcc"]["version"] != "1.2.3" for one in said["servers"])


@pytest.mark.parametrize("command", ["hosts", "servers"])
def test_json_tells_sources_ports_and_accounts(
    listed: Listed, bench: Workbench, command: str
) -> None:
    listed.publish()
    said = json.loads(bench.query(command, "--json"))
    schema = json.loads((ROOT / f"distcc_build/schemas/{command}.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(said)
    assert [(one["port"], one["source"], one["number"]) for one in said["servers"]] == [
        (listed.ports[number], "--discover-dns-sd", 0) for number in LIMITS
    ]
    (account,) = said["accounts"]
    assert account["source"] == "--discover-dns-sd"
    assert [one["name"] for one in account["lines"]] == [
        f"build {number}.x._distcc._tcp.farm.test" for number in LIMITS
    ]


def test_explain_tells_of_each_service(listed: Listed, bench: Workbench) -> None:
    listed.publish()
    asked = listed.farm.nameserver.queries
    before = len(asked)
    lines = bench.query("explain").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("source "))
    # On a busy machine one may have been sent again.
    queries = asked[before:]
    assert len(set(queries)) == 20
    source = rf"source        --discover-dns-sd, {len(queries)} queries in \d+\.\d{{3}} s"
    assert re.fullmatch(source, lines[at])
    for number, line in enumerate(lines[at + 1 : at + 6], 1):
        assert line == (
            f"  build {number}.x._distcc._tcp.farm.test  host{HOST_OF[number]}.farm.test. port "
            f"{listed.ports[number]}: 127.1.0.{HOST_OF[number]} (TTL 60), priority 0 weight 1, "
            f"cc 1.2.3 jobs {LIMITS[number]}  -> used"
        )
    assert lines[at + 6] == "stopped       farm.test lists no more services"
    bench.environ["DISTCC_HOSTS"] = "--discover-distccN --discover-dns-sd"
    lines = bench.query("explain").splitlines()
    at = lines.index("source        --discover-distccN")
    assert lines[at + 1] == "  distcc1.farm.test.  NXDOMAIN  -> does not exist"
    assert lines[at + 2].startswith("source        --discover-dns-sd, ")


def test_backups_are_used_only_where_no_other_is_good(listed: Listed, bench: Workbench) -> None:
    listed.publish({4: 10, 5: 20})
    first = {f"{listed.endpoint(number)}/{LIMITS[number]}" for number in (1, 2, 3)}
    assert set(tokens(bench)) == first
    said = bench.query("explain")
    for number, priority in ((4, 10), (5, 20)):
        assert (
            f"  {listed.endpoint(number)}  -> gives the object that this machine gives; "
            f"held back: priority {priority}, while there are good ones of priority 0\n"
        ) in said
    assert said.count("held back") == 2
    assert {*bench.query("servers", "--plain").split()} == first
    shown = json.loads(bench.query("servers", "--json"))["servers"]
    states = [(one["state"], one["well"], bool(one["hostspec"])) for one in shown]
    assert states == [("good", True, True)] * 3 + [("backup", True, False)] * 2
    assert shown[4]["why"] == "priority 20, while there are good ones of priority 0"
    assert bench.query("check") == ""
    doctor = bench.query("doctor")
    assert (doctor.count("  good, "), doctor.count("  backup, ")) == (3, 2)
    off = bench.query("explain", "-o", "probe=off", "-o", "ttl_min=61")
    assert off.count("-> held back: priority") == 2
    daemons = listed.farm.daemons
    try:
        for number in (1, 2, 3):
            daemons.signal(f"127.1.0.{number}", signal.SIGKILL)
        assert tokens(bench, "--refresh") == [f"{listed.endpoint(4)}/{LIMITS[4]}"]
        assert bench.query("servers", "--plain") == f"{listed.endpoint(4)}/{LIMITS[4]}"
        assert bench.query("refresh").startswith("5 servers, 2 good for gcc, ")
    finally:
        for number in (1, 2, 3):
            daemons.restart(f"127.1.0.{number}")
    assert set(tokens(bench, "--refresh")) == first
