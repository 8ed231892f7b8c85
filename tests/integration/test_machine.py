"""What is known of this machine."""

from pathlib import Path

import pytest

from distcc_build.machine import default_routes

V4 = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
{device}\t00000000\t{gateway}\t0003\t0\t0\t0\t00000000\t0\t0\t0
{device}\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
V6 = f"{'0' * 32} 00 {'0' * 32} 00 {{gateway}} 00000400 00000003 00000000 00000003     eth0\n"
LOOP = f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200       lo\n"


def routes(folder: Path, v4: str, v6: str) -> str:
    (folder / "route").write_text(v4)
    (folder / "ipv6_route").write_text(v6)
    return default_routes(folder)


def test_another_gateway_or_device_is_another_network(tmp_path: Path) -> None:
    here = {
        routes(tmp_path, V4.format(device=device, gateway=gateway), V6.format(gateway=other))
        for device in ("eth0", "wlan0")
        for gateway in ("010200C0", "020200C0")
        for other in ("fd000000000000000000000000000001", "fd000000000000000000000000000002")
    }
    assert len(here) == 8


@pytest.mark.parametrize("text", ["", "Iface\tDestination\n", "eth0\n", "\x00\n", LOOP])
def test_without_a_route_to_the_world_there_is_nothing_to_compare(
    tmp_path: Path, text: str
) -> None:
    assert routes(tmp_path, text, text) == ""
    assert default_routes(tmp_path / "missing") == ""
