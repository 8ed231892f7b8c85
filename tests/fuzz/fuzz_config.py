"""Configuration: a file and an environment give a value within its bounds, or one clear line."""

import ipaddress
from collections.abc import Iterator

from fuzz.usable import check_server

from distcc_build.config import HARDENING, Config, parse_config, switched_off
from distcc_build.errors import ConfigError
from distcc_build.farms import parse_farms
from distcc_build.hostspec import is_source
from distcc_build.values import is_domain

WORDS = (
    *(f"{one} = ".encode() for one in Config._fields),
    *(f"\0{one.upper()}=".encode() for one in Config._fields),
    *(
        b'"distcc%d"',
        b'["10.0.0.0/8"]',
        b"true",
        b"off",
        b"0.5",
        b"1e3",
        b"inf",
        b"nan",
        b"[fe80::1%",
    ),
    *(
        b"[::1]:53",
        b"192.0.2.1:53",
        b"\n",
        b'"',
        b'"""',
        b"[farm.x]\n",
        b'compilers = ["gcc*"]\n',
        b"\\u0000",
        b"\\u001b",
        b"\xd9\xa3",
        b"\0",
    ),
)


def seeds() -> Iterator[bytes]:
    yield (
        b'pattern = "build-%d"\ndomain = "farm.test"\nnameservers = ["192.0.2.1", "[fe80::1%lo]"]\n'
        b'allow = ["18.0.0.0/8", "2001:db8::/32"]\ngap = 1\nprobe = false\nstale = 1.5\n'
        b"\0LIMIT=8\0NAMESERVERS=192.0.2.1:99,[::1]\0MATCH=version\0TTL_MIN=5000\0DISTCC_BUILD=off"
    )
    yield b'[farm.a]\ncompilers = ["arm-*"]\n[farm.b]\ntargets = "x"\nport = 1\n\0PORT=2'
    yield b"\0limt=8\0TTL_MAX=2\0CACHE_DIR=/x"


def check(data: bytes) -> None:
    text, *settings = data.split(b"\0")
    files = [("config.toml", text.decode("utf-8", "replace"))]
    environ = {}
    for setting in settings[:8]:
        name, _, value = setting.decode("utf-8", "surrogateescape").partition("=")
        environ[name if name.startswith("DISTCC_") else f"DISTCC_BUILD_{name}"] = value
    switched_off(environ)
    for some in ([], files):
        try:
            config, warnings = parse_config(some, environ)
        except ConfigError as error:
            check_refusal(str(error), of_a_file=bool(some))
            continue
        for warning in warnings:
            check_line(warning)
        check_config(config)
        check_farms(some, environ)


def check_farms(files: list[tuple[str, str]], environ: dict[str, str]) -> None:
    try:
        tables = parse_farms(files, environ)
    except ConfigError as error:
        check_line(str(error))
        return
    for table in tables:
        check_line(table.name)
        check_config(table.config)
        assert table.compilers or table.targets


def check_refusal(text: str, *, of_a_file: bool) -> None:
    check_line(text)
    # A variable is ignored, but for one that is, or was to be, of those that take away.
    assert of_a_file or any(one in text.lower() for one in HARDENING)


def check_line(text: str) -> None:
    assert text.isprintable(), repr(text)
    text.encode("utf-8")


def check_config(config: Config) -> None:
    for server in config.nameservers:
        check_server(server)
    assert config.pattern.count("%d") == 1
    assert is_domain(config.pattern.replace("%d", "1"))
    assert all(map(is_domain, config.domain))
    assert config.sources
    assert all(map(is_source, config.sources))
    assert config.ttl_min <= config.ttl_max
    assert 0 < config.port < 65536
    assert 1 <= config.limit <= 1000
    assert config.cache_dir is None or ("\0" not in config.cache_dir and config.cache_dir[0] == "/")
    config.allows(ipaddress.ip_address("10.0.0.1"))
    config.allows(ipaddress.ip_address("fd00::1"))
    # farm files are named by it.
    assert repr(tuple(config)) == repr(tuple(config))
