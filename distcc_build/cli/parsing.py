"""The parser of a command line: what is wrong with one is said in one line, with what was meant."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from distcc_build.errors import UsageError

__all__ = ["Parser", "unknown_command"]

WIDTH = 78
"""Columns of what stands below the options; argparse leaves two of a terminal's 80 as well."""


class Parser(argparse.ArgumentParser):
    """A parser that raises UsageError, where argparse prints its usage and a list of all words.

    It relies on documented calls (`error`, `parse_known_args`) and on `_check_value`, which has
    had this signature from Python 2.7 to 3.14; without it argparse's own sentence would be said.
    """

    example = ""
    """A command line, or several lines; they are not wrapped."""
    status = ""
    """What the exit status says, where it says more than that of others."""

    def __init__(self, **settings: Any) -> None:
        # "--j" must not come to mean something else when an option is added.
        super().__init__(allow_abbrev=False, **settings)

    def format_help(self) -> str:
        """The help, with what stands below the options."""
        below = ""
        if self.example:
            below = "".join(["\nexample:\n", *(f"  {one}\n" for one in self.example.splitlines())])
        if self.status:
            import textwrap

            below += f"\n{textwrap.fill(f'exit status: {self.status}', WIDTH)}\n"
        return super().format_help() + below

    def print_help(self, file: Any = None) -> None:
        """Print the help.

        :raises OSError: when it cannot be written, of which argparse's own takes no notice.
        """
        print(self.format_help(), end="", file=file, flush=True)

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        :raises UsageError: always; argparse's message, with the command that it is about.
        """
        raise UsageError(self._about(message.removeprefix("argument ")))

    def parse_for(
        self, words: Sequence[str], command: str | None, behind: Sequence[str] = ()
    ) -> argparse.Namespace:
        """All words, none of them left over.

        :param command: the subcommand that they begin with, if any.
        :param behind: words that were typed behind these, and are not looked at.
        :raises UsageError: for a word that has no meaning.
        """
        args, left = self.parse_known_args(words)
        if left:
            self._refuse(left[0], command, behind)
        return args

    def _refuse(self, word: str, command: str | None, behind: Sequence[str]) -> NoReturn:
        """Refuse a word that neither this parser nor the command's has a use for."""
        parsers = self.commands()
        parser = parsers.get(command or "", self)
        if not word.startswith("-") or word == "--":
            raise UsageError(parser._about(f"unexpected argument {word!a}"))  # noqa: SLF001
        word = word.partition("=")[0] if word.startswith("--") else word
        # As a global option would stand, of which there are none.
        owners = {
            name: one.prog
            for name, one in parsers.items()
            if parser is self and word in one.options()
        }
        if owners:
            # The command that was meant, if it was typed at all.
            meant = next((one for one in behind if one in owners), next(iter(owners)))
            msg = f"option {word} stands behind its command, as in: {owners[meant]} {word}"
            raise UsageError(msg)
        meant = _meant(word, parser.options())
        msg = f"unknown option {word!a}{meant}; {parser.prog} --help lists them"
        raise UsageError(parser._about(msg))  # noqa: SLF001

    def actions(self) -> list[argparse.Action]:
        """All options and arguments."""
        return self._actions

    def options(self) -> list[str]:
        """The words for options, as typed."""
        return [word for action in self.actions() for word in action.option_strings]

    def commands(self) -> "dict[str, Parser]":
        """The parsers of subcommands."""
        return {
            name: parser
            for action in self.actions()
            if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
            for name, parser in action.choices.items()
        }

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            words = [str(word) for word in action.choices]
            what = action.option_strings[-1] if action.option_strings else action.dest
            what = action.metavar.lower() if isinstance(action.metavar, str) else what
            msg = f"unknown {what} {value!a}{_meant(str(value), words)}: expected {_either(words)}"
            raise UsageError(self._about(msg))

    def _about(self, text: str) -> str:
        """The text behind the command's name, if this is a command's parser."""
        _, _, command = self.prog.partition(" ")
        return f"{command}: {text}" if command else text


def unknown_command(word: str, commands: Iterable[str]) -> UsageError:
    """The error for a first word that is no command."""
    meant = _meant(word, commands)
    return UsageError(f"unknown command {word!a}{meant}; distcc-build --help lists them")


def _meant(word: str, known: Iterable[str]) -> str:
    import difflib

    # Dashes are alike in all options, and would make any two look alike.
    bare = {one.lstrip("-"): one for one in known}
    near = difflib.get_close_matches(word.lstrip("-").lower(), bare, n=1)
    return f" (did you mean {bare[near[0]]}?)" if near else ""


def _either(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
