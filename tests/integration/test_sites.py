"""Sites in network namespaces: nothing of them outlives the test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sites
from running import eventually, processes

pytestmark = pytest.mark.skipif(bool(sites.missing("dnsmasq")), reason=sites.missing("dnsmasq"))

HOLD = """
import sys
from pathlib import Path
import sites
with sites.Internet() as net:
    net.begin()
    place = net.site(1, ["10.1.0.11"])
    net.name_server(place, Path(sys.argv[1], "names"), "dnsmasq", listen=["10.1.0.2"])
    net.laptop().plug(1)
    print(place, flush=True)
    sys.stdin.read()
"""


def left(prefix: str) -> list[str]:
    """What is there of an Internet's."""
    found = [one for one in sites.ip("netns", "list").splitlines() if one.startswith(prefix)]
    folders = [str(one) for one in Path("/etc/netns").glob(f"{prefix}*")]
    return found + folders


@pytest.mark.parametrize("killed", [False, True])
def test_nothing_is_left_of_sites_whatever_ends_them(tmp_path: Path, killed: bool) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    holder = subprocess.Popen(
        [sys.executable, "-P", "-c", HOLD, str(tmp_path)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    prefix = holder.stdout.readline().strip().removesuffix("site1")
    assert len(left(prefix)) == 4
    assert processes(str(tmp_path / "names"))
    if killed:
        holder.kill()
    holder.communicate()
    assert eventually(lambda: not left(prefix) and not processes(str(tmp_path / "names")))
