"""Pictures of what the commands print, made by running them on a farm on this machine."""

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from e2e.six import six_servers
from e2e.workbench import SYSTEM_PATH

from distcc_build.cli import COMMANDS
from making.site import Site, site

__all__ = ["draw", "shown"]

SHOWN = ("servers", "doctor")
"""The commands of which there is a picture, where they are."""

WIDTH = 112
"""Characters of a line."""


def draw(folder: Path) -> None:
    """Make every picture anew."""
    folder.mkdir(exist_ok=True)
    with farm_of_six() as there:
        for name in SHOWN:
            if name in COMMANDS:
                (folder / f"{name}.svg").write_text(picture(name, shown(there, name)), "utf-8")


@contextlib.contextmanager
def farm_of_six() -> Iterator[Site]:
    """One good server, and five that are each bad in a way of its own."""
    with six_servers() as farm, site(farm) as there:
        yield there


def shown(there: Site, *words: str) -> str:
    """What a command writes to a terminal, with its colours; nothing that varies."""
    with tempfile.TemporaryDirectory() as home:
        environ = {
            **there.exports,
            "PATH": f"{Path(sys.executable).parent}:{SYSTEM_PATH}",
            "HOME": home,
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLUMNS": str(WIDTH),
        }
        text = _on_terminal([sys.executable, "-P", "-m", "distcc_build", *words], environ, home)
    # As wide as before, or the columns would not stand below each other.
    text = re.sub(r" *\b\d+ ms", lambda found: f"{'8 ms':>{len(found[0])}}", there.told(text))
    return text.replace("\r\n", "\n")


def _on_terminal(command: list[str], environ: dict[str, str], cwd: str) -> str:
    """What a program writes to its terminal; what it says beside that goes nowhere."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        command, env=environ, cwd=cwd, stdin=its, stdout=its, stderr=subprocess.DEVNULL
    ) as process:
        os.close(its)
        said = b""
        # The terminal of a program that has ended cannot be read.
        with contextlib.suppress(OSError):
            while more := os.read(ours, 65536):
                said += more
        os.close(ours)
        process.wait()
    return said.decode("utf-8")


def picture(name: str, text: str) -> str:
    """Text with its colours as SVG."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=WIDTH, file=io.StringIO(), color_system="truecolor")
    console.print(Text.from_ansi(text.strip("\n")), soft_wrap=True)
    svg = console.export_svg(title=f"distcc-build {name}", unique_id=name)
    # The font would be fetched from elsewhere; any other will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
