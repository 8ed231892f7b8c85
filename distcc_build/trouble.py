"""Why a list of servers cannot be had, or comes to no server, as far as there are remedies."""

from enum import Enum

from distcc_build.errors import HostsError

__all__ = ["ListError", "Trouble"]


class Trouble(Enum):
    """What is wrong with the file or command; what is to be done follows from it."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    NO_FILE = "no file"
    """A folder, a pipe or the like."""
    NO_LIST = "no list"
    """Too long, or no text."""
    NOT_BELIEVED = "not believed"
    """Others can write it; the remedy is in the sentence (trust.py)."""
    NOT_RUN = "not run"
    """It begins as a program does, and may not be executed."""
    NO_HEADER = "no header"
    """It may be executed, and does not begin as a program does."""
    MAY_NOT_RUN = "may not run"
    """This user may not run it, or what its #! line names."""
    CANNOT_RUN = "cannot run"
    """The program of its #! line is not there, or is none."""
    FAILED = "failed"
    """It was run, and ended with another status than 0."""
    LATE = "late"
    EMPTY = "empty"
    PRINTS_NOTHING = "prints nothing"
    UNUSABLE = "unusable"
    """Nothing in it may be a server."""
    UNKNOWN = "unknown"
    """None of its names has an address that is known."""


class ListError(HostsError):
    """A list of servers that cannot be had."""

    def __init__(self, text: str, trouble: Trouble | None) -> None:
        """Take what is said, and what it is; None where there is no remedy for it."""
        super().__init__(text)
        self.trouble = trouble
