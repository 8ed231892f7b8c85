"""Faults of compile servers: of one beside two good ones, and of all there are."""

import contextlib
import os
import pwd
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from e2e.faults.names import zone
from e2e.faults.scene import Faults, Scene, needs_root
from e2e.faults.turncoat import SPOILERS, black_hole, turncoat
from e2e.workbench import SYSTEM_PATH
from peers import FakeDistccd
from probing import odd_compilers
from running import eventually
from servers import ScriptedNameServer

from distcc_build.farm.daemons import Daemons, Differing
from distcc_build.farm.loopback import DOMAIN, Farm
from distcc_build.farm.zone import Zone

__all__ = ["SERVERS", "open_farm"]

SERVERS = Faults()

GOOD, (FROZEN, DENIES, OTHER, WITHOUT) = 2, range(3, 7)

OTHER_DEFAULTS = 'exec $real -fwrapv -fno-ident "$@"'
COMPILERS = ("gcc", "g++", "cc", "c++")


@contextlib.contextmanager
def open_farm() -> Iterator[Farm]:
    """Two good servers, which alone are in its zone, and four that are each bad in a way."""
    with odd_compilers({OTHER: OTHER_DEFAULTS, WITHOUT: ""}, *COMPILERS) as differing:
        differing[DENIES] = Differing(allow="10.0.0.0/8")
        environ = {"PATH": SYSTEM_PATH}
        with Farm(servers=6, slots=20, differing=differing, environ=environ) as farm:
            farm.daemons.signal(farm.daemons.addresses[FROZEN - 1], signal.SIGSTOP)
            good = enumerate(farm.daemons.addresses[:GOOD], 1)
            names = {f"distcc{n}.{DOMAIN}.": [f"A {one}"] for n, one in good}
            farm.nameserver.zone = Zone(names, origins=[f"{DOMAIN}."])
            yield farm


@contextlib.contextmanager
def servers(scene: Scene, *bad: str, good: int = GOOD) -> Iterator[None]:
    """Let names stand for so many good servers, and these."""
    names = zone(scene, good)
    names |= {f"distcc{good + n}.{DOMAIN}.": [f"A {one}"] for n, one in enumerate(bad, 1)}
    with ScriptedNameServer(names) as server:
        scene.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        yield


def free(scene: Scene, number: int = 1) -> str:
    """An address where nobody listens, of this build system's own."""
    return f"127.1.{9 + ['scons', 'cmake', 'meson', 'make'].index(scene.system.name)}.{number}"


@SERVERS.add()
def server_refuses(scene: Scene) -> Iterator[None]:
    """Nothing listens on one of three."""
    with servers(scene, free(scene)):
        yield


@SERVERS.add()
def server_black_holed(scene: Scene) -> Iterator[None]:
    """Packets to one of three get lost."""
    with black_hole(free(scene), scene.farm.daemons.port), servers(scene, free(scene)):
        yield


@SERVERS.add()
def server_silent(scene: Scene) -> Iterator[None]:
    """One of three takes connections and says nothing."""
    with fake(scene, None), servers(scene, free(scene)):
        yield


def fake(scene: Scene, reply: bytes | None, number: int = 1) -> AbstractContextManager[object]:
    return FakeDistccd(reply, address=free(scene, number), port=scene.farm.daemons.port)


def odd(name: str, what: str, number: int) -> None:
    def fault(scene: Scene) -> Iterator[None]:
        with servers(scene, scene.farm.daemons.addresses[number - 1]):
            yield

    fault.__name__, fault.__doc__ = f"server_{name}", what
    SERVERS.add()(fault)


odd("frozen", "one of three is a stopped process", FROZEN)
odd("denies", "one of three lets nobody in", DENIES)
odd("other_compiler", "one of three has a compiler with other defaults", OTHER)
odd("without_compiler", "one of three has no compiler", WITHOUT)


def spoiling(name: str, what: str, spoil: Callable[[bytes], bytes | None], *, late: bool) -> None:
    def fault(scene: Scene) -> Iterator[None]:
        good = (scene.farm.daemons.addresses[0], scene.farm.daemons.port)
        # A server that goes bad after it was judged gets all the jobs.
        with (
            turncoat(free(scene), good, spoil, while_judged=not late),
            servers(scene, free(scene), good=0 if late else GOOD),
        ):
            yield

    fault.__name__ = f"server_{'turns_to_' if late else ''}{name}"
    fault.__doc__ = f"{'the only one, once judged,' if late else 'one of three'} {what}"
    # What distcc sends there, it compiles here, and says so itself.
    SERVERS.add(here=late, lines=0)(fault)


for _late in (False, True):
    for _name, (_what, _spoil) in SPOILERS.items():
        spoiling(_name, _what, _spoil, late=_late)


@SERVERS.add()
def server_disk_full(scene: Scene) -> Iterator[None]:
    """One of three has no space for what it compiles."""
    needs_root()
    with full_daemon(scene), servers(scene, free(scene)):
        yield


@contextlib.contextmanager
def full_daemon(scene: Scene) -> Iterator[None]:
    """A distccd whose TMPDIR has 4 KiB."""
    user = pwd.getpwnam("distccd" if "distccd" in {p.pw_name for p in pwd.getpwall()} else "nobody")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        full = Path(folder, "full")
        full.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size=4k,uid={user.pw_uid}", "full", full], check=True
        )
        log = Path(folder, "log")
        command = ["distccd", "--daemon", "--no-detach", "--log-stderr", "--log-level=info"]
        command += [f"--user={user.pw_name}", f"--port={scene.farm.daemons.port}", "--jobs=8"]
        command += [f"--listen={free(scene)}", "--allow=127.0.0.0/8"]
        try:
            with (
                log.open("w") as stream,
                subprocess.Popen(
                    command,
                    env={"PATH": SYSTEM_PATH, "TMPDIR": str(full)},
                    stderr=stream,
                    start_new_session=True,
                ) as process,
            ):
                try:
                    assert eventually(lambda: "listening on" in log.read_text()), log.read_text()
                    yield
                finally:
                    os.killpg(process.pid, signal.SIGKILL)
        finally:
            subprocess.run(["umount", "-l", full], check=True)


@SERVERS.add(here=True, lines=0)
def server_dies_while_compiling(scene: Scene) -> Iterator[None]:
    """The only one is killed, with all it does, once it was judged."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        folder.chmod(0o711)
        environ = {"PATH": SYSTEM_PATH}
        daemons = stack.enter_context(Daemons(folder, servers=1, slots=20, environ=environ))
        behind = (daemons.addresses[0], daemons.port)

        def die(reply: bytes) -> bytes:
            with contextlib.suppress(ProcessLookupError):
                daemons.signal(daemons.addresses[0], signal.SIGKILL)
            return reply[:40]

        stack.enter_context(turncoat(free(scene), behind, die, while_judged=False))
        scene.environ["DISTCC_BUILD_PORT"] = str(daemons.port)
        stack.enter_context(servers(scene, free(scene), good=0))
        yield


@SERVERS.add(here=True)
def servers_all_refuse(scene: Scene) -> Iterator[None]:
    """Nothing listens on any of three."""
    with servers(scene, *(free(scene, n) for n in range(1, 4)), good=0):
        yield


@SERVERS.add(here=True)
def servers_all_black_holed(scene: Scene) -> Iterator[None]:
    """Packets to all three get lost."""
    with contextlib.ExitStack() as stack:
        addresses = [free(scene, n) for n in range(1, 4)]
        for one in addresses:
            stack.enter_context(black_hole(one, scene.farm.daemons.port))
        stack.enter_context(servers(scene, *addresses, good=0))
        yield


@SERVERS.add(here=True)
def servers_all_silent(scene: Scene) -> Iterator[None]:
    """All three take connections and say nothing."""
    with contextlib.ExitStack() as stack:
        for number in range(1, 4):
            stack.enter_context(fake(scene, None, number))
        addresses = [free(scene, n) for n in range(1, 4)]
        stack.enter_context(servers(scene, *addresses, good=0))
        yield
