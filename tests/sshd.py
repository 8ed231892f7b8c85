"""A real OpenSSH server with keys of its own, behind which a real distccd waits for each job."""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from peers import closed_port
from running import eventually

__all__ = ["MISSING", "Sshd", "sshd"]

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
MISSING = not (SSHD and shutil.which("ssh") and shutil.which("ssh-keygen"))

ATTEMPTS = 5
"""Somebody may take the port between our look and the server's."""


@dataclass(frozen=True)
class Sshd:
    """One that runs, on 127.0.0.1."""

    folder: Path
    port: int

    def client(self, *hosts: str) -> str:
        """The ssh command, as DISTCC_SSH takes it, for which these names are this server."""
        config = self.folder / "ssh_config"
        options = {
            "HostName": "127.0.0.1",
            "Port": self.port,
            "IdentityFile": self.folder / "user_key",
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": self.folder / "known_hosts",
            "HostKeyAlias": "the-server",
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "LogLevel": "ERROR",
        }
        lines = [f"Host {' '.join(hosts)}", *(f"  {k} {v}" for k, v in options.items())]
        config.write_text("\n".join(lines) + "\n", "utf-8")
        return f"ssh -F {config}"

    @property
    def commands(self) -> list[str]:
        """What clients have asked the server to run."""
        log = self.folder / "commands"
        return log.read_text("utf-8").splitlines() if log.exists() else []

    @property
    def compiled(self) -> list[str]:
        """The files that its distccd has compiled."""
        log = self.folder / "distccd.log"
        done = [line for line in log.read_text("utf-8").splitlines() if " COMPILE_OK " in line]
        return [line.split()[-1] for line in done]


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """Run it.

    :param folder: for its keys, configuration and logs; one that its users may pass.
    """
    if os.geteuid() == 0:
        # Debian's is made when the service starts.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for name in ("host_key", "user_key"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(words, check=True)
    public = (folder / "host_key.pub").read_text("utf-8")
    (folder / "known_hosts").write_text(f"the-server {public}", "utf-8")
    # distccd gives up root before it opens its log.
    (folder / "distccd.log").touch()
    (folder / "distccd.log").chmod(0o666)
    answer = folder / "answer"
    answer.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$SSH_ORIGINAL_COMMAND" >>{folder}/commands\n'
        f"export TMPDIR=/tmp\n"
        f"exec $SSH_ORIGINAL_COMMAND --log-level=info --log-file={folder}/distccd.log\n",
        "utf-8",
    )
    answer.chmod(0o755)
    for _ in range(ATTEMPTS):
        port = closed_port()
        process = _start(folder, port)
        if process:
            break
    else:
        raise AssertionError((folder / "sshd.log").read_text("utf-8"))
    try:
        yield Sshd(folder, port)
    finally:
        process.terminate()
        process.wait()


def _start(folder: Path, port: int) -> "subprocess.Popen[bytes] | None":
    """Start it and wait until it listens; None when its port has been taken meanwhile."""
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host_key",
        "AuthorizedKeysFile": folder / "user_key.pub",
        "ForceCommand": folder / "answer",
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "AllowUsers": pwd.getpwuid(os.geteuid()).pw_name,
    }
    config, log = folder / "sshd_config", folder / "sshd.log"
    config.write_text("".join(f"{name} {value}\n" for name, value in options.items()), "utf-8")
    with log.open("wb") as stream:
        process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(config)], stderr=stream)
    listens = "Server listening"
    eventually(lambda: listens in log.read_text("utf-8") or process.poll() is not None)
    if listens in log.read_text("utf-8"):
        return process
    process.kill()
    process.wait()
    return None
