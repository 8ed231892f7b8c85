"""resolv.conf is read as the C library reads it."""

import pytest

from distcc_build.resolve.resolvconf import parse_resolv_conf


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("search a.test b.test", ("a.test", "b.test")),
        ("search a.test\nsearch b.test", ("b.test",)),
        ("domain a.test", ("a.test",)),
        ("search x.test\ndomain a.test extra", ("a.test",)),
        ("search A.Test. . a.test ; not this", ("a.test",)),
        ("# search a.test", ("corp.test",)),
        ("search", ("corp.test",)),
        (f"search a..b {'x' * 64}.test a.test", ("a.test",)),
        ("search \x1b[31mred.test -x.test a\\.test b.test", ("b.test",)),
        (f"search {'.'.join(['abcdefghi'] * 30)}", ()),
        ("", ("corp.test",)),
    ],
)
def test_the_search_list(text: str, search: tuple[str, ...]) -> None:
    assert parse_resolv_conf(text, "me.corp.test").search == search


def test_a_host_name_without_a_domain_gives_no_search_list() -> None:
    assert parse_resolv_conf("", "me").search == ()
    assert parse_resolv_conf("", "me.a..b").search == ()


def test_a_name_server_with_control_characters_is_none() -> None:
    text = "nameserver fe80::1%\x1b[31m\nnameserver fe80::1%a..b\nnameserver fe80::1%eth0\n"
    assert parse_resolv_conf(text, "").nameservers == (("fe80::1%eth0", 53),)


def test_name_servers() -> None:
    text = "nameserver 10.0.0.1\nnameserver fd00::1 # second\nnameserver ns.test\nnameserver\n"
    assert parse_resolv_conf(text, "").nameservers == (("10.0.0.1", 53), ("fd00::1", 53))
    assert parse_resolv_conf("", "").nameservers == (("127.0.0.1", 53),)


@pytest.mark.parametrize(
    ("text", "ndots"),
    [
        ("", 1),
        ("options ndots:5", 5),
        ("options rotate ndots:2 timeout:1", 2),
        ("options ndots:0\noptions rotate", 0),
        ("options ndots:3\noptions ndots:4", 4),
        ("options ndots:99", 15),
        ("options ndots:-1", 1),
        ("options ndots:two", 1),
        (f"options ndots:{'9' * 5000}", 1),
        ("options", 1),
    ],
)
def test_dots_that_a_name_needs(text: str, ndots: int) -> None:
    assert parse_resolv_conf(text, "").ndots == ndots
