"""Servers that announce themselves, by Debian's distccd and avahi-daemon: found by +zeroconf."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.announced_farm import AnnouncedFarm, needs_avahi, run_avahi
from e2e.small_project import BUILDS, small_project
from e2e.workbench import PATIENT, Output, Workbench, objects, write
from namespaces import Link, Machine
from peers import DNSMASQ
from running import eventually

from distcc_build.plan import FIRST_LINE

FILES = 10
MAKEFILE = """\
CC := $(or $(shell distcc-launch --cc gcc),gcc)
CFLAGS = -O2
all: $(patsubst %.c,%.o,$(wildcard *.c))
"""
# Long enough at a compiler for all slots to be in use at once.
SOURCE = """\
#include <stdio.h>
#define A(n) int f_##n(int x) { printf("%d\\n", x * n); return x % (n + FILE_NUMBER); }
#define B(n) A(n##0) A(n##1) A(n##2) A(n##3) A(n##4) A(n##5) A(n##6) A(n##7) A(n##8) A(n##9)
B(1) B(2) B(3) B(4) B(5) B(6) B(7) B(8) B(9)
"""


@pytest.fixture(scope="module")
def announced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnnouncedFarm]:
    logs = tmp_path_factory.mktemp("announced")
    with Link(logs) as link:
        farm = AnnouncedFarm(link, logs)
        # The port is one for both: most desktops have the daemon running.
        run_avahi(link, farm.client, logs)
        yield farm


class Desk:
    """Somebody at the client."""

    def __init__(self, client: Machine, installation: Path, home: Path) -> None:
        home.mkdir()
        self._bench = Workbench(installation, home, {"DISTCC_HOSTS": "+zeroconf", **PATIENT})
        self._client = client

    def run(self, *words: str, at: Path = Path("/"), **environ: str) -> Output:
        inside = self._client.inside(*words, folder=at)
        return self._bench.run(*inside, cwd=at, environ=environ)

    def kept(self) -> list[bytes]:
        """What is kept between builds."""
        files = (self._bench.home / "cache").rglob("*")
        return [one.read_bytes() for one in files if one.is_file()]


@pytest.fixture(scope="module")
def desk(
    announced: AnnouncedFarm,
    wheel: Path,
    make_venv: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Desk:
    """One that has the extra, and has heard of all the servers."""
    packages = (f"{wheel}[zeroconf,scons]", "meson", "ninja")
    home = tmp_path_factory.mktemp("desk") / "home"
    desk = Desk(announced.client, make_venv("zeroconf", *packages), home)
    # A look that a busy machine cuts short is made good by the next.
    find = ("sh", "-c", "distcc-build hosts --all --refresh || true")
    assert eventually(lambda: set(desk.run(*find).lines) == announced.addresses, 60)
    return desk


@needs_avahi
def test_five_servers_are_found_and_all_of_them_build(
    announced: AnnouncedFarm, desk: Desk, tmp_path: Path
) -> None:
    list_ = desk.run("distcc-build", "hosts", "--compiler", "gcc").out
    assert all(f"{address}/1" in list_.split() for address in announced.addresses)
    assert "zeroconf" not in list_

    for number in range(FILES):
        write(tmp_path / f"{number}.c", SOURCE.replace("FILE_NUMBER", str(number + 2)))
    write(tmp_path / "Makefile", MAKEFILE)
    desk.run("make", f"-j{FILES}", at=tmp_path)
    names = {one.name for one in announced.servers}
    assert eventually(lambda: {name for name, _ in announced.compiles()} == names)
    by_farm = objects(tmp_path)
    assert len(by_farm) == FILES
    for path in tmp_path.glob("*.o"):
        path.unlink()
    desk.run("make", "-j4", "CC=gcc", at=tmp_path)
    assert objects(tmp_path) == by_farm
    plans = [one for one in desk.kept() if one.startswith(FIRST_LINE.encode())]
    assert plans
    assert not any(b"+zeroconf" in one for one in plans)


@needs_avahi
@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS.keys())
def test_each_build_system_compiles_on_the_five(
    build: str, announced: AnnouncedFarm, desk: Desk, tmp_path: Path
) -> None:
    # Of this build alone, in logs that all have in common.
    tag = f"_{tmp_path.name}".replace("-", "_")
    project = tmp_path / "project"
    sources = small_project(project, tag)
    desk.run("bash", "-euc", build, at=project)

    def compiled() -> list[str]:
        return sorted(source for _, source in announced.compiles() if tag in source)

    assert eventually(lambda: len(compiled()) == len(sources))
    assert compiled() == sorted(sources)
    desk.run("./prog", at=project)
    listed = desk.run("distcc-build", "hosts").out.split()
    servers = {one for one in listed if not one.startswith(("--", "localhost"))}
    assert servers == {f"{address}/1" for address in announced.addresses}

    by_farm = objects(project)
    assert len(by_farm) == len(sources)
    # In the same place: there may be its name in them.
    shutil.rmtree(project)
    small_project(project, tag)
    desk.run("bash", "-euc", build, at=project, DISTCC_BUILD="off")
    assert objects(project) == by_farm
    assert compiled() == sorted(sources)


@needs_avahi
@pytest.mark.skipif(not DNSMASQ, reason="needs dnsmasq")
def test_a_server_with_a_numbered_name_too_is_used_once(
    announced: AnnouncedFarm, desk: Desk
) -> None:
    first = str(announced.servers[0].address)
    asked = announced.run_dnsmasq("local=/farm.test/", f"host-record=distcc1.farm.test,{first},30")
    for words in ("+zeroconf --discover-distccN", "--discover-distccN +zeroconf"):
        servers: list[dict[str, str]] = []

        def all_are_used(words: str = words, servers: list[dict[str, str]] = servers) -> bool:
            said = desk.run(
                *("distcc-build", "hosts", "--json", "--refresh"),
                DISTCC_HOSTS=words,
                DISTCC_BUILD_NAMESERVERS=asked,
                DISTCC_BUILD_DOMAIN="farm.test",
            )
            servers[:] = json.loads(said.out)["servers"]
            used = [one["address"] for one in servers if one["state"] == "used"]
            return sorted(used) == sorted(announced.addresses)

        assert eventually(all_are_used, 60), servers
        both = [(one["source"], one["state"]) for one in servers if one["address"] == first]
        assert both == [*zip(words.split(), ("used", "duplicate"), strict=True)]


@needs_avahi
def test_without_the_package_the_build_goes_on_here_and_says_why(
    announced: AnnouncedFarm, installation: Path, tmp_path: Path
) -> None:
    desk = Desk(announced.client, installation, tmp_path / "home")
    sources = small_project(tmp_path / "project")
    made = desk.run("make", "prog", at=tmp_path / "project")
    assert "no distcc servers: python-zeroconf is not installed" in made.err
    assert f"{installation}/bin/python -m pip install zeroconf" in made.err
    assert len(objects(tmp_path / "project")) == len(sources)
