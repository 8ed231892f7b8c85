"""Servers as a probe asks them, and where it found them."""

import ipaddress

from distcc_build.policy import Server, State
from distcc_build.ways import Ways

ONE, TWO, SIX = (ipaddress.ip_address(text) for text in ("10.0.0.1", "10.0.0.2", "fd00::1"))


def test_servers_are_asked_at_their_ports_and_found_at_their_addresses() -> None:
    plain = Server(1, "distcc1.a.test.", ONE, State.USED)
    double = Server(2, "distcc2.a.test.", TWO, State.USED, port=4000, others=(SIX,))
    ways = Ways([plain, double], 3632)
    assert ways.servers == [(ONE, 3632), (TWO, 4000)]
    assert ways.others == {(TWO, 4000): (SIX,)}
    assert ways.reached == [plain, double]
    ways.move((TWO, 4000), SIX)
    assert ways.places == {"10.0.0.2:4000": SIX}
    assert ways.reached == [plain, double._replace(address=SIX, others=(TWO,))]
    probed = {("10.0.0.1", 3632): "a", ("10.0.0.2", 4000): "b"}
    assert ways.by_endpoint(probed) == {"10.0.0.1": "a", "[fd00::1]:4000": "b"}
