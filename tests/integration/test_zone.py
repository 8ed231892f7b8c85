"""What `distcc-build zone` prints is taken by the real name servers, and found by discovery."""

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers import DNSMASQ, closed_port, dnsmasq
from running import ENVIRONMENT, eventually
from servers import ScriptedNameServer
from signed import UNBOUND

from distcc_build.config import Config
from distcc_build.hostspec import DISCOVER, DNS_SD
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.search import find_servers

DOMAIN = "build.example.com"
SERVERS = ["10.1.0.11/16", "10.1.0.12,fd00:1::12/8", "10.1.0.13", "fd00:1::14,10.1.0.14/1000"]
FOUND = [
    (1, "10.1.0.11", 16),
    (2, "10.1.0.12", 8),
    (3, "10.1.0.13", None),
    (4, "10.1.0.14", 1000),
]
SBIN = "/usr/sbin:/usr/local/sbin"
NAMED = shutil.which("named") or shutil.which("named", path=SBIN)


def run(*words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "distcc_build", "zone", *words]
    environ = {**ENVIRONMENT, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == status, done
    return done


def printed(form: str, *words: str) -> str:
    done = run("--format", form, "--domain", DOMAIN, *words, *SERVERS)
    assert done.stderr == ""
    return done.stdout


@contextlib.contextmanager
def daemon(directory: Path, *command: str, port: int) -> Iterator[tuple[str, int]]:
    """Run a name server until the end; it serves when it answers the first question."""
    log = directory / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen(command, stdout=stream, stderr=stream) as process,
    ):
        try:
            there = ("127.0.0.1", port)
            assert eventually(lambda: bool(discovered(there, walk_budget=0.3)) or died(process))
            assert not died(process), log.read_text()
            yield there
        finally:
            process.terminate()


def died(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


def discovered(
    endpoint: tuple[str, int], *, walk_budget: float = 3.0, source: str = DISCOVER
) -> list[tuple[int, str, int | None]]:
    config = Config(walk_budget=walk_budget, sources=(source,))
    conf = ResolvConf((endpoint,), (DOMAIN,))
    farm = find_servers(config, conf, "here", None, force=True, seconds=20)
    return [(one.number, one.endpoint, one.limit) for one in farm.used]


def as_services(port: int | None) -> list[tuple[int, str, int | None]]:
    """What is found by DNS-SD: the same servers, where `port` is told."""
    return [] if port is None else [(0, f"{one}:{port}", limit) for _, one, limit in FOUND]


SERVICES = pytest.mark.parametrize(
    ("words", "port"), [((), None), (("--dns-sd", "-o", "port=4000"), 4000)]
)


@contextlib.contextmanager
def elsewhere() -> Iterator[str]:
    """The name server of all else in the domain, an old farm's names among them; its endpoint."""
    zone = {f"www.{DOMAIN}.": ["A 10.1.0.1"]}
    with ScriptedNameServer(zone, {}) as server:
        yield f"{server.address}#{server.port}"


@SERVICES
def test_bind_takes_the_records(tmp_path: Path, words: tuple[str, ...], port: int | None) -> None:
    zone = tmp_path / "whole"
    zone.write_text(printed("bind", *words, "--whole", "--ns", "ns1.example.com"))
    part = tmp_path / "part"
    (tmp_path / "records").write_text(printed("bind", *words))
    assert ("SRV" in zone.read_text()) is (port is not None)
    part.write_text(
        "$TTL 300\n@ IN SOA ns1.example.com. hostmaster 1 3600 600 1209600 300\n"
        f"@ IN NS ns1.example.com.\n$INCLUDE {tmp_path / 'records'}\n"
    )
    program = shutil.which("named-checkzone") or shutil.which("named-checkzone", path=SBIN)
    assert program, "named-checkzone is not installed (Debian: bind9-utils)"
    for file in (zone, part):
        command = [program, "-k", "fail", "-n", "fail", DOMAIN, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
        assert "warning" not in done.stdout + done.stderr


@pytest.mark.skipif(not NAMED, reason="named is not installed")
@SERVICES
def test_servers_in_bind_are_found(
    tmp_path: Path, words: tuple[str, ...], port: int | None
) -> None:
    there = closed_port()
    (tmp_path / "zone").write_text(printed("bind", *words, "--whole", "--ns", "ns1.example.com"))
    configuration = tmp_path / "named.conf"
    configuration.write_text(
        f"""\
options {{
    directory "{tmp_path}"; pid-file none; session-keyfile "{tmp_path}/session";
    listen-on port {there} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion no; dnssec-validation no; managed-keys-directory "{tmp_path}";
}};
controls {{ }};
zone "{DOMAIN}" {{ type primary; file "zone"; }};
"""
    )
    with daemon(tmp_path, str(NAMED), "-g", "-c", str(configuration), port=there) as endpoint:
        assert discovered(endpoint) == FOUND
        assert discovered(endpoint, source=DNS_SD) == as_services(port)


def test_dnsmasq_takes_the_records(tmp_path: Path) -> None:
    for words in ([], ["--whole"], ["--dns-sd"], ["--dns-sd", "--whole"]):
        configuration = tmp_path / "dnsmasq.conf"
        configuration.write_text(printed("dnsmasq", *words))
        command = [str(DNSMASQ), "--test", f"--conf-file={configuration}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "dnsmasq: syntax check OK.\n")
        assert ("\n# SRV" in f"\n{configuration.read_text()}") is ("--dns-sd" in words)


@SERVICES
def test_servers_in_dnsmasq_are_found(
    tmp_path: Path, words: tuple[str, ...], port: int | None
) -> None:
    lines = printed("dnsmasq", *words, "--whole").splitlines()
    with dnsmasq(tmp_path, lines) as running:
        endpoint = ("127.0.0.1", running.port)
        assert discovered(endpoint) == FOUND
        assert discovered(endpoint, source=DNS_SD) == as_services(port)
    lines = printed("dnsmasq", *words).splitlines()
    with elsewhere() as other, dnsmasq(tmp_path, [*lines, f"server={other}"]) as running:
        endpoint = ("127.0.0.1", running.port)
        assert discovered(endpoint) == FOUND
        assert discovered(endpoint, source=DNS_SD) == as_services(port)


@pytest.mark.skipif(not UNBOUND, reason="unbound is not installed")
@pytest.mark.parametrize("whole", [True, False])
@SERVICES
def test_servers_in_unbound_are_found(
    tmp_path: Path, whole: bool, words: tuple[str, ...], port: int | None
) -> None:
    there = closed_port()
    configuration = tmp_path / "unbound.conf"
    (tmp_path / "records").write_text(printed("unbound", *words, *(["--whole"] if whole else [])))
    with elsewhere() as other:
        configuration.write_text(
            f"""\
server:
    interface: 127.0.0.1
    port: {there}
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{tmp_path}"
    pidfile: ""
    use-syslog: no
    do-not-query-localhost: no
    module-config: "iterator"
    private-address: 10.0.0.0/8
include: "{tmp_path}/records"
remote-control:
    control-enable: no
stub-zone:
    name: "{DOMAIN}"
    stub-addr: {other.replace("#", "@")}
"""
        )
        checker = shutil.which("unbound-checkconf") or shutil.which("unbound-checkconf", path=SBIN)
        subprocess.run([str(checker), str(configuration)], check=True, capture_output=True)
        command = [str(UNBOUND), "-d", "-c", str(configuration)]
        with daemon(tmp_path, *command, port=there) as endpoint:
            assert discovered(endpoint) == FOUND
            assert discovered(endpoint, source=DNS_SD) == as_services(port)


def test_route_53_takes_the_change_batch(tmp_path: Path) -> None:
    batch = json.loads(printed("route53"))
    assert len(batch["Changes"]) == 9
    assert judged(batch, tmp_path) == ""
    assert judged(json.loads(printed("route53", "--dns-sd")), tmp_path) == ""
    batch["Changes"][0]["ResourceRecordSet"]["Wrong"] = 1
    assert "Wrong" in judged(batch, tmp_path)


def judged(batch: object, folder: Path) -> str:
    """What Route 53 would not like in it."""
    file = folder / "batch.json"
    file.write_text(json.dumps(batch), "utf-8")
    command = [sys.executable, "-P", str(Path(__file__).parents[1] / "route53.py"), "Z1", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["10.1.0.1"], "zone: expected --domain"),
        (["--domain", "a b", "10.1.0.1"], "expected a domain name"),
        (["--domain", "x.test", "--pattern", "cc", "10.1.0.1"], 'with one "%d"'),
        (["--domain", "x.test", "--ttl", "0", "10.1.0.1"], "whole number from 1 to 604800"),
        (["--domain", "x.test", "--slots", "1001", "10.1.0.1"], "whole number from 1 to 1000"),
        (["--domain", "x.test", "--format", "nsd", "10.1.0.1"], "'nsd'"),
        (["--domain", "x.test", "--ns", "ns.test", "10.1.0.1"], "--ns is for --whole"),
        (["--domain", "x.test", "--whole", "10.1.0.1"], "needs a name server"),
        (["--domain", "x.test", "10.1.0.1\x1b[31m"], "expected ADDRESS"),
        (["--domain", "x.test", "10.1.0.1", "10.1.0.1"], "stands twice"),
        (["--domain", "x.test"], "zone: expected servers, as in: distcc-build zone"),
        (["-o", "nonsense=1", "10.1.0.1"], "unknown option"),
        (
            [*("--domain", "x.test", "--format", "route53", "--dns-sd"), "--first=2", "10.1.0.1"],
            "without --first",
        ),
    ],
)
def test_bad_input_is_answered_in_one_line(words: list[str], said: str) -> None:
    done = run(*words, status=2)
    assert done.stdout == ""
    *usage, line = done.stderr.splitlines()
    assert said in line
    assert line.isprintable()
    assert all(one.startswith(("usage:", " ")) for one in usage)


def test_options_stand_for_what_is_not_said() -> None:
    words = ["-o", "domain=x.test", "-o", "pattern=cc%d", "--ttl", "60", "--first", "7"]
    done = run(*words, "--slots", "2", "10.1.0.1", "10.1.0.2/3")
    assert done.stdout.splitlines() == [
        "cc7.x.test. 60 IN A 10.1.0.1",
        'cc7.x.test. 60 IN TXT "slots=2"',
        "cc8.x.test. 60 IN A 10.1.0.2",
        'cc8.x.test. 60 IN TXT "slots=3"',
    ]


def test_what_clients_would_not_use_is_told_beside_the_records() -> None:
    done = run("--domain", "x.test", "10.1.0.1", "192.0.2.1")
    assert len(done.stdout.splitlines()) == 2
    assert "distcc2.x.test. is not used: 192.0.2.1 is not a private address" in done.stderr
