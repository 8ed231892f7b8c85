"""300 real distccd at once: in time, and without a word of complaint in their logs."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from probing import complaints, odd_compilers, probed, references, servers
from running import eventually

from distcc_build.farm import daemons
from distcc_build.farm.loopback import Farm
from distcc_build.reference import Reference
from distcc_build.verdict import Cause

pytestmark = [
    pytest.mark.skipif(not shutil.which("distccd"), reason="distccd is not installed"),
    pytest.mark.slow,
]

SERVERS = 300

# Two cores cannot compile 300 times in a moment, so the servers' compiler hands out an object.
COMPILER = r"""
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    static char object[1 << 16];
    int from = open(OBJECT, O_RDONLY), to = -1;
    for (int n = 1; n + 1 < argc; n++)
        if (strcmp(argv[n], "-o") == 0)
            to = open(argv[n + 1], O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ssize_t size = read(from, object, sizeof object);
    return size <= 0 || write(to, object, size) != size;
}
"""


@pytest.fixture(scope="module")
def gcc(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return references(tmp_path_factory.mktemp("cache") / "cache", "gcc")[0]


@pytest.fixture(scope="module")
def farm(gcc: Reference) -> Iterator[Farm]:
    with odd_compilers({1: "replaced below"}, "gcc") as differing:
        folder = Path((differing[1].path or "").partition(":")[0])
        (folder / "object").write_bytes(gcc.object)
        (folder / "gcc.c").write_text(COMPILER, "utf-8")
        define = f'-DOBJECT="{folder}/object"'
        subprocess.run(["gcc", "-O2", define, "gcc.c", "-o", "gcc"], cwd=folder, check=True)
        everywhere = dict.fromkeys(range(1, SERVERS + 1), differing[1])
        with (
            # So many take their time to start where others want the processors as well.
            mock.patch.object(daemons, "START_SECONDS", 120),
            Farm(servers=SERVERS, slots=1, differing=everywhere) as farm,
        ):
            yield farm
            # The farm ends servers with care for their compiles, which takes 0.1 s for each.
            for address in farm.daemons.addresses:
                farm.daemons.signal(address, signal.SIGKILL)


def test_300_servers(farm: Farm, gcc: Reference) -> None:
    began = time.monotonic()
    verdicts = probed(servers(farm.daemons), [gcc], seconds=60)
    took = time.monotonic() - began
    print(f"{SERVERS} servers probed in {took:.2f} s")
    assert [one.cause for [one] in verdicts] == [Cause.OK] * SERVERS
    assert eventually(lambda: len(farm.daemons.jobs(probes=True)) == SERVERS)
    assert complaints(farm.daemons.addresses, farm.daemons) == []
    assert took < 30
