"""Files that a command is told to write: looked at before there is anything for them."""

import argparse
import contextlib
import errno
import os
import stat
from pathlib import Path

__all__ = ["new_file", "write_whole"]


def new_file(text: str) -> Path:
    """A file that can be written when the build is over, which may be hours from now.

    :raises argparse.ArgumentTypeError: when it cannot, or nobody could find it.
    """
    path = Path(text)
    try:
        reason = _why_not(text)
        # Its own name stays: /dev/stdout is not the file behind it.
        path = path.parent.resolve() / path.name
    except FileNotFoundError:
        reason = "this folder does not exist any more"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except RuntimeError:
        # Before Python 3.13 pathlib has this for links that lead to each other.
        reason = os.strerror(errno.ELOOP)
    if reason:
        raise argparse.ArgumentTypeError(
            f"expected a file that can be written, got {text!a}: {reason}"
        )
    return path


def _why_not(text: str) -> str:
    path = Path(text)
    if text == "-":
        return "standard output is the command's"
    # Behind a link is the file that is meant.
    folder = path.resolve().parent
    old = None
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        old = path.stat()
    if not old and not folder.is_dir():
        return f"there is no folder {str(folder)!a}"
    if old and stat.S_ISDIR(old.st_mode):
        return "it is a folder"
    if not os.access(path if old else folder, os.W_OK):
        return "you may not write it"
    return ""


def write_whole(path: Path, text: str) -> None:
    """Put a file in the place of an old one, which stays if the new one cannot be written whole.

    An old one in whose place no other can be put is written itself.

    :raises OSError: when it cannot be written.
    """
    data = text.encode()
    old = None
    with contextlib.suppress(FileNotFoundError):
        old = path.stat()
    if old and not _can_be_replaced(path, old):
        _write_in_place(path, data)
        return
    # Behind a link is the file that was meant.
    path = path.resolve()
    beside = path.with_name(f".distcc-build-{os.urandom(8).hex()}")
    try:
        _write_new(beside, data, stat.S_IMODE(old.st_mode) if old else None)
        try:
            beside.rename(path)
        except OSError:
            # Such as one that is mounted, as containers have them.
            if not old:
                raise
            _write_in_place(path, data)
    finally:
        # Whatever came between, a Ctrl-C as well; after a rename it is gone.
        with contextlib.suppress(OSError):
            beside.unlink()


def _can_be_replaced(path: Path, old: os.stat_result) -> bool:
    """Whether another file in its place is the same to everybody else."""
    # A device or a pipe is none to be replaced; of somebody else's, and of one with several
    # names, others would lose what they have.
    mine = old.st_uid == os.geteuid() and old.st_nlink == 1
    return stat.S_ISREG(old.st_mode) and mine and os.access(path.resolve().parent, os.W_OK)


def _write_new(path: Path, data: bytes, mode: int | None) -> None:
    """Write a file that is not there yet, at no time readable by more than `mode` says."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with open(os.open(path, flags, 0o666 if mode is None else mode), "wb") as stream:  # noqa: PTH123
        if mode is not None:
            # What the umask took.
            os.fchmod(stream.fileno(), mode)
        stream.write(data)


def _write_in_place(path: Path, data: bytes) -> None:
    # Without O_CREAT, which Linux refuses for somebody else's file in a folder like /tmp.
    with open(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC), "wb") as stream:  # noqa: PTH123
        stream.write(data)
