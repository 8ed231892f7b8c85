"""The hosts list is read strictly, and what is written is what distcc will understand."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distcc_build.errors import HostsError
from distcc_build.hosts import DISCOVER, HostsList, Hostspec, Kind, Word, parse_hosts, parse_token
from distcc_build.hostspec import DNS_SD, is_source


@pytest.mark.parametrize(
    ("token", "host"),
    [
        ("a", Hostspec(Kind.TCP, "a")),
        ("a_b.example.com.", Hostspec(Kind.TCP, "a_b.example.com.")),
        ("10.0.0.1:99", Hostspec(Kind.TCP, "10.0.0.1", 99)),
        ("a/8", Hostspec(Kind.TCP, "a", limit=8)),
        ("a:99/8", Hostspec(Kind.TCP, "a", 99, 8)),
        ("a/8:99", Hostspec(Kind.TCP, "a", 99, 8)),
        ("[::1]", Hostspec(Kind.TCP, "::1")),
        ("[fe80::1%lo]:99/2,lzo", Hostspec(Kind.TCP, "fe80::1%lo", 99, 2, ("lzo",))),
        ("a,cpp,lzo", Hostspec(Kind.TCP, "a", options=("cpp", "lzo"))),
        ("a,auth=distccd", Hostspec(Kind.TCP, "a", options=("auth=distccd",))),
        ("a,down", Hostspec(Kind.TCP, "a", options=("down",))),
        ("localhost", Hostspec(Kind.LOCAL, "localhost")),
        ("localhost/8", Hostspec(Kind.LOCAL, "localhost", limit=8)),
        ("localhost:3632", Hostspec(Kind.TCP, "localhost")),
        ("localhost,lzo", Hostspec(Kind.TCP, "localhost", options=("lzo",))),
        ("LOCALHOST", Hostspec(Kind.TCP, "LOCALHOST")),
        ("@a", Hostspec(Kind.SSH, "a")),
        (
            "me@a/3:/opt/distccd,lzo",
            Hostspec(Kind.SSH, "a", 3632, 3, ("lzo",), "me", "/opt/distccd"),
        ),
    ],
)
def test_every_kind_of_hostspec_is_read_and_kept_as_written(token: str, host: Hostspec) -> None:
    read = parse_token(token)
    assert isinstance(read, Hostspec)
    assert str(read) == token
    fields = ["kind", "host", "port", "limit", "options", "user", "command"]
    assert [getattr(read, one) for one in fields] == [getattr(host, one) for one in fields]


@pytest.mark.parametrize(
    "word", ["--randomize", "--localslots=2", "--localslots_cpp=16", "+zeroconf", DISCOVER, DNS_SD]
)
def test_words_are_kept_as_written(word: str) -> None:
    assert parse_token(word) == Word(word)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("a/0", "a limit from 1"),
        ("a/-5", "a limit from 1"),
        ("a/4xyz", "a limit from 1"),
        ("a/", "a limit from 1"),
        ("a/+4", "a limit from 1"),
        ("a/10001", "a limit from 1"),
        ("a/2/3", "HOST[:PORT]"),
        ("a:0", "a port from 1"),
        ("a:abc", "a port from 1"),
        ("a:99999", "a port from 1"),
        ("a:1/2:3", "in brackets"),
        ("[::1]:1:2", "HOST[:PORT]"),
        ("[::1]x", "HOST[:PORT]"),
        ("::1", "in brackets"),
        ("[::1", "a ]"),
        ("[a]", "an IPv6 address"),
        ("[10.0.0.1]", "an IPv6 address"),
        ("[fe80::1%a/b]", "an IPv6 address"),
        ("[fe80::1%interface-with-a-long-name]", "an IPv6 address"),
        (":3632", "a host name"),
        ("/4", "a host name"),
        ("a..b!", "a host name"),
        ("a=8", "did you mean a/8?"),
        ("a,foo", "unknown option 'foo'"),
        ("a,", "unknown option ''"),
        ("a,lzo;rm", "unknown option"),
        ("a,auth=distccd@h", "one of ssh"),
        ("a,cpp", "needs option lzo"),
        ("@", "a host name"),
        ("@-oProxyCommand=x", '"=" sets no limit'),
        ("@-oX", "a host name"),
        ("-l@a", "unknown word"),
        ("me;x@c", "a user name"),
        ("me@a/0", "a limit from 1"),
        ("me@[::1]", "give the host a name"),
        ("@[::1]:/opt/distccd", "give the host a name"),
        ("@::1", "a host name"),
        ("--foo", "unknown word"),
        ("--discover-file=hosts", "an absolute path"),
        ("--discover-dns-sd=x", "unknown word"),
        ("--localslots=0", "slots from 1"),
        ("--localslots=-1", "slots from 1"),
        ("--randomizeXYZ", "unknown word"),
        ("--discover-distcc", "unknown word"),
        ("+zeroconf.all", "unknown word"),
        ("-h", "unknown word"),
        ("\x1b[31m", "printable ASCII"),
        ("büro", "printable ASCII"),
        ("x" * 80 + "=1", "did you mean"),
    ],
)
def test_what_distcc_would_misread_is_named(token: str, expected: str) -> None:
    with pytest.raises(HostsError) as raised:
        parse_token(token)
    text = str(raised.value)
    assert expected in text
    assert ascii(token)[1:-1][:50] in text
    assert text.isprintable()


@pytest.mark.parametrize(
    ("token", "meant"),
    [
        ("--discover-dnssd", "--discover-dns-sd"),
        ("--discover-dns-sd=x", "--discover-dns-sd"),
        ("--discover-distcc", "--discover-distccN"),
        ("--discover-files=/etc/hosts", "--discover-file=/PATH"),
        ("--zeroconf", "+zeroconf"),
        ("--randomise", "--randomize"),
        ("--localslot=4", "--localslots=N"),
    ],
)
def test_the_word_that_was_meant_is_named(token: str, meant: str) -> None:
    (problem,) = parse_hosts(token).problems
    assert problem.startswith(f"hosts list: '{token}': unknown word, expected --randomize, ")
    assert problem.endswith(f"; did you mean {meant}?")


@pytest.mark.parametrize("token", ["--foo", "-h", "--localslots=0", "-" * 100_000, "a/0"])
def test_no_word_is_named_where_none_is_alike(token: str) -> None:
    (problem,) = parse_hosts(token).problems
    assert "did you mean" not in problem


def test_comments_and_all_separators() -> None:
    text = "a#b c\n \t d/2\r\n# e\x0cf\n--randomize"
    assert str(parse_hosts(text)) == "a d/2 --randomize"


def test_a_bad_token_does_not_disable_the_others() -> None:
    hosts = parse_hosts("a a/0 --foo b/2")
    assert str(hosts) == "a b/2"
    assert len(hosts.problems) == 2


def test_hosts_that_are_all_down_would_hang_distcc() -> None:
    hosts = parse_hosts("--localslots=2 a,down b,down")
    assert (str(hosts), hosts.hosts) == ("--localslots=2", ())
    assert hosts.problems == ("hosts list: 'a,down': every host of the list is marked down",)
    assert parse_hosts("a,down b").problems == ()
    assert parse_hosts(f"a,down {DISCOVER}").problems == ()


def test_the_word_for_discovery_counts_once() -> None:
    hosts = parse_hosts(f"{DISCOVER} a {DISCOVER}")
    assert hosts.discover
    assert str(hosts) == f"{DISCOVER} a"
    assert not parse_hosts("a").discover


def test_servers_take_the_place_of_the_word() -> None:
    servers = [
        Hostspec.server(ipaddress.ip_address("10.0.0.1"), 3632, 4),
        Hostspec.server(ipaddress.ip_address("fd00::1"), 99, 8, ["lzo", "cpp"]),
        Hostspec.server(ipaddress.ip_address("10.0.0.9"), 3632, 4),
    ]
    hosts = parse_hosts(f"--randomize big/16 10.0.0.9/2 {DISCOVER} me@x")
    full = "--randomize big/16 10.0.0.9/2 10.0.0.1/4 [fd00::1]:99/8,lzo,cpp me@x"
    assert str(hosts.expand(servers)) == full
    assert str(parse_hosts(full)) == full
    assert str(parse_hosts("a").expand(servers[:1])) == "a 10.0.0.1/4"
    # An IPv6 address may be written in many ways.
    for same in ("[fd00:0::1]:99/2", "[FD00::1]/2:99"):
        assert str(parse_hosts(f"{same} {DISCOVER}").expand(servers[1:2])) == same


def test_slots_are_those_of_distcc() -> None:
    hosts = parse_hosts("a localhost @b c/7,down").hosts
    assert [one.slots for one in hosts] == [4, 2, 4, 7]
    assert [one.usable for one in hosts] == [True, True, True, False]


@pytest.mark.parametrize(("port", "limit", "options"), [(0, 4, []), (1, 0, []), (1, 1, ["down"])])
def test_no_server_outside_the_grammar_can_be_made(
    port: int, limit: int, options: list[str]
) -> None:
    with pytest.raises(HostsError, match="no hostspec"):
        Hostspec.server(ipaddress.ip_address("10.0.0.1"), port, limit, options)


@pytest.mark.parametrize("zone", ["eth0", "x;id", "x,down", "@-oProxyCommand=id", " localhost"])
def test_no_zone_of_an_address_gets_into_the_list(zone: str) -> None:
    # To ipaddress everything behind the "%" is a name.
    with pytest.raises(HostsError, match="no hostspec"):
        Hostspec.server(ipaddress.ip_address(f"fd00::1%{zone}"), 3632, 4)


def test_a_hostspec_without_a_limit_is_written_so() -> None:
    assert str(Hostspec(Kind.SSH, "a", user="me", command="x")) == "me@a:x"


SAFE = re.compile(r"[A-Za-z0-9._:/,\[\]%@+=-]+")


@given(st.text(max_size=60))
def test_whatever_comes_in_what_goes_out_can_be_read_again(text: str) -> None:
    hosts = parse_hosts(text)
    again = parse_hosts(str(hosts))
    assert again == HostsList(hosts.entries)
    assert all(problem.isprintable() for problem in hosts.problems)


@given(st.text(alphabet="ab0/:,@[]=-+#% \nlzocpdwn", max_size=40))
def test_the_grammar_under_its_own_characters(text: str) -> None:
    hosts = parse_hosts(text)
    assert parse_hosts(str(hosts)) == HostsList(hosts.entries)
    assert all(one.slots > 0 for one in hosts.hosts)


def test_servers_of_all_sources_stand_where_the_first_word_does() -> None:
    hosts = parse_hosts(f"a +zeroconf b {DNS_SD} --discover-file=/x {DNS_SD} c")
    assert hosts.sources == ("+zeroconf", DNS_SD, "--discover-file=/x")
    assert str(hosts.expand([Hostspec(Kind.TCP, "10.0.0.1")])) == "a 10.0.0.1 b c"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("--discover-file=/etc/hosts.d/a,b=c", True),
        ("--discover-file=", False),
        ("--discover-file=a", False),
        # Cut at a comment it would be another file.
        ("--discover-file=/a#b", False),
        ("--discover-file=/a\0b", False),
        ("--discover-file=/a b", False),
        ("--discover-file=/\xe4", False),
        ("--discover-distccn", False),
    ],
)
def test_a_source_is_one_word_of_a_list(text: str, good: bool) -> None:
    assert is_source(text) is good
