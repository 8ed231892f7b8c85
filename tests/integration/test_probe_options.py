"""One version string, other default options: a probe tells such servers from honest ones."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from probing import odd_compilers, probed, references, servers

from distcc_build.farm.loopback import Farm
from distcc_build.reference import Reference
from distcc_build.verdict import Cause

pytestmark = [
    pytest.mark.skipif(not shutil.which("distccd"), reason="distccd is not installed"),
    pytest.mark.slow,
]

# Each is the default of some distribution, of some configuration of gcc, or what an administrator
# puts into a wrapper; each changes the code of some programs, on x86-64 at least.
OPTIONS = [
    # hardening
    "-fcf-protection=full",
    "-fstack-protector-strong",
    "-fstack-protector-all",
    "-fstack-clash-protection",
    "-ftrivial-auto-var-init=zero",
    "-fzero-call-used-regs=used-gpr",
    "-mindirect-branch=thunk",
    "-fpatchable-function-entry=2",
    # where code and data go, and how they are reached
    "-fno-PIE",
    "-fPIC",
    "-fno-plt",
    "-fcommon",
    "-ffunction-sections",
    "-fdata-sections",
    "-fvisibility=hidden",
    "-mcmodel=large",
    "-Wa,-mrelax-relocations=no",
    # the processor, and how it is used
    "-march=x86-64-v2",
    "-march=x86-64-v3",
    "-mtune=haswell",
    "-mno-red-zone",
    "-fno-omit-frame-pointer",
    "-fno-jump-tables",
    "-fno-tree-slp-vectorize",
    "-fno-crossjumping",
    # what the language means
    "-funsigned-char",
    "-fshort-enums",
    "-fwrapv",
    "-fno-strict-aliasing",
    "-fno-delete-null-pointer-checks",
    "-fno-math-errno",
    "-ffast-math",
    "-mlong-double-64",
    # C++
    "-fno-exceptions",
    "-fno-threadsafe-statics",
    "-fno-sized-deallocation",
    "-std=c++14",
    # what is said beside the code
    "-fno-asynchronous-unwind-tables",
    "-fno-ident",
    "-pg",
]
NUMBERS = range(1, len(OPTIONS) + 1)
HONEST = [len(OPTIONS) + 1, len(OPTIONS) + 2]


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    scripts = {number: f'exec $real {OPTIONS[number - 1]} "$@"' for number in NUMBERS}
    # A wrapper that changes nothing must not count as another compiler.
    scripts[HONEST[0]] = 'exec $real "$@"'
    with (
        odd_compilers(scripts, "gcc", "g++") as differing,
        Farm(servers=HONEST[-1], slots=2, differing=differing) as farm,
    ):
        yield farm


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> list[Reference]:
    return references(tmp_path_factory.mktemp("cache") / "cache", "gcc", "g++")


def test_40_other_default_options_are_told_apart_in_35_cases(
    farm: Farm, known: list[Reference]
) -> None:
    assert len(set(OPTIONS)) == 40
    verdicts = probed(servers(farm.daemons, NUMBERS), known, seconds=120)
    # The version is the same, so nothing but the objects can tell.
    causes = {one.cause for pair in verdicts for one in pair}
    assert causes <= {Cause.OK, Cause.DIFFERENT, Cause.FAILED}
    missed = [
        option
        for option, pair in zip(OPTIONS, verdicts, strict=True)
        if all(one.good for one in pair)
    ]
    assert len(missed) <= 5, missed


def test_honest_servers_are_never_told_apart(
    farm: Farm, known: list[Reference], tmp_path: Path
) -> None:
    more = references(tmp_path / "cache", "cc", "/usr/bin/g++")
    for _ in range(10):
        verdicts = probed(servers(farm.daemons, HONEST), [*known, *more], seconds=120)
        assert [one.cause for found in verdicts for one in found] == [Cause.OK] * 8
