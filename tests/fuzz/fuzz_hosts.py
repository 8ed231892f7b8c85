"""The hosts list: what comes out is what the user wrote, and nothing that distcc trips over."""

import ipaddress
import re
from collections.abc import Iterator

from distcc_build.choice import Candidate, complete, job_count, pause
from distcc_build.config import Config
from distcc_build.hosts import HostsList, parse_hosts
from distcc_build.policy import Server, State
from distcc_build.sources.entries import read_listing

MAX_LINE = 1500
"""Characters of a sentence: it holds a part of what is wrong at most, each escaped."""

SERVERS = [
    Candidate(Server(n, "", ipaddress.ip_address(text), State.USED), n)
    for n, text in enumerate(("10.0.0.1", "fd00::1", "10.0.0.2"), 1)
]

# Written from distcc's own grammar and traps, not from hosts.py.
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?"
HOST = rf"(?:{NAME}|\[[0-9A-Fa-f:.]+(?:%[!-.0-?A-Z^-~]+)?\])"
LIMIT = r"/0*[1-9][0-9]*"
PORT = r":0*[1-9][0-9]{0,4}"
OPTIONS = r"(?:,(?:lzo|cpp|down|auth(?:=[A-Za-z0-9._/-]+)?))*"
ASKING = r"\+zeroconf|--discover-(?:distccN|dns-sd|file=/[!-~]*)"
WORD = rf"--randomize|--localslots(?:_cpp)?=0*[1-9][0-9]*|{ASKING}"
SSH = rf"(?:\w[\w.+-]*)?@{NAME}(?:{LIMIT})?(?::[!-+\--~]*)?{OPTIONS}"
TOKEN = re.compile(
    rf"{WORD}|{HOST}(?:(?:{PORT})?(?:{LIMIT})?|{LIMIT}{PORT}){OPTIONS}|{SSH}", re.ASCII
)


WORDS = (
    *(b"/", b":", b",", b"@", b"[", b"]", b"#", b"%", b"=", b" ", b"\n", b"\f", b"\xc3\xbc"),
    *(
        b"localhost",
        b"10.0.0.1",
        b"[::1]",
        b"[fe80::1%lo]",
        b"/0",
        b"/-1",
        b"/4",
        b":3632",
        b",lzo",
    ),
    *(b",cpp", b",down", b",auth=a@b", b"--localslots=", b"--localslots_cpp=2", b"--randomize"),
    *(
        b"+zeroconf",
        b"--discover-distccN",
        b"--discover-dns-sd",
        b"--discover-file=/x",
        b"me@a:/opt/x",
        b"@-oProxyCommand=x",
        b"\xd9\xa3",
    ),
)


def seeds() -> Iterator[bytes]:
    yield b" ".join(WORDS)
    yield b"a b/4 c:99/2,lzo,cpp [fe80::1%lo]:99 me@d/3:/opt/distccd,lzo localhost/8 # x"
    yield b"--localslots=2 --localslots_cpp=4 --randomize --discover-distccN a/2:99,auth=x@y"
    yield b"a,down b,down"


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    hosts = parse_hosts(text)
    for problem in hosts.problems:
        assert problem.isascii(), problem
        assert problem.isprintable(), problem
    check_list(hosts)
    check_listing(text)
    assert parse_hosts(str(hosts)) == HostsList(hosts.entries)
    written = re.split(r"[ \t\n\r\f]+", re.sub(r"#[^\n]*", " ", text))
    assert set(str(hosts).split()) <= set(written)
    for candidates in ([], SERVERS):
        full = complete(hosts, candidates, Config(), client="c", cores=2)
        check_list(full)
        # distcc would look for servers itself, or take a word of ours for a host.
        assert not re.search(rf"(?:^| )(?:{ASKING})", str(full))
        made = {str(one) for one in full.hosts if not one.verbatim}
        assert not any("@" in one or "," in one for one in made)
        assert any(one.usable for one in full.hosts) or not hosts.discover
        assert job_count(full, Config(), 2) > 0
        assert pause(full) > 0


def check_listing(text: str) -> None:
    """Of a list that something else maintains only servers by TCP are taken."""
    listing = read_listing(text, Config())
    for one in listing.entries:
        assert re.fullmatch(rf"{HOST}(?:{PORT})?", str(one), re.ASCII), one
        assert "%" not in one.host
        assert set(one.options) <= {"lzo", "cpp"}
    for line in listing.rest:
        assert line.came_back.isascii(), line
        assert line.came_back.isprintable(), line
        assert len(line.came_back) < MAX_LINE


def check_list(hosts: HostsList) -> None:
    """Every token is one that distcc understands, and not all hosts are marked down."""
    text = str(hosts)
    for token in text.split():
        assert TOKEN.fullmatch(token), token
    if hosts.hosts and not hosts.discover:
        assert any(one.usable for one in hosts.hosts)
    again = parse_hosts(text)
    assert str(again) == text
    assert again.problems == ()
