"""The servers of a farm as a probe asks them, and where it found them.  Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from distcc_build.hostspec import IPAddress
from distcc_build.policy import Server

__all__ = ["Ways"]

T = TypeVar("T")


class Ways:
    """What a probe is given, and what becomes of it.

    :param servers: those to ask.
    :param port: that of servers that say none.
    """

    places: dict[str, IPAddress]
    """By endpoint, the other address of each server that answered only there."""

    def __init__(self, servers: Sequence[Server], port: int) -> None:
        self._by_way = {(one.address, one.port or port): one for one in servers}
        self.servers = list(self._by_way)
        self.others = {way: one.others for way, one in self._by_way.items() if one.others}
        self.places = {}

    def move(self, way: tuple[IPAddress, int], to: IPAddress) -> None:
        """Note where a server was found."""
        self.places[self._by_way[way].endpoint] = to

    @property
    def reached(self) -> list[Server]:
        """The servers, each at the address at which it was asked."""
        return [self._reached(one) for one in self._by_way.values()]

    def by_endpoint(self, probed: Mapping[tuple[str, int], T]) -> dict[str, T]:
        """What was learned of them, by the endpoint at which they were asked."""
        return {
            self._reached(one).endpoint: probed[str(address), port]
            for (address, port), one in self._by_way.items()
        }

    def _reached(self, server: Server) -> Server:
        place = self.places.get(server.endpoint)
        return server if place is None else server.at(place)
