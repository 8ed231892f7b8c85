"""What stands in a page of the documentation: commands with what they print, files, prose."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from e2e.workbench import ROOT
from making.markdown import wanted

__all__ = ["DOCS", "PAGES", "Command", "File", "blocks", "console", "matches", "name"]

DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if wanted(page.read_text("utf-8")))
"""Those about what is there."""

FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})(?P<kind>[^\n]*)\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
FILE = re.compile(r"\{code-block\} (?P<language>\w+)")
CAPTION = re.compile(r":caption: (?P<path>\S+)\n\n")
OTHERS = {"{toctree}", "{include}", "{figure}", "{image}", "{note}", "{warning}"}


class Command(NamedTuple):
    """A line behind a `$`, with those that continue it behind `>`."""

    text: str
    output: str
    """What is shown of what it prints, `...` for what varies; empty where nothing is shown."""


class File(NamedTuple):
    """A block with a caption: the content of a file of this name."""

    path: str
    text: str


def name(page: Path) -> str:
    return str(page.relative_to(DOCS).with_suffix(""))


def blocks(text: str) -> Iterator[Command | File]:
    """Everything of a page that can be run or written, in its order.

    :raises ValueError: for a block of any other kind, which nothing would check.
    """
    for found in FENCE.finditer(text):
        kind, body = found["kind"].strip(), found["body"]
        if kind == "console":
            yield from console(body)
        elif file := FILE.fullmatch(kind):
            caption = CAPTION.match(body)
            if caption is None:
                raise ValueError(f"a block of {file['language']} without a caption:\n{body}")
            yield File(caption["path"], body[caption.end() :])
        elif kind.split(" ")[0] not in OTHERS:
            raise ValueError(f"expected console or a file with its caption, got {kind!r}:\n{body}")
    # A fence that is indented, or never closed, would be passed over.
    if len(re.findall(r"^\s*(?:```|:::)", text, re.MULTILINE)) != 2 * len(FENCE.findall(text)):
        raise ValueError("a fence is indented or is not closed")


def console(body: str) -> Iterator[Command]:
    """The commands of a block.

    :raises ValueError: when it does not begin with one.
    """
    if not body.startswith("$ "):
        raise ValueError(f"expected a line with '$ ' first:\n{body}")
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        first, *lines = part.splitlines()
        words = [first]
        while lines and lines[0].startswith("> "):
            words.append(lines.pop(0).removeprefix("> "))
        yield Command("\n".join(words), "\n".join(lines))


def matches(shown: str, printed: str) -> bool:
    """Whether that was printed, with any text for `...` and any blanks for some."""
    pattern = r"\n".join(_line(line) for line in shown.strip().splitlines())
    # A line of dots stands for any number of lines, and none at all.
    pattern = pattern.replace(r"\n<lines>", r"(?:\n.*)*").replace(r"<lines>\n", r"(?:.*\n)*")
    printed = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(pattern.replace("<lines>", r"[\s\S]*"), printed) is not None


def _line(line: str) -> str:
    if line.strip() == "...":
        return "<lines>"
    parts = [r"[ \t]+".join(map(re.escape, re.split(r"[ \t]+", one))) for one in line.split("...")]
    return ".*".join(parts)
