"""Tables of farms: what they may say, and which of them a compiler has."""

import pytest

from distcc_build.config import Config, parse_config
from distcc_build.errors import ConfigError
from distcc_build.farms import FarmTable, fitting, parse_farms

SYSTEM = """
domain = "example.com"
limit = 8

[farm.arm]
compilers = ["arm-none-eabi-*"]
domain = "arm.example.com"

[farm.clang]
compilers = "clang*"
port = 4000
"""
OWN = """
[farm.arm]
targets = ["arm-*"]
sources = ["+zeroconf"]
"""


def parsed(*texts: str, **environ: str) -> tuple[FarmTable, ...]:
    files = [(f"/{number}.toml", text) for number, text in enumerate(texts)]
    return parse_farms(files, {f"DISTCC_BUILD_{name}": value for name, value in environ.items()})


def test_a_table_has_the_options_above_the_tables_and_its_own_in_their_places() -> None:
    arm, clang = parsed(SYSTEM)
    usual = Config(domain=("example.com",), limit=8)
    assert arm == FarmTable(
        "arm", ("arm-none-eabi-*",), (), usual._replace(domain=("arm.example.com",)), False
    )
    assert clang == FarmTable("clang", ("clang*",), (), usual._replace(port=4000), False)


def test_the_users_own_table_goes_before_one_of_the_system_that_has_its_name() -> None:
    arm, clang = parsed(SYSTEM, OWN)
    assert (arm.name, arm.compilers, arm.targets, arm.own_sources) == ("arm", (), ("arm-*",), True)
    assert arm.config.domain == ("example.com",)
    assert arm.config.sources == ("+zeroconf",)
    assert clang.name == "clang"


def test_a_variable_goes_before_every_table() -> None:
    arm, clang = parsed(SYSTEM, DOMAIN="here.test", COMPRESSION="lzo")
    assert {arm.config.domain, clang.config.domain} == {("here.test",)}
    assert {arm.config.compression, clang.config.compression} == {"lzo"}


def test_what_a_user_forbids_no_table_of_the_system_allows() -> None:
    table = '[farm.arm]\ncompilers = "arm-*"\nonly = ["10.0.0.0/8"]\nrequire_dnssec = false\n'
    own = 'only = ["10.1.0.0/16"]\nrequire_dnssec = true\n'
    for texts in ((table, own), (table, own, "limit = 3")):
        (arm,) = parsed(*texts)
        assert [str(one) for one in arm.config.only] == ["10.1.0.0/16"]
        assert arm.config.require_dnssec
    (arm,) = parsed(own, table)
    assert [str(one) for one in arm.config.only] == ["10.0.0.0/8"]
    assert not arm.config.require_dnssec


def test_without_tables_there_is_nothing() -> None:
    assert parsed() == parsed("limit = 3") == parsed("pattern = 'farm%d'") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("farm = 3", "option 'farm' in /0.toml: expected tables, such as"),
        ("farm.arm = 3", "option 'farm' in /0.toml: expected tables, such as"),
        ("[farm.arm]\nlimit = 3", r"\[farm.arm\] of /0.toml: expected compilers or targets"),
        ("[farm.'a b']\ncompilers = 'x'", "expected a name of letters"),
        ("[farm.'']\ncompilers = 'x'", "expected a name of letters"),
        ("[farm.arm]\ncompilers = [3]", "option 'compilers' in .*expected patterns"),
        ("[farm.arm]\ntargets = ['']", "option 'targets' in .*expected patterns"),
        ("[farm.arm]\ncompilers = 3", "option 'compilers' in .*expected patterns"),
        ("[farm.arm]\ncompilers = 'x'\nlimit = 0", r"option 'limit' in \[farm.arm\] of /0.toml is"),
        ("[farm.arm]\ncompilers = 'x'\nlimt = 4", "unknown option 'limt' in .*did you mean limit"),
        ("[farm.arm]\ncompilers = 'x'\ndeadline = 4", "option 'deadline' in .*is for all farms"),
        ("[farm.arm]\ncompilers = 'x'\ncache_dir = '/x'", "option 'cache_dir' in .*environment"),
        ("[farm.arm", "expected TOML"),
        ("[farm.arm]\ncompilers = ['[']", r"option 'compilers' in .* is .*each \[ with its \]"),
        ("[farm.arm]\ncompilers = ['gcc-[0-9]', 'g++-[!]']", r"each \[ with its \]"),
        ("[farm.arm]\ncompiler = 'x'", r"unknown option 'compiler' .*did you mean compilers"),
        ("[farm.arm]\nCompilers = 'x'", r"unknown option 'Compilers' .*did you mean compilers"),
        ("[farm.arm]\ntarget = 'x'", r"unknown option 'target' .*did you mean targets"),
        ("[farms.arm]\ncompilers = 'x'", r"unknown option 'farms' .*did you mean farm"),
    ],
)
def test_a_table_that_cannot_be_used_is_an_error(text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        parsed(text)


@pytest.mark.parametrize(
    ("words", "target", "farm"),
    [
        (["arm-none-eabi-gcc"], "", "arm"),
        (["/opt/arm/bin/arm-none-eabi-g++"], "", "arm"),
        (["clang++-15", "/usr/bin/clang++-15"], "", "clang"),
        (["/opt/cross/bin/gcc"], "", "path"),
        (["gcc", "/opt/cross/bin/gcc"], "", "path"),
        (["gcc"], "aarch64-linux-gnu", "aarch64"),
        (["gcc"], "x86_64-linux-gnu", None),
        (["Clang"], "", None),
        (["opt/cross/bin/gcc"], "", None),
    ],
)
def test_the_first_table_that_fits_is_the_farm(
    words: list[str], target: str, farm: str | None
) -> None:
    more = "[farm.path]\ncompilers = ['/opt/cross/*']\n[farm.aarch64]\ntargets = ['aarch64-*']\n"
    found = fitting(parsed(SYSTEM + more), words, lambda: target)
    assert (found.name if found else None) == farm


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("'gcc,cc'", ("gcc", "cc")),
        ("'gcc  cc '", ("gcc", "cc")),
        ("['gcc ', ' cc, c99']", ("gcc", "cc", "c99")),
        ("['gcc-1[0-9]', '[!a]', '[]]x', '[!]]']", ("gcc-1[0-9]", "[!a]", "[]]x", "[!]]")),
    ],
)
def test_patterns_are_parted_as_all_lists_are(written: str, read: tuple[str, ...]) -> None:
    (table,) = parsed(f"[farm.arm]\ncompilers = {written}")
    assert table.compilers == read


def test_a_table_whose_key_begins_with_a_capital_is_no_farm() -> None:
    with pytest.raises(ConfigError, match=r"unknown option 'Farm' .*did you mean farm"):
        parse_config([("/c", "[Farm.x]\ncompilers = 'x'")], {})


def test_nobody_is_asked_for_a_target_that_does_not_matter() -> None:
    def target() -> str:
        raise AssertionError

    assert fitting(parsed(SYSTEM), ["gcc"], target) is None
    tables = parsed("[farm.a]\ncompilers = 'gcc'\n[farm.b]\ntargets = 'x'")
    assert fitting(tables, ["gcc"], target) == tables[0]
