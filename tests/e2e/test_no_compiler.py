"""Where there is no compiler, builds end as they do without us: with 127, soon, by name."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.faults.daemons import open_farm
from e2e.faults.scene import Scene, needs_root
from e2e.faults.stage import Stage
from e2e.faults.systems import SYSTEMS

COMPILERS = ("gcc", "g++", "cc", "c++", "c89", "c99", "clang", "x86_64-linux-gnu-g")


@pytest.fixture(scope="module")
def stages(installation: Path) -> Iterator[dict[str, Stage]]:
    with open_farm() as farm, tempfile.TemporaryDirectory(dir="/tmp") as folder:
        made = {system.name: Stage(system, Path(folder), installation, farm) for system in SYSTEMS}
        for stage in made.values():
            stage.set_up()
        yield made


def uninstall(scene: Scene) -> None:
    """Let the build find all programs of /usr/bin but for compilers."""
    needs_root()
    real, instead = scene.home / "real", scene.home / "bin"
    real.mkdir()
    instead.mkdir()
    for program in Path("/usr/bin").iterdir():
        if not program.name.startswith(COMPILERS):
            (instead / program.name).symlink_to(real / program.name)
    mount = f'mount --bind /usr/bin "{real}" && mount --bind "{instead}" /usr/bin && exec "$@"'
    scene.prefix = ["unshare", "-m", "sh", "-c", mount, "sh"]


@pytest.mark.parametrize("system", [one.name for one in SYSTEMS])
def test_a_build_without_a_compiler_ends_as_ever(system: str, stages: dict[str, Stage]) -> None:
    scene = stages[system].scene()
    scene.begin()
    uninstall(scene)
    ours = scene.build()
    scene.environ["DISTCC_BUILD"] = "off"
    plain = scene.build()
    assert ours.status == plain.status != 0, ours.said
    assert not ours.objects


def test_a_compiler_that_is_not_there_is_named(stages: dict[str, Stage]) -> None:
    scene = stages["make"].scene()
    scene.begin()
    uninstall(scene)
    with scene.start("distcc-launch", "gcc", "-c", "make-one.c") as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 127
    assert said == b"distcc-launch: gcc: not found\n"
