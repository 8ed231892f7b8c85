"""What docs/lsdistcc.md says of lsdistcc and of distcc-build, case by case, with the real ones."""

import contextlib
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from e2e.docs.pages import matches
from e2e.farm_of_six import OTHER_VERSION
from e2e.lsdistcc_scenes import (
    DEAD,
    DENIES,
    FROZEN,
    OTHER_PORT,
    SCENES,
    SIX,
    VERSION,
    Scene,
    address,
)
from e2e.workbench import SYSTEM_PATH
from making.lsdistcc import ANSWERS, OPTIONS, Case
from network_stage import Network, Ran, network, why_not
from probing import odd_compilers
from servers import Mode, ScriptedNameServer, delay

from distcc_build.farm import daemons
from distcc_build.farm.daemons import Differing
from distcc_build.farm.loopback import Farm
from distcc_build.farm.zone import Zone


class Place:
    """A network with servers, and names that change."""

    def __init__(self, there: Network, names: ScriptedNameServer, installation: Path) -> None:
        self._there, self._names = there, names
        self._path = f"{installation / 'bin'}:{SYSTEM_PATH}:/usr/sbin:/sbin"

    def run(self, line: str, scene: Scene, home: Path) -> Ran:
        """Run a line of sh, with addresses as in the documentation, by somebody without a cache."""
        self._names.zone = Zone(scene.zone, origins=["example.com."])
        self._names.script = dict(scene.script().items())
        self._there.resolv_conf(scene.resolv_conf)
        environ = {
            "PATH": self._path,
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "DISTCC_BUILD_CACHE_DIR": str(home / "cache"),
            "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
        }
        ran = self._there.run(re.sub(r"\b10\.(?=\d+\.\d+\.\d)", "127.", line), environ, home)
        out, err = (re.sub(r"\b127\.(?=\d+\.\d+\.\d)", "10.", one) for one in (ran.out, ran.err))
        return Ran(ran.status, out, err)


def distccds(port: int, servers: int, differing: dict[int, Differing] | None = None) -> Farm:
    """Servers on this port, which is free here: nobody else is in this network."""
    with mock.patch.object(daemons, "_free_port", return_value=port):
        farm = Farm(servers=servers, slots=4, environ={"PATH": SYSTEM_PATH}, differing=differing)
        return farm.__enter__()


@pytest.fixture(scope="module")
def place(installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    missing = [one for one in ("lsdistcc", "distcc-pump") if shutil.which(one) is None]
    if why := f"there is no {missing[0]} here" if missing else why_not():
        pytest.skip(why)
    with contextlib.ExitStack() as stack:
        there = stack.enter_context(network(tmp_path_factory.mktemp("network")))
        odd = stack.enter_context(odd_compilers({VERSION: OTHER_VERSION}, "gcc", "g++"))
        odd[DENIES] = Differing(allow="10.0.0.0/8")
        odd[SIX] = Differing(options=("--listen=::1", "--allow=::1"))
        with there.inside():
            farm = distccds(3632, SIX, odd)
            stack.callback(farm.__exit__)
            stack.callback(distccds(OTHER_PORT, 1).__exit__)
            names = ScriptedNameServer({}, address="127.0.0.1", port=53)
            stack.enter_context(names)
        farm.daemons.signal(address(DEAD), signal.SIGKILL)
        farm.daemons.signal(address(FROZEN), signal.SIGSTOP)
        yield Place(there, names, installation)


def topic(case: Case) -> str:
    return case.topic


@pytest.mark.parametrize("case", [*OPTIONS, *ANSWERS], ids=topic)
def test_both_say_what_the_documentation_says(case: Case, place: Place, tmp_path: Path) -> None:
    theirs = place.run(case.theirs, SCENES[case.scene], tmp_path)
    said = "\n".join(sorted(theirs.out.splitlines()))
    assert any(
        matches("\n".join(one.lines), said) and theirs.status == one.status for one in case.they
    ), theirs
    for _ in range(case.times):
        ours = place.run(case.ours, SCENES[case.scene], tmp_path)
        assert matches("\n".join(case.we.lines), ours.out), ours
        assert ours.status == case.we.status, ours


def test_a_row_that_is_wrong_would_be_seen(place: Place, tmp_path: Path) -> None:
    good = next(one for one in OPTIONS if one.topic == "-n")
    for wrong in (
        good._replace(we=good.we._replace(lines=("10.1.0.1",))),
        good._replace(we=good.we._replace(status=1)),
        good._replace(they=(good.we,)),
    ):
        with pytest.raises(AssertionError):
            test_both_say_what_the_documentation_says(wrong, place, tmp_path)


@pytest.mark.skipif(shutil.which("lsdistcc") is None, reason="there is no lsdistcc here")
def test_every_option_of_lsdistcc_has_a_row_with_its_default() -> None:
    said = subprocess.run(["lsdistcc", "--help"], capture_output=True, text=True, check=False)
    usage = dict(re.findall(r"^(-\w+) +\w.*?(?:\[(\w+)\])?$", said.stdout, re.MULTILINE))
    assert len(usage) == 15
    rows = {one.topic: one.default for one in OPTIONS if re.match(r"-\w", one.topic)}
    assert rows == usage
    others = {one.topic: one.default for one in OPTIONS if one.topic not in rows}
    assert f"Default format is {others['format']}." in said.stdout
    assert {"no options", "host names", "--help", "DISTCC_POTENTIAL_HOSTS"} <= {*others}


def test_no_row_is_empty_and_none_is_there_twice() -> None:
    rows = [*OPTIONS, *ANSWERS]
    assert all(one.topic and one.they and one.ours and one.remark for one in rows)
    assert all("lsdistcc" in one.theirs or "distcc-pump" in one.theirs for one in rows)
    assert all("distcc-build" in one.ours for one in rows)
    assert len({one.topic for one in rows}) == len(rows)
    assert {one.scene for one in rows} == {*SCENES}


HOLE, ORDER = SCENES["a hole in the numbers"], SCENES["distcc1 is slow in DNS"]


@pytest.mark.parametrize(
    ("scene", "late", "answer"),
    [
        (HOLE, 1, ["distcc1"]),
        (HOLE, 2, ["distcc1", "distcc3"]),
        (ORDER, 1, ["distcc2", "distcc1"]),
        (ORDER, 2, ["distcc1", "distcc2"]),
    ],
)
def test_what_lsdistcc_says_depends_on_which_answer_is_first(
    scene: Scene, late: int, answer: list[str], place: Place, tmp_path: Path
) -> None:
    script: dict[str, Mode] = {f"distcc{late}.build.example.com.": delay(0.4)}
    held = scene._replace(script=lambda: script)
    # Where this machine is so busy that another answer is later still, it is tried again.
    said = (place.run("lsdistcc", held, tmp_path).out.splitlines() for _ in range(10))
    assert answer in said
    ours = place.run("distcc-build servers --plain", held, tmp_path).out.splitlines()
    assert ours == ["10.1.0.1/4", "10.1.0.4/4"][: 1 if scene is HOLE else 2]


def test_a_build_by_distcc_pump_compiles_on_the_servers_that_are_good(
    place: Place, tmp_path: Path
) -> None:
    tmp_path.joinpath("hello.c").write_text("int main(void) { return 0; }\n", "utf-8")
    script = tmp_path / "build.sh"
    # As pump's manual page has it, with our list in the place of one that is kept by hand.
    script.write_text(
        'export DISTCC_POTENTIAL_HOSTS="$(distcc-build servers --addresses -o compression=pump)"\n'
        "distcc-pump distcc gcc -c hello.c -o pump.o || exit\n"
        "unset DISTCC_POTENTIAL_HOSTS\n"
        'export DISTCC_HOSTS="$(distcc-build servers --plain -o compression=pump)"\n'
        "distcc-pump distcc gcc -c hello.c -o hosts.o || exit\n"
        "unset DISTCC_HOSTS\n"
        "distcc-build run --pump -- distcc gcc -c hello.c -o run.o || exit\n"
        "gcc -c hello.c -o here.o\n",
        "utf-8",
    )
    done = place.run("DISTCC_FALLBACK=0 sh build.sh", SCENES["five servers"], tmp_path)
    assert done.status == 0, done
    objects = {one.stem: one.read_bytes() for one in tmp_path.glob("*.o")}
    assert {*objects} == {"pump", "hosts", "run", "here"}
    assert len({*objects.values()}) == 1
