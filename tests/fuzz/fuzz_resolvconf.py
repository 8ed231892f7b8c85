"""resolv.conf: what comes out can be asked, and is fit to be shown."""

from collections.abc import Iterator

from fuzz.usable import check_server

from distcc_build.resolve.resolvconf import parse_resolv_conf
from distcc_build.values import is_domain

WORDS = (
    *(
        b"nameserver ",
        b"search ",
        b"domain ",
        b"options ",
        b"\n",
        b"#",
        b";",
        b".",
        b"::1",
        b"fe80::1%",
    ),
    *(
        b"192.0.2.1",
        b"a.test",
        b"\t",
        b"\xe2\x80\xa8",
        b"\x1c",
        b"\xc2\x85",
        b"_tcp.a.test",
        b"0x7f.1",
    ),
)


def seeds() -> Iterator[bytes]:
    yield b"# by hand\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nsearch a.test b.a.test.\n"
    yield b"domain Farm.Test\noptions edns0 trust-ad\nnameserver ::1 ; this machine\n"


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    conf = parse_resolv_conf(text, "host.farm.test")
    assert conf.nameservers
    for server in conf.nameservers:
        check_server(server)
    for domain in conf.search:
        assert is_domain(domain)
        assert domain == domain.lower()
        assert domain == domain.strip(".")
        assert domain.isascii()
    assert len(set(conf.search)) == len(conf.search)
    # A host name is only somebody's word too.
    parse_resolv_conf("", text)
