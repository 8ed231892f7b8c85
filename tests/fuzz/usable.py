"""What the address of a name server must be, to be asked and to be shown."""

import ipaddress
import socket

__all__ = ["check_server"]


def check_server(server: tuple[str, int]) -> None:
    address, port = server
    ipaddress.ip_address(address)
    assert address.isascii(), address
    assert address.isprintable(), address
    assert 0 < port < 65536
    try:
        # What an event loop does with it.  Nothing is asked: it is a number.
        socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        # No such interface here.
        assert "%" in address
