"""What is seen on a terminal and nowhere else: colours, and a sign of life after a second."""

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import walks
from commanding import PROGRAM, command, environ, on_terminal
from peers import closed_port
from servers import ScriptedNameServer, drop, numbered

from distcc_build.farm.nameserver import NameServer

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


@pytest.fixture
def refusing() -> Iterator[dict[str, str]]:
    """The environment of a farm of three, none of which is up."""
    with NameServer(numbered(3, network="127.1")) as server:
        yield {
            "DISTCC_HOSTS": "--discover-distccN",
            "DISTCC_BUILD_NAMESERVERS": server.endpoint,
            "DISTCC_BUILD_DOMAIN": "farm.test",
            "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
            "DISTCC_BUILD_PORT": str(closed_port(socket.SOCK_STREAM, "127.1.0.1")),
        }


# Variables, whether it is a terminal, and whether there are colours; as rich has it.
LOOKS: dict[str, tuple[dict[str, str], bool, bool]] = {
    "a terminal": ({}, True, True),
    "a pipe": ({}, False, False),
    "NO_COLOR": ({"NO_COLOR": "1"}, True, False),
    "NO_COLOR before FORCE_COLOR": ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
    "a dumb terminal": ({"TERM": "dumb"}, True, False),
    "FORCE_COLOR": ({"FORCE_COLOR": "1", "TERM": "xterm"}, False, True),
}


@pytest.mark.parametrize("look", LOOKS)
def test_colours_are_for_terminals_that_want_them(
    look: str, refusing: dict[str, str], tmp_path: Path
) -> None:
    more, terminal, coloured = LOOKS[look]
    env = environ(tmp_path, {**refusing, "COLUMNS": "400", **more})
    words = ("servers", "--compiler", "gcc")
    out = (on_terminal if terminal else command)(*words, env=env).out
    assert "distcc3.farm.test" in out
    assert bool(COLOUR.search(out)) is coloured
    if not terminal:
        # Nothing moves the cursor, and there is a line for each server, for grep.
        assert not re.search(r"\x1b\[[^m]*[A-HJKlh]", out)
        assert len(out.splitlines()) == 4
    if look in {"a pipe", "a dumb terminal"}:
        assert "\x1b" not in out


@pytest.fixture(scope="module")
def silent() -> Iterator[ScriptedNameServer]:
    """A name server that hears every question and answers none."""
    with ScriptedNameServer({}, {"*": drop}) as server:
        yield server


def slow(home: Path, server: NameServer) -> dict[str, str]:
    """An environment in which everything takes more than a second."""
    return environ(
        home,
        {
            "DISTCC_HOSTS": "--discover-distccN",
            "DISTCC_BUILD_NAMESERVERS": server.endpoint,
            "DISTCC_BUILD_DOMAIN": "farm.test",
            "DISTCC_BUILD_WALK_BUDGET": "1.6",
            "DISTCC_BUILD_DEADLINE": "30",
        },
    )


WAITED_FOR = {
    "jobs": "looking for the servers",
    "hosts --json": "looking for the servers",
    "refresh": "looking for the servers",
    "explain": "looking for the servers",
    "why -- gcc -c x.c": "looking for the servers",
    "run -- echo done": "looking for the servers",
    "servers --json": "asking the servers",
    "check": "asking the servers",
    "doctor --compiler gcc": "asking the servers",
}


@pytest.mark.parametrize("typed", WAITED_FOR)
def test_who_waits_sees_for_what_and_then_nothing_of_it(
    typed: str, silent: ScriptedNameServer, tmp_path: Path
) -> None:
    done = on_terminal(*typed.split(), env=slow(tmp_path, silent), out=False)
    shown, _, after = done.err.rpartition(WAITED_FOR[typed])
    assert "\x1b[?25l" in shown, done
    # The line is erased, and the cursor is back, when the results come.
    assert "\x1b[2K" in after
    assert after.rfind("\x1b[?25h") > after.rfind("\x1b[?25l")
    assert "\x1b" not in done.out
    assert done.out


@pytest.mark.parametrize("where", ["a pipe", "a pipe with FORCE_COLOR", "a dumb terminal"])
def test_no_sign_of_life_is_written_where_nobody_could_erase_it(
    where: str, silent: ScriptedNameServer, tmp_path: Path
) -> None:
    env = slow(tmp_path, silent)
    if "pipe" in where:
        force = {"FORCE_COLOR": "1"} if "FORCE" in where else {}
        done = command("jobs", env={**env, "TERM": "xterm", **force})
    else:
        done = on_terminal("jobs", env={**env, "TERM": "dumb"}, out=False)
    assert (done.status, done.err) == (0, "")


# A busy machine may have no answer in the second after which people are told: here it is longer.
IMPORTED = """
import sys, threading
from distcc_build.__main__ import main
timer = threading.Timer
threading.Timer = lambda seconds, call: timer(600 * seconds, call)
sys.stderr.isatty = lambda: True
main([sys.argv[1]])
print(*sys.modules)
"""


@pytest.mark.parametrize("name", ["jobs", "hosts"])
def test_who_does_not_wait_imports_nothing_for_it(name: str, tmp_path: Path) -> None:
    with NameServer(numbered(3)) as server:
        env = slow(tmp_path, server) | {"DISTCC_BUILD_PROBE": "off", "TERM": "xterm"}
        done = subprocess.run(
            [*PROGRAM[:2], "-c", IMPORTED, name],
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        assert walks(server) == 1
    assert done.stderr == ""
    imported = done.stdout.split()
    assert "distcc_build.cli.progress" in imported
    assert "rich" not in imported
