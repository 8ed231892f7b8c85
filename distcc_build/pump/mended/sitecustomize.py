"""Mends distcc's include server where its C part does not work with the Python that it is run by.

Python runs this before the include server: server.py puts this folder on its PYTHONPATH.  distcc
3.4 was written for Python 3.9 and before: since 3.10 each function that takes bytes with their
length fails (PY_SSIZE_T_CLEAN; Debian 12's include server ends at its first question).  They
are few and small; where they work they are left alone.
"""

import os


def literals(text: str) -> bytes:
    """An LZO1X stream of literals only, as wire.py has it; the text is latin-1, as it was read."""
    data = text.encode("latin-1")
    size = len(data)
    if not size:
        return b""
    if size <= 238:
        start = bytes([17 + size])
    else:
        zeros, rest = divmod(size - 19, 255)
        start = bytes([0, *bytes(zeros), rest + 1])
    return start + data + b"\x11\0\0"


def mend() -> None:
    """Replace what does not work."""
    try:
        import distcc_pump_c_extensions as extensions  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return  # another program, or it says itself what is missing
    try:
        extensions.OsPathIsFile("/")
    except SystemError:
        extensions.OsPathExists = os.path.exists
        extensions.OsPathIsFile = os.path.isfile
        extensions.Realpath = os.path.realpath
        extensions.CompressLzo1xAlloc = literals


mend()
