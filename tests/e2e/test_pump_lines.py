"""Whatever is compiled in pump mode gives the same files as without us; and what is sent is right.

Of the lists in tests/options a sample; with TEST_PUMP_ALL set, every line.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from compiling import Bench
from e2e.test_options import REMOTE, Place, differing
from e2e.workbench import SYSTEM_PATH, write
from option_lists import LINES, Line
from pumped import preprocessed

from distcc_build.farm.loopback import Farm
from distcc_build.paths import launcher
from distcc_build.pump.server import Pumping, pumping

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("distcc-pump"), reason="distcc-pump is not installed"),
]

SENT = [line for line in LINES if line.verdict in {"remote", "both", "fails"}]
# The last is one that distcc gets wrong with hosts in pump mode, asked or not.
SOME = [line for line in SENT if line in SENT[::12] or "-Wp,-MMD" in line.text]
SAMPLE = SENT if os.environ.get("TEST_PUMP_ALL") else SOME


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    with Farm(servers=1, environ={"PATH": SYSTEM_PATH}) as farm:
        yield farm


@pytest.fixture(scope="module")
def pump(farm: Farm) -> Iterator[Pumping]:
    with pumping({"PATH": SYSTEM_PATH}) as running:
        running.environment["DISTCC_BUILD_COMPRESSION"] = "pump"
        # One that a server cannot do must not keep the next from being sent.
        running.environment["DISTCC_MAX_DISCREPANCY"] = "1000000"
        yield running


@pytest.fixture(scope="module")
def place(farm: Farm, pump: Pumping, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("options"), farm, pump.environment)


@pytest.mark.parametrize("line", SAMPLE, ids=lambda line: line.text)
def test_option_gives_what_the_compiler_gives(line: Line, place: Place) -> None:
    found, expected = place.run(line, str(launcher())), place.run(line)
    for rule in REMOTE:
        found, expected = rule(place, line, found), rule(place, line, expected)
    # A server's folder has a longer name, so lists of headers are broken into lines elsewhere.
    for result in (found, expected):
        result |= {name: _one_line(text) for name, text in result.items() if name.endswith(".d")}
    wrong = differing(expected, found)
    assert {name: (expected.get(name), found.get(name)) for name in wrong} == {}


def _one_line(rules: bytes) -> bytes:
    return b" ".join(rules.replace(b"\\\n", b" ").split())


class Tree:
    """Sources below a folder, and compiles there: with us, and by the compiler alone."""

    def __init__(self, folder: Path, farm: Farm, pump: Pumping) -> None:
        self.folder = folder
        self.farm = farm
        self.pump = pump
        variables = {**farm.exports, **pump.environment, "DISTCC_BUILD_DEADLINE": "60"}
        self.bench = Bench(folder, variables)

    def compile(self, where: str, *words: str) -> str:
        """Compile in a folder of the tree; the objects must be equal.

        :returns: why it was preprocessed here; empty where a server did.
        """
        before, known = preprocessed(self.farm), self.pump.gate.reasons.copy()
        made = []
        for name in (str(launcher()), ""):
            line = [*([name] if name else []), *words, "-o", "made.o"]
            cwd, environ = self.folder / where, self.bench.environ
            subprocess.run(line, cwd=cwd, env=environ, check=True, capture_output=True)
            made.append((cwd / "made.o").read_bytes())
        assert made[0] == made[1]
        # With some variables distcc does not even ask.
        why = next(iter(self.pump.gate.reasons - known), "distcc")
        assert preprocessed(self.farm) - before == (not why)
        return why


@pytest.fixture
def tree(tmp_path: Path, farm: Farm, pump: Pumping) -> Tree:
    write(tmp_path / "src/sub/u.h", "static const char *u(void) { return __FILE__; }\n")
    write(tmp_path / "inc/v.h", "#define V 1\nstatic const char *v(void) { return __FILE__; }\n")
    write(
        tmp_path / "src/a.c",
        '#include "sub/u.h"\n#include <assert.h>\n#include <v.h>\n'
        "const char *all(int n) { assert(n); return n > V ? u() : n ? v() : __FILE__; }\n",
    )
    (tmp_path / "build").mkdir()
    return Tree(tmp_path, farm, pump)


def test_names_of_files_are_those_of_this_machine(tree: Tree) -> None:
    top = str(tree.folder)
    assert tree.compile("src", "gcc", "-c", "a.c", "-I../inc") == ""
    assert tree.compile("build", "gcc", "-O2", "-c", "../src/a.c", "-isystem", "../inc") == ""
    # As it is now known by a relative name, the include server sends that one.
    write(tree.folder / "more/w.h", "static const char *w(void) { return __FILE__; }\n")
    source = '#include "../more/w.h"\n#include <assert.h>\nconst char *b(int n) '
    write(tree.folder / "other/b.c", source + "{ assert(n); return w(); }\n")
    assert tree.compile("build", "gcc", "-c", f"{top}/other/b.c") == ""
    assert "another name" in tree.compile("build", "gcc", "-c", "../other/b.c")


@pytest.mark.parametrize("option", ["-g", "-fsanitize=undefined", "-ffile-prefix-map=/=/x", "-m32"])
def test_what_would_hold_the_folder_of_a_server_is_preprocessed_here(
    option: str, tree: Tree
) -> None:
    source = write(tree.folder / "src/b.c", "int b(int n) { return n + 1; }\n")
    before = preprocessed(tree.farm)
    line = [str(launcher()), "gcc", option, "-c", str(source), "-o", f"{tree.folder}/b.o"]
    done = subprocess.run(line, env=tree.bench.environ, check=True, capture_output=True, text=True)
    assert preprocessed(tree.farm) == before
    assert b"distccd_" not in (tree.folder / "b.o").read_bytes()
    # Where the launcher knows, distcc need not be told that nobody answers, and says nothing.
    assert bool(done.stderr) == (option in {"-ffile-prefix-map=/=/x", "-m32"})


def test_a_symbolic_link_is_no_other_name(tree: Tree) -> None:
    (tree.folder / "link").symlink_to(tree.folder / "src")
    source = f"{tree.folder}/link/a.c"
    assert "symbolic link" in tree.compile("build", "gcc", "-c", source, "-I../inc")


def test_a_header_that_changes_during_the_build_is_not_sent_as_it_was(tree: Tree) -> None:
    words = ("gcc", "-c", "a.c", "-I../inc")
    assert tree.compile("src", *words) == ""
    write(tree.folder / "inc/v.h", "#define V 2\nstatic const char *v(void) { return 0; }\n")
    assert "v.h has changed" in tree.compile("src", *words)
    write(tree.folder / "new/v.h", "#define V 3\nstatic const char *v(void) { return 0; }\n")
    assert tree.compile("src", "gcc", "-c", "a.c", "-I../new", "-I../inc") == ""
    (tree.folder / "inc/v.h").unlink()
    # The include server still sees it there, and has a copy.
    assert tree.compile("src", "gcc", "-c", "a.c", "-I../inc", "-I../new") != ""


def test_a_header_that_is_found_earlier_now_is_the_one(tree: Tree) -> None:
    (tree.folder / "early").mkdir()
    words = ("gcc", "-c", "a.c", "-I../early", "-I../inc")
    assert tree.compile("src", *words) == ""
    write(tree.folder / "early/v.h", "#define V 9\nstatic const char *v(void) { return 0; }\n")
    assert "missed ../early/v.h" in tree.compile("src", *words)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#define H <stdio.h>\n#include H\n", "#include of"),
        ("const char *day = __DATE__;\n", "__DATE__"),
        ("const char *base = __BASE_FILE__;\n", "__BASE_FILE__"),
        ('#include "a\\\n.h"\n', ""),
        ("#include <linux/elf.h>\n", "linux/elf.h is of the system"),
        ("#ifdef _WIN32\n#include <windows.h>\n#endif\nint x;\n", ""),
        ("int x; // \xe9\r\nint y;\r\n", "line ends"),
        ('int x; const char *y = "\xe9";\n', ""),
    ],
)
def test_what_a_source_may_hold(text: str, why: str, tree: Tree) -> None:
    (tree.folder / "src/t.c").write_bytes(text.encode("latin-1"))
    (tree.folder / "src/a.h").write_text("int z;\n", "utf-8")
    said = tree.compile("src", "gcc", "-c", "t.c")
    assert why in said
    assert bool(why) == bool(said)


@pytest.mark.parametrize("name", ["CPATH", "DEPENDENCIES_OUTPUT", "SOURCE_DATE_EPOCH"])
def test_variables_of_the_preprocessor_keep_it_here(name: str, tree: Tree) -> None:
    value = {"CPATH": "../inc", "DEPENDENCIES_OUTPUT": "deps"}.get(name, "1")
    tree.bench.environ[name] = value
    said = tree.compile("src", "gcc", "-c", "a.c", "-I../inc")
    assert said == ("distcc" if name == "CPATH" else f"{name} is set")
