"""What a first look at a farm imports: each of these modules takes longer than a round trip."""

import subprocess
import sys
from pathlib import Path

import pytest
from asking import walks
from servers import numbered

from distcc_build.farm.nameserver import NameServer

PROGRAM = """
import sys
from distcc_build.__main__ import main
main(["hosts"])
print(*sys.modules)
"""

NEVER = {"dns", "filelock", "dataclasses", "importlib.metadata", "tempfile"}
NEVER |= {"distcc_build.sources.asking", "zeroconf"}
"""dnspython reads odd packets, filelock waits, and so on: not where all is as usual."""

FOR_A_PROBE = {"asyncio", "inspect"}


@pytest.mark.parametrize("probe", ["on", "off"])
def test_a_first_look_imports_nothing_that_only_others_need(tmp_path: Path, probe: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with NameServer(numbered(3)) as server:
        environ = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "DISTCC_HOSTS": "--discover-distccN",
            "DISTCC_BUILD_DOMAIN": "farm.test",
            "DISTCC_BUILD_NAMESERVERS": server.endpoint,
            "DISTCC_BUILD_CACHE_DIR": str(tmp_path / "cache"),
            "DISTCC_BUILD_PROBE": probe,
        }
        said = subprocess.check_output([sys.executable, "-Pc", PROGRAM], env=environ, text=True)
        assert walks(server) == 1
    imported = set(said.split())
    assert "distcc_build.resolve.walk" in imported
    assert imported & NEVER == set()
    assert bool(imported & FOR_A_PROBE) is (probe == "on")
