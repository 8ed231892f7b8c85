"""What DNS and servers say never gets into a hosts list, a shell, a terminal or a file name.

Each case is one name of a farm, so that one walk takes them all.  The addresses are those of
this machine: hostile text stands around answers that are otherwise good.
"""

import json
import os
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from peers import FakeDistccd
from servers import Exchange, ScriptedNameServer

from distcc_build import search
from distcc_build.__main__ import main
from distcc_build.choice import Candidate, complete
from distcc_build.config import Config
from distcc_build.farmfile import format_farm
from distcc_build.hosts import DISCOVER, parse_hosts
from distcc_build.hostspec import DNS_SD
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.search import find_servers

TEXTS = [
    # A shell, and what expands in one.
    *(
        b"$(touch ran)",
        b"`touch ran`",
        b";touch ran",
        b"|touch ran",
        b"&touch ran&",
        b"\ntouch ran\n",
    ),
    *(b"touch${IFS}ran", b"'\"touch ran\"'", b"~root", b"*", b"$PATH", b"\\", b"#", b">ran", b"!!"),
    # distcc's own grammar.
    *(b"@host", b"@-oProxyCommand=touch${IFS}ran", b"me@host:touch ran", b"-oProxyCommand=id"),
    *(b"@", b"a:touch", b"a,down", b",down", b"/0", b"a/0", b"a/-1", b"a,foo", b"--localslots=-1"),
    *(
        b"--randomize",
        b"+zeroconf",
        b"[::1",
        b"::1",
        b"a/4 @b",
        b"10.0.0.1/4,cpp",
        b"localhost/9999",
    ),
    # What a terminal obeys or shows wrongly.
    *(
        b"\x1b[31mred",
        b"\x1b]0;title\x07",
        b"\x1b]8;;http://x\x1b\\",
        b"\x9b31m",
        b"\x7f\x08\x08",
        b"\r\r",
    ),
    *(b"\xc2\x9b31m", b"\xe2\x80\xae", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc0\x80"),
    # Ends of text, of fields, of files; formats; paths.
    *(b"\0", b"a\0b", b"\t", b" ", b"%n%s%x", b"{0.__class__}", b"../../x", b"/etc/passwd", b"."),
    *(b"x" * 63, b'","x":"', b"]}", b"end\nexec compiler /bin/sh", b"env LD_PRELOAD=x.so"),
]

Plant = Callable[[dns.message.Message, bytes], None]
FOREIGN = dns.name.from_text("elsewhere.example.")


def label(text: bytes) -> dns.name.Name:
    """A name in the farm's domain, with the text as a label, as bytes may be any."""
    return dns.name.Name((text[:63], b"farm", b"test", b""))


def _add(section: list[dns.rrset.RRset], name: dns.name.Name, rdata: dns.rdata.Rdata) -> None:
    section.append(dns.rrset.from_rdata(name, 60, rdata))


def _rdata(rdtype: str, *fields: object) -> dns.rdata.Rdata:
    kind = dns.rdatatype.from_text(rdtype)
    rdata = dns.rdata.get_rdata_class(dns.rdataclass.IN, kind)  # type: ignore[no-untyped-call]
    made: dns.rdata.Rdata = rdata(dns.rdataclass.IN, kind, *fields)
    return made


def as_alias(message: dns.message.Message, text: bytes) -> None:
    """The name is an alias for one that holds the text; that one has the address."""
    target = label(text)
    alias = _rdata("CNAME", target)
    found = message.answer[:]
    message.answer.clear()
    _add(message.answer, message.question[0].name, alias)
    for one in found:
        message.answer.append(dns.rrset.from_rdata_list(target, one.ttl, list(one)))


def as_text(message: dns.message.Message, text: bytes) -> None:
    """TXT records: alone, behind our key, and as the key."""
    if message.question[0].rdtype == dns.rdatatype.TXT:
        for strings in ((text,), (b"slots=" + text,), (text + b"=16", b"slots=16" + text)):
            rdata = _rdata("TXT", strings)
            _add(message.answer, message.question[0].name, rdata)


def as_more_answers(message: dns.message.Message, text: bytes) -> None:
    """Records that nobody asked for, about names that hold the text."""
    address = _rdata("A", "8.8.8.8")
    srv = _rdata("SRV", 0, 0, 22, label(text))
    ptr = _rdata("PTR", label(text))
    for section in (message.answer, message.additional):
        _add(section, label(text), address)
        _add(section, FOREIGN, srv)
        _add(section, FOREIGN, ptr)


def as_authority(message: dns.message.Message, text: bytes) -> None:
    """Whose zone it is, and who answers for it."""
    name = label(text)
    soa = _rdata("SOA", name, name, 1, 1, 1, 1, 1)
    _add(message.authority, name, soa)


PLANTS: list[Plant] = [as_alias, as_text, as_more_answers, as_authority]
CASES = [
    (PLANTS[(turn + number) % len(PLANTS)], text)
    for turn in range(len(PLANTS))
    for number, text in enumerate(TEXTS)
]
"""Each text in each place; the first len(TEXTS) of them have each text once."""

ZONE = {
    f"distcc{n}.farm.test.": [f"60 A 127.77.{n // 250}.{n % 250 + 1}"]
    for n in range(1, len(CASES) + 1)
}
TOKEN = re.compile(
    r"([0-9.]+|\[[0-9a-f:]+\])(:[0-9]+)?/[0-9]+|localhost/[0-9]+|--localslots(_cpp)?=[0-9]+"
)
FILE = re.compile(
    r"(plan-[0-9a-f]{16}-[0-9a-f]{16}|lock-[0-9a-f]{16}|said-[0-9]+-[a-z0-9-]+"
    r"|farm-[0-9a-f]{16}\.json(\.lock)?|network-[0-9a-f]{16}|reference-[0-9a-f]+|distcc)"
)


SERVICES: dict[tuple[bytes, ...], int] = {
    (text[:63].lower(), b"_distcc", b"_tcp", b"farm", b"test", b""): number
    for number, text in enumerate(TEXTS, 1)
}
"""A name for each text, and the number of the server that it stands for."""


def list_services(message: dns.message.Message) -> None:
    """Each text is an instance's name, an SRV record's target, and in what it says of itself."""
    question = message.question[0]
    name, rdtype = question.name, dns.rdatatype.to_text(question.rdtype)
    if len(name.labels) == 5 and rdtype == "PTR":
        message.set_rcode(dns.rcode.NOERROR)
        for labels in SERVICES:
            _add(message.answer, name, _rdata("PTR", dns.name.Name(labels)))
    number = SERVICES.get(name.canonicalize().labels)
    if number is None:
        return
    message.set_rcode(dns.rcode.NOERROR)
    text = TEXTS[number - 1]
    if rdtype == "SRV":
        target = dns.name.from_text(f"distcc{number}.farm.test.")
        # What is no host name is left out, beside the one that is.
        for one in (target, dns.name.Name((text[:60] + b" .", b"test", b""))):
            _add(message.answer, name, _rdata("SRV", 0, 0, 3632, one))
    if rdtype == "TXT":
        strings = (b"jobs=7", b"cc_version=" + text, b"cc_machine=" + text, text)
        _add(message.answer, name, _rdata("TXT", strings))


async def hostile(x: Exchange) -> list[bytes]:
    """The zone's answer, with what the name stands for around it."""
    response = x.server.answer(x.request)
    if x.query.name.endswith("_distcc._tcp.farm.test."):
        list_services(response)
    number = re.match(r"distcc([0-9]+)\.", x.query.name)
    if number and 0 < int(number[1]) <= len(CASES):
        plant, text = CASES[int(number[1]) - 1]
        plant(response, text)
    return x.wire(response)


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedNameServer]:
    with ScriptedNameServer(ZONE, {"*": hostile}) as running:
        yield running


def readable(data: bytes | str) -> str:
    """The text, which has nothing in it but lines of printable characters."""
    text = data if isinstance(data, str) else data.decode("utf-8", "strict")
    bad = {one for one in text if one != "\n" and not one.isprintable()}
    assert bad == set()
    return text


def test_there_are_enough_cases() -> None:
    assert len(set(CASES)) == len(CASES) >= 200
    assert len(set(TEXTS)) == len(TEXTS)


def test_names_with_hostile_answers_are_servers_like_any_other(server: ScriptedNameServer) -> None:
    config = Config(domain=("farm.test",), allow_loopback=True, walk_budget=20.0)
    conf = ResolvConf(((server.address, server.port),), ())
    farm = find_servers(config, conf, "here", force=True, seconds=30)
    numbers = [one.number for one in farm.used]
    assert numbers == list(range(1, len(CASES) + 1))
    assert {str(one.address) for one in farm.used} == {
        records[0].split()[-1] for records in ZONE.values()
    }
    # Only a text that says nothing else about slots than a number counts.
    assert {one.limit for one in farm.used} == {None}
    every = [Candidate(one, one.limit or config.limit) for one in farm.used]
    for some in (every[n : n + 50] for n in range(0, len(every), 50)):
        line = str(complete(parse_hosts(DISCOVER), some, config, client="me", cores=2))
        assert [one for one in line.split(" ") if not TOKEN.fullmatch(one)] == []
    readable(json.dumps(json.loads(format_farm(farm)), ensure_ascii=False))


def test_services_with_hostile_names_are_servers_like_any_other(
    server: ScriptedNameServer,
) -> None:
    config = Config(domain=("farm.test",), allow_loopback=True, walk_budget=20.0, sources=(DNS_SD,))
    conf = ResolvConf(((server.address, server.port),), ())
    farm = find_servers(config, conf, "here", force=True, seconds=30)
    names = {f"distcc{number}.farm.test." for number in range(1, len(TEXTS) + 1)}
    assert {one.name for one in farm.used} == names
    assert {one.limit for one in farm.used} == {7}
    verdicts = [line.verdict for line in farm.accounts[0].lines]
    assert verdicts.count("server") == len(TEXTS)
    assert verdicts.count("left out: no host name") == len(TEXTS)
    every = [Candidate(one, one.limit or config.limit) for one in farm.used]
    line = str(complete(parse_hosts(DNS_SD), every, config, client="me", cores=64))
    assert [one for one in line.split(" ") if not TOKEN.fullmatch(one)] == []
    readable(json.dumps(json.loads(format_farm(farm)), ensure_ascii=False))


# Bytes on the wire that no library would write.


def _labels(*labels: bytes) -> bytes:
    return b"".join(bytes([len(one)]) + one for one in labels) + b"\0"


def _record(owner: bytes, rdtype: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", rdtype, 1, 60, len(data)) + data


HERE = b"\xc0\x0c"
"""A pointer to the question."""

RAW = {
    "a label of 255 bytes": [_record(b"\xff" + b"x" * 255 + b"\0", 1, b"\x0a\0\0\1")],
    "a label of 64 bytes": [_record(b"\x40" + b"x" * 64 + b"\0", 1, b"\x0a\0\0\1")],
    "a name of 500 bytes": [_record(_labels(*[b"x" * 60] * 8), 1, b"\x0a\0\0\1")],
    "a pointer to itself": [_record(b"\xc0\xff", 1, b"\x0a\0\0\1")],
    "a pointer forward": [_record(b"\xc1\xff", 1, b"\x0a\0\0\1")],
    "an address of three bytes": [_record(HERE, 1, b"\x0a\0\0")],
    "an address of a thousand bytes": [_record(HERE, 1, b"\x0a" * 1000)],
    "a length beyond the end": [HERE + struct.pack("!HHIH", 1, 1, 60, 9999) + b"\x0a\0\0\1"],
    "a count beyond the end": [],
    "an alias for itself": [_record(HERE, 5, HERE)],
    "an alias for the root": [_record(HERE, 5, b"\0")],
    "half an alias": [_record(HERE, 5, b"\x3fabc")],
}


@pytest.mark.parametrize("title", RAW)
def test_bytes_that_are_no_message_are_no_server(title: str) -> None:
    async def raw(x: Exchange) -> list[bytes]:
        question = x.request.to_wire()[12:]
        records = RAW[title]
        head = struct.pack("!HHHHHH", x.request.id, 0x8180, 1, max(len(records), 1), 0, 0)
        return [head + question + b"".join(records)]

    zone = {f"distcc{n}.farm.test.": [f"60 A 127.77.0.{n}"] for n in (1, 2, 3)}
    config = Config(domain=("farm.test",), allow_loopback=True, walk_budget=0.1)
    with ScriptedNameServer(zone, {("distcc2.farm.test.", "A"): raw}) as server:
        conf = ResolvConf(((server.address, server.port),), ())
        farm = find_servers(config, conf, "here", force=True, seconds=20)
    assert 2 not in {one.number for one in farm.used}
    readable("".join(f"{one.name}{one.came_back}{one.verdict}" for one in farm.lines) + farm.why)


def test_of_thousands_of_addresses_a_few_are_looked_at() -> None:
    many = [f"60 A 10.0.{n // 250}.{n % 250 + 1}" for n in range(3000)]
    with ScriptedNameServer({"distcc1.farm.test.": many}) as server:
        config = Config(domain=("farm.test",), walk_budget=20.0)
        conf = ResolvConf(((server.address, server.port),), ())
        farm = find_servers(config, conf, "here", force=True, seconds=30)
    (one,) = farm.used
    assert str(one.address) == "10.0.0.1"
    assert len(farm.lines[0].came_back) < 1000


@pytest.mark.parametrize("text", TEXTS)
def test_a_search_domain_is_a_domain(
    text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_bytes(
        b"nameserver 127.0.0.1\nnameserver fd00::1%" + text + b"\nsearch " + text + b"\n"
    )
    monkeypatch.setattr(search, "RESOLV_CONF", (conf, conf))
    monkeypatch.setattr(socket, "gethostname", lambda: "me." + text.decode("latin-1"))
    found, fingerprint = search.surroundings(Config())
    assert all(re.fullmatch(r"[a-z0-9._-]+", one) for one in found.search)
    assert re.fullmatch(r"[0-9a-f]{16}", fingerprint)
    readable("".join(address for address, _ in found.nameservers))


# The commands, with servers that say such things too.

ESCAPES = (
    b"\x1b[31mX\x1b]0;title\x07\x9b\x7f\xe2\x80\xae\r\0$(touch ran)`touch ran`@-oProxyCommand=id"
)


def reply(status: int, said: bytes, out: bytes = b"", obj: bytes = b"") -> bytes:
    return b"".join(
        [
            b"DONE00000001STAT%08x" % status,
            *(
                b"%s%08x%s" % (key, len(data), data)
                for key, data in ((b"SERR", said), (b"SOUT", out), (b"DOTO", obj))
            ),
        ]
    )


REPLIES = [
    reply(0x100, b"x.c:1: error: " + ESCAPES),
    reply(0x100, ESCAPES, ESCAPES),
    reply(0, ESCAPES, ESCAPES, ESCAPES),
    reply(0, b"", b"x86_64\x1b[2J-linux-gnu\n", b"not an object"),
    ESCAPES * 20,
    b"DONE0000000\x1bSTAT",
    b"DONE00000001STAT" + ESCAPES,
]
PAGE = b"HTTP/1.0 200 OK\r\n\r\n<HTML>\n<distccstats>\n%s\ndcc_max_kids 8\x1b[31m\n</distccstats>\n"


@dataclass
class Bench:
    """A home, a PATH whose ssh and shells tell when they run, and the way to the servers."""

    root: Path
    environ: dict[str, str]

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            words,
            env={**self.environ, **more},
            cwd=self.root,
            capture_output=True,
            check=False,
            timeout=120,
        )

    @property
    def ran(self) -> list[str]:
        return [one.name for one in self.root.rglob("ran*")]


@pytest.fixture(scope="module")
def bench(server: ScriptedNameServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("hostile")
    tools = root / "tools"
    tools.mkdir()
    for name in ("ssh", "sh", "bash", "dash"):
        (tools / name).write_text(f'#!/bin/sh\n: >"{root}/ran-{name}"\nexec /bin/sh "$@"\n')
        (tools / name).chmod(0o755)
    (root / "home/.distcc").mkdir(parents=True)
    (root / "x.c").write_text("int x;\n")
    with ExitStack() as stack:
        port = 0
        for number, said in enumerate(REPLIES, 2):
            fake = FakeDistccd(said, address=f"127.77.0.{number}", port=port)
            port = stack.enter_context(fake).port
        stats = stack.enter_context(FakeDistccd(PAGE % ESCAPES, address="127.77.0.4")).port
        yield Bench(
            root,
            {
                "PATH": os.pathsep.join([str(tools), os.environ["PATH"]]),
                "HOME": str(root / "home"),
                "DISTCC_BUILD_CACHE_DIR": str(root / "cache"),
                "DISTCC_BUILD_NAMESERVERS": f"{server.address}:{server.port}",
                "DISTCC_BUILD_DOMAIN": "farm.test",
                "DISTCC_BUILD_MAX_SERVERS": str(len(TEXTS)),
                "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
                "DISTCC_BUILD_DEADLINE": "30",
                "DISTCC_BUILD_WALK_BUDGET": "5",
                "DISTCC_BUILD_PORT": str(port),
                "DISTCC_BUILD_STATS": "1",
                "DISTCC_BUILD_STATS_PORT": str(stats),
            },
        )


def test_the_launcher_says_one_clean_line_and_compiles(bench: Bench) -> None:
    launcher = shutil.which("distcc-launch")
    assert launcher
    done = bench.run(launcher, "gcc", "-c", "x.c", "-o", "x.o", DISTCC_BUILD_VERBOSE="1")
    assert done.returncode == 0
    said = readable(done.stderr)
    assert "no distcc server for gcc" in said
    assert bench.ran == []


@pytest.mark.parametrize(
    "words",
    [
        ["refresh"],
        ["explain"],
        ["hosts"],
        ["hosts", "--all"],
        ["hosts", "--json"],
        ["servers", "--compiler", "gcc"],
        ["servers", "--compiler", "gcc", "--json"],
        ["check", "--compiler", "gcc"],
        ["doctor", "--compiler", "gcc"],
        ["doctor", "--compiler", "gcc", "--json"],
    ],
    ids=" ".join,
)
def test_no_command_prints_anything_but_text(bench: Bench, words: list[str]) -> None:
    done = bench.run("distcc-build", *words)
    assert done.returncode in ({1, 7} if words[0] == "doctor" else {0, 1})
    out = readable(done.stdout)
    readable(done.stderr)
    if words == ["explain"]:
        assert out.count("127.77.0.") >= len(TEXTS)
    if words[0] in {"explain", "servers", "check", "doctor"}:
        # What the compilers there say is told, without what a terminal would obey.
        assert "error: ?[31mX?]0;title" in out
    if "--json" in words:
        json.loads(out)
    assert bench.ran == []


@pytest.mark.parametrize(
    "words",
    [["explain"], ["hosts", "--json"], ["servers", "--compiler", "gcc"], ["doctor", "--json"]],
    ids=" ".join,
)
def test_no_command_prints_anything_but_text_of_services(bench: Bench, words: list[str]) -> None:
    done = bench.run("distcc-build", *words, DISTCC_HOSTS=DNS_SD)
    assert done.returncode in ({1, 7} if words[0] == "doctor" else {0, 1})
    out = readable(done.stdout)
    readable(done.stderr)
    if words == ["explain"]:
        assert out.count("-> used") == len(TEXTS)
        assert out.count("-> left out: no host name") == len(TEXTS)
    if "--json" in words:
        json.loads(out)
    assert bench.ran == []


def test_the_list_holds_nothing_but_addresses(bench: Bench) -> None:
    done = bench.run("distcc-build", "hosts", DISTCC_BUILD_PROBE="0")
    tokens = readable(done.stdout).split()
    assert len(tokens) > 10
    assert [one for one in tokens if not TOKEN.fullmatch(one)] == []


def test_the_cache_has_only_names_of_ours(bench: Bench) -> None:
    assert bench.run("distcc-build", "refresh").returncode in {0, 1}
    names = [one.name for one in (bench.root / "cache").iterdir()]
    assert any(one.startswith("farm-") for one in names)
    assert [one for one in names if not FILE.fullmatch(one)] == []
    assert bench.ran == []


def test_an_odd_host_name_is_no_part_of_anything(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in bench.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "gethostname", lambda: "h\x1b[31m.$(touch ran)/../x\n")
    assert main(["hosts", "-o", "probe=off"]) == 0
    out = readable(capsys.readouterr().out)
    assert [one for one in out.split() if not TOKEN.fullmatch(one)] == []
    names = [one.name for one in (bench.root / "cache").iterdir()]
    assert [one for one in names if not FILE.fullmatch(one)] == []
