"""Where one build system meets all faults, one after the other."""

import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

from e2e.faults.scene import MARK, Fault, Outcome, Scene
from e2e.faults.systems import SOURCES, System
from e2e.workbench import SYSTEM_PATH, Workbench

from distcc_build.farm.loopback import DOMAIN, Farm

__all__ = ["Run", "Stage"]


@dataclass(frozen=True)
class Run:
    """What came of two builds of all under one fault."""

    cold: Outcome
    """Nothing was known before, but for what the fault needs."""
    again: Outcome
    """The same at once after it, all objects taken away."""
    remote: tuple[int, int]
    """How many compiles of each the servers did."""
    expected: dict[str, bytes]
    """The objects as the compiler makes them."""

    @property
    def seconds(self) -> tuple[float, float]:
        """What both took."""
        return self.cold.seconds, self.again.seconds

    @property
    def lines(self) -> int:
        """How many lines of ours there are in the one with more of them."""
        return max(len(self.cold.ours), len(self.again.ours))

    def as_expected(self, fault: Fault) -> bool:
        """Whether the second build was distributed, or not, as it should be; and few words."""
        there = 0 if fault.here else len(self.expected)
        return self.remote[1] == there and self.lines <= fault.lines

    @property
    def well(self) -> bool:
        """Whether both ended in success and the right objects."""
        both = (self.cold, self.again)
        return all(one.status == 0 and one.objects == self.expected for one in both)


class Stage:
    """A project that is set up once, and built under one fault after the other.

    Args:
        system: Its build system.
        folder: For the project and the user's home.
        venv: The installation.
        farm: As of `open_farm`.
        deadline: Seconds that a compile may wait for a plan, as DISTCC_BUILD_DEADLINE.
    """

    def __init__(
        self, system: System, folder: Path, venv: Path, farm: Farm, *, deadline: str = "20"
    ) -> None:
        self.system = system
        self._folder = folder / system.name
        self._home = folder / f"home-{system.name}"
        self._venv = venv
        self._farm = farm
        self._deadline = deadline
        self.expected: dict[str, bytes] = {}
        # Where only some builds of a fault are looked at, the others may take longer.
        self._busy = threading.Lock()

    def set_up(self) -> None:
        """Write the project, let the build system see it, and build it by the compiler alone."""
        self._folder.mkdir()
        self.system.write(self._folder)
        bench = Workbench(self._venv, self._folder, {"DISTCC_BUILD": "off"})
        if self.system.set_up:
            self.system.set_up(bench, self._folder)
        scene = self.scene()
        scene.begin()
        scene.environ["DISTCC_BUILD"] = "off"
        built = scene.build()
        assert built.status == 0, built.said
        self.expected = built.objects
        assert len(self.expected) == len(SOURCES)

    def run(self, fault: Fault, *, attempts: int = 1) -> Run:
        """Build twice under a fault, with nothing left of those before.

        :param attempts: how often to try whether the servers get the compiles: on a busy machine
            a good one may be silent for too long.  What ends badly is not tried again.
        """
        fault = fault.met_by(self.system.name)
        with self._busy:
            run = self._once(fault)
            while attempts > 1 and run.well and not run.as_expected(fault):
                attempts -= 1
                run = self._once(fault)
        return run

    def _once(self, fault: Fault) -> Run:
        scene = self.scene()
        scene.begin()
        try:
            with fault.happen(scene):
                before = scene.remote()
                cold = scene.build()
                first = self._remote(scene, before, fault)
                scene.meanwhile()
                again = scene.build()
                second = self._remote(scene, before + first, fault)
        finally:
            scene.end()
            shutil.rmtree(scene.home, ignore_errors=True)
            self._own_again()
        return Run(cold, again, (first, second), self.expected)

    def _remote(self, scene: Scene, before: int, fault: Fault) -> int:
        if fault.here:
            return scene.remote() - before
        return scene.remote_soon(before + len(SOURCES)) - before

    def _own_again(self) -> None:
        for path in [self._folder, *self._folder.rglob("*")]:
            os.chown(path, os.geteuid(), -1, follow_symlinks=False)

    def scene(self) -> Scene:
        """What a build meets where all is well."""
        return Scene(
            self.system,
            self._folder,
            self._home,
            self._venv,
            self._farm,
            {
                "PATH": f"{self._venv / 'bin'}:{SYSTEM_PATH}",
                "HOME": str(self._home),
                "LC_ALL": "C.UTF-8",
                "DISTCC_HOSTS": "--discover-distccN",
                "DISTCC_BUILD_NAMESERVERS": self._farm.nameserver.endpoint,
                "DISTCC_BUILD_DOMAIN": DOMAIN,
                "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
                "DISTCC_BUILD_PORT": str(self._farm.daemons.port),
                "DISTCC_BUILD_LIMIT": str(self._farm.daemons.slots),
                "DISTCC_BUILD_DEADLINE": self._deadline,
                MARK: f"{self.system.name} {os.getpid()}",
            },
        )
