"""The site is built without a warning, complete, and needs nothing from elsewhere."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag
from xml.etree import ElementTree as ET

import pytest
from e2e.docs.pages import DOCS, PAGES
from e2e.workbench import ROOT
from making import facts

pytestmark = pytest.mark.slow

FOREIGN = re.compile(r"(https?:)?//")


class Page(HTMLParser):
    """What a page links to, loads, and can be linked to by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        table = {name: value or "" for name, value in attrs}
        self.names |= {table["id"]} if "id" in table else set()
        if tag == "a" and "href" in table:
            self.links.append(table["href"])
        # A "canonical" or "next" is not fetched.
        if tag in {"img", "script", "iframe"} or table.get("rel") in {"stylesheet", "icon"}:
            self.loads += [table[name] for name in ("src", "href") if name in table]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The output of a build of a copy: nothing is written into the tree that is tested."""
    folder = tmp_path_factory.mktemp("site")
    unwanted = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "pictures")
    tree = shutil.copytree(ROOT, folder / "tree", ignore=unwanted)
    command = [sys.executable, str(tree / "docs/making"), str(folder / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    yield folder / "out"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in (built / "html").rglob("*.html")}


def test_each_source_is_a_page(built: Path) -> None:
    for page in PAGES:
        assert (built / "html" / page.relative_to(DOCS).with_suffix(".html")).is_file()


def test_each_part_is_made(built: Path) -> None:
    assert [one for one in built.rglob("*.html") if "% made" in one.read_text("utf-8")] == []


def test_links_lead_somewhere(pages: dict[Path, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for link in page.links:
            target, name = urldefrag(unquote(link))
            if re.match(r"\w+:", link):
                continue
            there = (path.parent / target).resolve() if target else path
            if there not in pages or (name and name not in pages[there].names):
                dead.append((path.name, link))
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(built: Path, pages: dict[Path, Page]) -> None:
    loads = [(path, one) for path, page in pages.items() for one in page.loads]
    assert [one for _, one in loads if FOREIGN.match(one)] == []
    missing = [one for path, one in loads if not (path.parent / one.partition("?")[0]).is_file()]
    assert missing == []
    for style in [*built.rglob("*.css"), *built.rglob("*.svg")]:
        assert not re.search(r"(url\(|@import)\s*['\"]?https?:", style.read_text("utf-8")), style


def test_the_reference_has_all_that_the_code_has(pages: dict[Path, Page]) -> None:
    by_name = {path.name: page for path, page in pages.items() if path.parent.name == "reference"}
    assert {f"command-{one.name}" for one in facts.commands()} <= by_name["commands.html"].names
    options = {f"option-{one.name.replace('_', '-')}" for one in facts.options()}
    assert options <= by_name["options.html"].names


def words(svg: Path) -> list[str]:
    """What stands in a picture, word by word, without where."""
    texts = ET.parse(svg).iter("{http://www.w3.org/2000/svg}text")
    versions = re.sub(r"\b\d+(\.\d+)+\b", "N", " ".join(one.text or "" for one in texts))
    return versions.split()


def test_the_picture_that_is_committed_is_the_one_that_is_made(built: Path) -> None:
    made = built.parent / "tree/docs/pictures/servers.svg"
    assert words(made) == words(ROOT / "docs/images/servers.svg")
    assert len(words(made)) > 50
