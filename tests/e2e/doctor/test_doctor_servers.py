"""What doctor says of servers, found or wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from compiling import Bench
from e2e.doctor.asked import Said, doctor, is_trial, lean, on_terminal
from e2e.farm_of_six import DEAD, DENIES, FROZEN, GOOD, NAMES, VERSION, WITHOUT, six_servers
from probing import odd_compilers

from distcc_build.farm.loopback import Farm


def test_where_all_is_well_there_is_nothing_to_do(farm: Farm, full: Bench) -> None:
    before = farm.daemons.compiles(is_trial)
    said = doctor(full)
    assert (said.status, said.bad(), said.steps) == (0, [], [])
    expected = "compiles of gcc and g++ are distributed to 2 servers with 16 slots"
    assert said.table["verdict"] == expected
    assert said.table["distributed"] is True
    for name in ("SCons", "CMake", "Meson", "Make"):
        assert said.check("faces", name)["status"] == "ok"
    assert "3." in said.check("client", "distcc")["text"]
    assert "distcc3.farm.test does not exist" in said.check("discovery", "stopped")["text"]
    # Each server has compiled in both languages, for real.
    done = farm.daemons.wait_for(before.total() + 4, is_trial)
    assert [done[one] - before[one] for one in farm.daemons.addresses] == [2, 2]
    # And nothing is left that builds would go by.
    assert not (full.directory / "distcc/lock").exists()
    assert not list(full.cache.glob("plan-*"))
    assert not list(full.cache.glob(".tmp-*"))


class Sick(NamedTuple):
    """A farm with seven servers, one of them good, and what doctor says of it."""

    farm: Farm
    said: Said


DIFFERENT = 7

# As it shows: in every object (.comment), and in no word.
DIFFERENT_OBJECT = 'exec $real -fno-ident "$@"'


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sick]:
    with six_servers(more={DIFFERENT: DIFFERENT_OBJECT}) as farm:
        bench = lean(Bench(tmp_path_factory.mktemp("sick"), farm.exports))
        yield Sick(farm, doctor(bench))


CASES = {
    DEAD: ("refused", "start distccd on it, or correct its port (where it is listed"),
    FROZEN: ("silent", "it is frozen, or busy"),
    DENIES: ("denied", "add this machine's network to its --allow"),
    VERSION: ("other version (11.3.0 there, ", "install the same version of gcc and g++ on both"),
    WITHOUT: ("compiler missing", "install gcc and g++ where distccd's PATH looks"),
    DIFFERENT: ("different object", "install the same package of gcc and g++ on both"),
}


@pytest.mark.parametrize(("number", "case"), CASES.items(), ids=[one[0] for one in CASES.values()])
def test_each_failing_server_is_named_with_its_remedy(
    sick: Sick, number: int, case: tuple[str, str]
) -> None:
    found = sick.said.check("servers", f"distcc{number}.farm.test")
    state, remedy = case
    assert found["status"] == "problem"
    assert found["text"].startswith(f"127.1.0.{number}  {state}")
    assert found["remedy"].startswith(remedy)


def test_one_good_server_is_enough_to_distribute_and_status_1_tells_of_the_others(
    sick: Sick,
) -> None:
    said = sick.said
    assert said.status == 1
    assert said.table["verdict"] == (
        "compiles of gcc and g++ are distributed to 1 server with 4 slots"
    )
    assert said.check("servers", f"distcc{GOOD}.")["status"] == "ok"
    assert said.check("trial", f"distcc{GOOD}.")["status"] == "ok"
    assert len(said.steps) == 3


@pytest.fixture
def odd(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A farm of two whose first server compiles by this script."""
    with (
        odd_compilers({1: request.param}, *NAMES) as differing,
        Farm(servers=2, slots=8, differing=differing) as farm,
    ):
        yield lean(Bench(tmp_path, farm.exports))


OURS = 'for one; do grep -qs distcc-build-doctor "$one" && {action}; done; exec $real "$@"'


@pytest.mark.parametrize("odd", [OURS.format(action='exec $real -fno-ident "$@"')], indirect=True)
def test_a_wrong_object_that_the_proof_does_not_show_is_found_by_the_real_compile(
    odd: Bench,
) -> None:
    said = doctor(odd)
    assert said.check("servers", "distcc1.")["status"] == "ok"
    found = said.check("trial", "distcc1.")
    assert found["status"] == "problem"
    assert found["text"] == "another object than here: gcc and g++"
    assert said.table["next"][0]["loss"] == "trust"
    assert said.steps[0].startswith("take it out of DNS")
    assert said.status == 1


@pytest.mark.parametrize("odd", [OURS.format(action="exit 1")], indirect=True)
def test_a_compile_that_fails_after_the_proof_is_told_and_its_server_not_counted(
    odd: Bench,
) -> None:
    said = doctor(odd)
    found = said.check("trial", "distcc1.")
    assert found["status"] == "problem"
    assert found["remedy"].startswith("try it: DISTCC_HOSTS=127.1.0.1:")
    assert "to 1 server with 8 slots" in said.table["verdict"]
    assert said.status == 1


HOSTILE = r"printf '\033[31m\007error: [bold]no\r\n' >&2; exit 1"


@pytest.mark.parametrize("odd", [HOSTILE], indirect=True)
def test_what_a_server_says_moves_no_cursor(odd: Bench) -> None:
    found = doctor(odd, "--compiler", "gcc").check("servers", "distcc1.")
    assert "compile fails (" in found["text"]
    text = odd.run("doctor", "--compiler", "gcc", expect=1).stdout
    assert "[bold]no" in text
    assert not {one for one in text if not one.isprintable()} - {"\n"}
    shown = on_terminal(odd, "doctor", "--compiler", "gcc", columns=100, status=1)
    assert "[bold]no" in shown
    assert "\x07" not in shown
