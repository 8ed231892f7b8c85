"""Which farm a compiler has where that takes a word from the compiler itself."""

import os
from pathlib import Path

import pytest

from distcc_build import belonging as module
from distcc_build.belonging import belonging, by_farm, farm_of, of_farm, taken, usual_words
from distcc_build.client import Client
from distcc_build.errors import NotFoundError
from distcc_build.farmfile import Farm
from distcc_build.inputs import Inputs, read_inputs
from distcc_build.launch import Situation
from distcc_build.renew import write_plans

TABLE = '[farm.arm]\ntargets = ["arm-*"]\nport = 4000\n'


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    file = tmp_path / "home/.config/distcc-build/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(TABLE)
    return read_inputs({"HOME": str(tmp_path / "home")})


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    made = tmp_path / "cache"
    made.mkdir(0o700)
    return made


def script(path: Path, text: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "farm"),
    [
        ("echo arm-none-eabi", "arm"),
        ("echo x86_64-linux-gnu", ""),
        # It knows no such option, so that it is no compiler for another target either.
        ("echo arm-none-eabi; exit 1", ""),
    ],
)
def test_the_compiler_says_what_it_compiles_for(
    inputs: Inputs, cache: Path, tmp_path: Path, text: str, farm: str
) -> None:
    word = script(tmp_path / "tools/mycc", text)
    found = belonging(inputs, word, None, cache)
    assert (found.farm, found.config.port) == (farm, 4000 if farm else 3632)


def test_compilers_of_one_farm_are_together(inputs: Inputs, cache: Path, tmp_path: Path) -> None:
    cross = script(tmp_path / "tools/cross", "echo arm-none-eabi")
    assert by_farm(inputs, ["/none/cc", cross, "/none/c++"], None, cache) == [
        ("/none/cc", "/none/c++"),
        (cross,),
    ]


def test_a_compiler_that_is_not_there_has_the_usual_farm(inputs: Inputs, cache: Path) -> None:
    assert belonging(inputs, "/none/cc", None, cache).farm == ""


def test_one_that_says_nothing_in_time_gets_no_farm_at_all(
    inputs: Inputs, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.1)
    word = script(tmp_path / "tools/mycc", "exec sleep 60")
    with pytest.raises(NotFoundError, match="does not say in time what it compiles for"):
        belonging(inputs, word, None, cache)
    # A build has what there is for its other compilers.
    assert by_farm(inputs, ["/none/cc", word], None, cache) == [("/none/cc",)]
    with pytest.raises(NotFoundError):
        by_farm(inputs, [word, "/none/cc"], None, cache)


def test_what_is_only_remembered_is_not_run(
    inputs: Inputs, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    word = script(tmp_path / "tools/mycc", f"touch {ran}; echo x86_64")
    asked = script(tmp_path / "tools/gcc", "echo x86_64")
    farm = Farm(1.0, 2.0, 3.0, "", compilers=(word,))
    situation = Situation(inputs, farm, None, Client(None, ""))
    environ = {"HOME": os.environ["HOME"], "DISTCC_BUILD_CACHE_DIR": str(cache), "PATH": "/usr/bin"}
    write_plans(asked, situation, environ)
    assert any(one.name.startswith("plan-") for one in cache.iterdir())
    assert not ran.exists()
    assert farm_of(inputs, word, None, cache) is None
    assert ran.exists()


def tables(home: Path, text: str) -> Inputs:
    file = home / ".config/distcc-build/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return read_inputs({"HOME": str(home)})


@pytest.mark.parametrize(
    ("text", "words", "why"),
    [
        ("", ["b-gcc", "b-g++"], None),
        ('[farm.all]\ncompilers = "*"', [], "[farm.all] is tried before it, and has b-gcc"),
        ('[farm.all]\ntargets = "b-*"', [], "[farm.all] is tried before it, and has b-gcc"),
        ('[farm.all]\ncompilers = "*gcc"', ["b-g++"], None),
    ],
)
def test_which_table_leaves_a_farm_no_compiler(
    cache: Path, tmp_path: Path, text: str, words: list[str], why: str | None
) -> None:
    for end in ("gcc", "g++"):
        path = str(Path(script(tmp_path / f"tools/b-{end}", "echo b-elf")).parent)
    made = tables(tmp_path / "home", f'{text}\n[farm.b]\ncompilers = "b-*"\n')
    farm = of_farm(made, "b")
    assert usual_words(farm, path, cache) == words
    assert words or taken(farm, path, cache) == why


def test_of_compilers_that_are_not_here_no_table_has_one(cache: Path, tmp_path: Path) -> None:
    made = tables(tmp_path / "home", '[farm.all]\ncompilers = "*"\n[farm.b]\ncompilers = "zzz*"\n')
    farm = of_farm(made, "b")
    assert usual_words(farm, str(tmp_path), cache) == []
    assert taken(farm, str(tmp_path), cache) == ""
