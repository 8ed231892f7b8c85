"""A real build on loopback: through us, by bare distcc with the same addresses, and without either.

Client and servers share this machine's cores, so a farm makes nothing faster here; what counts is
what we add to distcc.
"""

import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import quick
from distcc_build.farm.loopback import Farm

ROUNDS, FILES, FUNCTIONS = (3, 15, 20) if quick() else (11, 60, 40)
GOAL = "goal: at most 1 % over bare distcc"

MAKEFILE = """\
prog: {objects}
\t@gcc -o $@ $^
%.o: %.c
\t@{launcher}gcc -O2 -c -o $@ $<
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, Farm(environ=dict(os.environ)) as farm:
        project, environment = Path(scratch), farm.environment()
        write_sources(project, FILES, FUNCTIONS)
        _write_makefiles(project)
        jobs = _output(environment, "distcc-build", "jobs")
        listed = _output(environment, "distcc-build", "hosts").split()
        bare = {
            **environment,
            # The addresses without our settings.
            "DISTCC_HOSTS": " ".join(one for one in listed if not one.startswith("--")),
            # Our plan sets this too: both send the same name for the same work.
            "DISTCC_NO_REWRITE_CROSS": "1",
        }
        # Through distcc all start as many jobs; alone, this machine runs one for each core.
        ways = {
            "distcc-build": ("ours", jobs, environment),
            "bare distcc": ("bare", jobs, bare),
            "local": ("local", str(os.cpu_count()), environment),
        }
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for turn in range(ROUNDS + 1):
            for name in random.Random(turn).sample(sorted(ways), len(ways)):
                taken[name].append(_build(project, *ways[name]))
    print(f"real build on loopback: {FILES} files, {ROUNDS} rounds, -j{jobs}   ({GOAL})")
    ours = taken["distcc-build"][1:]
    for name, all_ in taken.items():
        # The first round reads files and loads programs for all.
        seconds, cpu = zip(*all_[1:], strict=True)
        print(
            f"  {name:14} {statistics.median(seconds):6.2f} s "
            f"({min(seconds):.2f} to {max(seconds):.2f}), "
            f"{statistics.median(cpu):6.2f} s of the client's CPU"
        )
        if name != "distcc-build":
            pairs = list(zip(ours, all_[1:], strict=True))
            clock, used = ([one[n] / other[n] - 1 for one, other in pairs] for n in (0, 1))
            low, middle, high = statistics.quantiles(clock, n=4)
            print(
                f"    ours / {name}: {1 + middle:.3f} x of the clock (middle half "
                f"{1 + low:.3f} to {1 + high:.3f}), {1 + statistics.median(used):.3f} x of the CPU"
            )


def write_sources(project: Path, files: int, functions: int) -> None:
    """Sources that take a compiler some tenths of a second, with headers as usual ones have."""
    rng = random.Random(1)
    for number in range(files):
        lines = [f"#include <{name}.h>" for name in ("stdio", "stdlib", "string", "math", "time")]
        for one in range(functions):
            a, b, c = (rng.randint(3, 99) for _ in range(3))
            lines.append(
                f"int f{number}_{one}(int *v, int n)\n{{\n"
                f"\tint sum = 0;\n\tfor (int i = 0; i < n; i++) {{\n"
                f"\t\tswitch (v[i] % {a}) {{\n\t\tcase 0: sum += v[i] / {b}; break;\n"
                f"\t\tcase 1: v[i] ^= sum; break;\n\t\tcase {a - 1}: sum -= n * {c}; break;\n"
                f"\t\tdefault: if (v[i] > {b}) sum += abs(v[i] - {c});\n\t\t}}\n\t}}\n"
                f'\tif (sum < 0)\n\t\tprintf("%d of %d\\n", sum, n);\n\treturn sum;\n}}'
            )
        if number == 0:
            lines.append("int main(void) { return 0; }")
        (project / f"f{number}.c").write_text("\n".join(lines) + "\n", "utf-8")


def _write_makefiles(project: Path) -> None:
    objects = " ".join(f"f{number}.o" for number in range(FILES))
    for name, launcher in (("ours", "distcc-launch "), ("bare", "distcc "), ("local", "")):
        text = MAKEFILE.format(objects=objects, launcher=launcher)
        (project / f"{name}.mk").write_text(text, "utf-8")


def _build(
    project: Path, makefile: str, jobs: str, environment: Mapping[str, str]
) -> tuple[float, float]:
    """Seconds of the clock and of the client's CPU, for a build of everything."""
    for one in project.glob("*.o"):
        one.unlink()
    make = shutil.which("make")
    assert make
    words = [make, "-s", "-C", str(project), "-f", f"{makefile}.mk", f"-j{jobs}", "prog"]
    (project / "prog").unlink(missing_ok=True)
    start = time.perf_counter()
    pid = os.posix_spawn(make, words, environment)
    _, status, used = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{' '.join(words)}: {os.waitstatus_to_exitcode(status)}")
    return seconds, used.ru_utime + used.ru_stime


def _output(environment: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()
