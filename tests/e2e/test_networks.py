"""Where builds find their servers in real networks: several sites, odd addresses, dead ways."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sites
from e2e.networked import DOMAINS, PARENT, PORTAL, PUBLIC, WHY_NOT, Laptop, World, the_world
from running import eventually

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with the_world() as world:
        yield world


@pytest.fixture
def laptop(installation: Path, tmp_path: Path, world: World) -> Iterator[Laptop]:
    yield Laptop(installation, tmp_path, world)
    # What refreshes in the background would be counted as the next test's.
    assert eventually(world.cable.idle, 60)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_farm_of_ones_own_site_is_used_and_nothing_goes_elsewhere(
    number: int, world: World, laptop: Laptop
) -> None:
    laptop.at(number)
    with world.only(number):
        project = laptop.build()
        assert project.compiled(number, expected=6) == 6
        assert project.notes == []
    asked = {name for _, name in world.names[number].queries()}
    assert all(one.endswith(DOMAINS[number]) for one in asked if "example.com" in one)


def test_parents_farm_is_not_used_while_the_sites_name_server_is_silent(
    world: World, laptop: Laptop
) -> None:
    """The parent's name server answers all the time, for its own distcc1 as well."""
    laptop.cable.plug(1)
    laptop.cable.resolve("search one.example.com example.com", "nameserver 10.9.0.2")
    server = world.names[1].process.pid
    os.killpg(server, signal.SIGSTOP)
    try:
        before = world.traffic()
        project = laptop.build(3)
        after = world.traffic()
    finally:
        os.killpg(server, signal.SIGCONT)
    assert after[PARENT].connections == before[PARENT].connections
    asked = [name for _, name in world.names[PARENT].queries()[before[PARENT].queries :]]
    assert "distcc1.one.example.com" in asked
    assert "distcc1.example.com" not in asked
    [note] = project.notes
    assert "could not be asked" in note
    # It answers again: so is the site's farm.
    laptop.run("distcc-build", "refresh", cwd=laptop.home)
    assert laptop.build().compiled(1, expected=6) == 6


def test_parents_farm_is_used_where_the_site_has_none_and_not_where_that_is_forbidden(
    world: World, laptop: Laptop
) -> None:
    laptop.at(1, search="nothing.one.example.com example.com")
    with world.only(1, PARENT):
        assert laptop.build().compiled(PARENT, expected=6) == 6
    before = world.daemons[PARENT].connections()
    project = laptop.build(3, DISTCC_BUILD_ONLY="10.1.0.0/16")
    assert world.daemons[PARENT].connections() == before
    [note] = project.notes
    assert '10.9.0.11 is outside only = ["10.1.0.0/16"]' in note


@pytest.mark.parametrize("ndots", [0, 1, 15])
def test_ndots_changes_nothing_for_names_without_a_dot(
    ndots: int, world: World, laptop: Laptop
) -> None:
    laptop.cable.plug(2)
    search = "search nothing.two.example.com two.example.com example.com"
    laptop.cable.resolve(search, f"options ndots:{ndots}", "nameserver 10.2.0.2")
    with world.only(2):
        assert laptop.build(4).compiled(2, expected=4) == 4


def test_a_pattern_with_a_dot_is_looked_for_as_the_c_library_does(
    world: World, laptop: Laptop
) -> None:
    """In the search list first where it has fewer dots than ndots, and first as it is if not."""
    laptop.cable.plug(2)
    laptop.cable.resolve("search two.example.com", "options ndots:2", "nameserver 10.2.0.2")
    with world.only(2):
        project = laptop.build(4, DISTCC_BUILD_PATTERN="distcc%d.build")
        assert project.compiled(2, expected=4) == 4
    laptop.cable.resolve("search two.example.com", "nameserver 10.2.0.2")
    before = len(world.names[PARENT].queries())
    project = laptop.build(4, DISTCC_BUILD_PATTERN="distcc%d.build")
    assert project.compiled(2, expected=4) == 4
    assert ("A", "distcc1.build") in world.names[PARENT].queries()[before:]
    # A whole name is found wherever it is looked for first.
    laptop.cable.resolve("search one.example.com", "options ndots:9", "nameserver 10.2.0.2")
    project = laptop.build(4, DISTCC_BUILD_PATTERN="distcc%d.build.two.example.com")
    assert project.compiled(2, expected=4) == 4


def test_first_of_several_domains_that_has_a_distcc1_is_used(world: World, laptop: Laptop) -> None:
    laptop.at(1, search="nothing.example.com")
    domains = "nothing.two.example.com,three.example.com,two.example.com"
    before = world.traffic()
    project = laptop.build(DISTCC_BUILD_DOMAIN=domains)
    after = world.traffic()
    assert project.compiled(3, expected=6) == 6
    assert after[2].connections == before[2].connections
    asked = {name for _, name in world.names[2].queries()[before[2].queries :]}
    assert asked
    assert all(one.endswith("nothing.two.example.com") for one in asked)


def test_servers_and_client_without_ipv4(world: World, laptop: Laptop) -> None:
    laptop.cable.plug(3, families=[6])
    laptop.cable.resolve("search six.test", "nameserver fd00:3::2")
    with world.only(3):
        before = world.daemons[3].connections("10.3.0.11", "10.3.0.12")
        project = laptop.build()
        assert project.compiled(3, expected=6) == 6
        assert world.daemons[3].connections("10.3.0.11", "10.3.0.12") == before


@pytest.mark.parametrize(
    ("domain", "used"),
    [
        ("dead4.test", "fd00:3::11"),
        ("dead6.test", "10.3.0.11"),
        ("late.test", "10.3.0.11"),
        ("twice.test", "10.3.0.11"),
    ],
)
def test_server_is_used_at_its_living_address(
    domain: str, used: str, world: World, laptop: Laptop
) -> None:
    laptop.at(3, search=domain)
    before = world.daemons[3].connections(used)
    with world.only(3):
        began = time.monotonic()
        project = laptop.build()
        # With the dead one it would take until the router gives up (3 s), or for ever.
        assert time.monotonic() - began < 30
        assert project.compiled(3, expected=6) == 6
    assert world.daemons[3].connections(used) > before
    host = f"[{used}]" if ":" in used else used
    hosts = laptop.query("hosts").split()
    assert len([one for one in hosts if one.startswith(f"{host}/")]) == 1
    assert "10.3.0.9" not in " ".join(hosts)
    said = laptop.query("servers")
    assert used in said
    assert "cannot be reached" not in said


def test_dead_family_is_left_behind_in_less_than_its_timeout(world: World, laptop: Laptop) -> None:
    """The laptop has no IPv4 at all: the address fails at once and costs nothing."""
    laptop.cable.plug(3, families=[6])
    laptop.cable.resolve("search dead4.test", "nameserver fd00:3::2")
    with world.only(3):
        assert laptop.build().compiled(3, expected=6) == 6


def test_black_holed_server_holds_nobody_up_and_is_named(world: World, laptop: Laptop) -> None:
    laptop.at(3, search="hole.test")
    began = time.monotonic()
    with world.only(3):
        project = laptop.build()
        assert project.compiled(3, expected=6) == 6
    # The first compile waits for the deadline at most, and no other one does.
    assert time.monotonic() - began < 30
    explained = laptop.query("explain")
    assert "10.3.66.1  -> it cannot be reached" in explained
    assert "10.3.66.1" not in laptop.query("hosts")
    # The table tells it for people who look after the farm.
    table = laptop.query("servers")
    [line] = [one for one in table.splitlines() if "10.3.66.1" in one]
    assert "unreachable" in line


def test_portal_with_a_public_address_gets_nothing(world: World, laptop: Laptop) -> None:
    laptop.at(PORTAL, search="hotel.test")
    before = world.traffic()
    project = laptop.build(3)
    after = world.traffic()
    assert {n: one.connections for n, one in after.items()} == {
        n: one.connections for n, one in before.items()
    }
    [note] = project.notes
    assert f"{PUBLIC} is not a private address" in note or "wildcard" in note


def test_portal_with_an_address_of_its_own_gets_nothing(world: World, laptop: Laptop) -> None:
    """The address would do; that any name has it tells it from a farm."""
    laptop.cable.plug(PORTAL)
    laptop.cable.resolve("search hotel.test", "nameserver 10.4.0.3")
    before = world.traffic()
    project = laptop.build(3)
    after = world.traffic()
    assert world.portals[3].queries()
    assert {n: one.connections for n, one in after.items()} == {
        n: one.connections for n, one in before.items()
    }
    [note] = project.notes
    assert "answers as any name there does (wildcard)" in note


def test_server_that_vanishes_in_the_middle_of_a_build(world: World, laptop: Laptop) -> None:
    """Its packets are dropped, so that distcc waits for it; nothing tells at once."""
    laptop.at(2)
    project = laptop.project([6, 12])
    route = ("route", "add", "blackhole", "10.2.0.11/32")
    began = time.monotonic()
    with project.halfway():
        assert project.compiled(2, 1, expected=6) == 6
        sites.ip("-n", world.net.router, *route)
    try:
        assert time.monotonic() - began < 60
        laptop.run("distcc-build", "refresh", cwd=laptop.home)
        assert "10.2.0.11  -> it cannot be reached" in laptop.query("explain")
        assert "10.2.0.11" not in laptop.query("hosts")
        assert laptop.build().compiled(2, expected=6) == 6
    finally:
        sites.ip("-n", world.net.router, "route", "delete", *route[2:])


def test_name_server_behind_a_line_that_loses_and_delays(world: World, laptop: Laptop) -> None:
    """Every question is lost once, and every answer late."""
    address, where = "10.3.0.4", world.places[3]
    sites.ip("-n", where, "address", "add", f"{address}/32", "dev", "eth0")
    records = {"distcc1.lossy.test": ["10.3.0.11"], "distcc2.lossy.test": ["10.3.0.12"]}
    server = world.net.name_server(
        where, world.folder / "lossy", "lossy", listen=[address], records=records
    )
    laptop.cable.plug(3)
    laptop.cable.resolve("search lossy.test", f"nameserver {address}")
    with world.only(3):
        assert laptop.build().compiled(3, expected=6) == 6
    asked = [name for kind, name in server.queries() if kind == "A"]
    assert asked.count("distcc1.lossy.test") >= 2
    assert "distcc2.lossy.test" in laptop.query("explain")


@pytest.mark.skipif(bool(sites.without_netem()), reason=sites.without_netem())
def test_line_with_latency_and_loss(world: World, laptop: Laptop) -> None:
    laptop.at(2)
    netem = ("dev", "desk", "root", "netem", "delay", "40ms", "10ms", "loss", "2%")
    sites.ip("netns", "exec", world.net.router, "tc", "qdisc", "add", *netem)
    project = laptop.build()
    laptop.run("distcc-build", "refresh", cwd=laptop.home)
    assert project.notes == []
    assert laptop.build().compiled(2, expected=6) == 6
