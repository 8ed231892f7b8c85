"""A laptop that moves from one site to another, between builds and in the middle of one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sites
from e2e.networked import ANYCAST, WHY_NOT, Laptop, World, the_world
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


def test_each_build_uses_the_farm_of_its_site_and_sends_nothing_to_the_other(
    world: World, laptop: Laptop
) -> None:
    """Two sites, one build in each, and one in whose middle the laptop moves."""
    laptop.at(1)
    with world.only(1):
        assert laptop.build().compiled(1, expected=6) == 6
    laptop.at(2)
    with world.only(2):
        assert laptop.build().compiled(2, expected=6) == 6
    project = laptop.project([6, 6])
    with project.halfway():
        assert project.compiled(2, 1, expected=6) == 6
        laptop.at(1)
        before = world.traffic()
    assert project.compiled(1, 2, expected=6) == 6
    assert world.traffic()[2] == before[2]
    assert project.notes == []
    # Home again: what was known there is not believed for longer than it holds, nor forgotten.
    laptop.at(2)
    with world.only(2):
        assert laptop.build().compiled(2, expected=6) == 6


def test_resolv_conf_that_changes_in_the_middle_of_a_build(world: World, laptop: Laptop) -> None:
    """The laptop stays where it is, as with a VPN: only whom it asks is another."""
    laptop.at(3)
    project = laptop.project([6, 6])
    with project.halfway():
        assert project.compiled(3, 1, expected=6) == 6
        laptop.cable.resolve("search two.example.com", "nameserver 10.2.0.2")
        before = world.traffic()
    assert project.compiled(2, 2, expected=6) == 6
    assert world.traffic()[3] == before[3]
    assert project.notes == []


def plug_anycast(laptop: Laptop, number: int, **plug: Any) -> None:
    """Plug it in where the site's name server has the same address as the other site's."""
    laptop.cable.plug(number, **plug)
    way = ("via", f"10.{number}.0.2")
    sites.ip("-n", laptop.world.net.router, "route", "replace", f"{ANYCAST}/32", *way)


SAME = ("search corp.test", f"nameserver {ANYCAST}")


def test_same_resolv_conf_written_anew_at_the_other_site(world: World, laptop: Laptop) -> None:
    """As DHCP clients do: then the default route tells that it is another network."""
    plug_anycast(laptop, 1)
    laptop.cable.resolve(*SAME)
    project = laptop.project([6, 6])
    with project.halfway():
        assert project.compiled(1, 1, expected=6) == 6
        plug_anycast(laptop, 2)
        laptop.cable.resolve(*SAME)
        before = world.traffic()
    assert project.compiled(2, 2, expected=6) == 6
    assert world.traffic()[1] == before[1]


def test_same_resolv_conf_and_same_router_at_the_other_site(world: World, laptop: Laptop) -> None:
    """As with the routers of one maker; the laptop's own address is another."""
    plug_anycast(laptop, 1, network=77, families=[4])
    laptop.cable.resolve(*SAME)
    assert laptop.build().compiled(1, expected=6) == 6
    plug_anycast(laptop, 2, network=77, families=[4], host=101)
    laptop.cable.resolve(*SAME)
    before = world.traffic()
    assert laptop.build().compiled(2, expected=6) == 6
    assert world.traffic()[1] == before[1]


def test_a_move_that_touches_no_file_is_noticed_when_the_plan_is_due(
    world: World, laptop: Laptop
) -> None:
    """The launcher looks at files only, so it goes on until the plan is not fresh any more.

    Where the old servers cannot be reached from the new site the compiles run here meanwhile;
    here they can be, and get them.  What looks at the network itself notices at once.
    """
    laptop.environ |= {"DISTCC_BUILD_TTL_MIN": "1", "DISTCC_BUILD_TTL_MAX": "1"}
    plug_anycast(laptop, 1)
    laptop.cable.resolve(*SAME)
    assert laptop.build().compiled(1, expected=6) == 6
    plug_anycast(laptop, 2)

    def moved() -> bool:
        # On a machine that is busy one may also run here, where the plan of a second has ended.
        project = laptop.build(1)
        return eventually(lambda: project.compiled(2) == 1, 1)

    assert eventually(moved, 120)
    before = world.traffic()
    assert laptop.build().compiled(2, expected=6) == 6
    assert world.traffic()[1] == before[1]


def test_a_build_by_run_notices_a_move_that_touches_no_file(world: World, laptop: Laptop) -> None:
    """Python looks at the network itself, and takes away the plans that belong to another."""
    plug_anycast(laptop, 1)
    laptop.cable.resolve(*SAME)
    assert laptop.build().compiled(1, expected=6) == 6
    plug_anycast(laptop, 2)
    before = world.traffic()
    project = laptop.project()
    project.make("distcc-build", "run", "--")
    assert project.compiled(2, expected=6) == 6
    assert laptop.build().compiled(2, expected=6) == 6
    assert world.traffic()[1] == before[1]


def test_a_touched_resolv_conf_tells_of_a_move(world: World, laptop: Laptop) -> None:
    """What a hook of the network's manager can do where nothing else writes a file."""
    plug_anycast(laptop, 1)
    laptop.cable.resolve(*SAME)
    assert laptop.build().compiled(1, expected=6) == 6
    plug_anycast(laptop, 2)
    laptop.run("touch", "/etc/resolv.conf", cwd=laptop.home)
    before = world.traffic()
    assert laptop.build().compiled(2, expected=6) == 6
    assert world.traffic()[1] == before[1]
