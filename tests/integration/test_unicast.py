"""Services that DNS zones list are found, whatever the name server does to the packets."""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from servers import (
    Exchange,
    Mode,
    ScriptedNameServer,
    cname_loop,
    delay,
    drop,
    first_drop,
    forged,
    formerr,
    garbage,
    nodata,
    numbered,
    nxdomain,
    oversized,
    random_delay,
    refused,
    servfail,
    shuffled,
    truncated,
    truncated_tcp_closes,
    truncated_tcp_silent,
    truncated_tcp_truncated,
    wrong_id,
    wrong_question,
)
from signed import RESOLVERS, UNBOUND, SignedServer, sign, validator

from distcc_build.config import Config
from distcc_build.farmfile import Farm, format_farm, parse_farm
from distcc_build.hostspec import DISCOVER, DNS_SD
from distcc_build.policy import State
from distcc_build.resolve.dnssec import NO_VALIDATOR, NOT_VALIDATED, SYSTEM
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.resolve.system import ADDRESSES_ONLY
from distcc_build.search import find_servers

CONFIG = Config(sources=(DNS_SD,), walk_budget=30)
HASTY = CONFIG._replace(walk_budget=1.0)

Records = dict[str, list[str]]


def listed(*hosts: str, domain: str = "farm.test.", port: int = 4000) -> Records:
    """A zone that lists these hosts, each at a port of its own, with a limit of its own."""
    names = [rf"Build\032{host}\.h\195\182st._distcc._tcp.{domain}" for host in hosts]
    zone = {f"_distcc._tcp.{domain}": [f"60 PTR {name}" for name in names]}
    for number, (host, name) in enumerate(zip(hosts, names, strict=True), 1):
        zone[name.lower()] = [
            f"60 SRV 0 0 {port + number} {host}.{domain}",
            f'60 TXT "txtvers=1" "cpus=64" "jobs={number}"',
        ]
        zone[f"{host}.{domain}"] = [f"60 A 10.0.{number // 250}.{number % 250}", "60 AAAA fd00::1"]
    return zone


FIVE = listed("a", "b", "c", "d", "e")
FOUND = [(f"10.0.0.{number}:{4000 + number}", number) for number in range(1, 6)]
PTR = "_distcc._tcp.farm.test."
SECOND = r"build\032b\.h\195\182st._distcc._tcp.farm.test."


def search(
    *servers: ScriptedNameServer,
    config: Config = CONFIG,
    domains: Sequence[str] = ("farm.test", "test"),
    old: Farm | None = None,
    seconds: float = 60,
) -> Farm:
    conf = ResolvConf(tuple((one.address, one.port) for one in servers), tuple(domains))
    farm = find_servers(config, conf, "here", old, force=True, seconds=seconds)
    assert parse_farm(format_farm(farm)) == farm
    return farm


def hasty(server: ScriptedNameServer, before: Farm) -> tuple[Farm, Farm]:
    """A first look, and one by who knows those from before; both have to wait."""
    with ThreadPoolExecutor() as pool:
        looks = [pool.submit(search, server, config=HASTY, old=old) for old in (None, before)]
        first, after = (one.result() for one in looks)
    return first, after


def found(farm: Farm) -> list[tuple[str, int | None]]:
    return [(one.endpoint, one.limit) for one in farm.used]


def serve(
    zone: Mapping[str, Sequence[str]], script: Mapping[str, Mode] | None = None
) -> ScriptedNameServer:
    return ScriptedNameServer(zone, script)


def test_servers_are_found_with_ports_and_limits_of_their_own() -> None:
    with serve(FIVE) as server:
        farm = search(server)
        # On a busy machine one may have been sent again.
        assert farm.queries == len(server.queries)
        assert len(set(server.queries)) == 2 + 4 * 5
    assert found(farm) == FOUND
    assert [str(one) for one in farm.used[0].others] == ["fd00::1"]
    (account,) = farm.accounts
    assert account.queries == farm.queries
    assert account.lines[1].name == r"Build b.h\xf6st._distcc._tcp.farm.test"
    assert account.lines[1].came_back == "b.farm.test. port 4002: 10.0.0.2 fd00::1 (TTL 60), jobs 2"
    assert farm.why == "farm.test lists no more services"
    assert farm.until - farm.made >= 59
    # Nothing is asked for in the next domain.
    assert all(one.name.endswith(".farm.test.") for one in server.queries)


def test_a_domain_says_which_are_to_be_browsed() -> None:
    zone = {
        **listed("a", "b", domain="one.test."),
        **listed("c", domain="two.test.", port=5000),
        "b._dns-sd._udp.farm.test.": ["60 PTR one.test.", "60 PTR two.test."],
    }
    zone["c.two.test."] = ["60 A 10.0.0.9"]
    with serve(zone) as server:
        farm = search(server)
    assert found(farm) == [("10.0.0.1:4001", 1), ("10.0.0.2:4002", 2), ("10.0.0.9:5001", 1)]
    assert farm.why == "one.test, two.test list no more services"


def test_only_where_there_is_nothing_the_next_domain_is_browsed() -> None:
    zone = listed("a", domain="test.")
    for absent in (nxdomain, nodata):
        with serve(zone, {PTR: absent}) as server:
            farm = search(server)
        assert found(farm) == [("10.0.0.1:4001", 1)]
        assert not farm.degraded
    with serve({}) as server:
        farm = search(server)
    assert farm.why == "no _distcc._tcp in farm.test, test"


@pytest.mark.parametrize(
    "mode",
    [
        first_drop(1),
        first_drop(2),
        truncated,
        oversized,
        forged("10.9.9.9", count=3),
        delay(0.3),
        shuffled(random.Random(1)),
        random_delay(random.Random(2), 0.3),
    ],
)
def test_what_a_network_does_to_packets_changes_nothing(mode: Mode) -> None:
    with serve(FIVE, {"*": mode}) as server:
        farm = search(server)
    assert found(farm) == FOUND
    assert not farm.degraded


FAULTS = [
    servfail,
    refused,
    formerr,
    drop,
    garbage,
    wrong_id,
    wrong_question,
    cname_loop,
    truncated_tcp_closes,
    truncated_tcp_silent,
    truncated_tcp_truncated,
]


@pytest.mark.parametrize("mode", FAULTS)
@pytest.mark.parametrize("what", [PTR, "b._dns-sd._udp.farm.test."])
def test_a_fault_leads_to_no_other_domain_and_takes_no_server_away(what: str, mode: Mode) -> None:
    zone = {**FIVE, **listed("z", domain="test.")}
    away = {**zone, PTR: ["60 PTR x."]}
    with serve(zone) as server:
        before = search(server)
        # Where it cannot be asked which domains to browse, this one's own are as good as any.
        server.zone = serve(zone if what == PTR else away).zone
        server.script[what] = mode
        first, after = hasty(server, before)
        assert all(one.name.endswith(".farm.test.") for one in server.queries)
    assert (found(first), first.degraded) == ([], True)
    assert (found(after), after.degraded) == (FOUND, True)
    assert f"{what.rstrip('.')} could not be asked: " in after.why


@pytest.mark.parametrize("mode", FAULTS)
@pytest.mark.parametrize("what", [SECOND, "b.farm.test."])
def test_a_fault_of_one_service_is_its_own(what: str, mode: Mode) -> None:
    with serve(FIVE) as server:
        before = search(server)
        server.script[what] = mode
        first, after = hasty(server, before)
    assert (found(first), first.degraded) == ([FOUND[0], *FOUND[2:]], True)
    assert first.accounts[0].lines[1].verdict == "could not be asked"
    assert (sorted(found(after)), after.degraded) == (FOUND, True)


def test_a_name_server_that_drops_txt_records_hides_no_server() -> None:
    names = [name for name in FIVE if name.startswith("build")]
    with ScriptedNameServer(FIVE, {(name, "TXT"): drop for name in names}) as server:
        farm = search(server)
    assert found(farm) == [(endpoint, None) for endpoint, _ in FOUND]
    assert not farm.degraded
    assert "TXT: no answer in time" in farm.accounts[0].lines[0].came_back


def test_a_name_server_that_drops_questions_for_ipv6_hides_no_server() -> None:
    script = {(f"{host}.farm.test.", "AAAA"): drop for host in "abcde"}
    with ScriptedNameServer(FIVE, script) as server:
        farm = search(server, seconds=2)
    assert found(farm) == FOUND
    assert farm.used[0].others == ()


@pytest.mark.parametrize(
    ("what", "why"),
    [(PTR, f"{PTR[:-1]} could not be asked: no answer in time"), (SECOND, "no more services")],
)
def test_there_is_a_deadline(what: str, why: str) -> None:
    with serve(FIVE, {what: drop}) as server:
        farm = search(server, seconds=1)
    assert why in farm.why
    assert farm.degraded


def test_the_other_name_server_is_asked() -> None:
    with serve({}, {"*": drop}) as dead, serve(FIVE) as good:
        farm = search(dead, good)
    assert found(farm) == FOUND


def test_hundreds_of_services_come_over_tcp() -> None:
    with serve(listed(*(f"host{number}" for number in range(400)))) as server:
        farm = search(server)
        assert server.count(PTR, "PTR", "tcp") == 1
        assert found(search(server, config=CONFIG._replace(max_servers=7))) == found(farm)[:7]
    assert len(found(farm)) == 400


def test_aliases_are_followed() -> None:
    zone = {
        **{name: records for name, records in FIVE.items() if name != PTR},
        PTR: ["60 CNAME _distcc._tcp.other.test."],
        "_distcc._tcp.other.test.": ["9 CNAME list.test."],
        "list.test.": FIVE[PTR],
    }
    with serve(zone) as server:
        farm = search(server)
    assert found(farm) == FOUND


async def portal(x: Exchange) -> list[bytes]:
    """Answer everything with one's own address, as a network does before one has logged in."""
    response = dns.message.make_response(x.request, recursion_available=True)
    response.answer.append(dns.rrset.from_text(x.query.name, 60, "IN", "A", "10.0.0.1"))
    return x.wire(response)


def test_a_portal_and_a_wildcard_are_no_servers() -> None:
    with serve({}, {"*": portal}) as server:
        assert found(search(server)) == []
    wild = {"*.farm.test.": ["60 A 10.0.0.1", '60 TXT "x"'], "farm.test.": ["60 A 10.0.0.1"]}
    with serve(wild) as server:
        assert found(search(server)) == []


def test_addresses_are_judged_as_those_of_other_sources() -> None:
    zone = {**FIVE, "b.farm.test.": ["60 A 192.0.2.1"], "c.farm.test.": ["60 A 127.0.0.1"]}
    with serve(zone) as server:
        farm = search(server)
    states = [State.USED, State.REFUSED, State.REFUSED, State.USED, State.USED]
    assert [one.state for one in farm.servers] == states


def test_names_and_services_of_one_machine_are_one_server() -> None:
    zone = {**numbered(2), **listed("a", port=3631)}
    zone["a.farm.test."] = ["60 A 10.0.0.3"]
    both = CONFIG._replace(sources=(DNS_SD, DISCOVER))
    with serve(zone) as server:
        farm = search(server, config=both)
    assert [(one.name, one.source, one.state) for one in farm.servers] == [
        ("a.farm.test.", DNS_SD, State.USED),
        ("distcc1.farm.test.", DISCOVER, State.USED),
        ("distcc2.farm.test.", DISCOVER, State.DUPLICATE),
    ]
    assert farm.why == (
        "--discover-dns-sd: farm.test lists no more services; "
        "--discover-distccN: distcc3.farm.test. does not exist"
    )


BOTH = HASTY._replace(sources=(DISCOVER, DNS_SD), domain=("a.test", "b.test"))


def test_a_domain_whose_services_could_not_be_asked_for_leads_to_no_other_site() -> None:
    with serve({**listed("x", domain="a.test."), **numbered(2, "b.test.")}) as server:
        warm = search(server, config=BOTH)
        server.script["_distcc._tcp.a.test."] = cname_loop
        after, cold = search(server, config=BOTH, old=warm), search(server, config=BOTH)
    with serve(numbered(2, "b.test.")) as server:
        moved = search(server, config=BOTH, old=after)
        server.script["_distcc._tcp.a.test."] = cname_loop
        later = search(server, config=BOTH, old=moved)
    assert found(warm) == found(after) == [("10.0.0.1:4001", 1)]
    assert (found(cold), cold.degraded) == ([], True)
    assert "it is not known whether there are any in a.test" in cold.why
    assert [line.verdict for line in cold.lines][1:3] == ["not used: of a later domain"] * 2
    # There were none in the first before: that it cannot be asked does not take these away.
    assert len(found(moved)) == len(found(later)) == 2
    assert [one.site[0] for one in (warm, cold, moved, later)] == ["a", "a", "b", "b"]


def test_a_first_name_that_could_not_be_asked_for_leads_to_no_other_site() -> None:
    zone = {**numbered(2, "a.test."), **listed("x", domain="b.test.")}
    with serve(zone, {"distcc1.a.test.": cname_loop, "distcc2.a.test.": cname_loop}) as server:
        assert found(search(server, config=BOTH)) == []
        server.script.clear()
        assert len(found(search(server, config=BOTH))) == 2


def test_without_a_domain_and_with_one_that_is_too_long_nothing_is_asked() -> None:
    with serve(FIVE) as server:
        farm = search(server, domains=[".".join(["x" * 59] * 4)])
        assert server.queries == []
        assert farm.why == "there is no domain to look in"
        assert found(search(server, domains=["x.test"], config=HASTY)) == []
        named = CONFIG._replace(domain=("x.test", "farm.test"))
        assert found(search(server, domains=[], config=named)) == FOUND


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (CONFIG._replace(resolver="system"), ADDRESSES_ONLY),
        (CONFIG._replace(resolver="system", require_dnssec=True), SYSTEM),
        (CONFIG._replace(require_dnssec=True), NOT_VALIDATED),
    ],
)
def test_what_a_resolver_cannot_be_asked(config: Config, why: str) -> None:
    with serve(FIVE) as server:
        farm = search(server, config=config)
    assert (farm.degraded, found(farm)) == (True, [])
    assert farm.why.endswith(f"farm.test could not be asked: {why}")


def test_without_a_validator_nothing_is_asked() -> None:
    conf = ResolvConf((("192.0.2.1", 53),), ("farm.test",))
    farm = find_servers(CONFIG._replace(require_dnssec=True), conf, "here", seconds=20)
    assert (farm.queries, farm.why.endswith(NO_VALIDATOR)) == (0, True)


LIES = {
    "PTR": "evil._distcc._tcp.farm.test.",
    "SRV": "0 0 1 a.farm.test.",
    "A": "10.0.0.66",
}


@pytest.mark.parametrize("kind", RESOLVERS)
@pytest.mark.parametrize("forge", ["", *LIES])
def test_every_record_has_to_be_validated(tmp_path: Path, kind: str, forge: str) -> None:
    if kind == "unbound" and not UNBOUND:
        pytest.skip("unbound is not installed")

    def tamper(message: dns.message.Message) -> None:
        for place, one in enumerate(message.answer):
            if dns.rdatatype.to_text(one.rdtype) == forge:
                message.answer[place] = dns.rrset.from_text(one.name, 60, "IN", forge, LIES[forge])

    zone = sign("farm.test.", listed("a"))
    with (
        SignedServer(zone, tamper) as server,
        validator(kind, tmp_path, zone, server) as there,
    ):
        conf = ResolvConf((there,), ("farm.test",))
        farm = find_servers(CONFIG._replace(require_dnssec=True), conf, "here", seconds=60)
    assert found(farm) == ([] if forge else FOUND[:1])
    assert farm.degraded is bool(forge)
