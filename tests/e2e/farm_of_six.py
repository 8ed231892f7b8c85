"""The farm of six: one good server, and five that are each bad in a way of its own."""

import contextlib
import signal
from collections.abc import Iterator, Mapping

from e2e.workbench import SYSTEM_PATH
from probing import odd_compilers

from distcc_build.farm.daemons import Differing
from distcc_build.farm.loopback import Farm

__all__ = ["CAUSES", "DEAD", "DENIES", "FROZEN", "GOOD", "VERSION", "WITHOUT", "six_servers"]

GOOD, DEAD, FROZEN, DENIES, VERSION, WITHOUT = range(1, 7)

CAUSES = {
    GOOD: "good",
    DEAD: "refused",
    FROZEN: "silent",
    DENIES: "denied",
    VERSION: "other version",
    WITHOUT: "compiler missing",
}

# Another version as it shows: by its word, and in every object (.comment and code).
OTHER_VERSION = """
case $* in
*-dumpfullversion*) echo 11.3.0 ;;
*--version*) echo "$(basename "$0") (Debian 11.3.0-12) 11.3.0" ;;
*) exec $real -fno-ident -fwrapv "$@" ;;
esac"""

NAMES = ("gcc", "g++", "cc", "c++", "clang", "clang++")


@contextlib.contextmanager
def six_servers(slots: int = 4, more: Mapping[int, str] | None = None) -> Iterator[Farm]:
    """Run them; what is killed or stopped can be put right again by `Farm.daemons.restart`.

    :param more: servers behind these, by number, that compile by a script (`odd_compilers`).
    """
    scripts = {VERSION: OTHER_VERSION, WITHOUT: "", **(more or {})}
    with odd_compilers(scripts, *NAMES) as differing:
        differing[DENIES] = Differing(allow="10.0.0.0/8")
        with Farm(
            servers=6 + len(more or {}),
            slots=slots,
            differing=differing,
            environ={"PATH": SYSTEM_PATH},
        ) as farm:
            farm.daemons.signal(farm.daemons.addresses[DEAD - 1], signal.SIGKILL)
            farm.daemons.signal(farm.daemons.addresses[FROZEN - 1], signal.SIGSTOP)
            yield farm
