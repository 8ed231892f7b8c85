"""Faults of name servers, and of what says which they are."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import servers as modes
from e2e.faults.scene import Faults, Scene, needs_root
from peers import closed_port
from servers import Mode, ScriptedNameServer

from distcc_build.farm.loopback import DOMAIN

__all__ = ["NAMES", "zone"]

NAMES = Faults()

SILENCE = 1.5
"""Seconds: what a name server that says nothing may cost, once."""

PUBLIC = "203.0.113.7"


def zone(scene: Scene, count: int = 2) -> dict[str, list[str]]:
    """The good servers of the farm."""
    addresses = scene.farm.daemons.addresses[:count]
    return {f"distcc{n}.{DOMAIN}.": [f"A {one}"] for n, one in enumerate(addresses, 1)}


@contextlib.contextmanager
def asked(scene: Scene, script: dict[str | tuple[str, str], Mode]) -> Iterator[ScriptedNameServer]:
    """Let the build ask a name server that follows a script."""
    with ScriptedNameServer(zone(scene), script) as server:
        scene.environ["DISTCC_BUILD_NAMESERVERS"] = server.endpoint
        yield server


def everywhere(mode: Mode) -> Callable[[Scene], Iterator[None]]:
    def fault(scene: Scene) -> Iterator[None]:
        with asked(scene, {"*": mode}):
            yield

    return fault


def scripted(name: str, what: str, mode: Mode, *, here: bool, extra: float = SILENCE) -> None:
    fault = everywhere(mode)
    fault.__name__, fault.__doc__ = name, what
    NAMES.add(here=here, extra=extra)(fault)


scripted("names_silent", "the name server drops every question", modes.drop, here=True)
scripted("names_slow", "every answer takes 0.3 s", modes.delay(0.3), here=False)
scripted("names_too_slow", "every answer takes 5 s", modes.delay(5), here=True)
scripted("names_servfail", "SERVFAIL for every name", modes.servfail, here=True)
scripted("names_refused", "REFUSED for every name", modes.refused, here=True)
scripted("names_formerr", "FORMERR for every name", modes.formerr, here=True)
scripted("names_nxdomain", "no name exists", modes.nxdomain, here=True)
scripted("names_nodata", "no name has an address", modes.nodata, here=True)
scripted("names_garbage", "answers are no DNS", modes.garbage, here=True)
scripted("names_wrong_id", "answers have another id", modes.wrong_id, here=True)
scripted("names_wrong_question", "answers are to another question", modes.wrong_question, here=True)
scripted("names_oversized", "answers are larger than asked for", modes.oversized, here=False)
scripted("names_truncated", "answers are cut, whole by TCP", modes.truncated, here=False)
scripted("names_tcp_closes", "answers are cut, TCP closes", modes.truncated_tcp_closes, here=True)
scripted(
    "names_tcp_silent", "answers are cut, TCP is silent", modes.truncated_tcp_silent, here=True
)
scripted(
    "names_tcp_cut", "answers are cut by TCP as well", modes.truncated_tcp_truncated, here=True
)
scripted("names_cname_loop", "every name is an alias in a loop", modes.cname_loop, here=True)
scripted(
    "names_lossy", "the first packet of each question is lost", modes.first_drop(1), here=False
)
scripted("names_forged", "a forged answer comes first", modes.forged(PUBLIC), here=False)


@NAMES.add(here=True)
def names_closed_port(scene: Scene) -> None:
    """Nothing listens where the name server should be."""
    scene.environ["DISTCC_BUILD_NAMESERVERS"] = f"127.0.0.1:{closed_port()}"


@NAMES.add()
def names_one_fails(scene: Scene) -> Iterator[None]:
    """SERVFAIL for the second name alone."""
    with asked(scene, {f"distcc2.{DOMAIN}.": modes.servfail}):
        yield


@NAMES.add()
def names_half_silent(scene: Scene) -> Iterator[None]:
    """Questions for IPv6 addresses are dropped."""
    names = [f"distcc{n}.{DOMAIN}." for n in range(1, 20)]
    with asked(scene, {(name, "AAAA"): modes.drop for name in names}):
        yield


@NAMES.add(here=True)
def names_wildcard(scene: Scene) -> Iterator[None]:
    """Every name there could be is one server."""
    with asked(scene, {}) as server:
        server.zone = type(server.zone)({f"*.{DOMAIN}.": ["A 127.1.0.1"]}, origins=[f"{DOMAIN}."])
        yield


@NAMES.add(here=True)
def names_portal(scene: Scene) -> Iterator[None]:
    """A portal answers every question with its own public address."""
    with asked(scene, {}) as server:
        server.zone = type(server.zone)({"*.": [f"A {PUBLIC}"]})
        yield


@NAMES.add()
def names_first_server_dead(scene: Scene) -> Iterator[None]:
    """The first of two name servers is silent."""
    with asked(scene, {}) as good, ScriptedNameServer({}, {"*": modes.drop}) as dead:
        scene.environ["DISTCC_BUILD_NAMESERVERS"] = f"{dead.endpoint},{good.endpoint}"
        yield


@NAMES.add()
def names_die_after_the_first_build(scene: Scene) -> Iterator[None]:
    """The name server falls silent between two builds."""
    with asked(scene, {}) as server:
        scene.meanwhile = lambda: server.script.update({"*": modes.drop})
        yield


def private_etc(scene: Scene, text: str | bytes | None) -> Path:
    """Give the build an /etc of its own, with such a resolv.conf or none; returns that file."""
    needs_root()
    etc = scene.home / "etc"
    shutil.copytree("/etc", etc, symlinks=True)
    conf = etc / "resolv.conf"
    conf.unlink(missing_ok=True)
    if text is not None:
        conf.write_bytes(text if isinstance(text, bytes) else text.encode())
    del scene.environ["DISTCC_BUILD_NAMESERVERS"]
    mount = f'mount --bind "{etc}" /etc && exec "$@"'
    scene.prefix = ["unshare", "-m", "sh", "-c", mount, "sh"]
    return conf


@NAMES.add(here=True)
def resolv_conf_missing(scene: Scene) -> None:
    """There is no resolv.conf."""
    private_etc(scene, None)


@NAMES.add(here=True)
def resolv_conf_empty(scene: Scene) -> None:
    """Resolv.conf is empty."""
    private_etc(scene, "")


@NAMES.add(here=True)
def resolv_conf_binary(scene: Scene) -> None:
    """Resolv.conf is full of bytes that are no text."""
    private_etc(scene, bytes(range(256)) * 400)


PORT_53 = {"scons": 1, "cmake": 2, "meson": 3, "make": 4}


@contextlib.contextmanager
def at_port_53(scene: Scene) -> Iterator[str]:
    """A good name server where resolv.conf can name it, which is a line of that."""
    address = f"127.77.0.{PORT_53[scene.system.name]}"
    with ScriptedNameServer(zone(scene), {}, address=address, port=53):
        yield f"nameserver {address}\n"


@NAMES.add()
def resolv_conf_changes(scene: Scene) -> Iterator[None]:
    """Resolv.conf names another network's server between two builds."""
    with at_port_53(scene) as line:
        conf = private_etc(scene, line)
        scene.meanwhile = lambda: conf.write_text(f"search elsewhere\n{line}")
        yield


@NAMES.add()
def resolved_changes_behind_its_stub(scene: Scene) -> Iterator[None]:
    """Systemd-resolved moves to another network; resolv.conf names its stub as before."""
    with at_port_53(scene) as line:
        private_etc(scene, line)
        run = scene.home / "run"
        behind = run / "systemd/resolve/resolv.conf"
        behind.parent.mkdir(parents=True)
        behind.write_text("nameserver 10.1.0.1\n")
        scene.prefix[4] = f'mount --bind "{run}" /run && {scene.prefix[4]}'
        scene.meanwhile = lambda: behind.write_text("nameserver 10.2.0.1\nsearch elsewhere\n")
        yield
