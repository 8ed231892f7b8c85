"""The records that the page on DNS-SD shows are found, where it says they can be put."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.docs.pages import DOCS, File, blocks
from peers import DNSMASQ, closed_port, dnsmasq
from running import eventually

from distcc_build.config import Config
from distcc_build.hostspec import DNS_SD
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.search import find_servers

DOMAIN = "build.example.com"
NAMED = shutil.which("named") or shutil.which("named", path="/usr/sbin:/usr/local/sbin")
PAGE = blocks((DOCS / "admin/dns-sd.md").read_text("utf-8"))
FILES = [one for one in PAGE if isinstance(one, File)]
FOUND = [("10.1.0.21:3700", 32, 0), ("10.1.0.22", 10, 10)]
"""Where they are, with a port where it is not the usual one, their jobs and priority."""
SHARED = [("10.1.0.21", 16, 0), ("10.1.0.22", 16, 10), ("10.1.0.23", 16, 0)]
"""The same of the second zone of the page."""


def texts(name: str) -> list[str]:
    """What the page writes into a file, in order."""
    return [one.text for one in FILES if one.path == name]


def discovered(port: int, seconds: float = 20.0) -> list[tuple[str, int | None, int]]:
    conf = ResolvConf((("127.0.0.1", port),), (DOMAIN,))
    config = Config(sources=(DNS_SD,), walk_budget=min(seconds, 3.0))
    farm = find_servers(config, conf, "here", None, force=True, seconds=seconds)
    return sorted((one.endpoint, one.limit, one.priority) for one in farm.used)


@contextlib.contextmanager
def bind(folder: Path, records: str) -> Iterator[int]:
    """Run named with the page's zone, in which these are; yields its port."""
    port = closed_port()
    (zone,) = texts("db.build.example.com")
    for name, text in (("distcc.records", records), ("db.build.example.com", zone)):
        (folder / name).write_text(text, "utf-8")
    configuration = folder / "named.conf"
    configuration.write_text(
        f"""\
options {{
    directory "{folder}"; pid-file none; session-keyfile "{folder}/session";
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion no; dnssec-validation no; managed-keys-directory "{folder}";
}};
controls {{ }};
zone "{DOMAIN}" {{ type primary; file "db.build.example.com"; }};
"""
    )
    command = [str(NAMED), "-g", "-c", str(configuration)]
    log = folder / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen(command, stdout=stream, stderr=stream) as running,
    ):
        try:
            assert eventually(lambda: bool(discovered(port, 0.3)) or running.poll() is not None)
            assert running.poll() is None, log.read_text()
            yield port
        finally:
            running.terminate()


@pytest.mark.skipif(not NAMED, reason="named is not installed")
@pytest.mark.parametrize(("index", "found"), [(0, FOUND), (1, SHARED)])
def test_records_for_bind_are_found(
    index: int, found: list[tuple[str, int, int]], tmp_path: Path
) -> None:
    with bind(tmp_path, texts("distcc.records")[index]) as port:
        assert discovered(port) == found


@pytest.mark.skipif(not DNSMASQ, reason="dnsmasq is not installed")
def test_records_for_dnsmasq_are_found(tmp_path: Path) -> None:
    (conf,) = texts("distcc.conf")
    lines = conf.splitlines()
    # The page sets what the tests' own dnsmasq has as well.
    with dnsmasq(tmp_path, [one for one in lines if not one.startswith("local-ttl")]) as running:
        assert discovered(running.port) == FOUND
