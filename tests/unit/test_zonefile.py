"""Lists of servers as DNS records: what is taken, what is refused, what is doubted."""

import ipaddress
import json
from typing import Any

import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distcc_build.config import Config
from distcc_build.errors import UsageError
from distcc_build.values import networks
from distcc_build.zonedoubts import doubts
from distcc_build.zonefile import FORMATS, Listed, Record, Zone, parse_listed, records


def zone(*texts: str, **fields: Any) -> Zone:
    chosen = Zone(tuple(map(parse_listed, texts)), "farm.test")
    return chosen._replace(**fields)


@pytest.mark.parametrize(
    ("text", "addresses", "slots"),
    [
        ("10.1.0.11", ["10.1.0.11"], None),
        ("10.1.0.11/16", ["10.1.0.11"], 16),
        ("fd00:1::11/1", ["fd00:1::11"], 1),
        ("10.1.0.11,FD00:1::11/1000", ["10.1.0.11", "fd00:1::11"], 1000),
        ("fd00:1::11,10.1.0.11", ["fd00:1::11", "10.1.0.11"], None),
    ],
)
def test_a_server_is_read(text: str, addresses: list[str], slots: int | None) -> None:
    assert parse_listed(text) == Listed(tuple(map(ipaddress.ip_address, addresses)), slots)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/4",
        ",",
        "host",
        "10.1.0",
        "10.1.0.011",
        "10.1.0.11:3632",
        "[fd00::1]",
        "10.1.0.11/",
        "10.1.0.11/0",
        "10.1.0.11/1001",
        "10.1.0.11/+4",
        "10.1.0.11/4/4",
        "10.1.0.11,10.1.0.12",
        "10.1.0.11,",
        "fe80::1%eth0",
        'fe80::1%"',
        "10.1.0.11 10.1.0.12",
        "10.1.0.11\n",
    ],
)
def test_what_is_no_server_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"^[ -~]*: expected ADDRESS\[,ADDRESS\]\[/SLOTS\]"):
        parse_listed(text)


def test_records_follow_the_list() -> None:
    assert list(records(zone("10.1.0.11/16", "10.1.0.12,fd00:1::12", first=3))) == [
        Record("distcc3.farm.test.", "A", "10.1.0.11"),
        Record("distcc3.farm.test.", "TXT", "slots=16"),
        Record("distcc4.farm.test.", "A", "10.1.0.12"),
        Record("distcc4.farm.test.", "AAAA", "fd00:1::12"),
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_an_address_stands_for_one_name(form: str) -> None:
    listed = zone("10.1.0.11", "10.1.0.12", "10.1.0.11")
    with pytest.raises(UsageError, match=r"10\.1\.0\.11 stands twice: for distcc1.* distcc3"):
        FORMATS[form](listed)


@pytest.mark.parametrize("form", FORMATS)
def test_a_name_has_its_bounds(form: str) -> None:
    domain = ".".join(["d" * 60] * 3 + ["d" * 57])
    assert FORMATS[form](zone("10.1.0.11", domain=domain, pattern="distcc%d.bcde"))
    with pytest.raises(UsageError, match="has 255 characters, expected 254 at most"):
        FORMATS[form](zone("10.1.0.11", domain=domain, pattern="distcc%d.bcdef"))


def test_a_whole_zone_for_bind_needs_a_name_server() -> None:
    with pytest.raises(UsageError, match="--ns"):
        FORMATS["bind"](zone("10.1.0.11", whole=True))


def test_only_a_whole_zone_is_all_there_is() -> None:
    part, whole = (FORMATS["dnsmasq"](zone("10.1.0.11", whole=whole)) for whole in (False, True))
    assert part.splitlines() == [
        "host-record=distcc1.farm.test,10.1.0.11,300",
        "local=/distcc1.farm.test/",
    ]
    assert whole.splitlines() == [
        "local=/farm.test/",
        "host-record=distcc1.farm.test,10.1.0.11,300",
    ]
    assert '"farm.test." transparent' in FORMATS["unbound"](zone("10.1.0.11"))
    assert '"farm.test." static' in FORMATS["unbound"](zone("10.1.0.11", whole=True))


V4, V6 = st.ip_addresses(v=4), st.ip_addresses(v=6)
SERVERS = st.lists(
    st.builds(
        Listed,
        st.tuples(V4) | st.tuples(V6) | st.tuples(V4, V6),
        st.none() | st.integers(1, 1000),
    ),
    min_size=1,
    max_size=20,
    unique_by=(lambda one: one.addresses[0], lambda one: one.addresses[-1]),
)


@settings(deadline=None)
@given(SERVERS, st.integers(1, 9000), st.integers(1, 604_800))
def test_another_reader_finds_in_a_zone_file_what_was_listed(
    servers: list[Listed], first: int, ttl: int
) -> None:
    listed = Zone(tuple(servers), "farm.test", "cc-%d", first, ttl, True, ("ns.test",), 7)
    found = dns.zone.from_text(FORMATS["bind"](listed), origin="farm.test.", relativize=False)
    read = {
        (name.to_text(), dns.rdatatype.to_text(data.rdtype), data.to_text().strip('"'))
        for name, _, data in found.iterate_rdatas()
        if name != found.origin
    }
    assert len(read) == sum(1 for _ in records(listed))
    assert {(one.name, one.type) for one in records(listed)} == {one[:2] for one in read}
    assert {ttl} == {rdataset.ttl for _, rdataset in found.iterate_rdatasets()}


def test_route_53_gets_one_change_for_each_record() -> None:
    batch = json.loads(FORMATS["route53"](zone("10.1.0.11/16", ttl=60)))
    assert [
        (
            one["Action"],
            one["ResourceRecordSet"]["Type"],
            one["ResourceRecordSet"]["ResourceRecords"],
        )
        for one in batch["Changes"]
    ] == [("UPSERT", "A", [{"Value": "10.1.0.11"}]), ("UPSERT", "TXT", [{"Value": '"slots=16"'}])]


@pytest.mark.parametrize(
    ("count", "text"),
    [(501, "10.1.{}.{}"), (411, "fd00:1111:2222:3333:4444:5555:6666:{:02x}{:02x}")],
)
def test_route_53_has_a_limit(count: int, text: str) -> None:
    listed = [text.format(number // 250 + 16, number % 250 + 1) for number in range(count)]
    with pytest.raises(UsageError, match="--first"):
        FORMATS["route53"](zone(*listed))
    assert FORMATS["route53"](zone(*listed[:350]))


def doubted(*texts: str, config: Config | None = None, **fields: Any) -> list[str]:
    return list(doubts(zone(*texts, **fields), config or Config()))


def test_a_usual_farm_is_not_doubted() -> None:
    assert doubted("10.1.0.11", "10.1.9.1,fd00:1::2", "fd00:1::3,10.1.0.3") == []
    # Whether those before it are on the same network is not known here.
    assert doubted("10.9.0.11", first=3) == []
    assert doubted("10.1.0.11", nameservers=("ns.elsewhere.test", "ns.otherfarm.test")) == []


@pytest.mark.parametrize(
    ("texts", "config", "said"),
    [
        (["10.1.0.1", "10.2.0.1"], Config(), "distcc2.farm.test. is on another network"),
        (["10.1.0.1", "fd00:1::2"], Config(), "distcc2.farm.test. is on another network"),
        (["93.184.216.34"], Config(), "is not a private address"),
        (["127.0.0.1"], Config(), "allow_loopback"),
        (["255.255.255.255"], Config(), "no address of one machine"),
        (["10.1.0.1"], Config(only=networks("10.2.0.0/16")), "outside only"),
        (["10.1.0.1", "10.1.0.2"], Config(max_servers=1), "set max_servers"),
    ],
)
def test_what_clients_would_not_use_is_told(texts: list[str], config: Config, said: str) -> None:
    (line,) = doubted(*texts, config=config)
    assert said in line


def test_settings_of_clients_are_heeded() -> None:
    config = Config(ipv4_network=0, allow=networks("93.184.216.0/24"), allow_loopback=True)
    assert doubted("10.1.0.1", "93.184.216.34", "127.1.0.1", config=config) == []


def test_bind_takes_no_more_than_a_hundred_services_by_itself() -> None:
    many = [f"10.1.0.{n}" for n in range(1, 102)]
    (said,) = doubted(*many, services=True)
    assert "max-records-per-type 101;" in said
    # One more, to those that are there.
    assert doubted("10.1.0.1", services=True, first=101) == [said]
    assert doubted(*many[1:], services=True) == doubted(*many) == []
    # A limit of BIND's alone.
    assert list(doubts(zone(*many, services=True), Config(), "unbound")) == []


def test_a_name_server_in_the_zone_needs_an_address_there() -> None:
    (line,) = doubted("10.1.0.1", nameservers=("ns.farm.test",))
    assert line.startswith("ns.farm.test is in the zone itself")


def test_services_are_listed_beside_the_names() -> None:
    given = zone("10.1.0.11/16", "10.1.0.12", services=True, port=4000, pattern="cc%d.x", first=9)
    assert list(records(given))[3:] == [
        Record("b._dns-sd._udp.farm.test.", "PTR", "farm.test."),
        Record("_distcc._tcp.farm.test.", "PTR", "cc9._distcc._tcp.farm.test."),
        Record("cc9._distcc._tcp.farm.test.", "SRV", "0 0 4000 cc9.x.farm.test."),
        Record("cc9._distcc._tcp.farm.test.", "TXT", "jobs=16"),
        Record("_distcc._tcp.farm.test.", "PTR", "cc10._distcc._tcp.farm.test."),
        Record("cc10._distcc._tcp.farm.test.", "SRV", "0 0 4000 cc10.x.farm.test."),
        Record("cc10._distcc._tcp.farm.test.", "TXT", "txtvers=1"),
    ]


@pytest.mark.parametrize("whole", [False, True])
def test_services_for_dnsmasq(whole: bool) -> None:
    lines = FORMATS["dnsmasq"](zone("10.1.0.11/16", services=True, whole=whole)).splitlines()
    assert lines[-3:] == [
        "ptr-record=_distcc._tcp.farm.test,distcc1._distcc._tcp.farm.test",
        "srv-host=distcc1._distcc._tcp.farm.test,distcc1.farm.test,3632,0,0",
        "txt-record=distcc1._distcc._tcp.farm.test,jobs=16",
    ]
    assert "ptr-record=b._dns-sd._udp.farm.test,farm.test" in lines
    assert [one for one in lines if one.startswith("#") and "local-ttl" in one] == lines[:1]
    asked_here = {"local=/_distcc._tcp.farm.test/", "local=/b._dns-sd._udp.farm.test/"}
    assert asked_here & set(lines) == (set() if whole else asked_here)


def test_route_53_gets_all_services_in_one_record_set() -> None:
    batch = json.loads(FORMATS["route53"](zone("10.1.0.11", "10.1.0.12", services=True)))
    sets = [one["ResourceRecordSet"] for one in batch["Changes"]]
    assert len({(one["Name"], one["Type"]) for one in sets}) == len(sets) == 8
    (listed,) = (one for one in sets if one["Name"] == "_distcc._tcp.farm.test.")
    assert [one["Value"] for one in listed["ResourceRecords"]] == [
        "distcc1._distcc._tcp.farm.test.",
        "distcc2._distcc._tcp.farm.test.",
    ]
    with pytest.raises(UsageError, match="without --first"):
        FORMATS["route53"](zone("10.1.0.11", services=True, first=2))


def test_a_service_name_has_its_bounds() -> None:
    domain = ".".join(["x" * 60] * 4)[:239]
    assert list(records(zone("10.1.0.11", domain=domain)))
    with pytest.raises(UsageError, match="expected 254 at most"):
        list(records(zone("10.1.0.11", domain=domain, services=True)))
