"""Settings of Sphinx: `./dev docs` builds the site, with every warning an error."""

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
# Of the tree, not of what may be installed beside this Python.
sys.path[:0] = [str(ROOT), str(HERE)]


def unwanted() -> list[str]:
    """Pages about what is not there."""
    from making.markdown import wanted

    pages = [(str(one.relative_to(HERE)), one.read_text("utf-8")) for one in HERE.rglob("*.md")]
    return [name for name, text in pages if not wanted(text)]


project = "distcc-build"
(version,) = re.findall(r"\n  version: '(.+)',", ROOT.joinpath("meson.build").read_text("utf-8"))
release = version
extensions = ["myst_parser"]
exclude_patterns = ["making", "pictures", *unwanted()]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"distcc-build {version}"
html_copy_source = False
html_show_copyright = False
# Two dashes are the beginning of an option.
smartquotes = False
html_theme_options = {"navigation_with_keys": True}


def setup(app: Any) -> None:
    """Let pages hold parts that are made from the code."""
    app.connect("source-read", _complete)


def _complete(_app: Any, _page: str, source: list[str]) -> None:
    from making.markdown import complete

    source[0] = complete(source[0])
