"""Servers that announce themselves, by Debian's distccd and avahi-daemon: found by +zeroconf."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.announced_farm import AnnouncedFarm, needs_avahi, run_avahi
from e2e.workbench import Output, Workbench, objects, write
from namespaces import Link, Machine
from running import eventually

from distcc_build.plan import FIRST_LINE

FILES = 20
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
def with_zeroconf(wheel: Path, make_venv: Callable[..., Path]) -> Path:
    """An installation with the extra."""
    return make_venv("zeroconf", f"{wheel}[zeroconf]")


@pytest.fixture(scope="module")
def announced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnnouncedFarm]:
    logs = tmp_path_factory.mktemp("announced")
    with Link(logs) as link:
        farm = AnnouncedFarm(link, logs)
        # The port is one for both: most desktops have the daemon running.
        run_avahi(link, farm.client, logs)
        yield farm


class Desk:
    """Somebody at the client, with a project."""

    def __init__(self, client: Machine, installation: Path, home: Path, project: Path) -> None:
        home.mkdir()
        self._bench = Workbench(installation, home, {"DISTCC_HOSTS": "+zeroconf"})
        self._client, self._project = client, project

    def run(self, *words: str, **environ: str) -> Output:
        inside = self._client.inside(*words, folder=self._project)
        return self._bench.run(*inside, cwd=self._project, environ=environ)

    def kept(self) -> list[bytes]:
        """What is kept between builds."""
        files = (self._bench.home / "cache").rglob("*")
        return [one.read_bytes() for one in files if one.is_file()]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for number in range(FILES):
        write(folder / f"{number}.c", SOURCE.replace("FILE_NUMBER", str(number + 2)))
    write(folder / "Makefile", MAKEFILE)
    return folder


@needs_avahi
def test_five_servers_are_found_and_all_of_them_build(
    announced: AnnouncedFarm, with_zeroconf: Path, tmp_path: Path, project: Path
) -> None:
    desk = Desk(announced.client, with_zeroconf, tmp_path / "home", project)
    # A look that a busy machine cuts short is made good by the next.
    find = ("sh", "-c", "distcc-build hosts --all --refresh || true")
    assert eventually(lambda: set(desk.run(*find).lines) == announced.addresses, 60)
    list_ = desk.run("distcc-build", "hosts", "--compiler", "gcc").out
    assert all(f"{address}/1" in list_.split() for address in announced.addresses)
    assert "zeroconf" not in list_

    desk.run("make", "-j12")
    assert eventually(lambda: set(announced.compiles()) == {one.name for one in announced.servers})
    by_farm = objects(project)
    assert len(by_farm) == FILES
    for path in project.glob("*.o"):
        path.unlink()
    desk.run("make", "-j4", "CC=gcc")
    assert objects(project) == by_farm
    plans = [one for one in desk.kept() if one.startswith(FIRST_LINE.encode())]
    assert plans
    assert not any(b"+zeroconf" in one for one in plans)


@needs_avahi
def test_without_the_package_the_build_goes_on_here_and_says_why(
    announced: AnnouncedFarm, installation: Path, tmp_path: Path, project: Path
) -> None:
    desk = Desk(announced.client, installation, tmp_path / "home", project)
    made = desk.run("make", "-j4")
    assert "no distcc servers: python-zeroconf is not installed" in made.err
    assert "pip install 'distcc-build[zeroconf]'" in made.err
    assert len(objects(project)) == FILES
