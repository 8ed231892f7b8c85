"""What a probe says of real servers, and of what only looks like one."""

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from probing import complaints, here, odd_compilers, probed, references, servers
from recording import RecordingProxy
from running import eventually

from distcc_build.farm.daemons import Differing
from distcc_build.farm.loopback import Farm
from distcc_build.reference import Reference
from distcc_build.verdict import Cause, Verdict

pytestmark = pytest.mark.skipif(
    not (shutil.which("distccd") and shutil.which("clang")), reason="needs distcc and clang"
)

GOOD, FROZEN, DENIES, VERSION, TARGET, OPTION, BROKEN, WITHOUT, CLANG = range(1, 10)
OTHER = '$real -fcommon -fno-ident "$@"'
SCRIPTS = {
    VERSION: f"case $* in *version*) echo 11.3.0;; *) exec {OTHER};; esac",
    TARGET: f"case $* in *-dumpmachine*) echo sparc-sun-solaris;; *) exec {OTHER};; esac",
    OPTION: f"exec {OTHER}",
    BROKEN: """case $* in *-dump*|*version*) exec $real "$@";; esac
               echo 'p.i: In function:' >&2; echo "gcc: fatal error: no cc1" >&2; exit 1""",
    WITHOUT: "",
    CLANG: 'exec clang "$@"',
}


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with odd_compilers(SCRIPTS, "gcc") as differing:
        differing[DENIES] = Differing(allow="10.1.2.3/32")
        with Farm(servers=9, slots=4, differing=differing) as farm:
            yield farm


@pytest.fixture(scope="module")
def gcc(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return references(tmp_path_factory.mktemp("cache") / "cache", "gcc")[0]


def verdict_of(farm: Farm, number: int, reference: Reference, match: str = "exact") -> Verdict:
    [[verdict]] = probed(servers(farm.daemons, [number]), [reference], match=match)
    return verdict


def test_good_server(farm: Farm, gcc: Reference) -> None:
    verdict = verdict_of(farm, GOOD, gcc)
    assert verdict.good
    assert verdict.latency is not None
    assert 0 < verdict.latency < 20
    assert (verdict.version, verdict.target) == (gcc.version, gcc.target)
    assert (verdict.lzo, verdict.pump) == (None, None)


def test_details_of_a_good_server(farm: Farm, gcc: Reference) -> None:
    [[verdict]] = probed(servers(farm.daemons, [GOOD]), [gcc], details=True)
    assert verdict.good
    assert (verdict.version, verdict.target) == (gcc.version, gcc.target)
    assert (verdict.lzo, verdict.pump) == (True, True)


def test_all_compilers_of_a_server_are_proved_one_by_one(
    farm: Farm, tmp_path: Path, gcc: Reference
) -> None:
    known = [gcc, *references(tmp_path / "cache", "g++", "clang", "clang++", "/usr/bin/gcc", "cc")]
    good, option = probed(servers(farm.daemons, [GOOD, OPTION]), known)
    assert [one.cause for one in good] == [Cause.OK] * 6
    # Only gcc is another there; the one with a path is not looked for on PATH.
    assert [one.cause for one in option] == [Cause.DIFFERENT] + [Cause.OK] * 5


def test_frozen_server_is_silent_and_holds_nobody_up(farm: Farm, gcc: Reference) -> None:
    farm.daemons.signal(farm.daemons.addresses[FROZEN - 1], signal.SIGSTOP)
    try:
        began = time.monotonic()
        [[frozen], [good]] = probed(
            servers(farm.daemons, [FROZEN, GOOD]), [gcc], seconds=60, silence=2
        )
        assert time.monotonic() - began < 30
    finally:
        farm.daemons.signal(farm.daemons.addresses[FROZEN - 1], signal.SIGCONT)
    assert (frozen.cause, good.cause) == (Cause.SILENT, Cause.OK)


def test_server_that_denies_us(farm: Farm, gcc: Reference) -> None:
    assert verdict_of(farm, DENIES, gcc).cause is Cause.DENIED


def test_compiler_that_is_not_in_the_servers_list(farm: Farm, tmp_path: Path) -> None:
    word = tmp_path / "gcc-of-ours"
    word.symlink_to(shutil.which("gcc") or "")
    (ours,) = references(tmp_path / "cache", word)
    assert verdict_of(farm, GOOD, ours).cause is Cause.NOT_LISTED


def test_compiler_that_is_not_installed(farm: Farm, gcc: Reference) -> None:
    assert verdict_of(farm, WITHOUT, gcc).cause is Cause.MISSING


def test_other_version_names_both(farm: Farm, gcc: Reference) -> None:
    verdict = verdict_of(farm, VERSION, gcc)
    assert verdict.cause is Cause.VERSION
    assert verdict.why == f"11.3.0 there, {gcc.version} here"
    assert verdict.version == "11.3.0"


def test_other_target_names_both(farm: Farm, gcc: Reference) -> None:
    verdict = verdict_of(farm, TARGET, gcc)
    assert verdict.cause is Cause.TARGET
    assert verdict.why == f"sparc-sun-solaris there, {gcc.target} here"


def test_clang_under_the_name_of_gcc(farm: Farm, gcc: Reference) -> None:
    assert verdict_of(farm, CLANG, gcc).cause is Cause.VERSION


def test_same_version_with_another_default_option(farm: Farm, gcc: Reference) -> None:
    verdict = verdict_of(farm, OPTION, gcc)
    assert verdict.cause is Cause.DIFFERENT
    assert (verdict.version, verdict.target) == (gcc.version, gcc.target)


def test_compile_that_fails_there_tells_the_compilers_words(farm: Farm, gcc: Reference) -> None:
    verdict = verdict_of(farm, BROKEN, gcc)
    assert verdict.cause is Cause.FAILED
    assert verdict.why == "gcc: fatal error: no cc1"


@pytest.mark.parametrize(
    ("match", "good"),
    [
        ("exact", {GOOD}),
        ("version", {GOOD, OPTION}),
        ("off", {GOOD, OPTION, VERSION, TARGET, CLANG}),
    ],
)
def test_how_equal_a_compiler_must_be_is_a_setting(
    farm: Farm, gcc: Reference, match: str, good: set[int]
) -> None:
    numbers = [GOOD, DENIES, VERSION, TARGET, OPTION, BROKEN, WITHOUT, CLANG]
    verdicts = probed(servers(farm.daemons, numbers), [gcc], match=match)
    found = {number for number, [one] in zip(numbers, verdicts, strict=True) if one.good}
    assert found == good


def test_server_that_does_not_speak_lzo(farm: Farm, gcc: Reference) -> None:
    real = farm.daemons.addresses[GOOD - 1], farm.daemons.port
    with RecordingProxy(real, refused=b"DIST00000002") as old:
        [[without]] = probed(here(old.port), [gcc])
        [[verdict]] = probed(here(old.port), [gcc], lzo=True)
        [[told]] = probed(here(old.port), [gcc], details=True)
    assert without.good
    assert (verdict.cause, verdict.lzo) == (Cause.PROTOCOL, False)
    assert (told.cause, told.lzo, told.pump) == (Cause.OK, False, True)
    [[spoken]] = probed(servers(farm.daemons, [GOOD]), [gcc], lzo=True)
    assert (spoken.cause, spoken.lzo, spoken.pump) == (Cause.OK, True, None)


def test_good_servers_complain_of_nothing(farm: Farm, tmp_path: Path, gcc: Reference) -> None:
    known = [gcc, *references(tmp_path / "cache", "g++", "clang")]
    ours = farm.daemons.addresses[GOOD - 1 : GOOD]

    def probes() -> int:
        return sum(job.server in ours for job in farm.daemons.jobs(probes=True))

    before, jobs = complaints(ours, farm.daemons), probes()
    for details, lzo in ((False, False), (True, False), (False, True)):
        [good] = probed(servers(farm.daemons, [GOOD]), known, details=details, lzo=lzo)
        assert all(one.good for one in good)
    # Three proofs each time, then three questions for each and two protocols, then one.
    jobs += 3 * 3 + 3 * 3 + 2 + 1
    assert eventually(lambda: probes() == jobs)
    assert complaints(ours, farm.daemons) == before
