"""The demo's verdict: it must not praise a build that was not distributed."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from distcc_build.errors import DistccBuildError
from distcc_build.farm.demo import Recipe, Row, build, main

needs_distcc = pytest.mark.skipif(
    not shutil.which("distccd"), reason="distccd is not installed (Debian: distcc)"
)

# The client without discovery: the demo's own counting is what is tested here.
DISTCC = (
    'DISTCC_FALLBACK=0 DISTCC_HOSTS=127.1.0.1:$DISTCC_BUILD_PORT PATH="/usr/bin:$PATH" distcc gcc'
)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    project = tmp_path / "samples" / "three"
    project.mkdir(parents=True)
    for number in range(3):
        (project / f"{number}.c").write_text(f"int f{number}(void) {{ return {number}; }}\n")
    return tmp_path / "samples"


def row(samples: Path, command: str, patience: float = 20) -> Row:
    scratch = samples.parent / "scratch"
    scratch.mkdir()
    return build(Recipe("Shell", "three", command), samples, scratch, patience=patience)


def compile_all(compiler: str) -> str:
    return f"for c in *.c; do {compiler} -c $c || exit; done"


@needs_distcc
def test_distributed_compiles_are_counted_by_server(samples: Path) -> None:
    done = row(samples, compile_all(DISTCC))
    assert done.compiles == 3
    assert done.servers == {"127.1.0.1": 3, "127.1.0.2": 0, "127.1.0.3": 0}
    assert (done.checks, done.same) == (0, True)
    assert done.faults == ["0 walks of DNS instead of 1"]


@needs_distcc
def test_local_compile_is_a_fault(samples: Path) -> None:
    done = row(samples, f"gcc -c 0.c; rm 0.c; {compile_all(DISTCC)}", patience=1)
    assert "1 of 3 compiles were not on the farm" in done.faults


@needs_distcc
def test_distributed_check_does_not_stand_in_for_a_local_compile(samples: Path) -> None:
    check = f"mkdir .sconf_temp; cp 0.c .sconf_temp; {DISTCC} -c .sconf_temp/0.c; rm 0.o; "
    done = row(samples, f"{check} gcc -c 0.c; rm 0.c; {compile_all(DISTCC)}", patience=1)
    assert (done.compiles, done.checks) == (3, 1)
    assert "1 of 3 compiles were not on the farm" in done.faults


@needs_distcc
def test_different_object_is_a_fault(samples: Path) -> None:
    flag = "$([ $DISTCC_BUILD ] && echo -O2)"
    done = row(samples, compile_all(f"{DISTCC} {flag}"))
    assert "objects differ from those of a local build" in done.faults


@needs_distcc
def test_failing_build_shows_what_it_said(samples: Path) -> None:
    with pytest.raises(DistccBuildError, match="something is wrong"):
        row(samples, "echo something is wrong; exit 3")


@needs_distcc
def test_exit_status_and_table_tell_of_the_fault(
    samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = Recipe("Shell", "three", compile_all("gcc"))
    assert main(samples, [recipe]) == 1
    out = capsys.readouterr().out
    assert "Shell: 3 of 3 compiles were not on the farm" in out
    assert "127.1.0.3" in out


@pytest.mark.parametrize(
    ("compiles", "there", "walks", "same", "faults"),
    [
        (3, 3, 1, True, 0),
        (3, 2, 1, True, 1),
        (3, 4, 1, True, 1),
        (0, 0, 1, True, 1),
        (3, 3, 0, True, 1),
        (3, 3, 2, True, 1),
        (3, 3, 1, False, 1),
        (3, 0, 0, False, 3),
    ],
)
def test_every_fault_is_named(
    compiles: int, there: int, walks: int, same: bool, faults: int
) -> None:
    recipe = Recipe("Make", "make", "make")
    row = Row(recipe, compiles, Counter({"127.1.0.1": there}), 0, walks, 1.0, same)
    assert len(row.faults) == faults
