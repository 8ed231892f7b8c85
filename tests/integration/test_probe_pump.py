"""Which servers are good for pump mode: those that preprocess to the object of this machine."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from probing import odd_compilers, probed, references, servers

from distcc_build.farm.loopback import Farm
from distcc_build.pump.proof import pump_objects
from distcc_build.reference import Reference
from distcc_build.verdict import Cause, Verdict

pytestmark = pytest.mark.skipif(not shutil.which("distccd"), reason="distccd is not installed")

HONEST, OTHER, NONE = 1, 2, 3


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with tempfile.TemporaryDirectory(prefix="distcc-build-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        # As of another release: what is preprocessed here does not show it.
        Path(folder, "stdio.h").write_text(
            "#include_next <stdio.h>\n#undef BUFSIZ\n#define BUFSIZ 7\n"
        )
        scripts = {
            OTHER: f'exec $real -isystem {folder} "$@"',
            NONE: 'case $* in *.i\\ *|*.ii\\ *) exec $real "$@";; esac; exit 1',
        }
        with (
            odd_compilers(scripts, "gcc", "g++") as differing,
            Farm(servers=3, differing=differing) as farm,
        ):
            yield farm


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> list[Reference]:
    return references(tmp_path_factory.mktemp("cache") / "cache", "gcc", "g++")


def judged(farm: Farm, number: int, known: list[Reference], **options: Any) -> list[Verdict]:
    (found,) = probed(servers(farm.daemons, [number]), known, seconds=60, **options)
    return found


def test_a_server_that_gives_the_same_object_is_good(farm: Farm, known: list[Reference]) -> None:
    made = pump_objects(known)
    assert all(isinstance(one, bytes) and one.startswith(b"\x7fELF") for one in made.values())
    for verdict in judged(farm, HONEST, known, pump=made):
        assert (verdict.cause, verdict.pump) == (Cause.OK, True)


@pytest.mark.parametrize(
    ("number", "why"),
    [(OTHER, "its headers give another object"), (NONE, "does not compile there")],
)
def test_one_with_other_headers_is_good_for_all_but_pump_mode(
    number: int, why: str, farm: Farm, known: list[Reference]
) -> None:
    assert [one.cause for one in judged(farm, number, known)] == [Cause.OK, Cause.OK]
    for verdict in judged(farm, number, known, pump=pump_objects(known)):
        assert (verdict.cause, verdict.pump) == (Cause.PROTOCOL, False)
        assert why in verdict.why


def test_without_an_object_of_this_machine_nothing_is_proved(
    farm: Farm, known: list[Reference]
) -> None:
    for verdict in judged(farm, HONEST, known, pump={known[0].compiler.key: "no headers"}):
        assert verdict.cause is Cause.PROTOCOL
        assert verdict.why.startswith("pump mode: ")
