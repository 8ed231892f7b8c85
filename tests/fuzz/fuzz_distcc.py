"""The hosts list before the real distcc: it takes every list of ours whole, and counts as we do."""

import functools
import os
import subprocess
import tempfile
from collections.abc import Iterator

from fuzz import fuzz_hosts

from distcc_build.choice import complete
from distcc_build.config import Config
from distcc_build.hosts import HostsList, parse_hosts

WORDS = fuzz_hosts.WORDS


def seeds() -> Iterator[bytes]:
    yield from fuzz_hosts.seeds()


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    hosts = parse_hosts(text)
    full = complete(hosts, fuzz_hosts.SERVERS, Config(), client="c", cores=2)
    for some in (hosts, full):
        if some.hosts and not some.discover:
            check_list(some)


def check_list(hosts: HostsList) -> None:
    slots = ask("-j", str(hosts))
    assert slots == str(sum(one.slots for one in hosts.hosts)), (slots, str(hosts))


@functools.cache
def directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="distcc-build-fuzz-")


def ask(question: str, hosts: str) -> str:
    environ = {
        "PATH": os.environ["PATH"],
        "DISTCC_DIR": directory().name,
        "DISTCC_HOSTS": hosts,
    }
    done = subprocess.run(
        ["distcc", question], env=environ, capture_output=True, text=True, check=False, timeout=10
    )
    assert (done.returncode, done.stderr) == (0, ""), (done, hosts)
    return done.stdout.strip()
