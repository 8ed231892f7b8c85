"""What is fuzzed: each target's seeds, and how it is built and started."""

import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["C_TARGETS", "PYTHON_TARGETS", "TARGETS", "Target", "build", "material"]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LAUNCHER = ROOT / "integrations" / "launcher"

CFLAGS = [
    *("-std=c11", "-D_GNU_SOURCE", "-g", "-O1", "-fno-omit-frame-pointer"),
    *("-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"),
    *("-Wall", "-Wextra", "-Wshadow", "-Wmissing-prototypes", "-Wpedantic", "-Werror"),
    *("-I", str(LAUNCHER)),
]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that is fuzzed."""

    name: str
    sources: tuple[str, ...] = ()
    """Of the launcher, beside NAME_fuzzer.c; none for a target in Python, fuzz_NAME.py."""
    brief: int = 1000
    """Inputs in a brief run, about a second's worth."""

    @property
    def in_c(self) -> bool:
        return bool(self.sources)

    @property
    def subject(self) -> str:
        """What targets in Python and in C have in common, as their corpus."""
        return self.name.removeprefix("c-")


PYTHON_TARGETS = [
    Target("config"),
    Target("distcc", brief=50),
    Target("dns", brief=500),
    Target("dnssd", brief=200),
    Target("farm"),
    Target("flags"),
    Target("hosts"),
    Target("kept"),
    Target("plan"),
    Target("probe", brief=200),
    Target("resolvconf"),
    Target("stats"),
    Target("walk", brief=200),
    Target("wire"),
]
C_TARGETS = [
    Target("c-flags", ("flags.c", "deps.c"), 5_000),
    Target("c-plan", ("plan.c",), 50_000),
    Target("c-response", ("os.c", "flags.c"), 2_000),
    Target("c-stamp", ("lock.c", "os.c", "cache.c", "env.c", "plan.c"), 50_000),
]
TARGETS = {one.name: one for one in (*PYTHON_TARGETS, *C_TARGETS)}


def material(target: Target) -> tuple[list[bytes], list[bytes]]:
    """The seeds of a target, and words for a dictionary."""
    seeds = [path.read_bytes() for path in sorted((HERE / "corpus" / target.subject).glob("*"))]
    if not (HERE / f"fuzz_{target.subject}.py").exists():
        return seeds, []
    module = importlib.import_module(f"fuzz.fuzz_{target.subject}")
    made: Callable[[], Iterator[bytes]] = getattr(module, "seeds", lambda: iter(()))
    return [*seeds, *made()], list(getattr(module, "WORDS", ()))


def build(target: Target, directory: Path) -> Path:
    """Compile a target in C.

    :returns: the program.
    :raises RuntimeError: with what the compiler says.
    """
    program = directory / target.name
    table = directory / f"{target.name}-flag_table.c"
    generate = [sys.executable, str(LAUNCHER / "flag_table.py")]
    _run([*generate, str(ROOT / "distcc_build" / "flags.py"), str(table)])
    sources = [HERE / f"{target.subject}_fuzzer.c", *(LAUNCHER / one for one in target.sources)]
    if "flags.c" in target.sources:
        sources.append(table)
    _run([shutil.which("clang") or "clang", *CFLAGS, *map(str, sources), "-o", str(program)])
    return program


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
