"""Wherever a site keeps its servers: each source finds the same five, for each build system."""

import itertools
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from e2e.small_project import BUILDS, small_project
from e2e.workbench import PATIENT, SYSTEM_PATH, Workbench, write
from peers import DNSMASQ, dnsmasq

from distcc_build.farm.loopback import DOMAIN, Farm


@dataclass(frozen=True)
class Source:
    """Where servers are found, and what a client there is told."""

    word: str
    """Of the hosts list."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """What is configured beside it."""


@pytest.fixture(scope="module")
def five(installation: Path) -> Iterator[Farm]:
    """Five servers, all on a port that is not the usual one."""
    with Farm(servers=5, environ={"PATH": SYSTEM_PATH}) as running:
        yield running


@pytest.fixture
def numbered(five: Farm) -> Source:
    """As distcc1, distcc2, ...; names say nothing of ports."""
    configured = {
        "DISTCC_BUILD_NAMESERVERS": five.nameserver.endpoint,
        "DISTCC_BUILD_DOMAIN": DOMAIN,
        "DISTCC_BUILD_PORT": str(five.daemons.port),
        "DISTCC_BUILD_LIMIT": str(five.daemons.slots),
    }
    return Source("--discover-distccN", configured)


@pytest.fixture
def dns_sd(five: Farm, tmp_path: Path) -> Iterator[Source]:
    """As services in a zone of dnsmasq's, which say their ports and jobs."""
    if not DNSMASQ:
        pytest.skip("needs dnsmasq")
    service = f"_distcc._tcp.{DOMAIN}"
    lines = [f"local=/{DOMAIN}/", f"ptr-record=b._dns-sd._udp.{DOMAIN},{DOMAIN}"]
    for number, address in enumerate(five.daemons.addresses, 1):
        instance, host = f"box{number}.{service}", f"box{number}.{DOMAIN}"
        lines += [
            f"ptr-record={service},{instance}",
            f"srv-host={instance},{host},{five.daemons.port},0,0",
            f"txt-record={instance},txtvers=1,jobs={five.daemons.slots}",
            f"host-record={host},{address}",
        ]
    folder = tmp_path / "dns-sd"
    folder.mkdir()
    with dnsmasq(folder, lines) as server:
        configured = {"DISTCC_BUILD_NAMESERVERS": server.endpoint, "DISTCC_BUILD_DOMAIN": DOMAIN}
        yield Source("--discover-dns-sd", configured)


def hosts_of(farm: Farm) -> list[str]:
    """The servers, as a hosts list names them."""
    own = farm.daemons
    return [f"{address}:{own.port}/{own.slots}" for address in own.addresses]


@pytest.fixture
def file(five: Farm, bench: Workbench) -> Source:
    """In a file."""
    path = write(bench.home / "servers", "# of our cloud\n" + "\n".join(hosts_of(five)) + "\n")
    return Source(f"--discover-file={path}")


@pytest.fixture
def command(five: Farm, bench: Workbench) -> Source:
    """From what a command prints."""
    return Source(f"--discover-file={script(bench.home / 'ask', *hosts_of(five))}")


def script(path: Path, *hosts: str) -> Path:
    write(path, f"#!/bin/sh\nprintf '%s\\n' {' '.join(hosts)}\n").chmod(0o755)
    return path


SOURCES = ("numbered", "dns_sd", "file", "command")
"""+zeroconf needs machines of its own: test_zeroconf.py."""


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> Source:
    found: Source = request.getfixturevalue(request.param)
    return found


def at(bench: Workbench, *sources: Source) -> Workbench:
    """A client of a site that has its servers there."""
    configured = {"DISTCC_BUILD_ALLOW_LOOPBACK": "1", **PATIENT}
    for one in sources:
        configured |= one.environ
    words = " ".join(one.word for one in sources)
    return Workbench(bench.venv, bench.home, {**configured, "DISTCC_HOSTS": words})


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS.keys())
def test_each_source_finds_the_same_five_servers_for_each_build_system(
    build: str, source: Source, five: Farm, bench: Workbench, tmp_path: Path
) -> None:
    # Of this build alone, in logs that all have in common.
    tag = f"_{tmp_path.parent.name}_{tmp_path.name}".replace("-", "_")
    sources = small_project(tmp_path / "project", tag)
    site = at(bench, source)

    site.run("bash", "-euc", build, cwd=tmp_path / "project")

    five.daemons.wait_for(len(sources), lambda job: tag in job.source)
    done = [job for job in five.daemons.jobs() if tag in job.source]
    assert sorted(Path(job.source).name for job in done) == sorted(sources)
    assert {job.outcome for job in done} == {"COMPILE_OK"}
    site.run("./prog", cwd=tmp_path / "project")
    # What all of its compiles were given.
    assert sorted(servers(site.query("hosts"))) == sorted(hosts_of(five))


def servers(hosts: str) -> list[str]:
    """Those of a list that we did not put there ourselves, for this machine."""
    return [one for one in hosts.split() if not one.startswith(("--", "localhost"))]


def gave(explained: str, word: str) -> dict[str, str]:
    """What a source gave, by name, and what became of it."""
    after = explained.partition(f"source        {word}")[2].splitlines()[1:]
    lines = [line.partition("  -> ") for line in itertools.takewhile(_indented, after)]
    return {line.split()[0]: became for line, _, became in lines}


def _indented(line: str) -> bool:
    return line.startswith("  ")


def test_what_a_source_gave_is_explained(source: Source, five: Farm, bench: Workbench) -> None:
    explained = at(bench, source).query("explain")
    assert explained.count("-> used") == 5
    assert all(f":{five.daemons.port}" in one for one in hosts_of(five))
    assert "DISTCC_HOSTS  --localslots=" in explained


def test_words_can_be_combined_and_a_server_of_two_sources_is_one(
    numbered: Source, file: Source, command: Source, five: Farm, bench: Workbench
) -> None:
    site = at(bench, file, command, numbered)
    assert sorted(servers(site.query("hosts"))) == sorted(hosts_of(five))
    explained = site.query("explain")
    names = [one.partition("/")[0] for one in hosts_of(five)]
    assert gave(explained, file.word) == dict.fromkeys(names, "used")
    same = [f"duplicate: has the address of {name}" for name in names]
    assert gave(explained, command.word) == dict(zip(names, same, strict=True))
    numbers = [f"distcc{n}.{DOMAIN}." for n in range(1, 7)]
    became = dict(zip(numbers, [*same, "does not exist"], strict=True))
    assert gave(explained, numbered.word) == became


def test_sources_that_know_different_servers_make_one_farm(
    numbered: Source, five: Farm, bench: Workbench
) -> None:
    # One that numbered names do not reach, and one that nobody else knows.
    path = write(bench.home / "more", f"127.1.0.2:{five.daemons.port}/2 127.1.0.77/9,lzo")
    more = Source(f"--discover-file={path}")
    site = at(bench, numbered, more)
    # The limit of the first that names a server holds, and 127.1.0.77 is none.
    assert sorted(servers(site.query("hosts"))) == sorted(
        [*hosts_of(five)[:1], f"127.1.0.2:{five.daemons.port}/2", *hosts_of(five)[2:]]
    )
    explained = site.query("explain")
    assert '(",lzo" has no effect: compression is "none")' in explained
    assert "127.1.0.77" in explained


def test_what_the_list_names_too_is_explained_as_the_list_has_it(
    numbered: Source, five: Farm, bench: Workbench
) -> None:
    site = at(bench, numbered)
    first = f"{five.daemons.addresses[0]}:{five.daemons.port}/1"
    site.environ["DISTCC_HOSTS"] = f"{numbered.word} {first}"
    assert first in site.query("hosts").split()
    explained = site.query("explain")
    own = "left to the hosts list, which names it with a limit and options of its own"
    assert re.findall(r"  (distcc\d)\..* -> left to ", explained) == ["distcc1"]
    assert (explained.count(f"-> {own}\n"), explained.count("-> used\n")) == (1, 4)


def compile_one(site: Workbench, name: str) -> None:
    write(site.home / f"{name}.c", "int x;\n")
    site.run("distcc-launch", "gcc", "-c", f"{name}.c", cwd=site.home)


def one_compile(site: Workbench, farm: Farm, name: str) -> str:
    """The address of the server that compiles a file."""
    compile_one(site, name)
    farm.daemons.wait_for(1, lambda job: job.source == f"{name}.c")
    return "".join(job.server for job in farm.daemons.jobs() if job.source == f"{name}.c")


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
def test_a_change_of_the_file_is_noticed_by_the_very_next_compile(
    five: Farm, bench: Workbench
) -> None:
    own = hosts_of(five)
    path = write(bench.home / "servers", own[0])
    site = at(bench, Source(f"--discover-file={path}"))
    assert one_compile(site, five, "noticed1") == "127.1.0.1"
    write(path, own[2])
    assert one_compile(site, five, "noticed2") == "127.1.0.3"
    # As cloud agents do it: made anew beside it, and put in its place.
    write(path.with_name("new"), own[4]).rename(path)
    assert one_compile(site, five, "noticed3") == "127.1.0.5"
    # While it is away nobody knows better.
    path.unlink()
    assert one_compile(site, five, "noticed4") == "127.1.0.5"
    explained = site.query("explain")
    assert "No such file or directory" in explained
    assert "  not asked, or not for all: what it gave before stays in use\n" in explained
    write(path, own[1])
    assert one_compile(site, five, "noticed5") == "127.1.0.2"
    write(path, "")
    compile_one(site, "noticed6")
    # Had that server compiled it, it would have said so before what it says of the next.
    write(path, own[1])
    assert one_compile(site, five, "noticed7") == "127.1.0.2"
    assert not [job for job in five.daemons.jobs() if job.source == "noticed6.c"]


def test_a_file_that_never_was_there_has_left_nothing_in_use(bench: Workbench) -> None:
    explained = at(bench, Source(f"--discover-file={bench.home}/nowhere")).query("explain")
    assert "  not asked, or not for all\n" in explained
    assert "stays in use" not in explained


def test_mended_rights_of_a_file_are_seen_at_a_refresh(five: Farm, bench: Workbench) -> None:
    path = write(bench.home / "servers", hosts_of(five)[0])
    path.chmod(0o666)
    site = at(bench, Source(f"--discover-file={path}"))
    compile_one(site, "rights1")
    path.chmod(0o644)
    site.query("refresh")
    # Had a server compiled the first, it would have said so before what it says of the next.
    assert one_compile(site, five, "rights2") == "127.1.0.1"
    assert not [job for job in five.daemons.jobs() if job.source == "rights1.c"]


def test_a_command_is_asked_again_at_each_refresh_and_when_it_is_changed(
    five: Farm, bench: Workbench
) -> None:
    own = hosts_of(five)
    data = write(bench.home / "data", own[0])
    ask = write(bench.home / "ask", f"#!/bin/sh\necho . >>{data}.asked\ncat {data}\n")
    ask.chmod(0o755)
    site = at(bench, Source(f"--discover-file={ask}"))
    assert one_compile(site, five, "asked1") == "127.1.0.1"
    write(data, own[2])
    assert one_compile(site, five, "asked2") == "127.1.0.1"
    assert data.with_name("data.asked").read_text() == ".\n"
    site.query("refresh")
    assert one_compile(site, five, "asked3") == "127.1.0.3"
    script(ask, own[3])
    assert one_compile(site, five, "asked4") == "127.1.0.4"
    # One that fails keeps what it said before.
    write(ask, "#!/bin/sh\necho token expired >&2\nexit 3\n")
    assert one_compile(site, five, "asked5") == "127.1.0.4"
    assert "ended with status 3: token expired" in site.query("explain")


def test_a_change_during_the_look_is_not_lost(five: Farm, bench: Workbench) -> None:
    own = hosts_of(five)
    path = write(bench.home / "servers", own[0])
    # A source beside it that takes its time, and changes the file meanwhile.
    slow = write(
        bench.home / "slow", f"#!/bin/sh\nsleep 0.3\n[ -e {path}.new ] && mv {path}.new {path}\n"
    )
    slow.chmod(0o755)
    write(path.with_name("servers.new"), own[1])
    site = at(bench, Source(f"--discover-file={path}"), Source(f"--discover-file={slow}"))
    one_compile(site, five, "during1")
    assert path.read_text() == own[1]
    assert one_compile(site, five, "during2") == "127.1.0.2"
