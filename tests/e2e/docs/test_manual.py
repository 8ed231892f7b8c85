"""The man pages: what roff makes of them, what is in them, and where they are installed."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from e2e.workbench import ROOT, SYSTEM_PATH
from making import facts, manual

MAKER = ROOT / "docs/making/manual.py"
EPOCH = {"SOURCE_DATE_EPOCH": "1790000000", "PATH": SYSTEM_PATH}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, made by a Python that has nothing installed."""
    folder = tmp_path_factory.mktemp("man")
    # -I -S: no site-packages, no variables; as where a wheel is built.
    command = [sys.executable, "-I", "-S", str(MAKER), "1.2.3", str(folder)]
    subprocess.run(command, check=True, env=EPOCH)
    return folder


def rendered(page: Path) -> str:
    command = ["mandoc", "-T", "ascii", str(page)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # A letter that is struck twice is bold, an underlined one is in italics.
    while "\b" in text:
        at = text.index("\b")
        text = text[: at - 1] + text[at + 1 :]
    return " ".join(text.split())


@pytest.mark.parametrize("name", manual.PAGES)
def test_a_page_is_well_formed(folder: Path, name: str) -> None:
    page = folder / name
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "all", str(page)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    if shutil.which("man") and shutil.which("groff"):
        done = subprocess.run(
            ["man", "--warnings=w", "-l", str(page)],
            capture_output=True,
            text=True,
            check=True,
            env={**EPOCH, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
        )
        assert done.stderr == ""


def test_a_broken_page_would_be_seen(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "broken.1"
    page.write_text(folder.joinpath("distcc-build.1").read_text() + ".SH\n.XX\n")
    done = subprocess.run(["mandoc", "-T", "lint", str(page)], capture_output=True, check=False)
    assert done.returncode != 0


def test_all_commands_options_and_examples_are_there(folder: Path) -> None:
    text = rendered(folder / "distcc-build.1")
    for command in facts.commands():
        assert " ".join(command.example.split()) in text
        assert all(form in text for one in command.arguments for form in one.forms)
    for option in facts.options():
        assert f" {option.name} " in text
    assert "distcc-build 1.2.3" in text
    assert "2026-09-21" in text


def test_what_the_launcher_says_of_itself_is_there(folder: Path, installation: Path) -> None:
    program = str(installation / "bin/distcc-launch")
    said = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    usage = said.partition("\n\n")[0]
    told = {word for line in usage.splitlines() for word in line.split() if word.startswith("--")}
    options = {one for word in told for one in word.split("|")}
    assert options == {one.split()[0] for one in manual.LAUNCH if one.startswith("--")}
    text = rendered(folder / "distcc-launch.1")
    assert all(one in text for one in manual.LAUNCH)


def test_they_are_installed_where_man_looks(wheel: Path, installation: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [one for one in archive.namelist() if one.endswith(".1")]
    assert {one.partition(".data/data/")[2] for one in names} == {
        f"share/man/man1/{name}" for name in manual.PAGES
    }
    version = subprocess.check_output([installation / "bin/distcc-launch", "--version"], text=True)
    page = installation / "share/man/man1/distcc-build.1"
    assert f"distcc-build {version.split()[1]}" in rendered(page)
