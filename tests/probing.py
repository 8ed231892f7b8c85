"""What the tests of the probe share: references, servers with odd compilers, and their logs."""

import asyncio
import contextlib
import ipaddress
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from distcc_build.farm.daemons import Daemons, Differing
from distcc_build.hostspec import IPAddress
from distcc_build.probe import probe
from distcc_build.reference import Reference, References, find_compiler
from distcc_build.verdict import Verdict

__all__ = ["address", "complaints", "here", "odd_compilers", "probed", "references", "servers"]


def references(cache: Path, *words: str | Path) -> list[Reference]:
    """What this machine's compilers give, in this order."""
    cache.mkdir(mode=0o700, exist_ok=True)
    compilers = [find_compiler(str(word), os.environ["PATH"]) for word in words]
    known = [compiler for compiler in compilers if compiler is not None]
    with References(cache, known) as begun:
        made, reasons = begun.collect(60)
    assert reasons == {}
    assert len(made) == len(words)
    order = [compiler.key for compiler in known]
    return sorted(made, key=lambda one: order.index(one.compiler.key))


@contextlib.contextmanager
def odd_compilers(scripts: Mapping[int, str], *names: str) -> Iterator[dict[int, Differing]]:
    """Give servers, by number, compilers of their own: shell scripts under the names.

    In a script, $real is the compiler of that name that this machine has.  Where the script is
    empty the server has no compiler at all.
    """
    # Not in pytest's folder, which distccd may not search once it has given up root.
    with tempfile.TemporaryDirectory(prefix="distcc-build-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        differing = {}
        for number, script in scripts.items():
            own = Path(folder, str(number))
            own.mkdir(mode=0o755)
            for name in names if script else ():
                program = own / name
                program.write_text(f"#!/bin/sh\nreal={shutil.which(name)}\n{script}\n", "utf-8")
                program.chmod(0o755)
            differing[number] = Differing(path=f"{own}:/usr/bin:/bin" if script else str(own))
        yield differing


def servers(daemons: Daemons, numbers: Iterable[int] | None = None) -> list[tuple[IPAddress, int]]:
    """Address and port of all servers, or of those with these numbers."""
    chosen = range(1, len(daemons.addresses) + 1) if numbers is None else numbers
    return [(address(daemons, number), daemons.port) for number in chosen]


def here(port: int) -> list[tuple[IPAddress, int]]:
    """A server of this machine that is no farm's."""
    return [(ipaddress.ip_address("127.0.0.1"), port)]


def address(daemons: Daemons, number: int) -> IPAddress:
    return ipaddress.ip_address(daemons.addresses[number - 1])


def probed(
    wanted: Sequence[tuple[IPAddress, int]],
    known: Sequence[Reference],
    *,
    match: str = "exact",
    seconds: float = 20,
    **options: Any,
) -> list[list[Verdict]]:
    """The verdicts, in the order of the servers and of the references."""
    result = asyncio.run(probe(wanted, known, match=match, seconds=seconds, **options))
    return [[result[str(ip), port][one.compiler.key] for one in known] for ip, port in wanted]


def complaints(addresses: Iterable[str], daemons: Daemons) -> list[str]:
    """Lines of these servers' logs that are worth an administrator's attention."""
    words = ("error", "warning", "critical", "failed", "timeout", "reset", "unexpected")
    return [
        line
        for one in addresses
        for line in daemons.log(one).read_text("utf-8", "replace").splitlines()
        if any(word in line.lower() for word in words)
    ]
