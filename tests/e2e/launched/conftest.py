"""A farm and the launcher before single compiles; no wheel, no build system."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from compiling import Bench

from distcc_build.farm.loopback import Farm


@pytest.fixture
def farm() -> Iterator[Farm]:
    """Three servers that have compiled nothing yet."""
    with Farm() as running:
        yield running


@pytest.fixture
def bench(farm: Farm, tmp_path: Path) -> Bench:
    """Where one builds that is patient, in a network with the farm."""
    return Bench(tmp_path, {**farm.exports, "DISTCC_BUILD_WALK_BUDGET": "20"})
