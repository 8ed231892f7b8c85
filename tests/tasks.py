"""State files as distcc 3.4 writes them, and as it does not."""

import struct

__all__ = ["state_file"]


def state_file(
    pid: int = 4711,
    phase: int = 5,
    file: bytes = b"hello.c",
    host: bytes = b"10.0.0.1",
    slot: int = 3,
    *,
    size: int = 296,
    magic: int = 0x44494800,
) -> bytes:
    """The bytes of one; the pointer at its end means nothing."""
    return struct.pack("@NLL128s128siiP", size, magic, pid, file, host, slot, phase, 0x7FFE12345678)
