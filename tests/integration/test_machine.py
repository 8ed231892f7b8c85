"""What is known of this machine."""

from pathlib import Path

import pytest

from distcc_build.machine import default_routes, own_networks

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


NETWORKS = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
wlan0\t0000A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0
"""
TRIE = """Main:
     |-- 127.0.0.1
        /32 host LOCAL
  +-- 192.168.0.0/24 2 0 2
     |-- 192.168.0.23
        /32 host LOCAL
     |-- 192.168.0.255
        /32 link BROADCAST
"""
WLAN = "20010db8000000010000000000000017 03 40 00 00    wlan0\n"
TEMPORARY = "20010db800000001aaaaaaaaaaaaaaaa 03 40 00 01    wlan0\n"
VETH = "fe80000000000000cccccccccccccccc 07 40 20 80 veth1234\n"
POD = "cali12\t0700A8C0\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n"


def networks(folder: Path, v4: str = NETWORKS, v6: str = WLAN, trie: str = TRIE) -> str:
    for name, text in (("route", v4), ("if_inet6", v6), ("fib_trie", trie)):
        (folder / name).write_text(text)
    return own_networks(folder)


def test_another_network_or_address_is_another_link(tmp_path: Path) -> None:
    found = {
        networks(tmp_path),
        networks(tmp_path, v4=NETWORKS.replace("wlan0\t0000A8C0", "wlan0\t0001A8C0")),
        networks(tmp_path, v4=NETWORKS.replace("0100A8C0", "FE00A8C0")),
        networks(tmp_path, trie=TRIE.replace("192.168.0.23", "192.168.0.57")),
        networks(tmp_path, v6=WLAN.replace("20010db800000001", "20010db800000002")),
        networks(tmp_path, v6=WLAN + "fe80000000000000dddddddddddddddd 03 40 20 80 wlan0\n"),
        networks(tmp_path, v6=""),
    }
    assert len(found) == 7


def test_what_comes_and_goes_on_one_link_does_not_make_another_of_it(tmp_path: Path) -> None:
    usual = networks(tmp_path)
    assert usual
    assert networks(tmp_path, v6=VETH + TEMPORARY + WLAN) == usual
    assert networks(tmp_path, v4=NETWORKS + POD) == usual
    assert networks(tmp_path, trie=TRIE + TRIE) == usual


@pytest.mark.parametrize("text", ["", "Iface\n", "\x00 \n\n", "a b c d zz f\n", LOOP])
def test_without_networks_there_is_nothing_to_compare_either(tmp_path: Path, text: str) -> None:
    assert networks(tmp_path, text, text, text) == ""
    assert own_networks(tmp_path / "missing") == ""
