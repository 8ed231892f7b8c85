"""Hosts from a file or a command: whatever it is and does, builds go on with what is known."""

import contextlib
import errno
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from running import eventually, processes

from distcc_build.config import Config
from distcc_build.farmfile import REMEMBERED, Farm
from distcc_build.offer import Gave
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.search import find_servers
from distcc_build.sources.asking import Others
from distcc_build.sources.lookup import THREADS
from distcc_build.sources.request import Request
from distcc_build.trouble import Trouble

NOWHERE = ResolvConf((), ())
NOW = 1_700_000_000.0

PAUSE = f"sleep 1000.{os.getpid()}"
"""Of this process alone: tests run side by side."""


class Site:
    """A folder of the user's, with the file `hosts` in it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "hosts"
        self.word = f"--discover-file={self.path}"
        # A third of the deadline is a command's: on a busy machine it may take its time.
        self.config = Config(sources=(self.word,), allow_loopback=True, deadline=60)

    def write(self, text: str | bytes, mode: int = 0o644) -> Path:
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.path.chmod(mode)
        return self.path

    def command(self, script: str) -> Path:
        return self.write(f"#!/bin/sh\n{script}\n", 0o755)

    def ask(self, seconds: float = 20.0) -> Gave:
        """One look, by the way that every source is asked."""
        (gave,) = Others(Request(self.config, NOWHERE, NOW, seconds)).collect()
        return gave

    def farm(self, old: Farm | None = None) -> Farm:
        return find_servers(self.config, NOWHERE, "here", old, seconds=20.0)

    def ask_and_farm(self, old: Farm, seconds: float) -> tuple[Gave, Farm]:
        """Both at once: what holds the one up holds up the other."""
        with ThreadPoolExecutor() as pool:
            gave = pool.submit(self.ask, seconds)
            farm = find_servers(self.config, NOWHERE, "here", old, seconds=seconds)
            return gave.result(), farm


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    # /tmp is no place to keep such a file; a home is.
    monkeypatch.setenv("HOME", str(tmp_path))
    return Site(tmp_path)


def names(gave: Gave) -> list[str]:
    return [one.name for one in gave.offers]


def test_a_file_of_hosts_is_read(site: Site) -> None:
    site.write("10.1.0.1/8\n[fd00::2]:4000,lzo # two\nlocalhost:4001\nwrong:port user@c\n")
    gave = site.ask()
    assert names(gave) == ["10.1.0.1", "[fd00::2]:4000", "localhost:4001"]
    assert "127.0.0.1" in map(str, gave.offers[2].addresses)
    assert [one.name for one in gave.account.lines[:2]] == ["line 4", "line 4"]
    assert gave.account.why == f"{site.path} lists no more"
    assert 0 < gave.account.seconds < 20


def test_policy_has_the_last_word(site: Site) -> None:
    site.write("10.1.0.1 8.8.8.8 127.0.0.1 0x08080808 [::ffff:9.9.9.9]")
    site.config = site.config._replace(allow_loopback=False)
    farm = site.farm()
    assert [str(one.address) for one in farm.used] == ["10.1.0.1"]
    assert [one.state.value for one in farm.servers] == ["used", *["refused"] * 3]
    # To the C library this is 8.8.8.8.
    (line,) = [one for one in site.ask().account.lines if "0x08080808" in one.came_back]
    assert line.verdict == "left out"


def test_what_a_command_prints_is_read(site: Site) -> None:
    site.command('echo "10.1.0.1 10.1.0.2/3"; echo complaint >&2; echo "in=$PWD=$DISTCC_BUILD"')
    gave = site.ask()
    assert names(gave) == ["10.1.0.1", "10.1.0.2"]
    # It is run where nothing of the project's is, and could not wait for us.
    assert "'in=/=off'" in gave.account.lines[0].came_back
    assert gave.account.why == f"{site.path} prints no more"
    assert gave.expires == 0.0


def missing(site: Site) -> None:
    pass


def directory(site: Site) -> None:
    site.path.mkdir()


def fifo(site: Site) -> None:
    os.mkfifo(site.path)


def unix_socket(site: Site) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        # Its path may be too long from here.
        os.chdir(site.path.parent)
        made.bind(site.path.name)


def loop(site: Site) -> None:
    site.path.symlink_to(site.path)


def endless(site: Site) -> None:
    site.path.symlink_to("/dev/zero")


def huge(site: Site) -> None:
    site.write(b"10.1.0.1 " * 200_000)


def binary(site: Site) -> None:
    site.write(Path("/bin/true").read_bytes())


def others_write(site: Site) -> None:
    site.write("10.1.0.1", 0o666)


def in_a_folder_of_others(site: Site) -> None:
    folder = site.path.parent / "open"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    (folder / "real").write_text("10.1.0.1")
    site.path.symlink_to(folder / "real")


def no_interpreter_line(site: Site) -> None:
    site.write("10.1.0.1\n", 0o755)


def no_interpreter(site: Site) -> None:
    site.write("#!/nowhere/python\n", 0o755)


def fails(site: Site) -> None:
    site.command("echo 10.1.0.1; echo first >&2; printf 'token\\033 expired\\n' >&2; exit 3")


def killed(site: Site) -> None:
    site.command("echo 10.1.0.1; kill -9 $$")


def hangs(site: Site) -> None:
    site.command(f"echo 10.1.0.1; exec {PAUSE}")


def closes_its_output_and_hangs(site: Site) -> None:
    site.command(f"echo 10.1.0.1; exec >&- 2>&-; exec {PAUSE}")


def prints_much(site: Site) -> None:
    site.command("exec head -c 100000000 /dev/zero")


def never_stops(site: Site) -> None:
    site.command("exec yes 10.1.0.1")


FAULTS: dict[Callable[[Site], None], tuple[str, Trouble | None]] = {
    missing: ("No such file or directory", Trouble.MISSING),
    directory: ("expected a file", Trouble.NO_FILE),
    fifo: ("expected a file", Trouble.NO_FILE),
    unix_socket: (os.strerror(errno.ENXIO), None),
    loop: (os.strerror(errno.ELOOP), None),
    endless: ("expected a file", Trouble.NO_FILE),
    huge: ("is larger than 1048576 bytes", Trouble.NO_LIST),
    binary: ("is no text: there is a NUL byte in it", Trouble.NO_LIST),
    others_write: ("is not believed: ", Trouble.NOT_BELIEVED),
    in_a_folder_of_others: ("can be written by others", Trouble.NOT_BELIEVED),
    no_interpreter_line: (
        "cannot be run: it has no #! line (a list is not executable: chmod a-x)",
        Trouble.NO_HEADER,
    ),
    no_interpreter: ("cannot be run: what its #! line names is not there", Trouble.CANNOT_RUN),
    fails: (r"ended with status 3: token\x1b expired", Trouble.FAILED),
    killed: ("was ended by signal 9", Trouble.FAILED),
    hangs: ("takes longer than 1.0 s", Trouble.LATE),
    closes_its_output_and_hangs: ("takes longer than 1.0 s", Trouble.LATE),
    prints_much: ("prints more than 1048576 bytes", Trouble.NO_LIST),
    never_stops: ("prints more than 1048576 bytes", Trouble.NO_LIST),
}


HANGING = {hangs, closes_its_output_and_hangs}
"""Those that take all the time there is."""


@pytest.mark.parametrize(("fault", "known"), FAULTS.items(), ids=[one.__name__ for one in FAULTS])
def test_what_cannot_be_read_keeps_the_servers_from_before(
    site: Site,
    fault: Callable[[Site], None],
    known: tuple[str, Trouble | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(site.path.parent)
    site.write("10.1.0.1 10.1.0.2:4000/7")
    old = site.farm()
    assert not old.degraded
    site.path.unlink()
    fault(site)
    if fault in HANGING:
        site.config = site.config._replace(deadline=3.0)
    start = time.monotonic()
    gave, farm = site.ask_and_farm(old, 20.0)
    assert time.monotonic() - start < 15
    assert (gave.offers, gave.account.degraded, gave.keep) == ((), True, REMEMBERED)
    assert gave.account.why.startswith(str(site.path))
    why, trouble = known
    assert why in gave.account.why
    assert gave.account.trouble is trouble
    assert gave.account.why.isprintable()
    assert [(one.endpoint, one.limit) for one in farm.used] == [
        ("10.1.0.1", None),
        ("10.1.0.2:4000", 7),
    ]
    assert farm.degraded
    assert farm.until - farm.made <= site.config.ttl_min
    assert processes(PAUSE) == []


def test_a_file_that_may_not_be_read_is_said_to_be_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("10.1.0.1")

    def denied(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # Root may read everything.
    with monkeypatch.context() as context:
        context.setattr(os, "open", denied)
        gave = site.ask()
    assert gave.account.why == f"{site.path}: Permission denied"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that is another's")
def test_a_file_of_another_user_is_not_believed(site: Site) -> None:
    os.chown(site.write("10.1.0.1"), 65534, 65534)
    assert "belongs to nobody, neither to you nor to root" in site.ask().account.why


def test_bytes_that_are_no_utf_8_cost_only_their_entry(site: Site) -> None:
    site.write(b"10.1.0.1 # caf\xe9\nb\xff\n10.1.0.2\n")
    gave = site.ask()
    assert names(gave) == ["10.1.0.1", "10.1.0.2"]
    assert gave.account.lines[0].name == "line 2"


def test_an_empty_list_is_a_list(site: Site) -> None:
    site.write("10.1.0.1")
    old = site.farm()
    site.write("# all are switched off at night\n")
    farm = site.farm(old)
    assert (farm.servers, farm.degraded) == ((), False)
    assert farm.why == f"{site.path} lists no server"


def test_a_command_that_leaves_a_child_behind_is_not_waited_for(site: Site) -> None:
    site.command(f"echo 10.1.0.1; {PAUSE} & echo 10.1.0.2")
    start = time.monotonic()
    assert names(site.ask(seconds=60)) == ["10.1.0.1", "10.1.0.2"]
    assert time.monotonic() - start < 15
    assert eventually(lambda: processes(PAUSE) == [])


def test_all_that_is_printed_before_the_end_counts(site: Site) -> None:
    site.command("i=0; while [ $i -lt 900 ]; do i=$((i+1)); echo 10.1.$((i/250)).$((i%250)); done")
    assert len(site.ask().offers) == 900


def test_much_on_stderr_is_dropped(site: Site) -> None:
    site.command("head -c 30000000 /dev/zero >&2; echo 10.1.0.1")
    assert names(site.ask()) == ["10.1.0.1"]


def test_a_program_in_python_finds_its_own_modules(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.path.parent / "inventory.py").write_text("print('10.1.0.1')")
    site.write("#!/usr/bin/env python3\nimport inventory\n", 0o755)
    # As the launcher starts us.
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    assert names(site.ask()) == ["10.1.0.1"]


@contextlib.contextmanager
def lookups(monkeypatch: pytest.MonkeyPatch, *hanging: str) -> Iterator[list[str]]:
    """Let the C library hang for some names, as it does where a name server is silent."""
    asked: list[str] = []
    released, before = threading.Event(), set(threading.enumerate())

    def getaddrinfo(name: str, *_: object, **__: object) -> list[object]:
        asked.append(name)
        if name in hanging:
            released.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if name.startswith("gone"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if name.startswith("odd"):
            raise UnicodeError("label empty or too long")
        number = int(name.removeprefix("host"))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"10.1.0.{number}", 0))]

    with monkeypatch.context() as context:
        context.setattr(socket, "getaddrinfo", getaddrinfo)
        yield asked
        released.set()
        # What they would ask for yet they ask for here.
        assert eventually(lambda: set(threading.enumerate()) <= before)


def test_names_that_are_not_answered_in_time_lose_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("host1 host2 host3:4000 10.1.0.4 gone1 odd1")
    with lookups(monkeypatch):
        old = site.farm()
        assert not find_servers(site.config, NOWHERE, "here", old, seconds=20.0).lines
    # The third is taken from the list, and must not come back.
    site.write("host1 host2 10.1.0.4 gone1")
    with lookups(monkeypatch, "host2"):
        start = time.monotonic()
        gave, farm = site.ask_and_farm(old, 3)
        assert time.monotonic() - start < 15
    said = {one.name: (one.came_back, one.verdict) for one in gave.account.lines}
    assert said == {
        "host1": ("10.1.0.1", "server"),
        "host2": ("no answer in time", "could not be asked"),
        "10.1.0.4": ("10.1.0.4", "server"),
        "gone1": ("no such name", "left out"),
    }
    assert sorted(one.endpoint for one in farm.used) == ["10.1.0.1", "10.1.0.2", "10.1.0.4"]
    assert farm.degraded


def test_who_gave_up_asks_no_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = [f"host{n}" for n in range(1, 101)]
    site.write(" ".join(hosts))
    with lookups(monkeypatch, *hosts) as asked:
        gave = site.ask(seconds=1.5)
        assert {one.came_back for one in gave.account.lines} == {"no answer in time"}
        assert len(asked) == THREADS
    assert len(asked) == THREADS


def test_a_name_that_is_no_name_has_failed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("odd1 host1")
    with lookups(monkeypatch):
        assert names(gave := site.ask()) == ["host1"]
    assert gave.account.lines[0].came_back == "label empty or too long"
