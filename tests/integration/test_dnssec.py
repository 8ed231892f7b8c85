"""With require_dnssec no answer is used that a resolver on this machine has not validated."""

from collections.abc import Mapping
from pathlib import Path

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest
import signed
from servers import Exchange, Mode, ScriptedNameServer, answer, numbered
from signed import RESOLVERS, SignedServer, sign, validator

from distcc_build.config import Config
from distcc_build.farmfile import Farm
from distcc_build.resolve.dnssec import BOGUS
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.search import find_servers
from distcc_build.store import farm_path
from distcc_build.values import networks

CONFIG = Config(require_dnssec=True, walk_budget=2.0)
FARM = numbered(5)
PARENT = numbered(4, "test.", network="10.7")


async def validated(x: Exchange) -> list[bytes]:
    """Answer as a resolver that has validated the answer, if it is asked for that."""
    response = x.server.answer(x.request)
    if x.request.flags & dns.flags.AD:
        response.flags |= dns.flags.AD
    return x.wire(response)


def search(
    *servers: tuple[str, int],
    config: Config = CONFIG,
    domains: tuple[str, ...] = ("farm.test",),
    old: Farm | None = None,
) -> Farm:
    return find_servers(config, ResolvConf(servers, domains), "here", old, force=True, seconds=20)


def scripted(
    zone: Mapping[str, list[str]], script: Mapping[str | tuple[str, str], Mode]
) -> ScriptedNameServer:
    return ScriptedNameServer(zone, script)


def endpoint(server: ScriptedNameServer) -> tuple[str, int]:
    return server.address, server.port


def test_validated_answers_are_used() -> None:
    zone = {**FARM, "distcc2.farm.test.": ["60 A 10.0.0.3", '60 TXT "slots=16"']}
    with scripted(zone, {"*": validated}) as server:
        farm = search(endpoint(server))
    assert [one.number for one in farm.used] == [1, 2, 3, 4, 5]
    assert farm.used[1].limit == 16
    assert not farm.degraded


def test_what_is_not_validated_could_not_be_asked() -> None:
    with scripted(FARM, {"*": validated, "distcc3.farm.test.": answer}) as server:
        before = search(endpoint(server))
        server.script["distcc2.farm.test."] = answer
        server.script["distcc3.farm.test."] = validated
        after = search(endpoint(server), old=before)
        server.zone = ScriptedNameServer(numbered(5, network="10.9")).zone
        server.script = {"*": answer}
        forged = search(endpoint(server), old=after)
    assert [one.number for one in before.used] == [1, 2, 4, 5]
    assert before.degraded
    (line,) = [one for one in before.lines if one.name == "distcc3.farm.test."]
    assert "not validated" in line.came_back
    # What was validated before stays in use; a forger can at most hide what is new.
    assert [one.number for one in after.used] == [1, 2, 3, 4, 5]
    assert [str(one.address) for one in forged.used] == [str(one.address) for one in after.used]


def test_slots_that_are_not_validated_do_not_count() -> None:
    zone = {**FARM, "distcc2.farm.test.": ["60 A 10.0.0.3", '60 TXT "slots=16"']}
    script: dict[str | tuple[str, str], Mode] = {
        "*": validated,
        ("distcc2.farm.test.", "TXT"): answer,
    }
    with scripted(zone, script) as server:
        assert search(endpoint(server)).used[1].limit is None


def test_a_forged_nxdomain_does_not_lead_to_the_parents_farm() -> None:
    domains = ("farm.test", "test")
    with scripted(PARENT, {"*": validated}) as server:
        proved = search(endpoint(server), domains=domains)
        server.script["distcc1.farm.test."] = answer
        forged = search(endpoint(server), domains=domains)
        config = CONFIG._replace(require_dnssec=False)
        off = search(endpoint(server), config=config, domains=domains)
    assert (len(proved.used), proved.domain) == (4, "test")
    assert (len(forged.used), forged.domain) == (0, "farm.test")
    assert (len(off.used), off.domain) == (4, "test")


def test_an_unsigned_zone_ends_soon_and_with_one_line() -> None:
    with scripted(numbered(1000), {}) as server:
        farm = search(endpoint(server))
        assert len(server.queries) < 150
    assert farm.used == ()
    assert farm.why.startswith("distcc1.farm.test. and the names behind it could not be asked: ")
    assert "require_dnssec" in farm.why
    assert "sign the zone" in farm.why
    assert "\n" not in farm.why


def test_a_name_server_elsewhere_is_not_asked_at_all() -> None:
    for address in ("10.0.0.53", "0.0.0.0", "::", "fe80::1", "::ffff:127.0.0.1"):
        farm = search((address, 53))
        assert farm.used == ()
        assert farm.queries == 0
        assert "run a validating resolver here" in farm.why
    # One here among others is the only one that is asked.
    with scripted(FARM, {"*": validated}) as server:
        farm = search(("192.0.2.1", 53), endpoint(server))
    assert len(farm.used) == 5


def test_the_systems_resolver_cannot_tell() -> None:
    farm = search(config=CONFIG._replace(resolver="system"))
    assert farm.used == ()
    assert farm.queries == 0
    assert 'set resolver = "dns"' in farm.why


def test_what_was_known_before_the_setting_is_another_farm(tmp_path: Path) -> None:
    plain = Config()
    hardened = [plain._replace(require_dnssec=True), plain._replace(only=networks("10.1.0.0/16"))]
    assert len({farm_path(tmp_path, one) for one in [plain, *hardened]}) == 3


# The rest is with resolvers that do validate, and a zone that is really signed.


def bend(message: dns.message.Message) -> None:
    """Give distcc2 another address, and leave its signature as it is."""
    for index, rrset in enumerate(message.answer):
        if rrset.name.to_text() == "distcc2.farm.test." and rrset.rdtype == dns.rdatatype.A:
            message.answer[index] = dns.rrset.from_text(rrset.name, 60, "IN", "A", "10.66.6.6")


def strip(message: dns.message.Message) -> None:
    """Take every signature away."""
    for section in (message.answer, message.authority):
        section[:] = [one for one in section if one.rdtype != dns.rdatatype.RRSIG]


def hide(message: dns.message.Message) -> None:
    """Say that distcc2 does not exist, without a proof."""
    if message.question[0].name.to_text() == "distcc2.farm.test.":
        message.answer, message.authority = [], []
        message.set_rcode(dns.rcode.NXDOMAIN)


@pytest.fixture(params=RESOLVERS)
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    if kind == "unbound" and not signed.UNBOUND:
        pytest.skip("unbound is not installed")
    return kind


ZONE = {**FARM, "distcc1.farm.test.": ["60 A 10.0.0.2", '60 TXT "slots=12"']}


def test_a_signed_zone_is_used(tmp_path: Path, kind: str) -> None:
    zone = sign("farm.test.", ZONE)
    with SignedServer(zone) as server, validator(kind, tmp_path, zone, server) as resolver:
        farm = search(resolver)
    assert [one.number for one in farm.used] == [1, 2, 3, 4, 5]
    assert farm.used[0].limit == 12
    assert not farm.degraded
    assert farm.why == "distcc6.farm.test. does not exist"


@pytest.mark.parametrize("tamper", [bend, hide])
def test_a_record_that_was_tampered_with_is_not_used(
    tmp_path: Path, kind: str, tamper: signed.Tamper
) -> None:
    zone = sign("farm.test.", ZONE)
    with SignedServer(zone, tamper) as server, validator(kind, tmp_path, zone, server) as resolver:
        farm = search(resolver)
    # Nor does it end the walk.
    assert [one.number for one in farm.used] == [1, 3, 4, 5]
    assert farm.degraded


def test_a_zone_without_its_signatures_is_not_used(tmp_path: Path, kind: str) -> None:
    zone = sign("farm.test.", ZONE)
    with SignedServer(zone, strip) as server, validator(kind, tmp_path, zone, server) as resolver:
        farm = search(resolver)
    assert farm.used == ()


def test_a_zone_signed_with_another_key_is_not_used(tmp_path: Path, kind: str) -> None:
    zone, other = sign("farm.test.", ZONE), sign("farm.test.", ZONE)
    with SignedServer(zone) as server, validator(kind, tmp_path, other, server) as resolver:
        farm = search(resolver)
    assert farm.used == ()
    assert farm.why.endswith(f"could not be asked: {BOGUS}")
