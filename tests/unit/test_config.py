"""Configuration: precedence, strict values, and a suggestion for what is misspelt."""

import ipaddress

import pytest

from distcc_build.config import Config, parse_config, switched_off, unclear_switch
from distcc_build.errors import ConfigError

TWO = ("a.example", "b.example")
WORDS = ("+zeroconf", "--discover-file=/x")


def test_later_sources_win() -> None:
    files = [("/etc/c", 'domain = "a.example"\ngap = 1'), ("/home/c", "gap = 2\nlimit = 9")]
    config, warnings = parse_config(files, {"DISTCC_BUILD_LIMIT": "3", "PATH": "/bin"})
    assert (config.domain, config.gap, config.limit, warnings) == (("a.example",), 2, 3, ())


def test_no_source_gives_the_defaults() -> None:
    assert parse_config([], {}) == (Config(), ())


@pytest.mark.parametrize(
    ("toml", "variable", "option", "value"),
    [
        ('"build%d.x"', "build%d.x.", "pattern", "build%d.x"),
        ('"Build.Example.COM."', "build.example.com", "domain", ("build.example.com",)),
        ('["a.example", "b.example", "a.example"]', "a.example b.example", "domain", TWO),
        ('["+zeroconf", "--discover-file=/x"]', "+zeroconf,--discover-file=/x", "sources", WORDS),
        (
            '["10.0.0.1", "[fd00::1]:54"]',
            "10.0.0.1, [fd00::1]:54",
            "nameservers",
            (("10.0.0.1", 53), ("fd00::1", 54)),
        ),
        ('["127.0.0.1:5353"]', "127.0.0.1:5353", "nameservers", (("127.0.0.1", 5353),)),
        ('"system"', "SYSTEM", "resolver", "system"),
        ("3", "3", "gap", 3),
        (
            '["18.0.0.0/8"]',
            "18.0.0.0/8",
            "allow",
            (ipaddress.ip_network("18.0.0.0/8"),),
        ),
        (
            '["10.1.0.0/16", "fd00:1::/32"]',
            "10.1.0.0/16,fd00:1::/32",
            "only",
            (ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00:1::/32")),
        ),
        ("true", "yes", "allow_loopback", True),
        ("true", "1", "require_dnssec", True),
        ("false", "Off", "probe", False),
        ('"lzo"', "lzo", "compression", "lzo"),
        ("2.5", "2.5", "deadline", 2.5),
        ("400", "400", "ttl_max", 400.0),
    ],
)
def test_values_are_the_same_from_a_file_and_the_environment(
    toml: str, variable: str, option: str, value: object
) -> None:
    from_file, _ = parse_config([("c", f"{option} = {toml}")], {})
    from_environment, ignored = parse_config([], {f"DISTCC_BUILD_{option.upper()}": variable})
    assert getattr(from_file, option) == getattr(from_environment, option) == value
    assert ignored == ()


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("pattern", "distcc", 'one "%d"'),
        ("pattern", "%d%d", 'one "%d"'),
        ("pattern", "a b%d", 'one "%d"'),
        ("pattern", "distcc%s", 'one "%d"'),
        ("domain", "-x", "a domain name"),
        ("domain", "a..b", "a domain name"),
        ("domain", "", "a domain name"),
        ("domain", f"{'x' * 64}.example", "a domain name"),
        ("domain", "a.example -x", "a domain name"),
        ("sources", "", "--discover-distccN, --discover-dns-sd"),
        ("sources", "zeroconf", "and not 'zeroconf'"),
        ("sources", "+zeroconf 10.0.0.1/2", "and not '10.0.0.1/2'"),
        ("sources", "--discover-file=x", "--discover-distccN"),
        ("sources", "--discover-file=/x#y", "--discover-distccN"),
        ("pattern", f"{'x' * 52}%d", 'one "%d"'),
        ("domain", ".".join(["abcdefghi"] * 30), "a domain name"),
        ("nameservers", "ns.example", "addresses"),
        ("nameservers", "10.0.0.1:0", "addresses"),
        ("nameservers", "10.0.0.300", "addresses"),
        ("nameservers", "[::1]:99999", "addresses"),
        ("nameservers", "[fe80::1%a..b]", "addresses"),
        ("nameservers", "[fe80::1%\x1b[31m]", "addresses"),
        ("resolver", "magic", "dns or system"),
        ("gap", "-1", "a whole number"),
        ("gap", "1_0", "a whole number"),
        ("ipv4_network", "33", "a whole number"),
        ("allow", "10.1.2.3/8", "networks"),
        ("allow_loopback", "maybe", "on or off"),
        ("port", "0", "a whole number"),
        ("deadline", "soon", "seconds"),
        ("deadline", "1e9", "seconds"),
        ("walk_budget", "0", "seconds"),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(
    option: str, value: str, expected: str
) -> None:
    with pytest.raises(
        ConfigError, match=f"option '{option}' in c.toml is .*expected .*{expected}"
    ):
        parse_config([("c.toml", f"{option} = {value!r}".replace("\\", "\\\\"))], {})
    config, (warning,) = parse_config([], {f"DISTCC_BUILD_{option.upper()}": value})
    assert config == Config()
    assert expected in warning
    assert warning.endswith("; it is ignored")


def test_a_path_in_sources_has_no_comma() -> None:
    _, (warning,) = parse_config([], {"DISTCC_BUILD_SOURCES": "--discover-file=/a,b"})
    assert "and not 'b' (a path has no comma and no blank here)" in warning
    _, (warning,) = parse_config([], {"DISTCC_BUILD_SOURCES": "--discover-file=/a +zeroconff"})
    assert "comma" not in warning


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("ONLY", "10.1.2.3/8", "expected networks"),
        ("ONLY", "", "expected one network at least"),
        ("ONLY", "10.1.0.0/16;10.2.0.0/16", "expected networks"),
        ("REQUIRE_DNSSEC", "ture", "expected on or off"),
        ("REQUIRE_DNSSEC", "", "expected on or off"),
        ("REQUIRE_DNSEC", "1", "did you mean DISTCC_BUILD_REQUIRE_DNSSEC"),
        ("ONYL", "10.1.0.0/16", "did you mean DISTCC_BUILD_ONLY"),
    ],
)
def test_what_was_to_forbid_something_is_not_ignored(
    variable: str, value: str, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected):
        parse_config([], {f"DISTCC_BUILD_{variable}": value})


def test_only_forbids_what_it_does_not_name() -> None:
    config, _ = parse_config([("c", 'only = ["10.1.0.0/16", "fd00::/8"]')], {})
    assert not config.forbids(ipaddress.ip_address("10.1.2.3"))
    assert not config.forbids(ipaddress.ip_address("fd01::1"))
    assert config.forbids(ipaddress.ip_address("10.2.2.3"))
    assert not Config().forbids(ipaddress.ip_address("10.2.2.3"))
    with pytest.raises(ConfigError, match="one network at least"):
        parse_config([("c", "only = []")], {})


def test_the_cache_directory_is_set_by_the_environment_only() -> None:
    config, _ = parse_config([], {"DISTCC_BUILD_CACHE_DIR": "/var/cache/x"})
    assert config.cache_dir == "/var/cache/x"
    _, (warning,) = parse_config([], {"DISTCC_BUILD_CACHE_DIR": "cache"})
    assert "expected an absolute path" in warning
    with pytest.raises(ConfigError, match="in the environment, as DISTCC_BUILD_CACHE_DIR"):
        parse_config([("c", 'cache_dir = "/var/cache/x"')], {})


def test_an_unknown_option_comes_with_a_suggestion() -> None:
    with pytest.raises(
        ConfigError, match=r"unknown option 'domian' in c \(did you mean domain\?\)"
    ):
        parse_config([("c", 'domian = "x"')], {})
    _, warnings = parse_config([], {"DISTCC_BUILD_PATERN": "x", "DISTCC_BUILD_QQQQQ": "1"})
    assert warnings == (
        "unknown variable DISTCC_BUILD_PATERN (did you mean DISTCC_BUILD_PATTERN?); it is ignored",
        "unknown variable DISTCC_BUILD_QQQQQ; it is ignored",
    )


def test_the_name_of_a_variable_reaches_no_terminal_raw() -> None:
    _, warnings = parse_config([], {"DISTCC_BUILD_\x1b[31m": "", "DISTCC_BUILD_\udcff": ""})
    assert warnings == (
        r"unknown variable 'DISTCC_BUILD_\x1b[31m'; it is ignored",
        r"unknown variable 'DISTCC_BUILD_\udcff'; it is ignored",
    )


def test_a_file_that_is_not_toml_is_named() -> None:
    with pytest.raises(ConfigError, match="c: expected TOML"):
        parse_config([("c", "domain =")], {})


def test_our_own_variables_are_no_options() -> None:
    environ = {"DISTCC_BUILD_VERBOSE": "1", "DISTCC_BUILD_HOSTS": "a", "DISTCC_BUILD": "on"}
    assert parse_config([], environ) == (Config(), ())


def test_ttl_bounds_that_cross_are_mended() -> None:
    config, (warning,) = parse_config([("c", "ttl_min = 90\nttl_max = 30")], {})
    assert (config.ttl_min, config.ttl_max) == (30, 30)
    assert "above" in warning


def test_allows_and_networks() -> None:
    config, _ = parse_config([("c", 'allow = ["18.0.0.0/8"]\nipv6_network = 0')], {})
    assert config.allows(ipaddress.ip_address("18.1.2.3"))
    assert not config.allows(ipaddress.ip_address("19.1.2.3"))
    assert config.networks == {4: 16, 6: 0}


@pytest.mark.parametrize(
    ("value", "off"), [("off", True), ("OFF", True), ("0", True), ("no", True), ("on", False)]
)
def test_the_switch(value: str, off: bool) -> None:
    assert switched_off({"DISTCC_BUILD": value}) is off
    assert not switched_off({})


@pytest.mark.parametrize("value", ["", "on", "1", "Yes", "TRUE", "off", "0", "No", "false"])
def test_words_of_the_switch(value: str) -> None:
    assert unclear_switch({"DISTCC_BUILD": value}) == ""
    assert unclear_switch({}) == ""


@pytest.mark.parametrize("value", ["maybe", "2", "offf", "of" + "f" * 90])
def test_another_word_of_the_switch_is_named(value: str) -> None:
    said = unclear_switch({"DISTCC_BUILD": value})
    assert said == f"DISTCC_BUILD={value[:40]}: expected on or off; it is not switched off"
    assert not switched_off({"DISTCC_BUILD": value})
