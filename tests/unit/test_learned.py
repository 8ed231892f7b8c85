"""What its servers say of themselves changes a farm."""

import ipaddress
from collections.abc import Mapping

import pytest
from known import BAD, CONFIG, FARM, NONE, NOW, PROOFS, SIXTEEN, farm_of, found

from distcc_build.learned import limited, moved, proved, silent
from distcc_build.policy import State
from distcc_build.resolve.answers import Found
from distcc_build.verdict import Cause, Verdict


def test_proofs_and_limits_become_part_of_the_farm() -> None:
    farm = farm_of(FARM, grants={"distcc2.a.test.": SIXTEEN, "distcc3.a.test.": NONE})
    farm = limited(farm, {"10.1.0.2": 3, "10.1.0.3": 5})
    farm = proved(farm, PROOFS, {}, CONFIG, trouble=False, hurried=True, now=NOW)
    assert [one.limit for one in farm.servers] == [None, 16, 5]
    assert farm.proofs == PROOFS
    assert farm.until == NOW + 90, "an installed compiler is no trouble that is over in a minute"
    more = proved(
        farm, BAD | {"k2": {}}, {"k2": "why"}, CONFIG, trouble=False, hurried=True, now=NOW
    )
    assert set(more.proofs) == {"k1", "k2"}
    assert more.reasons == {"k2": "why"}


@pytest.mark.parametrize(("proofs", "trouble"), [(BAD, False), (PROOFS, True)])
def test_a_server_that_is_out_is_looked_at_again_in_a_minute(
    proofs: Mapping[str, Mapping[str, Verdict]], trouble: bool
) -> None:
    farm = proved(farm_of(FARM), proofs, {}, CONFIG, trouble=trouble, hurried=False, now=NOW)
    assert (farm.until, farm.stale) == (NOW + 60, NOW + 60 + CONFIG.stale)


def test_a_silence_that_was_cut_short_is_looked_into_at_once() -> None:
    farm = proved(farm_of(FARM), BAD, {}, CONFIG, trouble=False, hurried=True, now=NOW)
    assert (farm.until, farm.stale) == (NOW + 1, NOW + 1 + CONFIG.stale)


def test_silent_are_the_servers_that_may_just_be_slow() -> None:
    said = {"10.1.0.1": Cause.SILENT, "10.1.0.2": Cause.REFUSED, "10.1.0.3": Cause.UNREACHABLE}
    proofs = {
        "k1": {address: Verdict(cause) for address, cause in said.items()},
        "k2": {"10.1.0.2": Verdict(Cause.OK)},
    }
    farm = proved(farm_of(FARM), proofs, {}, CONFIG, trouble=False, hurried=False, now=NOW)
    assert [one.endpoint for one in silent(farm)] == ["10.1.0.1", "10.1.0.3"]
    assert silent(farm_of(FARM)) == []


def test_a_server_moves_to_the_address_at_which_it_answers() -> None:
    two = Found((ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("fd00::1")), 120)
    farm = farm_of({1: two, 2: found("10.0.0.2")})
    farm = farm._replace(
        proofs={"key": {"10.0.0.1": Verdict(Cause.UNREACHABLE), "10.0.0.2": Verdict(Cause.OK)}}
    )
    there = ipaddress.ip_address("fd00::1")
    now = moved(farm, {"10.0.0.1": there})
    assert [str(one.address) for one in now.used] == ["fd00::1", "10.0.0.2"]
    assert now.servers[0].others == (ipaddress.ip_address("10.0.0.1"),)
    # What is known of the other address says nothing of this one.
    assert now.proofs == {"key": {"10.0.0.2": Verdict(Cause.OK)}}
    assert moved(farm, {}) == farm
    # DNS is silent: the addresses are known still, and the living one is the first.
    assert now.known(NOW).addresses[1] == (there, ipaddress.ip_address("10.0.0.1"))


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_name_that_leads_to_another_names_server_is_not_a_second_one(
    order: tuple[int, int],
) -> None:
    both = Found((ipaddress.ip_address("10.0.0.5"), ipaddress.ip_address("10.0.0.9")), 120)
    plain, double = order
    farm = farm_of({plain: found("10.0.0.9"), double: both})
    now = moved(farm, {"10.0.0.5": ipaddress.ip_address("10.0.0.9")})
    assert [one.number for one in now.used] == [plain]
    other = next(one for one in now.servers if one.number == double)
    assert (other.state, other.others) == (State.DUPLICATE, ())
    assert other.why == f"has the address of distcc{plain}.a.test."


def test_two_names_that_both_lead_to_a_third_address_are_one_server() -> None:
    third = ipaddress.ip_address("10.0.0.9")
    farm = farm_of(
        {n: Found((ipaddress.ip_address(f"10.0.0.{n}"), third), 120) for n in (1, 2)},
    )
    now = moved(farm, {"10.0.0.1": third, "10.0.0.2": third})
    assert [one.state for one in now.servers] == [State.USED, State.DUPLICATE]
