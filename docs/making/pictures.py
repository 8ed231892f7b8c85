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

from e2e.farm_of_six import six_servers
from e2e.workbench import SYSTEM_PATH, sample

from distcc_build.farm.loopback import Farm
from making.markdown import is_there
from making.site import Site, site

__all__ = ["draw", "shown"]

SHOWN = ("servers", "doctor")
"""The commands of which there is a picture, where they are."""

CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-sync", "--disable-background-networking", "--disable-component-update"),
    *("--disable-quic", "--hide-scrollbars", "--window-size=1400,900"),
    "--virtual-time-budget=3000",
)
"""It asks nothing of any network."""

WIDTH = 112
"""Characters of a line."""


def draw(folder: Path) -> None:
    """Make every picture anew.

    :raises FileNotFoundError: when there is no chromium for that of a page.
    """
    folder.mkdir(exist_ok=True)
    with farm_of_six() as there:
        for name in SHOWN:
            if is_there(name):
                (folder / f"{name}.svg").write_text(picture(name, shown(there, name)), "utf-8")
    if is_there("distcc_build.report"):
        with Farm() as farm, site(farm) as there:
            screenshot(there, folder / "report.png")


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
    text = there.told(text).replace("\r\n", "\n")
    for path, name in ((home, "/home/you"), (sys.prefix, "/home/you/.venv")):
        text = text.replace(path, name)
    text = text.replace(str(there.farm.directory), "/home/you/farm")
    # In a column as wide as before, or what is below it would not be.
    return re.sub(
        r"(?:(?<=\dm)| ) +\d+ ms|\b\d+ ms", lambda found: _as_wide("8 ms", found[0]), text
    )


def _as_wide(text: str, before: str) -> str:
    return f"{text:>{len(before)}}" if before.startswith(" ") else text


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


def screenshot(there: Site, to: Path) -> None:
    """The page about a build of a sample, in a browser without a window."""
    with tempfile.TemporaryDirectory() as folder:
        project = sample("make", Path(folder, "project"))
        environ = {
            **there.exports,
            "PATH": f"{Path(sys.executable).parent}:{SYSTEM_PATH}",
            "HOME": folder,
            "LC_ALL": "C.UTF-8",
        }
        program = [sys.executable, "-P", "-m", "distcc_build"]
        build = [*program, "run", "--report", "build.html", "--", "make"]
        subprocess.run(build, env=environ, cwd=project, check=True, capture_output=True)
        page = project / "build.html"
        text = there.told(page.read_text("utf-8")).replace(folder, "/home/you")
        page.write_text(text, "utf-8")
        options = [*CHROMIUM, f"--user-data-dir={folder}/chromium", f"--screenshot={to}"]
        command = ["chromium", *options, page.as_uri()]
        subprocess.run(command, env=environ, check=True, capture_output=True, timeout=60)


def picture(name: str, text: str) -> str:
    """Text with its colours as SVG."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=WIDTH, file=io.StringIO(), color_system="truecolor")
    console.print(Text.from_ansi(text.strip("\n")), soft_wrap=True)
    svg = console.export_svg(title=f"distcc-build {name}", unique_id=name)
    # The font would be fetched from elsewhere; any other will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
