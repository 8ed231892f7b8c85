"""What each fault of the tests costs a build: the longest delay of four build systems.

Against the same build where all is well, with as little else on the machine as there is.
BENCH_FAULTS=PATTERN takes only those whose names have the pattern in them.
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path

import pytest

ROUNDS = 5
GOALS = (
    "goals: a server's fault at most 1.00 s once and 0.05 s in the next build; "
    "a name server's 1.50 s once, with an earlier plan 0.005 s"
)


def main() -> None:
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from e2e.faults.all import FAULTS
    from e2e.faults.daemons import open_farm
    from e2e.faults.stage import Stage
    from e2e.faults.systems import SYSTEMS

    wanted = os.environ.get("BENCH_FAULTS", "")
    with open_farm() as farm, tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        stages = [Stage(one, Path(folder), Path(sys.prefix), farm, deadline="3") for one in SYSTEMS]
        for stage in stages:
            stage.set_up()
        well = next(one for one in FAULTS if one.name == "nothing")
        usual = {
            stage: [
                statistics.median(times)
                for times in zip(
                    *(stage.run(well).seconds for _ in range(ROUNDS)),
                    strict=True,
                )
            ]
            for stage in stages
        }
        print(f"{'longest delay in seconds':40} cold   next  lines   failed")
        rows = []
        for fault in FAULTS:
            if wanted not in fault.name:
                continue
            delays, lines, failed, skipped = [], 0, 0, ""
            for stage in stages:
                try:
                    run = stage.run(fault)
                except pytest.skip.Exception as error:
                    skipped = str(error)
                    continue
                delays.append([a - b for a, b in zip(run.seconds, usual[stage], strict=True)])
                lines = max(lines, run.lines)
                failed += not run.well
            if not delays:
                print(f"{fault.name:38} {skipped}")
                continue
            cold, again = (max(both) for both in zip(*delays, strict=True))
            rows.append((fault.name, cold, again))
            print(f"{fault.name:38} {cold:6.2f} {again:6.2f} {lines:6} {failed:8}", flush=True)
    print(f"{len(rows)} faults x {len(SYSTEMS)} build systems   ({GOALS})")
