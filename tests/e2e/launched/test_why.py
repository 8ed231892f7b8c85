"""What `distcc-build why` says of command lines, and that the launcher does just that."""

import json
import subprocess

import pytest
from compiling import Bench

from distcc_build.farm.loopback import Farm
from distcc_build.paths import launcher


def why(bench: Bench, line: str, expect: int) -> dict[str, str]:
    """Name -> text of each line that it prints."""
    said = bench.command("why", "--", *line.split(), expect=expect)
    return {one[:14].strip(): one[14:] for one in said.splitlines()}


LINES = {
    "gcc -c x.c -o x.o": "",
    "distcc gcc -O2 -g -c x.c": "",
    "clang -g -MMD -c x.c -o x.o": "",
    "gcc -gsplit-dwarf -g -c x.c": "distcc would leave a file that it writes on the server "
    "(-gsplit-dwarf) (so the launcher says)",
    "gcc -E x.c": "it makes no object (-E) (so the launcher says)",
    "gcc -march=native -c x.c": "(so distcc says)",
    "gcc x.c -o x": "(so distcc says)",
    "gcc -c x.c -o missing/x.o": "the directory of its output is missing (so the launcher says)",
    "no-such-gcc -c x.c": "there is no such compiler (so the launcher says)",
}


@pytest.mark.parametrize("line", LINES)
def test_it_says_what_the_launcher_does(farm: Farm, bench: Bench, line: str) -> None:
    flags = ["-DWHAT=1"]
    bench.compile("gcc")
    bench.compile("clang")
    before = farm.daemons.wait_for(0).total()
    said = why(bench, line, expect=1 if LINES[line] else 0)
    assert said["compiled here" if LINES[line] else "distributed"].startswith(
        line.removeprefix("distcc ")
    )
    assert said.get("because", "").endswith(LINES[line])
    # It compiles nothing itself, and what it says comes true.
    done = farm.daemons.compiles().total()
    subprocess.run(
        [launcher(), *line.split(), *flags],
        cwd=bench.directory,
        env=bench.environ,
        capture_output=True,
        check=False,
    )
    assert farm.daemons.wait_for(done + (not LINES[line])).total() == done + (not LINES[line])
    assert before <= done
    if not LINES[line]:
        assert all(address in said["hosts"] for address in farm.daemons.addresses)


def test_it_names_what_is_added_and_whom_it_cannot_send_to(farm: Farm, bench: Bench) -> None:
    assert why(bench, "gcc -MMD -c x.c -o y.o", 0)["added"] == "-MF y.d -MQ y.o"
    bench.environ["DISTCC_BUILD_PATTERN"] = "nothing%d"
    because = why(bench, "gcc -c x.c", 1)["because"]
    assert because.startswith("no distcc servers: nothing1.farm.test. does not exist")
    bench.environ["DISTCC_BUILD"] = "off"
    assert why(bench, "gcc -c x.c", 1)["because"].startswith("DISTCC_BUILD switches it off")


def test_behind_ccache_it_tells_of_what_is_missed(bench: Bench) -> None:
    note = "/usr/bin/ccache is first: this is for what it misses"
    said = why(bench, "ccache gcc -c x.c", 0)
    assert (said["distributed"], said["note"]) == ("gcc -c x.c", note)
    assert why(bench, "ccache no-such-gcc -c x.c", 1)["because"].startswith("'no-such-gcc': there")
    bench.environ["PATH"] = f"/usr/lib/ccache:{bench.environ['PATH']}"
    said = why(bench, "gcc -c x.c", 0)
    assert said["distributed"] == "/usr/bin/gcc -c x.c"
    assert said["note"] == "/usr/lib/ccache/gcc is first: this is for what it misses"


def test_it_tells_programs_as_json(bench: Bench) -> None:
    told = json.loads(bench.command("why", "--json", "--", "gcc", "-c", "x.c"))
    assert told["distributed"] is True
    assert told["command"] == ["gcc", "-c", "x.c"]
    assert len(told["hosts"]) == 3
    told = json.loads(bench.command("why", "--json", "--", "gcc", "-E", "x.c", expect=1))
    assert (told["distributed"], told["decided_by"]) == (False, "the launcher")


def test_without_a_command_line_it_says_what_it_expects(bench: Bench) -> None:
    assert bench.command("why", expect=2) == ""
