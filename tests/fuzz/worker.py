"""Fuzz one target in Python: with atheris where that is installed, else by chance alone.

Usage: worker.py TARGET SECONDS ARTIFACTS DICTIONARY DIRECTORY...
       worker.py TARGET FILE...
"""

import hashlib
import importlib
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path


def main(name: str, arguments: list[str]) -> int:
    if not arguments[0].isdecimal():
        for file in arguments:
            check_of(name)(Path(file).read_bytes())
        return 0
    seconds, artifacts, dictionary, *directories = arguments
    try:
        import atheris
    except ImportError:
        return by_chance(name, float(seconds), Path(artifacts))
    from fuzz.targets import TARGETS, material

    # Of dnspython only where it is what reads the input: it makes a walk ten times slower.
    ours = ["distcc_build", "fuzz"]
    with atheris.instrument_imports(include=[*ours, "dns"] if name == "dns" else ours):
        check = check_of(name)
    # Before the clock runs: what it needs may have to be built.
    for seed in material(TARGETS[name])[0]:
        check(seed)
    options = [
        f"-max_total_time={seconds}",
        f"-artifact_prefix={artifacts}/",
        *([f"-dict={dictionary}"] if Path(dictionary).stat().st_size else []),
        "-print_final_stats=1",
        "-timeout=60",
    ]
    atheris.Setup([name, *options, *directories], check)
    atheris.Fuzz()
    return 0


def check_of(name: str) -> Callable[[bytes], None]:
    check: Callable[[bytes], None] = importlib.import_module(f"fuzz.fuzz_{name}").check
    return check


def by_chance(name: str, seconds: float, artifacts: Path) -> int:
    """Mutated seeds; prints what libFuzzer would."""
    from fuzz.mutate import mutations
    from fuzz.targets import TARGETS, material

    check, end, count = check_of(name), time.monotonic() + seconds, 0
    for data in mutations(*material(TARGETS[name]), seed=str(time.time())):
        count += 1
        try:
            check(data)
        except Exception:  # noqa: BLE001 - whatever it is, it is a finding
            traceback.print_exc()
            file = artifacts / f"crash-{hashlib.sha1(data).hexdigest()}"
            file.write_bytes(data)
            print(f"Test unit written to {file}", file=sys.stderr)
            return 77
        if time.monotonic() >= end:
            break
    print(f"#{count} DONE cov: 0 ft: 0", file=sys.stderr)
    return 0


if __name__ == "__main__":
    # At the end: the package under test is the one that is installed.
    sys.path.append(str(Path(__file__).parents[1]))
    sys.exit(main(sys.argv[1], sys.argv[2:]))
