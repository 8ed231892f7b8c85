"""Stands in for a program that changes a machine: checks what it is told, and changes nothing.

Run as `stand_in.py PROGRAM ARGUMENTS...`.  What it would change below / goes below $FAKE_ROOT.
"""

import ipaddress
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PACKAGES = {
    "avahi-daemon",
    "distcc",
    "distcc-pump",
    "ccache",
    "gcc",
    "g++",
    "clang",
    "cmake",
    "ninja-build",
}
"""Of Debian."""
OURS = {"distcc-build", "distcc-build[scons]", "distcc-build[zeroconf]", "."}
FROM_PYPI = {*OURS, "scons", "meson", "ninja"}
UNITS = {"distcc", "dnsmasq", "named", "unbound"}
ROOTS = ("/etc/", "/usr/lib/")


def fail(text: str) -> None:
    sys.exit(f"stand-in: {text}")


def apt(words: Sequence[str]) -> None:
    command, *packages = words
    if command not in {"install", "update"} or set(packages) - PACKAGES:
        fail(f"apt {words}")


def pip(words: Sequence[str]) -> None:
    command, *packages = words
    if command != "install" or not packages or set(packages) - FROM_PYPI:
        fail(f"pip {words}")


def pipx(words: Sequence[str]) -> None:
    command, *packages = words
    if command not in {"install", "inject"} or not packages or set(packages) - FROM_PYPI:
        fail(f"pipx {words}")


def sudo(words: Sequence[str]) -> None:
    mapped = [_below_root(word) if word.startswith(ROOTS) else word for word in words]
    os.execvp(mapped[0], mapped)


def _below_root(path: str) -> str:
    below = Path(os.environ["FAKE_ROOT"] + path)
    below.parent.mkdir(parents=True, exist_ok=True)
    if path.endswith("/"):
        below.mkdir(exist_ok=True)
    return str(below)


def systemctl(words: Sequence[str]) -> None:
    command, unit = words
    if command not in {"start", "restart", "enable"} or unit not in UNITS:
        fail(f"systemctl {words}")
    if unit == "distcc" and command == "restart":
        _distccd()


def _distccd() -> None:
    """Let the real distccd start with what Debian's init script makes of its settings."""
    settings = f"{os.environ['FAKE_ROOT']}/etc/default/distcc"
    text = (
        ". $0; for name in STARTDISTCC ALLOWEDNETS LISTENER NICE JOBS; do eval echo =\\$$name; done"
    )
    told = subprocess.check_output(["sh", "-euc", text, settings], text=True)
    start, networks, listener, nice, jobs = (line[1:] for line in told.splitlines())
    if start != "true" or not networks.split():
        fail("distccd would not start, or let everybody in")
    options = [f"--allow={ipaddress.ip_network(one)}" for one in networks.split()]
    if not all(ipaddress.ip_network(one).is_private for one in networks.split()):
        fail(f"{networks}: not private")
    options += [f"--listen={listener or '127.0.0.1'}", f"--nice={nice}"]
    options += [f"--jobs={jobs}"] if jobs else []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options += [f"--port={port}", "--log-stderr"]
    command = ["distccd", "--daemon", "--no-detach", *options]
    # It leaves root, and must still find a place for its files.
    environ = {**os.environ, "TMPDIR": "/tmp"}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not _listens(port):
            time.sleep(0.02)
        process.terminate()
        _, said = process.communicate()
    if process.returncode > 0:
        fail(f"distccd {options}: {said}")


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def update_distcc_symlinks(words: Sequence[str]) -> None:
    if words:
        fail(f"update-distcc-symlinks {words}")


def rndc(words: Sequence[str]) -> None:
    if list(words) not in (["reconfig"], ["reload"]):
        fail(f"rndc {words}")


def unbound_control(words: Sequence[str]) -> None:
    if list(words) != ["reload"]:
        fail(f"unbound-control {words}")
    print("ok")


def unbound_checkconf(words: Sequence[str]) -> None:
    # It is on no path that an ordinary user has.
    real = shutil.which("unbound-checkconf", path="/usr/sbin:/usr/local/sbin")
    if real:
        os.execv(real, [real, *words])
    if not re.match(r"server:\n    local-zone:", Path(*words).read_text("utf-8")):
        fail(f"{words}: no server clause")
    print(f"unbound-checkconf: no errors in {words[0]}")


SERVERS = os.environ.get("FAKE_SERVERS", "").split()
"""What a cloud knows of."""


def aws(words: Sequence[str]) -> None:
    """Judge the request as the command of this name does."""
    if words[:2] == ["ec2", "describe-instances"]:
        _describe_instances(words[2:])
        return
    service, command, *options = words
    given = dict(zip(options[::2], options[1::2], strict=True))
    if (service, command) != ("route53", "change-resource-record-sets") or set(given) != {
        "--hosted-zone-id",
        "--change-batch",
    }:
        fail(f"aws {words}")
    judge = str(Path(__file__).parents[2] / "route53.py")
    file = given["--change-batch"].removeprefix("file://")
    subprocess.run([sys.executable, "-P", judge, given["--hosted-zone-id"], file], check=True)
    print('{\n    "ChangeInfo": {\n        "Status": "PENDING"\n    }\n}')


def _describe_instances(words: Sequence[str]) -> None:
    """Print a list as `--output text` does: in one line, between tabs."""
    given = ["--output", "text", "--filters", "Name=tag:distcc,Values=yes"]
    given += ["Name=instance-state-name,Values=running"]
    if list(words) != [*given, "--query", "Reservations[].Instances[].PrivateIpAddress"]:
        fail(f"aws ec2 describe-instances {words}")
    print("\t".join(SERVERS))


def kubectl(words: Sequence[str]) -> None:
    """Print what this template makes of two pods."""
    command, kind, *options = words
    template = '{range .items[*]}{.status.podIP}{"\\n"}{end}'
    given = {
        "--namespace": "build",
        "--selector": "app=distccd",
        "--field-selector": "status.phase=Running",
        "--request-timeout": "800ms",
        "--output": f"jsonpath={template}",
    }
    if (command, kind) != ("get", "pods") or given != dict(
        zip(options[::2], options[1::2], strict=True)
    ):
        fail(f"kubectl {words}")
    print("\n".join(SERVERS[:2]))


PROGRAMS = {
    "apt": apt,
    "apt-get": apt,
    "pip": pip,
    "pipx": pipx,
    "sudo": sudo,
    "systemctl": systemctl,
    "update-distcc-symlinks": update_distcc_symlinks,
    "rndc": rndc,
    "unbound-control": unbound_control,
    "unbound-checkconf": unbound_checkconf,
    "aws": aws,
    "kubectl": kubectl,
}


def install(folder: Path) -> None:
    """Put all of them into a folder that is to be first on PATH."""
    folder.mkdir()
    for name in PROGRAMS:
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -P {__file__} {name} "$@"\n', "utf-8")
        program.chmod(0o755)


if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](sys.argv[2:])
