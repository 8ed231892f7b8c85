"""Two servers, and a client with and without build systems."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from compiling import Bench
from e2e.doctor.asked import lean

from distcc_build.farm.loopback import Farm
from distcc_build.paths import launcher


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with Farm(servers=2, slots=8) as running:
        yield running


@pytest.fixture
def bench(farm: Farm, tmp_path: Path) -> Bench:
    (tmp_path / "distcc").mkdir()
    own = {
        "DISTCC_DIR": str(tmp_path / "distcc"),
        "DISTCC_BUILD_CACHE_DIR": str(tmp_path / "cache"),
    }
    return lean(Bench(tmp_path, {**farm.exports, **own}))


@pytest.fixture
def full(bench: Bench) -> Bench:
    """One with all build systems."""
    bench.environ["PATH"] = f"{launcher().parent}:/usr/bin:/bin"
    return bench
