"""Answers that a plan holds, asked of the launcher: what is imported otherwise takes far longer."""

import os
from collections.abc import Sequence

__all__ = ["answered"]

QUESTIONS = {"jobs", "hosts"}


def answered(words: Sequence[str]) -> bool:
    """Whether the launcher has printed the answer to a command line; without a plan it does not.

    :param words: those behind `distcc-build`.
    """
    command, word = words[0], "gcc"
    if len(words) == 3 and words[1] == "--compiler":
        word = words[2]
    elif len(words) != 1:
        return False
    if command not in QUESTIONS or not word:
        return False
    try:
        from distcc_build import paths

        launcher = paths.alias_text()
        environ = {**os.environ, "_DISTCC_BUILD_ASKED": "1"}
        child = os.posix_spawn(launcher, [launcher, f"--{command}", word], environ)
        _, status = os.waitpid(child, 0)
    except Exception:  # noqa: BLE001 - there is another way
        return False
    return status == 0
