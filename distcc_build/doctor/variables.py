"""The compilers that CC and CXX name: what builds that honour these variables use."""

import os
import re
from collections.abc import Iterator, Mapping

from distcc_build.compilers import USUAL
from distcc_build.doctor.findings import Check, Loss, problem
from distcc_build.reference import MASQUERADES
from distcc_build.wrap import compiler_words

__all__ = ["named", "without_compiler"]

VARIABLES = dict(zip(("CC", "CXX"), USUAL, strict=True))
"""With the compiler that is used where nobody says which."""

LAUNCHERS = MASQUERADES | {"env"}
"""Programs that stand before a compiler."""

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
"""Of a variable for env, or of an option for ccache."""


def named(environ: Mapping[str, str]) -> dict[str, str]:
    """The compilers of a build, that of C first.

    :returns: by the compiler's word the variable that names it; empty where none does.
    """
    found: dict[str, str] = {}
    for variable, usual in VARIABLES.items():
        word = _compiler(environ.get(variable, ""))
        found[word or usual] = found.get(word or usual) or (variable if word else "")
    return found


def without_compiler(environ: Mapping[str, str]) -> Iterator[Check]:
    """Each variable that is set to something in which there is no compiler."""
    for variable, usual in VARIABLES.items():
        value = environ.get(variable, "")
        if value.strip() and not _compiler(value):
            text = f"is {value!a}, in which there is no compiler"
            remedy = f"set it to a compiler, such as {variable}={usual}, or unset it"
            yield problem(variable, text, remedy, Loss.COMPILER)


def _compiler(value: str) -> str:
    """The compiler in a command, as `--compiler` would name it; empty where there is none."""
    for word in compiler_words([value.strip()]):
        launcher = word.rpartition("/")[2] in LAUNCHERS
        if not (launcher or word.startswith("-") or _ASSIGNMENT.match(word)):
            return os.path.abspath(word) if "/" in word else word  # noqa: PTH100 - links are to stay
    return ""
