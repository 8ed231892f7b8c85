"""Every target in brief: its seeds, what once failed among them, and some inputs made of these."""

import importlib
import itertools
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fuzz.mutate import mutations
from fuzz.targets import C_TARGETS, HERE, PYTHON_TARGETS, TARGETS, Target, build, material
from launcher import SANITIZERS


@pytest.mark.parametrize("target", PYTHON_TARGETS, ids=lambda one: one.name)
def test_target_in_python(target: Target) -> None:
    check: Callable[[bytes], None] = importlib.import_module(f"fuzz.fuzz_{target.name}").check
    seeds, words = material(target)
    assert seeds
    made = itertools.islice(mutations(seeds, words, target.name), target.brief)
    for data in itertools.chain(seeds, made):
        try:
            check(data)
        except Exception as error:
            error.add_note(f"the input: {data!r}")
            raise


@pytest.mark.parametrize("target", C_TARGETS, ids=lambda one: one.name)
def test_target_in_c(target: Target, tmp_path: Path) -> None:
    program = build(target, tmp_path)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    seeds, _ = material(target)
    assert seeds
    for number, seed in enumerate(seeds):
        (corpus / f"{number:04}").write_bytes(seed)
    done = subprocess.run(
        [program, f"-runs={len(seeds) + target.brief}", "-seed=1", str(corpus)],
        env={**os.environ, **SANITIZERS},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def test_every_file_here_belongs_to_a_target() -> None:
    python = {f"fuzz_{one.name}.py" for one in PYTHON_TARGETS}
    assert {path.name for path in HERE.glob("fuzz_*.py")} == python
    sources = {f"{one.subject}_fuzzer.c" for one in C_TARGETS}
    assert {path.name for path in HERE.glob("*_fuzzer.c")} == sources
    subjects = {one.subject for one in TARGETS.values()}
    assert {path.name for path in (HERE / "corpus").iterdir()} <= subjects
    corpus = [path for path in (HERE / "corpus").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in corpus) < 100 << 10
