"""What was heard on one link is used on that link; and nothing is asked that nobody asked for."""

import json
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from announcing import GROUP
from namespaces import Link, Machine, needs_namespaces
from running import eventually

COMMAND = [sys.executable, "-P", "-m", "distcc_build"]
ANNOUNCING = [sys.executable, "-P", str(Path(__file__).parents[1] / "announcing.py")]


def environ(folder: Path, **more: str) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "DISTCC_BUILD_CACHE_DIR": str(folder / "cache"),
        "DISTCC_HOSTS": "+zeroconf",
        # What tells networks apart otherwise: that it stays the same is the case to be tested.
        "DISTCC_BUILD_NAMESERVERS": "127.0.0.1:9",
        "DISTCC_BUILD_DOMAIN": "farm.test",
        "DISTCC_BUILD_PROBE": "off",
        **more,
    }


def announced(*addresses: str) -> str:
    services = [
        {"name": f"distcc@b{n}", "server": f"b{n}.local.", "port": 3632, "addresses": [address]}
        for n, address in enumerate(addresses)
    ]
    return json.dumps({"services": services})


def hosts(client: Machine, environ: Mapping[str, str], *words: str) -> list[str]:
    command = [*COMMAND, "hosts", "--all", *words]
    said = client.run(*command, environ=environ, status=None).splitlines()
    return sorted(line for line in said if not line.startswith("distcc-build: "))


def hears(client: Machine, environ: Mapping[str, str], *addresses: str) -> bool:
    """Whether these are heard, at the second look where this machine is too busy for the first."""
    return eventually(lambda: hosts(client, environ, "--refresh") == [*addresses], 60)


@needs_namespaces
def test_servers_of_one_link_are_not_used_on_another(tmp_path: Path) -> None:
    with Link(tmp_path) as here, Link(tmp_path) as elsewhere:
        client, server = here.machine("client"), here.machine("server")
        running = here.start(server, *ANNOUNCING, announced("10.77.1.1"), name="announcing")
        running.await_said("announced")
        assert hears(client, environ(tmp_path), "10.77.1.1")
        # Not a word of farewell: what was heard holds, and is not asked for again.
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        assert hosts(client, environ(tmp_path)) == ["10.77.1.1"]

        elsewhere.machine("somebody")
        elsewhere.plug(client, "10.77.0.9")
        assert hosts(client, environ(tmp_path)) == []


@needs_namespaces
def test_a_server_that_is_not_heard_again_stays_for_a_while(tmp_path: Path) -> None:
    with Link(tmp_path) as link:
        client, server = link.machine("client"), link.machine("server")
        running = link.start(server, *ANNOUNCING, announced("10.77.1.1"), name="announcing")
        running.await_said("announced")
        assert hears(client, environ(tmp_path), "10.77.1.1")
        running.process.terminate()
        running.process.wait()
        assert hosts(client, environ(tmp_path), "--refresh") == ["10.77.1.1"]


@needs_namespaces
def test_only_an_address_that_may_be_used_is(tmp_path: Path) -> None:
    with Link(tmp_path) as link:
        client, server = link.machine("client"), link.machine("server")
        text = announced("8.8.8.8", str(client.address), "10.77.1.1", "127.0.0.1")
        link.start(server, *ANNOUNCING, text, name="announcing").await_said("announced")
        assert hears(client, environ(tmp_path), str(client.address), "10.77.1.1")
        report = json.loads(client.run(*COMMAND, "hosts", "--json", environ=environ(tmp_path)))
    servers = {one["name"]: (one["state"], one["why"]) for one in report["servers"]}
    assert {name: state for name, (state, _) in servers.items()} == {
        "b0.local.": "refused",
        "b1.local.": "this machine",
        "b2.local.": "used",
        "b3.local.": "refused",
    }
    assert "8.8.8.8 is not a private address" in servers["b0.local."][1]
    assert "127.0.0.1 is a loopback address" in servers["b3.local."][1]
    assert "10.77.1.1/4" in report["hosts"].split()
    assert not {"8.8.8.8", "10.77.0.1", "127.0.0.1", "+zeroconf"} & set(
        re.split("[ /:]", report["hosts"])
    )


def traced(client: Machine, folder: Path, word: str) -> str:
    log = folder / "strace"
    strace = ["strace", "-f", f"-o{log}", "-e", "trace=openat,bind,connect,sendto,sendmsg,sendmmsg"]
    client.run(*strace, *COMMAND, "hosts", environ=environ(folder, DISTCC_HOSTS=word))
    return log.read_text("utf-8", "replace")


@needs_namespaces
@pytest.mark.parametrize("word", ["--discover-distccN", "localhost", "+zeroconf"])
def test_multicast_dns_is_off_unless_asked_for(tmp_path: Path, word: str) -> None:
    with Link(tmp_path) as link:
        calls = traced(link.machine("client"), tmp_path, word)
    asked = word == "+zeroconf"
    assert "distcc_build/hosts.py" in calls or "distcc_build/__pycache__/hosts." in calls
    assert ("htons(5353)" in calls, GROUP in calls) == (asked, asked)
    assert ("site-packages/zeroconf/" in calls) is asked
