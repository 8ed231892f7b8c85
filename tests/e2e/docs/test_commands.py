"""Every command line in the documentation is run, and prints what is shown."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.docs import consul, stand_in
from e2e.docs.pages import PAGES, Command, File, blocks, console, matches, name
from e2e.docs.shell import Shell
from e2e.workbench import Workbench, write
from making import facts
from making.site import NETWORK, Site, site

from distcc_build.farm.loopback import Farm

pytestmark = pytest.mark.slow

SOURCES = {
    "main.c": '#include "util.h"\nint main(void) { return say("hello"); }\n',
    "util.c": '#include <stdio.h>\n#include "util.h"\n'
    "int say(const char *text) { return puts(text) < 0; }\n",
    "util.h": "int say(const char *text);\n",
    "words.cc": "#include <vector>\nint main() { return std::vector<int>{}.size(); }\n",
    "hello.c": "int main(void) { return 0; }\n",
}


CMAKE = "cmake_minimum_required(VERSION 3.18)\nproject(hello C)\nadd_library(hello hello.c)\n"


class Reader:
    """Somebody who follows a page, in a project of a few files and a site with three servers."""

    def __init__(self, shell: Shell, folder: Path, bench: Workbench, there: Site) -> None:
        self._shell, self._folder, self._bench, self._site = shell, folder, bench, there

    def follow(self, steps: Iterator[Command | File]) -> None:
        for step in steps:
            if isinstance(step, File):
                text = self._here(step.text)
                # What stands in the reader's own home is read; the rest is for other machines.
                write(self._path(step.path), self._own(text) if step.path[0] == "~" else text)
                continue
            status, said = self._shell.run(step.text)
            printed = self._site.told(said)
            assert status == 0, f"$ {step.text}\n{printed}\nends in {status}"
            if step.output:
                assert matches(step.output, printed), f"$ {step.text}\n{printed}"

    def run(self, line: str) -> tuple[int, str]:
        return self._shell.run(line)

    def _path(self, caption: str) -> Path:
        if caption.startswith("~/"):
            return self._bench.home / caption[2:]
        if caption.startswith("/"):
            return Path(self._bench.environ["FAKE_ROOT"] + caption)
        return self._folder / caption

    def _own(self, text: str) -> str:
        return self._site.untold(text)

    def _here(self, text: str) -> str:
        """A file as it stands in a page, with the farm's network for the one that is meant."""
        return text.replace(f'"{NETWORK}"', '"127.0.0.0/8"')


@pytest.fixture
def reader(farm_bench: Workbench, farm: Farm, tmp_path: Path) -> Iterator[Reader]:
    folder, programs = tmp_path / "project", tmp_path / "programs"
    for path, text in SOURCES.items():
        write(folder / path, text)
    stand_in.install(programs)
    (farm_bench.home / ".local/share/bash-completion/completions").mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        there = stack.enter_context(site(farm))
        farm_bench.environ = {
            **farm_bench.environ,
            **there.exports,
            "PATH": f"{programs}:{farm_bench.environ['PATH']}:/usr/sbin:/sbin",
            "FAKE_ROOT": str(tmp_path / "root"),
            "FAKE_SERVERS": " ".join(farm.daemons.addresses),
            "CONSUL_HTTP_ADDR": stack.enter_context(consul.agent(farm.daemons)),
        }
        shell = stack.enter_context(Shell(folder, farm_bench.environ))
        yield Reader(shell, folder, farm_bench, there)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_does_what_it_says(page: Path, reader: Reader, farm: Farm) -> None:
    reader.follow(blocks(page.read_text("utf-8")))
    if page.parent.name == "start" and page.stem != "index":
        # Whatever was built there was built on the farm.
        assert farm.daemons.wait_for(1).total() > 0


@pytest.mark.parametrize("command", facts.commands(), ids=lambda one: one.name)
def test_the_example_of_a_command_can_be_typed(
    command: facts.Command, reader: Reader, tmp_path: Path
) -> None:
    write(
        tmp_path / "project/Makefile",
        "all: hello.o\nhello.o: hello.c\n\t$(CC) -c -o $@ $<\n",
    )
    write(tmp_path / "project/build.ninja", "rule none\n  command = true\nbuild all: none\n")
    example = command.example
    write(tmp_path / "project/CMakeLists.txt", CMAKE)
    if example.startswith(("CC :=", "include ")):
        # A line of a Makefile.
        write(tmp_path / "project/Makefile", f"{example}\nall:\n\t@echo $(CC)\n")
        example = "make"
    status, said = reader.run(example)
    # Of check, that a farm of three is not one of twelve.
    assert status in {0, 1}, said
    assert not re.search(r"usage:|Traceback|rror:", said)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a b", "a   b\n", True),
        ("a b", "a c\n", False),
        ("a ... c", "a b c", True),
        ("a\n...\nc", "a\nb\nb\nc\n", True),
        ("a\n...\nc", "a\nc\n", True),
        ("a\n...", "a", True),
        ("...\nc", "c", True),
        ("...\nc", "c\nd", False),
        ("a\nb", "a", False),
        ("...", "", True),
        ("a.c", "abc", False),
    ],
)
def test_what_is_shown_is_compared(shown: str, printed: str, same: bool) -> None:
    assert matches(shown, printed) == same


@pytest.mark.parametrize(
    "text",
    [
        "```\nls\n```\n",
        "```sh\nls\n```\n",
        "```bash\n$ ls\n```\n",
        "```console\nls\n```\n",
        "```{code-block} toml\na = 1\n```\n",
        "  ```console\n  $ ls\n  ```\n",
        "```console\n$ ls\n",
        "- a\n\n  ```sh\n  ls\n  ```\n",
    ],
)
def test_a_line_that_is_not_run_cannot_be_written(text: str) -> None:
    with pytest.raises(ValueError, match=r"fence|expected|caption"):
        list(blocks(text))


def test_a_command_may_go_on_in_the_next_line() -> None:
    assert list(console("$ a \\\n> b\nout\n$ c\n")) == [Command("a \\\nb", "out"), Command("c", "")]


def test_a_page_that_is_wrong_fails(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="ends in 2"):
        reader.follow(console("$ distcc-build nosuch\n"))
    with pytest.raises(AssertionError, match="hello"):
        reader.follow(console("$ echo hello\nbye\n"))
    with pytest.raises(AssertionError, match="stand-in"):
        reader.follow(console("$ sudo apt install distc\n"))
