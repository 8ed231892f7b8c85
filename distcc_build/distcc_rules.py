"""Command lines that distcc 3.4 itself runs on this machine, each with its reason.

The launcher hands these to distcc like any other compile, and there they wait for one of its
local slots.  So no row of flags.py is about them, and no compile depends on this module: it is
for those who ask why a compile was not distributed.  Measured, and tested by tests/options.
"""

from collections.abc import Sequence
from itertools import pairwise

__all__ = ["subject", "why_distcc_local"]

_NATIVE = "native would mean the server's processor"
_PROFILE = "it writes or reads a profile, which is a file of this machine"
_DEPENDENCIES = "it makes a list of dependencies, or distcc takes it to do so"
_OTHER_FILES = "it may write a file beside the object"

_WORDS = {
    "-E": "it only preprocesses",
    "-march=native": _NATIVE,
    "-mtune=native": _NATIVE,
    "-flto": "most of the work of -flto is the link's",
    "-fprofile-arcs": _PROFILE,
    "-ftest-coverage": _PROFILE,
    "--coverage": _PROFILE,
    "-fprofile-correction": _PROFILE,
    "-frepo": _OTHER_FILES,
}
_STARTS = {
    "-fprofile-generate": _PROFILE,
    "-fprofile-use": _PROFILE,
    "-fauto-profile": _PROFILE,
    "-specs=": "its specs are a file of this machine",
    "-dr": _OTHER_FILES,
}
_BESIDE = frozenset({"-MD", "-MMD", "-MG", "-MP"})
_NAMED = ("-MF", "-MT", "-MQ")
_TAKE_VALUE = frozenset({"-o", *_NAMED})
_LANGUAGES = ("c", "objective-c", "go")
# fmt: off
_SOURCES = (
    ".i", ".ii", ".c", ".cc", ".cpp", ".cxx", ".cp", ".c++", ".C",
    ".m", ".mm", ".mi", ".mii", ".M",
)
# fmt: on


def why_distcc_local(argv: Sequence[str]) -> str | None:
    """Why distcc compiles this here; None when it sends it to a server.

    :param argv: the compiler and its arguments, with those of response files in their place.
    """
    sources: list[str] = []
    outputs: list[str] = []
    value_of = ""
    for word, following in pairwise([*argv[1:], ""]):
        if value_of == "-o":
            outputs.append(word)
        elif value_of or word in _TAKE_VALUE:
            pass
        elif word.startswith("-o"):
            outputs.append(word[2:])
        elif word.startswith("-"):
            reason = _why_option(word, following)
            if reason is not None:
                return reason
        elif word.endswith(_SOURCES):
            sources.append(word)
        elif word.endswith(".o"):
            outputs.append(word)
        value_of = word if word in _TAKE_VALUE and not value_of else ""
    if not {"-c", "-S"} & set(argv[1:]):
        return "it does not compile to an object or to assembler"
    return _why_files(sources, outputs)


def _why_option(word: str, following: str) -> str | None:
    if word in _WORDS:
        return _WORDS[word]
    for start, reason in _STARTS.items():
        if word.startswith(start):
            return reason
    if word.startswith("-M") and word not in _BESIDE and not word.startswith(_NAMED):
        return _DEPENDENCIES
    if word.startswith("-Wa,") and (",-a" in word or "--MD" in word):
        return "the assembler writes a listing or dependencies"
    if word.startswith("-x") and following and not following.startswith(_LANGUAGES):
        return "distcc does not know the language that -x names"
    return None


def _why_files(sources: Sequence[str], outputs: Sequence[str]) -> str | None:
    if not sources:
        return "distcc sees no source in it that it knows"
    if len(sources) > 1:
        return "distcc sees more than one source in it"
    if len(outputs) > 1:
        return "distcc sees more than one object in it"
    if outputs == ["-"]:
        return "its output is -"
    if sources[0].rpartition("/")[2].startswith(("conftest.", "tmp.conftest.")):
        return "it is a configure check"
    return None


def subject(argv: Sequence[str]) -> str:
    """The file that a command line is about, without folders: its source, else its output.

    :param argv: the compiler and its arguments.
    :returns: empty where there is neither.

    >>> subject(["gcc", "-c", "src/a.c", "-o", "a.o"]), subject(["gcc", "a.o", "-o", "bin/tool"])
    ('a.c', 'tool')
    """
    source = output = ""
    for before, word in pairwise(argv):
        if before == "-o":
            output = word
        elif word.endswith(_SOURCES) and not word.startswith("-") and before not in _NAMED:
            source = word
    return (source or output).rpartition("/")[2]
