"""What is typed wrongly, what is asked of the program itself, and help for each command."""

import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from commanding import PROGRAM, command, environ

from distcc_build.__main__ import parser
from distcc_build.cli import COMMANDS
from distcc_build.cli.parsing import Parser

WRONG = {
    "servrs": "unknown command 'servrs' (did you mean servers?); distcc-build --help lists them",
    "Hosts": "unknown command 'Hosts' (did you mean hosts?); distcc-build --help lists them",
    "xyzzy": "unknown command 'xyzzy'; distcc-build --help lists them",
    "servers\x1b[m": (
        "unknown command 'servers\\x1b[m' (did you mean servers?); distcc-build --help lists them"
    ),
    "--verson": (
        "unknown option '--verson' (did you mean --version?); distcc-build --help lists them"
    ),
    "--json hosts": "option --json stands behind its command, as in: distcc-build hosts --json",
    "--json doctor": "option --json stands behind its command, as in: distcc-build doctor --json",
    "--json jobs": "option --json stands behind its command, as in: distcc-build hosts --json",
    "-o domain=x jobs": "option -o stands behind its command, as in: distcc-build jobs -o",
    "help servrs": (
        "unknown command 'servrs' (did you mean servers?); distcc-build --help lists them"
    ),
    "hosts --compilr=gcc": (
        "hosts: unknown option '--compilr' (did you mean --compiler?); "
        "distcc-build hosts --help lists them"
    ),
    "hosts -q": "hosts: unknown option '-q'; distcc-build hosts --help lists them",
    "why --jsn -- gcc -c x.c": (
        "why: unknown option '--jsn' (did you mean --json?); distcc-build why --help lists them"
    ),
    "run --optoin gap=1 -- make": (
        "run: unknown option '--optoin' (did you mean --option?); "
        "distcc-build run --help lists them"
    ),
    "jobs all": "jobs: unexpected argument 'all'",
    "hosts --compiler gcc --compiler cc": ("hosts: --compiler: expected one, got 'gcc' and 'cc'"),
    "hosts --all --json": "hosts: --json: not allowed with argument --all",
    "hosts --option": "hosts: -o/--option: expected one argument",
    "jobs -o gapp=3": "-o 'gapp=3': unknown option gapp (did you mean gap?)",
    "completion bsh": (
        "completion: unknown shell 'bsh' (did you mean bash?): expected bash, zsh or fish"
    ),
    "completion": "completion: the following arguments are required: shell",
    "setup scnos": "setup: unknown system 'scnos' (did you mean scons?): expected scons",
    "farm --servers 0": "farm: --servers: expected a number from 1 to 1000, got '0'",
}


@pytest.mark.parametrize("typed", WRONG)
def test_what_is_typed_wrongly_is_told_in_one_line(typed: str, tmp_path: Path) -> None:
    done = command(*typed.split(" "), env=environ(tmp_path))
    assert (done.status, done.out) == (2, "")
    assert done.err == f"distcc-build: {WRONG[typed]}\n"


# All words behind cc are the compiler's.
@pytest.mark.parametrize("name", sorted({*COMMANDS} - {"cc"}))
def test_every_option_of_every_command_is_guessed_when_a_letter_is_missing(
    name: str, tmp_path: Path
) -> None:
    about = parser(name).commands()[name]
    needed = [next(iter(one.choices)) for one in about.actions() if one.choices and one.required]
    for option in about.options():
        if option.startswith("--"):
            wrong = option[:-2] + option[-1]
            done = command(name, wrong, *needed, env=environ(tmp_path))
            assert f"{name}: unknown option '{wrong}' (did you mean {option}?); " in done.err
            assert done.err.count("\n") == 1


def test_the_program_alone_and_help_print_the_commands(tmp_path: Path) -> None:
    env = environ(tmp_path)
    alone, asked, said = command(env=env), command("--help", env=env), command("help", env=env)
    assert (alone.status, asked.status, said.status) == (2, 0, 0)
    assert alone.out == asked.out == said.out
    assert alone.err + asked.err + said.err == ""
    for name in COMMANDS:
        assert re.search(rf"^    {name}\b", asked.out, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_fits_in_80_columns(name: str, tmp_path: Path) -> None:
    env = {**environ(tmp_path), "COLUMNS": "80"}
    done = command(name, "--help", env=env)
    assert (done.status, done.err) == (0, "")
    assert [line for line in done.out.splitlines() if len(line) > 80] == []
    usage, _, rest = done.out.partition("\n\n")
    assert usage.startswith(f"usage: distcc-build {name} ")
    example = rest.partition("\nexample:\n  ")[2]
    # In a Makefile it need not be called by its whole name.
    assert name in example
    # A Makefile's line has a shell's quotes as well.
    example = example.partition("\nexit status: ")[0]
    subprocess.run(["bash", "-n"], input=example, text=True, check=True)
    assert command("help", name, env=env).out == done.out
    assert command(name, "-h", env=env).out == done.out


@pytest.mark.parametrize("words", [["--help"], ["hosts", "-h"], ["help", "doctor"], []], ids=str)
def test_help_that_cannot_be_written_is_an_error_as_with_all_else(
    words: list[str], tmp_path: Path
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *words],
            env=environ(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (74, "distcc-build: No space left on device\n")


# Commands whose exit status says more than those of all do.
TELLING = {"hosts", "why", "servers", "check", "run", "farm"}


def test_help_tells_of_exit_statuses_that_mean_something(tmp_path: Path) -> None:
    top = parser()
    telling = {
        name for name, one in top.commands().items() if "\nexit status: " in one.format_help()
    }
    assert telling >= TELLING
    assert "exit 1" not in top.commands()["jobs"].format_help()


def test_the_first_line_of_version_is_for_scripts_and_others_for_reports(tmp_path: Path) -> None:
    done = command("--version", env=environ(tmp_path))
    assert (done.status, done.err) == (0, "")
    lines = [line.split(" (")[0] for line in done.out.splitlines()]
    ours = version("distcc-build")
    assert lines[:2] == [f"distcc-build {ours}", f"distcc-launch {ours}"]
    assert done.out.startswith(f"distcc-build {ours}\n")
    libraries = [f"{name} {version(name)}" for name in ("dnspython", "filelock", "rich")]
    assert lines[-3:] == libraries
    assert re.fullmatch(r"Python 3\.\d+\.\d+", lines[3])
    client = shutil.which("distcc", path="/usr/bin:/bin")
    if client is not None:
        said = subprocess.check_output([client, "--version"], text=True).split()
        assert done.out.splitlines()[2] == f"distcc {said[1]} ({client})"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo distcc 3.3 there", "distcc 3.3"),
        ("echo other 3.3", "distcc unknown"),
        ("exit 3", "distcc unknown"),
        (None, "distcc cannot be run"),
    ],
    ids=str,
)
def test_version_never_fails_for_a_distcc_that_does(
    script: str | None, said: str, tmp_path: Path
) -> None:
    fake = tmp_path / "distcc"
    fake.write_text(f"#!/bin/sh\n{script}\n" if script else "#!/no/such/interpreter\n")
    fake.chmod(0o755)
    done = command("--version", env={**environ(tmp_path), "PATH": str(tmp_path)})
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[2] == f"{said} ({fake})"


PARTLY_INSTALLED = """
import sys
from pathlib import Path
from distcc_build import paths
from distcc_build.__main__ import main

paths.find_program = lambda name, path: None
if sys.argv[1] == "-":
    def launcher():
        raise paths.missing("distcc-launch")
    paths.launcher = launcher
else:
    paths.launcher = lambda: Path(sys.argv[1])
sys.exit(main(["--version"]))
"""


@pytest.mark.parametrize(("script", "found"), [("echo distcc-launch 0.0.9", "0.0.9"), ("", None)])
def test_a_launcher_of_another_version_is_warned_of(
    script: str, found: str | None, tmp_path: Path
) -> None:
    launcher = tmp_path / "distcc-launch"
    launcher.write_text(f"#!/bin/sh\n{script}\n")
    launcher.chmod(0o755)
    done = subprocess.run(
        [*PROGRAM[:2], "-c", PARTLY_INSTALLED, str(launcher) if found else "-"],
        env=environ(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    ours = version("distcc-build")
    assert done.returncode == 0
    second, third = done.stdout.splitlines()[1:3]
    assert second == (
        f"distcc-launch {found} ({launcher})" if found else "distcc-launch not installed"
    )
    assert third == "distcc not installed"
    assert done.stderr == (
        f"distcc-build: distcc-launch is {found or 'not installed'}, expected {ours}; "
        "install distcc-build again\n"
    )


def test_choices_of_an_option_are_guessed_too() -> None:
    one = Parser(prog="distcc-build top")
    one.add_argument("--sort", choices=["load", "name"])
    with pytest.raises(
        Exception, match=r"^top: unknown --sort 'nmae' \(did you mean name\?\): exp"
    ):
        one.parse_args(["--sort", "nmae"])
