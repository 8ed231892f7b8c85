"""distccd's stats page, whole, in pieces, and as nobody should send it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distcc_build.stats import MAX_KIDS, Stats, parse_stats

# As distccd 3.4 of Debian 12 sent it, but for the numbers.
PAGE = b"""\
HTTP/1.0 200 OK
Content-Type: text/plain
Connection: close

argv /distccd
<distccstats>
dcc_tcp_accept 61
dcc_rej_bad_req 0
dcc_rej_overload 0
dcc_compile_ok 58
dcc_compile_error 2
dcc_compile_timeout 0
dcc_cli_disconnect 1
dcc_other 0
dcc_longest_job /home/jo/src/big file.cc
dcc_longest_job_compiler g++
dcc_longest_job_time_msecs 3141
dcc_max_kids 18
dcc_avg_kids1 0
dcc_avg_kids2 0
dcc_avg_kids3 0
dcc_current_load 3
dcc_load1 1.92
dcc_load2 2.60
dcc_load3 2.27
dcc_num_compiles1 0
dcc_num_compiles2 0
dcc_num_compiles3 0
dcc_num_procstate_D 0
dcc_max_RSS 47196
dcc_max_RSS_name (cc1plus)
dcc_io_rate -1
dcc_free_space 80485 MB
</distccstats>
"""


def test_a_page_is_read_whole_and_with_a_tail_but_not_in_part() -> None:
    assert parse_stats(PAGE) == Stats(18, 1.92)
    assert parse_stats(PAGE + b"tail") == Stats(18, 1.92)
    assert {parse_stats(PAGE[:n]) for n in range(len(PAGE))} == {None}


def test_the_header_does_not_matter() -> None:
    body = PAGE.partition(b"\n\n")[2]
    assert parse_stats(body) == Stats(18, 1.92)
    assert parse_stats(body.removeprefix(b"argv /distccd\n")) == Stats(18, 1.92)


def with_line(key: bytes, *instead: bytes) -> bytes:
    """The page with other lines in the place of one."""
    before, _, after = PAGE.partition(b"\n" + key + b" ")
    return b"\n".join([before, *instead, after.partition(b"\n")[2]])


@pytest.mark.parametrize("kids", [b"1", b"1000", b"1001", b"999999999"])
def test_kids_are_capped(kids: bytes) -> None:
    stats = parse_stats(with_line(b"dcc_max_kids", b"dcc_max_kids " + kids))
    assert stats == Stats(min(int(kids), MAX_KIDS), 1.92)


@pytest.mark.parametrize(
    "kids",
    [b"", b"0", b"-1", b"+1", b"08", b"1.5", b"1_0", b"1e3", b"many", b"18 MB", b" 18", b"18 ",
     b"1234567890", b"18\r"],
)  # fmt: skip
def test_without_a_plain_number_of_kids_it_is_worthless(kids: bytes) -> None:
    assert parse_stats(with_line(b"dcc_max_kids", b"dcc_max_kids " + kids)) is None
    assert parse_stats(with_line(b"dcc_max_kids")) is None


@pytest.mark.parametrize("load", [b"", b"-1.00", b"nan", b"inf", b"1.9.2", b"0x1", b"1e3"])
def test_an_odd_load_is_none(load: bytes) -> None:
    assert parse_stats(with_line(b"dcc_load1", b"dcc_load1 " + load)) == Stats(18, None)
    assert parse_stats(with_line(b"dcc_load1")) == Stats(18, None)


def test_file_names_of_other_clients_set_nothing() -> None:
    # distccd writes the name as the client sent it, newlines and all.
    name = b"x\ndcc_max_kids 999\ndcc_load1 0.00\n.c"
    page = with_line(b"dcc_longest_job", b"dcc_longest_job " + name)
    assert parse_stats(page) is None
    page = with_line(b"dcc_longest_job", b"dcc_longest_job x\ndcc_load1 0.00\n.c")
    assert parse_stats(page) == Stats(18, None)
    page = with_line(b"dcc_max_RSS_name", b"dcc_max_RSS_name (x)\ndcc_max_kids 999)")
    assert parse_stats(page) is None
    odd = PAGE.replace(b"big file.cc", b"\xff\xfe\x00 \xe4.cc")
    assert parse_stats(odd) == Stats(18, 1.92)


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\n",
        b"HTTP/1.0 404 Not Found\r\n\r\n<html></html>\n",
        b"DONE00000001STAT00000000",
        b"<distccstats>\n</distccstats>\n",
        b"<distccstats>\ndcc_max_kids 8</distccstats>\n",
        b"dcc_max_kids 8\n",
        PAGE.replace(b"\n", b"\r\n"),
    ],
)
def test_another_page_is_none(page: bytes) -> None:
    assert parse_stats(page) is None


@given(st.binary(max_size=4000), st.integers(0, len(PAGE)))
def test_whatever_comes_is_in_range_or_none(junk: bytes, where: int) -> None:
    for page in (junk, PAGE[:where] + junk + PAGE[where:]):
        stats = parse_stats(page)
        assert stats is None or 1 <= stats.max_kids <= MAX_KIDS
