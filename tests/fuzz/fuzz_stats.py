"""The stats page: nothing but numbers come out of it, within their bounds."""

import math
from collections.abc import Iterator

from distcc_build.stats import MAX_KIDS, parse_stats

WORDS = (
    *(b"<distccstats>\n", b"</distccstats>\n", b"dcc_max_kids 4\n", b"dcc_load1 0.25\n", b"\n"),
    *(b"dcc_max_kids ", b"dcc_load1 ", b"999999999", b"0", b"1e9", b"nan", b".", b"\r\n\r\n"),
)


def seeds() -> Iterator[bytes]:
    page = b"<distccstats>\n%sdcc_max_kids %d\ndcc_load1 %s\ndcc_load2 1.00\n</distccstats>\n"
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + page % (b"", 18, b"0.25")
    yield page % (b"argv /home/a/b.c\ndcc_tcp_accept 3\n", 999999999, b"-1.00")


def check(data: bytes) -> None:
    stats = parse_stats(data)
    if stats is not None:
        assert 1 <= stats.max_kids <= MAX_KIDS
        assert stats.load is None or (math.isfinite(stats.load) and stats.load >= 0)
        assert b"<distccstats>\n" in data
        # With or without a header it is the same page.
        assert parse_stats(b"HTTP/1.1 200 OK\r\n\r\n" + data) == stats
