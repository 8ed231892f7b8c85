"""What builds ask when they start: the launcher's answers are those of distcc-build."""

import shutil
import subprocess
from pathlib import Path

import pytest
from compiling import Bench, age
from running import eventually

from distcc_build.farm.loopback import Farm
from distcc_build.paths import alias_text, launcher

ALONE = {"_DISTCC_BUILD_ASKED": "1"}
"""The launcher asks nobody else."""


def ask(bench: Bench, *words: str, expect: int = 0, alone: bool = False) -> str:
    """What the launcher answers, with nothing said beside."""
    done = subprocess.run(
        [launcher(), *words],
        cwd=bench.directory,
        env={**bench.environ, **(ALONE if alone else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (expect, "")
    return done.stdout


@pytest.mark.parametrize("what", ["jobs", "hosts"])
def test_without_a_plan_distcc_build_answers_and_writes_one(bench: Bench, what: str) -> None:
    assert ask(bench, f"--{what}", expect=1, alone=True) == "", "there is no plan"
    first = ask(bench, f"--{what}")
    assert first.strip()
    assert ask(bench, f"--{what}", alone=True) == first
    assert bench.command(what) == first
    assert ask(bench, f"--{what}", "g++", alone=True) == bench.command(what, "--compiler", "g++")


def test_the_first_compile_after_a_query_waits_for_nothing(farm: Farm, bench: Bench) -> None:
    bench.command("jobs")
    plan = Path(ask(bench, "--plan", "gcc").strip())
    before = plan.stat()
    bench.compile("gcc")
    assert plan.stat().st_ino == before.st_ino
    assert farm.daemons.wait_for(1).total() == 1


def test_a_stale_plan_answers_and_is_renewed(farm: Farm, bench: Bench) -> None:
    jobs = bench.command("jobs")
    age(bench.cache, 600)
    asked = farm.nameserver.count("distcc1.farm.test.", "A")
    assert ask(bench, "--jobs", alone=True) == jobs
    assert eventually(lambda: farm.nameserver.count("distcc1.farm.test.", "A") > asked)


def test_what_has_to_be_said_is_said_by_distcc_build(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_GAP"] = "x"
    bench.command("jobs")
    assert ask(bench, "--jobs", expect=1, alone=True) == ""
    done = subprocess.run(
        [launcher(), "--jobs"], env=bench.environ, capture_output=True, text=True, check=True
    )
    assert done.stderr.startswith("distcc-build: DISTCC_BUILD_GAP")
    assert int(done.stdout) > 0


def test_switched_off_or_told_by_the_user_it_is_as_ever(bench: Bench) -> None:
    for environ in ({"DISTCC_BUILD": "off"}, {"DISTCC_HOSTS": "10.0.0.1/8"}):
        here = {**bench.environ, **environ}
        for what in ("jobs", "hosts"):
            for _ in range(2):
                said = [
                    subprocess.check_output([*command], env=here)
                    for command in (
                        [launcher(), f"--{what}"],
                        [launcher().with_name("distcc-build"), what],
                    )
                ]
                assert said[0] == said[1]


def test_a_question_while_it_is_switched_off_leaves_nothing_behind(
    farm: Farm, bench: Bench
) -> None:
    bench.environ["DISTCC_BUILD"] = "off"
    assert int(bench.command("jobs")) > 0
    assert bench.command("hosts").startswith("localhost")
    del bench.environ["DISTCC_BUILD"]
    bench.compile("gcc")
    assert farm.daemons.wait_for(1).total() == 1


COMMANDS = [
    ["gcc"],
    ["/usr/bin/gcc", "-m64", "-DX=1"],
    ["ccache", "gcc"],
    ["ccache gcc"],
    ["sccache", "gcc"],
    ["distcc", "gcc"],
    ["env", "CCACHE_PREFIX=distcc", "ccache", "gcc"],
    ["gcc", "-DX='a b'"],
    ["/opt/with blank/gcc"],
    ["--", "gcc"],
    ["gcc", ""],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_cc_is_the_same_to_the_byte(bench: Bench, words: list[str]) -> None:
    assert ask(bench, "--cc", *words) == bench.command("cc", *words)


def test_makefile_is_the_same_and_runs_no_python(bench: Bench) -> None:
    said = ask(bench, "--makefile", alone=True)
    assert said == bench.command("makefile") == ask(bench, "--makefile")
    assert Path(said.strip()).is_file()


def copied(bench: Bench, prefix: str, *libraries: str) -> list[str | Path]:
    """A launcher elsewhere, with Make's fragment in these folders of its prefix."""
    place = bench.directory / prefix
    (place / "bin").mkdir(parents=True)
    shutil.copy(launcher(), place / "bin")
    for library in libraries:
        folder = place / library / "distcc_build/integrations/make"
        folder.mkdir(parents=True)
        (folder / "distcc-build.mk").touch()
    return [place / "bin/distcc-launch", "--makefile"]


@pytest.mark.parametrize(
    ("prefix", "libraries", "found"),
    [
        ("a", ["lib/python3.11/site-packages"], True),
        ("a", ["lib/python3/dist-packages"], True),
        ("a", ["lib64/python3.12/site-packages"], True),
        ("a", ["."], True),
        ("a", ["lib/python3.11/site-packages", "lib/python3.12/site-packages"], False),
        ("a", [], False),
        ("a b", ["."], False),
        ("a$b", ["."], False),
        ("a*", ["."], False),
    ],
)
def test_makefile_is_asked_of_python_where_it_is_not_plain_to_see(
    bench: Bench, prefix: str, libraries: list[str], *, found: bool
) -> None:
    command = copied(bench, prefix, *libraries)
    done = subprocess.run(
        command, env=bench.environ | ALONE, capture_output=True, text=True, check=False
    )
    where = bench.directory / prefix / (libraries[0] if libraries else "")
    file = f"{where}/distcc_build/integrations/make/distcc-build.mk\n"
    assert (done.returncode, done.stdout, done.stderr) == ((0, file, "") if found else (1, "", ""))


def test_cc_runs_no_python_for_a_plain_compiler(bench: Bench) -> None:
    assert ask(bench, "--cc", "gcc", "-m64", alone=True) == f"{alias_text()} gcc -m64\n"
    assert ask(bench, "--cc", expect=1, alone=True) == ""
    assert ask(bench, "--cc", "", expect=1, alone=True) == ""


@pytest.mark.parametrize("words", [["--jobs", "gcc", "g++"], ["--hosts", "a", "b"]])
def test_one_compiler_is_asked_about_at_a_time(bench: Bench, words: list[str]) -> None:
    assert ask(bench, *words, expect=2) == ""


def test_an_answer_that_cannot_be_written_is_no_answer(bench: Bench) -> None:
    bench.command("jobs")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [launcher(), "--jobs"], env={**bench.environ, **ALONE}, stdout=full, check=False
        )
    assert done.returncode == 1


@pytest.mark.parametrize("words", [["cc", "gcc"], ["jobs"], ["hosts"], ["explain"]])
@pytest.mark.parametrize("closed", [">&-", ">/dev/full", ">&- 2>&-"])
def test_what_cannot_be_written_is_one_line(bench: Bench, words: list[str], closed: str) -> None:
    command = str(launcher().with_name("distcc-build"))
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", command, *words],
        cwd=bench.directory,
        env=bench.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    full = "full" in closed
    assert done.returncode == (74 if full else 0)
    assert done.stderr == ("distcc-build: No space left on device\n" if full else "")


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["jobs", "-o", "limt=1"], 2, "unknown option limt (did you mean limit?)"),
        (["servers", "--compiler", " "], 2, "expected a compiler, such as gcc"),
        (["servers", "--compiler", "no-such"], 5, "no-such: it is not installed here"),
        (["run", "--", ""], 2, "expected a command"),
    ],
)
def test_bad_input_is_one_clear_line(
    bench: Bench, words: list[str], status: int, text: str
) -> None:
    done = subprocess.run(
        [launcher().with_name("distcc-build"), *words],
        cwd=bench.directory,
        env=bench.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert text in done.stderr.splitlines()[-1]
