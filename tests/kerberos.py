"""A real Kerberos realm on loopback, and a real distccd that serves who has a ticket."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from peers import closed_port
from running import eventually

__all__ = ["MISSING", "Realm", "realm"]

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")
FOUND = {name: shutil.which(name) or shutil.which(name, path=SBIN) for name in PROGRAMS}
MISSING = not all(FOUND.values())

SETTINGS = """\
[libdefaults]
 default_realm = FARM.TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 FARM.TEST = {{
  kdc = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
  kdc_listen = 127.0.0.1:{port}
  database_name = {folder}/database
  key_stash_file = {folder}/stash
 }}
[domain_realm]
 localhost = FARM.TEST
[logging]
 kdc = FILE:{folder}/kdc.log
"""
ATTEMPTS = 5
"""Somebody may take a port between our look and the server's."""


@dataclass(frozen=True)
class Realm:
    """One that is served, with a distccd on 127.0.0.1 that wants to know its clients."""

    folder: Path
    port: int
    """Of distccd."""
    client: Mapping[str, str]
    """What a client that has a ticket has in its environment."""

    @property
    def stranger(self) -> Mapping[str, str]:
        """What one has that has none."""
        return {**self.client, "KRB5CCNAME": f"FILE:{self.folder}/none"}

    @property
    def compiled(self) -> list[str]:
        """The files that were compiled, each for a client that had proved who it is."""
        log = (self.folder / "distccd.log").read_text("utf-8")
        # Of a connection, in this order, by the process that serves it.
        jobs = re.compile(
            r"\[(\d+)\] [^\n]*authenticated user@FARM\.TEST\.\n"
            r"(?:(?!connection from)[^\n]*\n)*?[^\n]*\[\1\] [^\n]* COMPILE_OK [^\n]* (\S+)\n"
        )
        return [name for _, name in jobs.findall(log)]

    @property
    def connections(self) -> int:
        return (self.folder / "distccd.log").read_text("utf-8").count("connection from")


@contextlib.contextmanager
def realm(folder: Path, slots: int) -> Iterator[Realm]:
    """Serve it.

    :param folder: for all that belongs to it; one that distccd's user may pass.
    """
    environ = {
        "PATH": "/usr/bin:/bin",
        "KRB5_CONFIG": f"{folder}/krb5.conf",
        "KRB5_KDC_PROFILE": f"{folder}/krb5.conf",
        "KRB5CCNAME": f"FILE:{folder}/tickets",
        "KRB5_KTNAME": f"FILE:{folder}/server.keytab",
    }

    def do(name: str, *words: str) -> None:
        subprocess.run([str(FOUND[name]), *words], env=environ, capture_output=True, check=True)

    with contextlib.ExitStack() as stack:
        (folder / "krb5.conf").write_text(SETTINGS.format(port=0, folder=folder), "utf-8")
        do("kdb5_util", "create", "-s", "-r", "FARM.TEST", "-P", os.urandom(8).hex())
        for principal, keys in (("host/localhost", "server"), ("user", "user")):
            do("kadmin.local", "-q", f"addprinc -randkey {principal}")
            do("kadmin.local", "-q", f"ktadd -k {folder}/{keys}.keytab {principal}")
        # distccd has given up root when it reads this.
        (folder / "server.keytab").chmod(0o644)

        def kdc(port: int) -> list[str]:
            (folder / "krb5.conf").write_text(SETTINGS.format(port=port, folder=folder), "utf-8")
            return [str(FOUND["krb5kdc"]), "-n", "-P", f"{folder}/kdc.pid"]

        def distccd(port: int) -> list[str]:
            options = ["--daemon", "--no-detach", "--auth", "--allow=127.0.0.0/8"]
            options += ["--listen=127.0.0.1", f"--port={port}", f"--jobs={slots}"]
            return ["distccd", *options, "--log-level=info", "--log-stderr"]

        stack.enter_context(_running(kdc, environ, folder / "kdc.log", "commencing operation"))
        do("kinit", "-k", "-t", f"{folder}/user.keytab", "user")
        own = {**environ, "DISTCCD_PRINCIPAL": "host@localhost", "TMPDIR": "/tmp"}
        log = folder / "distccd.log"
        port = stack.enter_context(_running(distccd, own, log, "listening on"))
        client = {name: environ[name] for name in ("KRB5_CONFIG", "KRB5CCNAME")}
        yield Realm(folder, port, client)


@contextlib.contextmanager
def _running(
    command: Callable[[int], list[str]], environ: Mapping[str, str], log: Path, ready: str
) -> Iterator[int]:
    """Run a server on a free port until it is not needed any more."""
    for _ in range(ATTEMPTS):
        port = closed_port()
        with log.open("ab") as stream:
            process = subprocess.Popen(
                command(port), env=environ, stdout=stream, stderr=stream, start_new_session=True
            )
        eventually(lambda: ready in _read(log) or process.poll() is not None)  # noqa: B023
        if process.poll() is None:
            break
    else:
        raise AssertionError(_read(log))
    try:
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(log: Path) -> str:
    return log.read_text("utf-8", "replace")
