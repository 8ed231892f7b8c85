"""Fuzz: `./dev fuzz [TARGET...] [--seconds N]`, or one input again: `./dev fuzz TARGET FILE...`."""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

# At the end: the package under test is the one that is installed.
sys.path.append(str(Path(__file__).parents[1]))

from fuzz.targets import HERE, ROOT, TARGETS, Target, build, material

WORK = ROOT / "build" / "fuzz"
"""What is found stays here: interesting inputs and crashes, by target."""

PROGRESS = re.compile(r"^#(\d+)\s+\S+\s+cov: (\d+) ft: (\d+)", re.MULTILINE)
EXECUTED = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)
WRITTEN = re.compile(r"Test unit written to (\S+)")


class Outcome(NamedTuple):
    """How a target went."""

    target: Target
    executions: int
    edges: int
    features: int
    crashes: list[str]
    status: int
    log: Path


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev fuzz", description="Fuzz the readers of input.")
    parser.add_argument("words", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=1800, help="for each target (default: 1800)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at once (all cores)")
    args = parser.parse_args(words)
    if len(args.words) > 1 and args.words[0] in TARGETS and Path(args.words[1]).is_file():
        return again(TARGETS[args.words[0]], args.words[1:])
    unknown = [word for word in args.words if word not in TARGETS]
    if unknown:
        parser.error(f"no target {' '.join(unknown)}; there are: {' '.join(TARGETS)}")
    chosen = [TARGETS[word] for word in args.words] or list(TARGETS.values())
    with ThreadPoolExecutor(args.jobs) as pool:
        outcomes = list(pool.map(lambda one: fuzz(one, args.seconds), chosen))
    print(f"{'target':12} {'executions':>12} {'edges':>7} {'features':>9}  crashes")
    for one in outcomes:
        figures = f"{one.executions:12} {one.edges:7} {one.features:9}"
        print(f"{one.target.name:12} {figures}  {len(one.crashes) or 'none'}")
    bad = [one for one in outcomes if one.crashes or one.status]
    for one in bad:
        print(f"\n{one.target.name}: exit status {one.status}, see {one.log}")
        for crash in one.crashes:
            print(f"  ./dev fuzz {one.target.name} {crash}")
    return 1 if bad else 0


def fuzz(target: Target, seconds: int) -> Outcome:
    """Fuzz one target for so long, or up to its first crash."""
    directory = WORK / target.name
    crashes, made, found = (directory / one for one in ("crashes", "seeds", "corpus"))
    for folder in (crashes, made, found):
        folder.mkdir(parents=True, exist_ok=True)
    seeds, dictionary = material(target)
    for number, seed in enumerate(seeds):
        (made / f"{number:04}").write_bytes(seed)
    words = directory / "dictionary"
    words.write_text("".join(f'"{_quoted(word)}"\n' for word in dictionary), "ascii")
    before = findings(crashes)
    log = directory / "log"
    with log.open("wb") as stream:
        command = _command(target, directory, crashes, words, seconds)
        status = subprocess.run(
            [*command, str(found), str(made)], stdout=stream, stderr=stream, check=False
        ).returncode
    text = log.read_text("utf-8", "replace")
    progress = PROGRESS.findall(text)
    executions, edges, features = progress[-1] if progress else (0, 0, 0)
    executed = EXECUTED.search(text)
    new = sorted(str(one.relative_to(ROOT)) for one in findings(crashes) - before)
    return Outcome(
        target,
        int(executed[1] if executed else executions),
        int(edges),
        int(features),
        new,
        status,
        log.relative_to(ROOT),
    )


def findings(crashes: Path) -> set[Path]:
    """The inputs that failed; what was only slow is there for those who look."""
    return {one for one in crashes.iterdir() if not one.name.startswith("slow-unit")}


def _command(
    target: Target, directory: Path, crashes: Path, words: Path, seconds: int
) -> list[str]:
    if not target.in_c:
        worker = [sys.executable, str(HERE / "worker.py"), target.name]
        return [*worker, str(seconds), str(crashes), str(words)]
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={crashes}/", "-timeout=60"]
    if words.stat().st_size:
        options.append(f"-dict={words}")
    return [str(build(target, directory)), *options, "-print_final_stats=1"]


def again(target: Target, files: list[str]) -> int:
    """Run inputs once more, to see what they do."""
    directory = WORK / target.name
    directory.mkdir(parents=True, exist_ok=True)
    worker = [sys.executable, str(HERE / "worker.py"), target.name]
    command = [str(build(target, directory))] if target.in_c else worker
    return subprocess.run([*command, *files], check=False).returncode


def _quoted(word: bytes) -> str:
    """As libFuzzer reads a word of a dictionary."""
    return "".join(f"\\x{one:02x}" for one in word)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
