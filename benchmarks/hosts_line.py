"""A remote compile by our hosts line, which has addresses, against a hand-written list of names.

distcc looks the chosen server's name up for each compile.  The names here are answered by a
name server as far away as a site's own, and as one behind a slow line; the compiles are real.
"""

import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.measure import Command, compare
from benchmarks.names import DOMAIN, LateNames, farm_names, own_resolver
from distcc_build import paths
from distcc_build.farm.loopback import Farm

GOAL = "goal: faster by the lookup that is saved"

NAMESERVER = "127.9.9.9"
DELAYS = (0.002, 0.020)
PAIRS = 200


def main() -> None:
    own_resolver(NAMESERVER, _in_its_domain)


def _in_its_domain() -> None:
    distcc = shutil.which("distcc")
    assert distcc
    with tempfile.TemporaryDirectory() as scratch, Farm(environ=dict(os.environ)) as farm:
        os.chdir(scratch)
        Path("small.c").write_text("int f(int x) { return x + 1; }\n", "utf-8")
        arguments = ["gcc", "-c", "small.c", "-o", "small.o"]
        port, slots = farm.daemons.port, farm.daemons.slots
        # No refresh while it is measured.
        zone = farm_names(farm.daemons.addresses, ttl=300)
        for delay in DELAYS:
            shutil.rmtree(farm.directory / "cache")
            with LateNames(zone, delay=delay, address=NAMESERVER, port=53) as names:
                environment = farm.environment()
                environment["DISTCC_BUILD_NAMESERVERS"] = names.endpoint
                ours = Command([str(paths.launcher()), *arguments], environment)
                ours.seconds()
                listed = [one.removesuffix(f".{DOMAIN}.") for one in zone]
                by_hand = " ".join(f"{one}:{port}/{slots}" for one in listed)
                theirs = Command([distcc, *arguments], {**environment, "DISTCC_HOSTS": by_hand})
                asked = names.queries
                theirs.seconds()
                questions = names.queries - asked
                result = compare(ours, theirs, pairs=PAIRS)
            milliseconds = f"{delay * 1000:.0f} ms"
            print(f"our hosts line / list of names, {milliseconds:5}   {result}   ({GOAL})")
            print(f"    limit: {milliseconds} less ({questions} questions of one lookup, at once)")
        print(f"    jobs of the servers: {dict(farm.daemons.compiles())}")
