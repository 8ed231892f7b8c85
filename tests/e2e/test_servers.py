"""The commands for those who look after a farm: servers and check."""

import json
import os
import pty
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e.farm_of_six import CAUSES, DEAD, DENIES, FROZEN, GOOD, VERSION, WITHOUT, six_servers
from e2e.workbench import PATIENT, SYSTEM_PATH, Workbench
from peers import closed_port

from distcc_build.farm.daemons import Differing
from distcc_build.farm.loopback import Farm
from distcc_build.farm.nameserver import NameServer
from distcc_build.farm.zone import Zone


@pytest.fixture(scope="module")
def six() -> Iterator[Farm]:
    with six_servers() as farm:
        yield farm


@pytest.fixture
def sick_bench(installation: Path, tmp_path: Path, six: Farm) -> Workbench:
    home = tmp_path / "home"
    home.mkdir()
    return Workbench(installation, home, {**six.exports, **PATIENT})


def test_servers_names_each_cause_in_words(sick_bench: Workbench) -> None:
    lines = sick_bench.query("servers").splitlines()
    assert lines[0].split() == ["name", "address", "state", "latency", "compilers", "limit", "why"]
    by_number = dict(enumerate(lines[1:], 1))
    assert len(by_number) == 6
    for number, cause in CAUSES.items():
        assert by_number[number].startswith(f"distcc{number}.farm.test  127.1.0.{number}  {cause}")
    words = {
        DEAD: "no daemon listens there: start distccd",
        FROZEN: "it accepts the connection and does not answer in time",
        DENIES: "this client is not allowed: add this machine's network to its --allow",
        VERSION: "has another version (11.3.0 there, ",
        WITHOUT: "gcc g++: the compiler is not installed there: install it",
    }
    for number, why in words.items():
        assert why in by_number[number]
    assert by_number[GOOD].endswith(" 4")
    assert " ms " in by_number[GOOD]


def servers(bench: Workbench, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(bench.query("servers", "--json", *options))["servers"]
    return found


def test_servers_says_all_that_is_known_as_json(sick_bench: Workbench) -> None:
    found = servers(sick_bench, "--compiler", "gcc", "--compiler", "clang++")
    assert [one["number"] for one in found] == [1, 2, 3, 4, 5, 6]
    assert [one["state"] for one in found] == list(CAUSES.values())
    assert [one["well"] for one in found] == [True, *[False] * 5]
    good = found[GOOD - 1]["compilers"]
    assert list(good) == ["gcc", "clang++"]
    for one in good.values():
        assert (one["cause"], one["lzo"], one["pump"]) == ("ok", True, True)
        assert 0 < one["latency"] <= found[GOOD - 1]["latency"]
        assert one["version"][0].isdigit()
        assert "-" in one["target"]
    assert found[VERSION - 1]["compilers"]["clang++"]["version"] == "11.3.0"
    assert found[DEAD - 1]["latency"] is None


def test_check_has_a_line_for_each_server_that_is_not_well(sick_bench: Workbench) -> None:
    done = sick_bench.run("distcc-build", "check", cwd=sick_bench.home, status=1)
    assert [line.split(":")[0] for line in done.lines] == [
        f"distcc{n}.farm.test. 127.1.0.{n}" for n in (DEAD, FROZEN, DENIES, VERSION, WITHOUT)
    ]
    assert done.err == ""


def test_check_judges_the_hosts_that_the_list_itself_names(sick_bench: Workbench) -> None:
    """Builds send compiles to them unproved; by ssh, here and marked down, nobody is asked."""
    port = sick_bench.environ["DISTCC_BUILD_PORT"]
    good, denies = (f"127.1.0.{n}:{port}/2,lzo" for n in (GOOD, DENIES))
    hosts = f"{good} localhost/2 @far/4 {denies} 127.1.0.{DEAD}:{port},down {good} no.such.host"
    hosts += " 10.1.0.011"

    def said(hosts: str) -> list[str]:
        sick_bench.environ["DISTCC_HOSTS"] = hosts
        done = sick_bench.run("distcc-build", "check", cwd=sick_bench.home, status=1)
        return [line for line in done.lines if line.startswith("DISTCC_HOSTS: ")]

    nothing, refused, unknown, octal = said(hosts)
    assert nothing == "DISTCC_HOSTS: no word in it asks for discovery"
    denied = f"127.1.0.{DENIES}"
    assert refused.startswith(f"DISTCC_HOSTS: {denied} {denied}:{port}: ")
    assert "this client is not allowed" in refused
    assert unknown.startswith("DISTCC_HOSTS: no.such.host: ")
    assert octal.startswith("DISTCC_HOSTS: 10.1.0.011: numbers that are no address")
    assert said(f"{denies} --discover-distccN") == [refused]


def test_check_is_silent_when_all_is_well(farm_bench: Workbench) -> None:
    def check(*options: str, status: int = 0) -> str:
        return farm_bench.run(
            "distcc-build", "check", *options, cwd=farm_bench.home, status=status
        ).text

    assert check() == ""
    assert check("--expect", "3", "--max-latency", "60", "--compiler", "clang") == ""
    assert check("--expect", "4", status=1) == (
        "3 servers instead of 4: distcc4.farm.test. does not exist\n"
    )
    slow = check("--max-latency", "0.000001", status=1).splitlines()
    assert [line.partition(" ")[0] for line in slow] == [f"distcc{n}.farm.test." for n in (1, 2, 3)]
    missing = check("--compiler", "gcc", "--compiler", "icc", status=1)
    assert missing.startswith("icc: it is not installed here")
    assert missing.count("\n") == 1
    for odd in (["--expect", "-1"], ["--max-latency", "0"], ["--max-latency", "nan"]):
        assert "expected" in check(*odd, status=2)


ONE, TWO, THREE = (f"127.1.0.{n}" for n in (1, 2, 3))
ZONES = {
    "a hole": (
        {1: ONE, 2: TWO, 4: THREE},
        ["distcc4.farm.test.: never reached, as distcc3.farm.test. does not exist"],
    ),
    "another network": (
        {1: ONE, 2: TWO, 3: "127.9.0.1", 4: THREE},
        ["distcc3.farm.test. 127.9.0.1: it is on another network than distcc1"],
    ),
    "a duplicate": (
        {1: ONE, 2: ONE, 3: THREE},
        ["distcc2.farm.test. 127.1.0.1: has the address of distcc1.farm.test."],
    ),
    "a stranger": (
        {1: ONE, 2: "8.8.8.8"},
        ["distcc2.farm.test. 8.8.8.8: it is on another network than distcc1"],
    ),
    "nothing": ({}, ["no servers: distcc1.farm.test. does not exist"]),
}


@pytest.mark.parametrize(("names", "lines"), ZONES.values(), ids=ZONES.keys())
def test_check_tells_what_is_wrong_with_the_names(
    farm_bench: Workbench, names: dict[int, str], lines: list[str]
) -> None:
    zone = {f"distcc{n}.farm.test.": [f"A {address}"] for n, address in names.items()}
    with NameServer(Zone(zone, origins=["farm.test."])) as server:
        farm_bench.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        done = farm_bench.run("distcc-build", "check", cwd=farm_bench.home, status=1)
        assert len(done.lines) == len(lines), done.text
        for said, expected in zip(done.lines, lines, strict=True):
            assert said.startswith(expected)


def test_check_tells_of_a_wildcard_once(farm_bench: Workbench) -> None:
    zone = {f"distcc{n}.farm.test.": [f"A 127.1.0.{n}"] for n in (1, 2, 3)}
    with NameServer({**zone, "*.farm.test.": ["A 127.1.0.3"]}) as server:
        farm_bench.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        done = farm_bench.run("distcc-build", "check", cwd=farm_bench.home, status=1)
        (line,) = done.lines
        assert "a wildcard record answers for any name" in line


def test_name_servers_that_do_not_answer_are_one_line(bench: Workbench) -> None:
    bench.environ["DISTCC_BUILD_DOMAIN"] = "farm.test"
    done = bench.run("distcc-build", "check", cwd=bench.home, status=1)
    (line,) = done.lines
    assert line.startswith("distcc1.farm.test.: ")
    assert line.endswith("see that the name servers answer")


def test_without_servers_there_is_a_word_and_status_1(bench: Workbench) -> None:
    with NameServer({}) as server:
        bench.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        bench.environ["DISTCC_BUILD_DOMAIN"] = "farm.test"
        done = bench.run("distcc-build", "servers", cwd=bench.home, status=1)
        assert done.out == ""
        assert done.err == "distcc-build: no servers: distcc1.farm.test. does not exist\n"


def test_a_list_without_the_word_is_mentioned_and_the_servers_are_shown(
    farm_bench: Workbench,
) -> None:
    farm_bench.environ["DISTCC_HOSTS"] = "bigbox/8"
    done = farm_bench.run("distcc-build", "servers", cwd=farm_bench.home)
    assert len(done.lines) == 4
    assert "DISTCC_HOSTS has no word for discovery" in done.err


def test_the_stats_page_gives_limit_and_load(installation: Path, tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir()
    port = closed_port(socket.SOCK_STREAM, "127.1.0.1")
    on = ("-o", "stats=on", "-o", f"stats_port={port}")
    with Farm(
        servers=2,
        slots=4,
        environ={"PATH": SYSTEM_PATH},
        differing={1: Differing(options=("--stats", f"--stats-port={port}", "--jobs=11"))},
    ) as farm:
        bench = Workbench(installation, home, {**farm.exports, **PATIENT})
        assert [one["limit"] for one in servers(bench)] == [4, 4]
        with_stats, without = servers(bench, *on)
        assert (with_stats["limit"], without["limit"]) == (11, 4)
        assert with_stats["load"] >= 0
        assert without["load"] is None
        assert "load" in bench.query("servers", *on).splitlines()[0]


def on_terminal(bench: Workbench, *words: str, columns: int) -> str:
    """What a command writes to a terminal so wide, without its colours."""
    ours, theirs = pty.openpty()
    environ = {**bench.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    process = subprocess.Popen(
        ["distcc-build", *words],
        cwd=bench.home,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        executable=bench.venv / "bin/distcc-build",
    )
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:  # Linux: the other side is closed
        pass
    finally:
        os.close(ours)
    assert process.wait(60) == 0, said
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said.decode())


def test_on_a_terminal_there_is_progress_and_reasons_stand_below(sick_bench: Workbench) -> None:
    said = on_terminal(sick_bench, "servers", "--compiler", "gcc", columns=90)
    assert "asking the servers" in said
    assert "(6 of 6)" in said
    table, _, below = said.partition("limit")
    assert "why" not in table
    assert "distcc6.farm.test: gcc: the compiler is not installed there" in below
    wide = on_terminal(sick_bench, "servers", "--compiler", "gcc", columns=400)
    assert "limit  why" in wide
