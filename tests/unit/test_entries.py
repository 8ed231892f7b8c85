"""A list that something else maintains: what is taken of it, and what is said of the rest."""

import ipaddress
import math
from collections.abc import Sequence

import pytest

from distcc_build.config import Config
from distcc_build.farmfile import REMEMBERED
from distcc_build.hosts import tokens
from distcc_build.offer import Account, Gave
from distcc_build.sources.entries import (
    ABSENT,
    MAX_SAID,
    MAX_TOKENS,
    Answer,
    Entry,
    gave,
    read_listing,
)

NOW = 1_700_000_000.0
CONFIG = Config()
WORD = "--discover-file=/hosts"


def why_not(text: str) -> Sequence[tuple[str, str]]:
    listing = read_listing(text, CONFIG)
    assert listing.entries == ()
    return [(one.name, one.came_back) for one in listing.rest]


def given(text: str, holds: bool = True, config: Config = CONFIG, **answers: Answer) -> Gave:
    listing = read_listing(text, config)
    found = {
        one.host: answers[one.host] if one.host in answers else (ipaddress.ip_address(one.host),)
        for one in listing.entries
    }
    account = Account(WORD, why="/hosts lists")
    return gave(account, listing, found, config, NOW, holds=holds)


def test_hosts_are_taken_as_distcc_writes_them() -> None:
    text = """
    # made by hand
    10.1.0.1 BUILD-2.example.com:4000/8,lzo,cpp   # two on a line
    [fd00::3]/2:4001
    [fd00::4]:3632,lzo\r
    """
    listing = read_listing(text, CONFIG)
    assert listing.rest == ()
    assert listing.entries == (
        Entry("10.1.0.1"),
        Entry("build-2.example.com", 4000, 8, ("lzo", "cpp")),
        Entry("fd00::3", 4001, 2),
        Entry("fd00::4", 3632, None, ("lzo",)),
    )
    names = ["10.1.0.1", "build-2.example.com:4000", "[fd00::3]:4001", "[fd00::4]:3632"]
    assert [str(one) for one in listing.entries] == names


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("build@a/4", "'build@a/4': reached by ssh; put it into the hosts list itself"),
        ("@a", "'@a': reached by ssh; put it into the hosts list itself"),
        ("3700", "'3700': a number is no host; a port is written HOST:PORT"),
        ("10.1.0.011/4", "'10.1.0.011/4': numbers that are no address: expected four"),
        ("0127.1.0.1", "without zeros before them"),
        ("10.1", "numbers that are no address"),
        ("0x7f.1", "numbers that are no address"),
        ("a,auth", "'a,auth': wants authentication; put it into the hosts list itself"),
        ("a,auth=x", "'a,auth=x': wants authentication; put it into the hosts list itself"),
        ("--randomize", "'--randomize': no host; put it into the hosts list itself"),
        ("+zeroconf", "'+zeroconf': no host; put it into the hosts list itself"),
        (WORD, f"'{WORD}': no host; put it into the hosts list itself"),
        ("localhost/2", "'localhost/2': this machine takes part by its own rule"),
        ("a,down", "'a,down': marked down"),
        (
            "[fe80::1%eth0]",
            "'[fe80::1%eth0]': an address with an interface; put it into the hosts list itself",
        ),
        ("a:0", "'a:0': expected a port from 1 to 65535, got '0'"),
        ("fd00::1", "'fd00::1': an IPv6 address stands in brackets: [ADDRESS]"),
        ("a/0", "'a/0': expected a limit from 1 to 10000, got '0'"),
        ("\x1b[31m", "'\\x1b[31m': expected printable ASCII"),
        ("-oProxyCommand=x", "unknown word"),
    ],
)
def test_what_is_no_server_is_left_out_with_its_line(token: str, why: str) -> None:
    listing = read_listing(f"10.1.0.1\n10.1.0.2 {token} 10.1.0.3\n10.1.0.4\n", CONFIG)
    assert [one.host for one in listing.entries] == [f"10.1.0.{n}" for n in range(1, 5)]
    (line,) = listing.rest
    meant = ("localhost", "a,down")
    assert line.verdict == ("not used" if token.startswith(meant) else "left out")
    assert line.name == "line 2"
    assert why in line.came_back
    assert line.came_back.isprintable()


def test_a_list_of_nothing_but_hosts_that_are_down_has_no_server() -> None:
    assert why_not("a,down\nb,down") == [
        ("line 1", "'a,down': marked down"),
        ("line 2", "'b,down': marked down"),
    ]


def test_a_name_that_is_too_long_is_left_out_and_shown_in_part() -> None:
    ((_, why),) = why_not("a" * 254)
    assert why.endswith("a name has 253 characters at most")
    assert len(why) < 350
    assert read_listing("a" * 253, CONFIG).rest == ()


def test_a_server_counts_once_however_it_is_written() -> None:
    listing = read_listing("Build-1/4 build-1/9,lzo build-1:4000", CONFIG)
    assert listing.entries == (Entry("build-1", None, 4), Entry("build-1", 4000))
    assert listing.rest[0][1:3] == ("'build-1/9,lzo': named before", "not used")
    assert read_listing("[FD00:0::1] [fd00::1]/2", CONFIG).entries == (Entry("fd00::1"),)


def test_no_more_servers_are_taken_than_are_asked_for() -> None:
    listing = read_listing("a b c", CONFIG._replace(max_servers=2))
    assert [one.host for one in listing.entries] == ["a", "b"]
    assert listing.rest[0].came_back == "'c': only 2 are taken (max_servers)"


def test_where_answers_need_a_proof_names_are_left_out() -> None:
    listing = read_listing("a 10.1.0.1", CONFIG._replace(require_dnssec=True))
    assert listing.entries == (Entry("10.1.0.1"),)
    assert "require_dnssec asks for an address" in listing.rest[0].came_back


def test_of_many_bad_entries_the_last_are_counted() -> None:
    listing = read_listing("a:0\n" * (MAX_SAID + 7) + "10.1.0.1", CONFIG)
    assert listing.entries == (Entry("10.1.0.1"),)
    assert len(listing.rest) == MAX_SAID + 1
    assert listing.rest[-1].name == "7 more"


def test_a_list_without_end_is_read_in_part() -> None:
    listing = read_listing("10.1.0.1 " * (MAX_TOKENS + 5) + "10.1.0.2", CONFIG)
    assert listing.entries == (Entry("10.1.0.1"),)
    assert listing.rest[-1].name == f"{MAX_TOKENS - 1 - MAX_SAID + 6} more"


def test_offers_say_what_the_list_says() -> None:
    name = (ipaddress.ip_address("10.1.0.2"), ipaddress.ip_address("fd00::2"))
    came = given("10.1.0.1/8 two:4000", two=name)
    assert [(one.name, one.port, one.limit, one.seen) for one in came.offers] == [
        ("10.1.0.1", None, 8, NOW),
        ("two:4000", 4000, None, NOW),
    ]
    assert came.offers[1].addresses == name
    assert [one[:3] for one in came.account.lines] == [
        ("10.1.0.1", "10.1.0.1", "server"),
        ("two:4000", "10.1.0.2 fd00::2", "server"),
    ]
    assert came.account.why == "/hosts lists no more"
    assert (came.account.degraded, came.keep, came.still) == (False, 0.0, ())


def test_of_a_limit_no_more_is_believed_than_of_a_service() -> None:
    came = given("10.1.0.1/1000 10.1.0.2/9999")
    assert [one.limit for one in came.offers] == [1000, 1000]
    said = '10.1.0.2 ("/9999" counts as 1000, the most that is believed)'
    assert [one.came_back for one in came.account.lines] == ["10.1.0.1", said]


def test_compression_is_the_configurations() -> None:
    (line,) = given("10.1.0.1,lzo,cpp").account.lines
    assert line.came_back == '10.1.0.1 (",lzo,cpp" has no effect: compression is "none")'


def test_a_name_that_cannot_be_asked_may_be_the_server_from_before() -> None:
    came = given("a:4000 10.1.0.1 b", a="no answer in time", b=ABSENT)
    assert [one[:3] for one in came.account.lines] == [
        ("a:4000", "no answer in time", "could not be asked"),
        ("10.1.0.1", "10.1.0.1", "server"),
        ("b", "no such name", "left out"),
    ]
    assert (came.account.degraded, came.keep, came.still) == (True, REMEMBERED, ("a:4000",))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# nothing yet", "/hosts lists no server"),
        ("user@a", "/hosts lists nothing that can be used"),
        ("gone", "/hosts lists no server whose address is known"),
    ],
)
def test_why_there_is_none(text: str, why: str) -> None:
    came = given(text, gone=ABSENT)
    assert (came.account.why, came.offers, came.keep) == (why, (), 0.0)


def test_a_file_of_addresses_holds_until_it_is_changed_and_names_do_not() -> None:
    assert given("10.1.0.1").expires == math.inf
    assert given("").expires == math.inf
    assert given("10.1.0.1", holds=False).expires == 0.0
    assert given("10.1.0.1 a", a=(ipaddress.ip_address("10.1.0.2"),)).expires == 0.0
    assert given("10.1.0.1 a", a=ABSENT).expires == 0.0


def test_tokens_know_their_lines() -> None:
    assert list(tokens("a b#c d\n\n#\n\te\r\n")) == [(1, "a"), (1, "b"), (4, "e")]
