"""Files that a command is told to write: looked at before there is anything for them."""

import argparse
import contextlib
import os
import stat
from pathlib import Path

__all__ = ["new_file", "write_whole"]


def new_file(text: str) -> Path:
    """A file that can be written when the build is over, which may be hours from now.

    :raises argparse.ArgumentTypeError: when it cannot, or nobody could find it.
    """
    if reason := _why_not(text):
        raise argparse.ArgumentTypeError(
            f"expected a file that can be written, got {text!a}: {reason}"
        )
    path = Path(text)
    # Its own name stays: /dev/stdout is not the file behind it.
    return path.parent.resolve() / path.name


def _why_not(text: str) -> str:
    path = Path(text)
    if text == "-":
        return "standard output is the command's"
    try:
        folder = path.parent.resolve()
    except OSError:
        return "this folder does not exist any more"
    if not folder.is_dir():
        return f"there is no folder {str(folder)!a}"
    if path.is_dir():
        return "it is a folder"
    if not os.access(path if path.exists() else folder, os.W_OK):
        return "you may not write it"
    return ""


def write_whole(path: Path, text: str) -> None:
    """Put a file in the place of an old one, which stays if the new one cannot be written whole.

    :raises OSError: when it cannot be written.
    """
    old = None
    with contextlib.suppress(FileNotFoundError):
        old = path.stat()
    # A device or a pipe is no file to be replaced, nor is one in a folder of somebody else.
    if (old and not stat.S_ISREG(old.st_mode)) or not os.access(path.resolve().parent, os.W_OK):
        path.write_text(text, "utf-8")
        return
    # Behind a link is the file that was meant.
    path = path.resolve()
    beside = path.with_name(f".distcc-build-{os.urandom(8).hex()}")
    try:
        with beside.open("x", encoding="utf-8") as stream:
            stream.write(text)
            if old:
                os.fchmod(stream.fileno(), stat.S_IMODE(old.st_mode))
        beside.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
