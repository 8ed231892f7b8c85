"""Completion as a user has it: the shell itself is run, and a line is completed in it."""

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running import ENVIRONMENT, eventually

PROGRAM = [sys.executable, "-P", "-m", "distcc_build"]

# Ctrl-T writes the line as it stands, with a mark behind it that says that it is whole.
BASH = """
PS1='> '
source ./script
show() { printf '%s|' "$READLINE_LINE" >out; READLINE_LINE=; READLINE_POINT=0; }
bind -x '"\\C-t":show'
: >ready
"""
ZSH = """
PS1='> '
fpath=($PWD/functions $fpath)
autoload -Uz compinit && compinit -u -d $PWD/compdump
show() { printf '%s|' "$BUFFER" >out; BUFFER=; }
zle -N show
bindkey '^T' show
: >ready
"""
BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")
WAYS = {
    "bash": BASH,
    "bash with bash-completion": f"source {BASH_COMPLETION}\n{BASH}",
    "zsh, sourced": ZSH.replace("show()", "source ./script\nshow()"),
    "zsh, evaluated": ZSH.replace("show()", 'eval "$(<script)"\nshow()'),
    "zsh, from its path": f"mkdir functions; cp script functions/_distcc-build\n{ZSH}",
}
COMMAND = {
    "bash": ["bash", "--noprofile", "--rcfile", "rc", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
# What is typed, and what stands there after a Tab.
LINES = {
    "distcc-build serve": "distcc-build servers ",
    "distcc-build cmake-": "distcc-build cmake-include ",
    "distcc-build hosts --js": "distcc-build hosts --json ",
    "distcc-build why --js": "distcc-build why --json ",
    "distcc-build completion zs": "distcc-build completion zsh ",
    "distcc-build schema wh": "distcc-build schema why ",
    "distcc-build hosts --compiler only-h": "distcc-build hosts --compiler only-here ",
    "distcc-build run --report a-lonely-f": "distcc-build run --report a-lonely-file ",
    "distcc-build jobs -o require_": "distcc-build jobs -o require_dnssec=",
    "distcc-build run -- only-h": "distcc-build run -- only-here ",
    "distcc-build run -- cat a-lonely-f": "distcc-build run -- cat a-lonely-file ",
    "distcc-build farm --servers 2 -- cat a-lonely-f": (
        "distcc-build farm --servers 2 -- cat a-lonely-file "
    ),
    "distcc-launch only-h": "distcc-launch only-here ",
    "distcc-launch cat a-lonely-f": "distcc-launch cat a-lonely-file ",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file and a program that nothing else is named like."""
    (tmp_path / "a-lonely-file").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/only-here").write_text("#!/bin/sh\n")
    (tmp_path / "bin/only-here").chmod(0o755)
    return tmp_path


def write_script(shell: str, folder: Path) -> None:
    """Write what a user of the shell gets."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    with (folder / "script").open("wb") as file:
        subprocess.run([*PROGRAM, "completion", shell], env=ENVIRONMENT, stdout=file, check=True)


def environ(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{folder}/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
    }


class Shell:
    """An interactive shell on a terminal of its own, in a folder."""

    def __init__(self, shell: str, folder: Path, start: str) -> None:
        self.folder, self.said = folder, b""
        (folder / "rc").write_text(start)
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(shell, COMMAND[shell], environ(folder))
        os.set_blocking(self.terminal, False)
        if shell == "zsh":
            self.type("source ./rc\r")
        self.wait_for((folder / "ready").exists)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        def met() -> bool:
            # What is not read fills the terminal, and the shell waits.
            with contextlib.suppress(BlockingIOError):
                self.said += os.read(self.terminal, 100_000)
            return condition()

        assert eventually(met), self.said

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def completed(self, line: str) -> str:
        """What a line becomes at a Tab."""
        out = self.folder / "out"
        out.unlink(missing_ok=True)
        self.type(f"{line}\t\x14")
        self.wait_for(lambda: out.exists() and out.read_text().endswith("|"))
        return out.read_text()[:-1]

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@contextlib.contextmanager
def running(shell: str, folder: Path, start: str) -> Iterator[Shell]:
    one = Shell(shell, folder, start)
    try:
        yield one
    finally:
        one.end()


@pytest.mark.parametrize("way", WAYS)
def test_a_tab_completes_what_is_typed(way: str, folder: Path) -> None:
    shell = "zsh" if way.startswith("zsh") else "bash"
    write_script(shell, folder)
    if "bash-completion" in way and not BASH_COMPLETION.exists():
        pytest.skip("bash-completion is not installed")
    with running(shell, folder, WAYS[way]) as one:
        assert {line: one.completed(line) for line in LINES} == LINES


def test_a_tab_in_fish_offers_what_can_be_typed(folder: Path) -> None:
    write_script("fish", folder)
    found = {}
    for line in LINES:
        said = subprocess.check_output(
            ["fish", "--no-config", "-c", f"source script; complete -C '{line}'"],
            cwd=folder,
            env=environ(folder),
            text=True,
        )
        offered = [one.partition("\t")[0] for one in said.splitlines()]
        found[line] = [f"{line.rpartition(' ')[0]} {one}" for one in offered]
    assert found == {line: [whole.removesuffix(" ")] for line, whole in LINES.items()}
