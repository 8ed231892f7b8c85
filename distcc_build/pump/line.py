"""Which command lines may be preprocessed on a server, and where they look for headers.

A line that is not known to be right there is preprocessed here, which always is.  What was
measured with distcc 3.4 on lines that name their source by an absolute path, as CMake does:
the server's temporary directory gets into the object with -g (distccd writes over a part of it
only), sanitizers, profiles, link-time optimization and -ffile-prefix-map.
"""

from collections.abc import Sequence
from typing import NamedTuple

from distcc_build.pump.includes import ELSEWHERE

__all__ = ["VARIABLES", "Search", "read_line"]

SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".C")
"""Of a language whose headers were proved."""

JOINED = ("-O", "-W", "-D", "-U", "-std=", "-f", "-m", "-pedantic", "-MF", "-MT", "-MQ")
"""Beginnings of words that change nothing about which header is found."""

WORDS = frozenset({"-c", "-w", "-pipe", "-pthread", "-ansi", "-g0", "-MD", "-MMD", "-MP"})

VALUES = frozenset({"-o", "-D", "-U", "-MF", "-MT", "-MQ", "--param"})
"""Words whose value, of no more interest than those, is the next word."""

BUT = (
    # What the server puts into the object, or does with names; other headers (-m32).
    "-fsanitize",
    "-fprofile",
    "-fcoverage",
    "-ftest-coverage",
    "-fcs-profile",
    "-fmemory-profile",
    "-fxray",
    "-flto",
    "-fpch",
    "-fmodule",
    "-ffile-prefix-map",
    "-fmacro-prefix-map",
    "-fdebug-",
    "-fcanon-prefix-map",
    "-fworking-directory",
    "-finput-charset",
    "-fdirectives-only",
    "-fpreprocessed",
    "-fextended-identifiers",
    "-ftrack-macro-expansion",
    "-m32",
    "-mx32",
    "-m16",
    "-mmusl",
    "-muclibc",
    "-mbionic",
    "-mandroid",
    "-Wp,",
    "-Wa,",
)

VARIABLES = frozenset(
    [
        "CPATH",
        "C_INCLUDE_PATH",
        "CPLUS_INCLUDE_PATH",
        "OBJC_INCLUDE_PATH",
        "DEPENDENCIES_OUTPUT",
        "SUNPRO_DEPENDENCIES",
        "SOURCE_DATE_EPOCH",
        # Where gcc looks for its parts, and so for headers.
        "GCC_EXEC_PREFIX",
        "COMPILER_PATH",
    ]
)
"""What the preprocessor reads and a server does not know."""


class Search(NamedTuple):
    """Where one compile looks for headers, in this order; words as typed."""

    compiler: str
    source: str
    quote: tuple[str, ...]
    """Of -iquote."""
    usual: tuple[str, ...]
    """Of -I."""
    system: tuple[str, ...]
    """Of -isystem."""

    @property
    def folders(self) -> tuple[str, ...]:
        """All that <...> is looked for in before the compiler's own."""
        return (*self.usual, *self.system)


def read_line(argv: Sequence[str]) -> Search | str:
    """How a compile looks for headers, or why it is preprocessed here.

    :param argv: the compiler and its arguments, as distcc has them.
    """
    found: dict[str, list[str]] = {"-iquote": [], "-I": [], "-isystem": []}
    if odd := next(filter(_is_odd, argv[1:]), ""):
        return f"{odd} may mean something else on a server"
    sources = []
    words = iter(argv[1:])
    for word in words:
        option = next((one for one in found if word.startswith(one)), "")
        if option:
            found[option].append(word[len(option) :] or next(words, ""))
        elif word in VALUES:
            next(words, "")
        elif not word.startswith("-") and word:
            sources.append(word)
        elif word not in WORDS and (not word.startswith(JOINED) or word.startswith(BUT)):
            return f"{word or 'an empty word'} may mean something else on a server"
    if len(sources) != 1 or not sources[0].endswith(SOURCES):
        return "it is not one source in C or C++"
    if not all(one and one[0] not in "-=" for folders in found.values() for one in folders):
        return "a folder for headers that is none"
    if {*found["-I"]} & {*found["-isystem"]}:
        return "a folder is named twice, for ordinary and for system headers"
    search = (tuple(found[one]) for one in ("-iquote", "-I", "-isystem"))
    return Search(argv[0], sources[0], *search)


def _is_odd(word: str) -> bool:
    """Whether it has what files are refused for: as a macro it would get into them."""
    return "_Pragma" in word or bool(ELSEWHERE.search(word.encode("utf-8", "surrogateescape")))
