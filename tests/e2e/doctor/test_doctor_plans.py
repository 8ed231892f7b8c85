"""What doctor says of the plans that are kept."""

import pytest
from compiling import Bench, age
from e2e.doctor.asked import doctor, zone

from distcc_build.farm.nameserver import NameServer
from distcc_build.farm.zone import Zone


@pytest.fixture
def planned(bench: Bench) -> Bench:
    """One that has compiled just now, so that there are plans."""
    bench.compile("gcc")
    return bench


def test_a_plan_that_holds_is_told(planned: Bench) -> None:
    said = doctor(planned)
    text = said.check("plans", "plan for gcc")["text"]
    assert "old, fresh: distcc, 2 servers" in text
    assert "builds go by what was learned" in said.check("discovery", "age")["text"]
    assert said.status == 0
    age(planned.cache, 330)
    assert "stale, but used" in doctor(planned).check("plans", "plan for gcc")["text"]


AGAIN = "run: distcc-build refresh --compiler gcc"


def test_a_plan_that_is_too_old_is_named(planned: Bench) -> None:
    age(planned.cache, 7200)
    said = doctor(planned, "--compiler", "gcc")
    found = said.check("plans", "plan for gcc")
    assert found["status"] == "warning"
    assert found["text"].startswith("2.0 h old, too old: the next compile waits for another")
    assert said.steps == [AGAIN]
    assert said.status == 0, "compiles go on"
    planned.command("refresh", "--compiler", "gcc")
    assert doctor(planned, "--compiler", "gcc").steps == [], "the remedy helps"


def test_a_plan_whose_file_has_changed_is_named(planned: Bench) -> None:
    config = planned.directory / "home/.config/distcc-build/config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text("max_jobs = 500\n")
    config.chmod(0o600)
    said = doctor(planned, "--compiler", "gcc")
    found = said.check("plans", "plan for gcc")
    assert f"no longer true: {config} has changed" in found["text"]
    assert (said.steps, said.status) == ([AGAIN], 0)


def test_a_plan_that_cannot_be_read_is_named(planned: Bench) -> None:
    for plan in planned.cache.glob("plan-*"):
        plan.write_text("distcc-build plan 1\nmade never\nend\n")
    said = doctor(planned, "--compiler", "gcc")
    found = said.check("plans", "plan for gcc")
    assert found["text"].startswith("unreadable (not a plan: ")
    assert (said.steps, said.status) == ([AGAIN], 0)


def test_a_plan_from_before_the_servers_came_is_a_problem(bench: Bench) -> None:
    with zone(bench, {}):
        bench.compile("gcc")
        nameservers = bench.environ["DISTCC_BUILD_NAMESERVERS"]
    host, _, port = nameservers.rpartition(":")
    names = {f"distcc{n}.farm.test.": [f"A 127.1.0.{n}"] for n in (1, 2)}
    with NameServer(Zone(names, origins=["farm.test."]), port=int(port)) as server:
        assert server.endpoint == f"{host}:{port}"
        said = doctor(bench, "--compiler", "gcc")
    found = said.check("plans", "plan for gcc")
    assert found["status"] == "problem"
    assert found["text"].endswith("distcc, here only; made now it would be: distcc, 2 servers")
    assert (said.steps, said.status) == ([AGAIN], 1)
