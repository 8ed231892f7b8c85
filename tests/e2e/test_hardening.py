"""Settings that forbid something take effect at once in builds, and are never forgotten."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import ScriptedNameServer

LAUNCHER = shutil.which("distcc-launch") or ""
ZONE = {f"distcc{n}.farm.test.": [f"60 A 127.78.{n}.1"] for n in (1, 2, 3)}


@dataclass
class Desk:
    """A home with a configuration, a farm of three that nobody proves, and what distcc is given."""

    home: Path
    environ: dict[str, str]

    @property
    def file(self) -> Path:
        return self.home / ".config/distcc-build/config.toml"

    def write(self, text: str) -> None:
        # Another inode each time, as editors do.
        new = self.file.with_name("new")
        new.write_text(text)
        new.chmod(0o600)
        new.replace(self.file)

    def build(self) -> tuple[str, str]:
        """Compile; what distcc was given for hosts, and what was said."""
        (self.home / "given").unlink(missing_ok=True)
        done = subprocess.run(
            [LAUNCHER, "gcc", "-c", "x.c", "-o", "x.o"],
            env=self.environ,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return (self.home / "given").read_text(), done.stderr


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    home = tmp_path / "home"
    (home / ".config/distcc-build").mkdir(parents=True)
    (home / "x.c").write_text("int x;\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "distcc").write_text(
        '#!/bin/sh\n[ "$1" != --version ] || exec echo distcc 3.4\n'
        f'echo "$DISTCC_HOSTS" >{home}/given\nexec "$@"\n'
    )
    (tools / "distcc").chmod(0o755)
    with ExitStack() as stack:
        server = stack.enter_context(ScriptedNameServer(ZONE))
        yield Desk(
            home,
            {
                "PATH": f"{tools}:{os.environ['PATH']}",
                "HOME": str(home),
                "DISTCC_BUILD_CACHE_DIR": str(tmp_path / "cache"),
                "DISTCC_BUILD_NAMESERVERS": server.endpoint,
                "DISTCC_BUILD_DOMAIN": "farm.test",
                "DISTCC_BUILD_ALLOW_LOOPBACK": "1",
                "DISTCC_BUILD_IPV4_NETWORK": "0",
                "DISTCC_BUILD_PROBE": "0",
                "DISTCC_BUILD_DEADLINE": "60",
                "DISTCC_BUILD_WALK_BUDGET": "20",
            },
        )


def test_only_holds_from_the_next_compile_on(desk: Desk) -> None:
    hosts, said = desk.build()
    assert [f"127.78.{n}.1" in hosts for n in (1, 2, 3)] == [True, True, True]
    assert said == ""
    desk.write('only = ["127.78.2.0/24"]\nallow = ["127.0.0.0/8"]\n')
    hosts, said = desk.build()
    # The others are this machine's own, so that they compile here, and never by TCP.
    assert [f"127.78.{n}.1" in hosts for n in (1, 2, 3)] == [False, True, False]
    desk.write('only = ["10.1.0.0/16"]\n')
    hosts, said = desk.build()
    assert "127." not in hosts
    desk.file.unlink()
    hosts, said = desk.build()
    assert "127.78.1.1" in hosts


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [
        ('only = ["10.1.2.3/8"]', 0o600, "expected networks"),
        ("only = []", 0o600, "expected one network at least"),
        ('onyl = ["10.1.0.0/16"]', 0o600, "did you mean only?"),
        ("require_dnssec = 2", 0o600, "expected on or off"),
        ('only = ["10.1.0.0/16"]', 0o666, "can be written by others (chmod go-w"),
    ],
)
def test_what_cannot_be_kept_stays_here_and_says_why(
    desk: Desk, text: str, mode: int, expected: str
) -> None:
    desk.write(text)
    desk.file.chmod(mode)
    hosts, said = desk.build()
    assert [one for one in hosts.split() if not one.startswith("localhost/")] == []
    (line,) = said.splitlines()
    assert expected in line
    assert "compiling locally" in line


def test_a_variable_that_was_to_forbid_stays_here_too(desk: Desk) -> None:
    desk.environ["DISTCC_BUILD_ONLY"] = "10.1.2.3/8"
    hosts, said = desk.build()
    assert hosts.startswith("localhost/")
    assert "DISTCC_BUILD_ONLY" in said
    done = subprocess.run(
        ["distcc-build", "hosts", "-o", "gap=1"],
        env=desk.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    words = ["distcc-build", "hosts", "-o", "only=everything"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "expected networks" in done.stderr


def test_an_unsigned_farm_is_left_with_one_line(desk: Desk) -> None:
    desk.build()
    desk.write("require_dnssec = true\n")
    hosts, said = desk.build()
    assert hosts.startswith("localhost/")
    (line,) = said.splitlines()
    assert "require_dnssec" in line
    assert "compiling locally" in line
