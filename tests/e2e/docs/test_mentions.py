"""Commands, options and files that README and documentation name are there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.docs import stand_in
from e2e.docs.pages import PAGES
from e2e.workbench import ROOT
from making import facts
from making.markdown import MARK, complete

TEXTS = [*PAGES, ROOT / "README.md", ROOT / "SECURITY.md"]
PARTED = [page for page in PAGES if MARK.search(page.read_text("utf-8"))]
"""Those with parts that are made."""
COMMANDS = {one.name: one for one in facts.commands()}
OWN = {"--version", "--help"}
LAUNCH = {"--plan", "--why", "--jobs", "--hosts", "--cc", "--makefile", *OWN}
KNOWN_VARIABLES = {
    *(one.name for one in facts.variables()),
    *(one.variable for one in facts.options()),
    "DISTCC_BUILD_HOSTS",
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code(text: str) -> Iterator[str]:
    """Every piece of code: between backquotes, and in blocks line by line, without comments."""
    for kind, block in re.findall(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            # What a command prints need not be one.
            if kind != "console" or line.startswith(("$ ", "> ")):
                yield re.sub(r"(^|\s)#.*", "", line)
    rest = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", rest)


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_commands_and_their_options_are_there(path: Path) -> None:
    check_commands(complete(path.read_text("utf-8")))


def check_commands(text: str) -> None:
    for piece in code(text):
        # One command ends where the next begins, or the program that it runs.
        for found in re.finditer(r"distcc-build ([a-z][a-z-]*)((?: (?!--? )[^|;&)`]*)?)", piece):
            command, words = COMMANDS[found[1]], found[2].partition(" -- ")[0]
            known = {form.split()[0] for one in command.arguments for form in one.forms}
            options = re.findall(r"(?<!\S)\[?(--?[a-z][a-z-]*)", words)
            assert set(options) <= known | OWN | {"-h"}, piece
        for option in re.findall(r"distcc-launch (--[a-z]+)", piece):
            assert option in LAUNCH, piece


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_variables_and_options_of_the_configuration_are_there(path: Path) -> None:
    text = path.read_text("utf-8")
    named = set(re.findall(r"\bDISTCC_BUILD(?:_[A-Z0-9]+(?:_[A-Z0-9]+)*)?\b(?!_?<)", text))
    assert named <= KNOWN_VARIABLES
    assigned = set(re.findall(r"`([a-z][a-z_0-9]+) = [^`]+`", text))
    assert assigned <= {one.name for one in facts.options()}


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_relative_links_lead_to_files(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if not re.match(r"\w+:|#", target):
            assert (path.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("path", PARTED, ids=name)
def test_a_page_says_where_its_other_part_is(path: Path) -> None:
    before, _, _ = path.read_text("utf-8").partition("\n# ")
    assert re.search(r"^% In a clone, .*`\./dev docs`.* from \[", before, re.MULTILINE)


def test_what_readme_tells_of_the_project_is_there() -> None:
    text = ROOT.joinpath("README.md").read_text("utf-8")
    said = ROOT.joinpath("dev").read_text("utf-8").partition("\nsay()")[0]
    for command in re.findall(r"\./dev ([a-z]+)", text):
        assert re.search(rf"^  {command}\b", said, re.MULTILINE), command
    tops = "|".join(one.name for one in ROOT.iterdir() if one.is_dir())
    for path in re.findall(rf"`((?:{tops})/[\w/.]*)`", text):
        assert (ROOT / path).exists(), path


OURS = {"distcc-build", "distcc-launch", "cmake", "make", "meson", "ninja", "scons"}
"""Programs at the beginning of a line; what comes behind ours is looked at above."""


def test_what_readme_says_to_type_is_known() -> None:
    text = ROOT.joinpath("README.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line, comments=True) for one in blocks for line in one.splitlines()]
    assert ["apt", "install", "distcc"] in [line[-3:] for line in lines]
    for program, *words in (line[line[0] == "sudo" :] for line in lines if line):
        if program in stand_in.PROGRAMS:
            # It ends with what it does not know.
            stand_in.PROGRAMS[program](words)
        else:
            assert program in {*OURS, "./dev"}


def test_words_that_are_no_command_are_seen() -> None:
    with pytest.raises(KeyError, match="nosuch"):
        check_commands("so `distcc-build nosuch` does")
    with pytest.raises(AssertionError, match="--nosuch"):
        check_commands("```sh\ndistcc-build hosts --nosuch -- x\n```\n")
    with pytest.raises(AssertionError, match="--nosuch"):
        check_commands("`distcc-launch --nosuch`")
