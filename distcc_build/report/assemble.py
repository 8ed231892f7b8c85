"""Puts the page together: its parts, the charting library, and what there is to tell."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from distcc_build.record.journal import Job
from distcc_build.record.tally import Build
from distcc_build.report.data import report_data

__all__ = ["page"]

SCRIPTS = (
    "elements.js",
    "format.js",
    "data.js",
    "filter.js",
    "summary.js",
    "bars.js",
    "drawing.js",
    "timeline.js",
    "table.js",
    "details.js",
    "main.js",
)
"""In the order in which they need each other."""

STYLES = ("theme.css", "page.css", "parts.css")


def page(build: Build, jobs: Sequence[Job]) -> str:
    """One HTML file, ASCII but for what the library holds, that asks nothing of any network.

    :raises OSError: when a part of it, installed with this package, cannot be read.
    """
    script = '"use strict";\n' + "".join(map(_part, SCRIPTS))
    theme = _part("theme.js")
    library = _part("vendor/echarts.min.js")
    # Inside a script only this could end it, or begin what hides its end.
    data = json.dumps(report_data(build, jobs), separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        # What is none of these scripts is not run, whatever a name of a file holds.
        "scripts": " ".join(map(_hash, (theme, library, script))),
        "style": "".join(map(_part, STYLES)),
        "theme": theme,
        "library": library,
        "script": script,
        "data": data,
    }
    return re.sub(r"@(\w+)@", lambda found: parts[found[1]], _part("page.html"))


def _part(name: str) -> str:
    # Installed as files; importlib.resources takes 17 ms to import.
    return (Path(__file__).parent / name).read_text("utf-8")


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
