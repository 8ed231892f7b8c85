"""What doctor says of the names that were asked for."""

import os

from compiling import Bench
from e2e.doctor.asked import doctor, zone

from distcc_build.farm.loopback import Farm


def test_an_empty_zone_is_named(bench: Bench) -> None:
    with zone(bench, {}):
        said = doctor(bench)
    assert "distcc1.farm.test does not exist" in said.check("discovery", "farm.test")["text"]
    assert said.steps == [
        "give the first server the name distcc1.farm.test in DNS, or set 'domain' to where it is"
    ]
    assert said.status == 7


SERVICES = {
    "_distcc._tcp.farm.test.": ["PTR one._distcc._tcp.farm.test."],
    "one._distcc._tcp.farm.test.": ["SRV 0 0 {port} a.farm.test.", 'TXT "jobs=8"'],
    "a.farm.test.": ["A 127.1.0.1"],
}


def test_a_farm_that_is_listed_as_services_is_well(farm: Farm, bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "--discover-dns-sd"
    port = farm.daemons.port
    names = {name: [one.format(port=port) for one in said] for name, said in SERVICES.items()}
    with zone(bench, names):
        said = doctor(bench)
        found = said.check("discovery", "--discover-dns-sd")
        assert found["text"].startswith("1 server (")
        assert (said.bad(), said.status) == ([], 0)
        names["_distcc._tcp.farm.test."].append("PTR two._distcc._tcp.farm.test.")
    with zone(bench, names):
        said = doctor(bench)
    assert said.check("discovery", "two._distcc._tcp.farm.test")["text"].startswith("no SRV record")
    assert said.steps == ["correct its SRV and address records, or take its PTR record away"]
    assert said.status == 1


def test_a_zone_that_lists_no_services_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "--discover-dns-sd"
    with zone(bench, {"distcc1.farm.test.": ["A 127.1.0.1"]}):
        said = doctor(bench)
    found = said.check("discovery", "--discover-dns-sd")
    assert found["text"] == "no servers: no _distcc._tcp in farm.test"
    (step,) = said.steps
    assert step.startswith("list the servers in DNS: distcc-build zone --dns-sd --domain farm.test")
    assert said.status == 7


def test_of_two_sources_one_is_enough_and_a_server_of_both_is_one(farm: Farm, bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "--discover-dns-sd --discover-distccN"
    port = farm.daemons.port
    names = {name: [one.format(port=port) for one in said] for name, said in SERVICES.items()}
    with zone(bench, {**names, "distcc1.farm.test.": ["A 127.1.0.1"]}):
        said = doctor(bench)
    assert said.check("discovery", "names")["text"].startswith("distcc1.farm.test ")
    assert (said.bad(), said.status) == ([], 0)
    with zone(bench, names):
        said = doctor(bench)
    assert said.bad() == ["farm.test"]
    assert said.status == 1


def test_a_wildcard_beside_the_servers_is_named(bench: Bench) -> None:
    servers = {f"distcc{n}.farm.test.": [f"A 127.1.0.{n}"] for n in (1, 2)}
    with zone(bench, {**servers, "*.farm.test.": ["A 127.1.0.9"]}):
        said = doctor(bench)
    found = said.check("discovery", "distcc3.farm.test")
    assert found["text"] == "127.1.0.9  a wildcard record answers for any name"
    assert said.steps == ["remove the wildcard record"]
    assert said.status == 1


def test_nothing_but_a_wildcard_is_named(bench: Bench) -> None:
    with zone(bench, {"*.farm.test.": ["A 127.1.0.2"]}):
        said = doctor(bench)
    assert said.steps[0].startswith("remove the wildcard record")
    assert said.status == 7


def test_name_servers_that_do_not_answer_are_named(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD_NAMESERVERS"] = "127.0.0.1:9"
    said = doctor(bench)
    assert said.steps[0].startswith("see that the name servers answer: dig distcc1.farm.test")
    assert said.status == 7


def test_of_a_large_farm_it_tells_what_this_machine_gets(bench: Bench) -> None:
    # 16 jobs at once for each core here (choice.py), and the list covers twice that.
    bench.environ["DISTCC_BUILD_LIMIT"] = "1000"
    core = ("/usr/bin/taskset", "-c", str(min(os.sched_getaffinity(0))))
    said = doctor(bench, "--compiler", "gcc", prefix=core)
    text = said.check("servers", "list for gcc")["text"]
    assert text == "1 of 2 good servers, as many as this machine can feed"
    assert said.table["verdict"].endswith("to 1 server with 1000 slots")
    assert [said.check("trial", f"distcc{n}.")["status"] for n in (1, 2)] == ["ok", "ok"]
    assert said.status == 0


def test_strangers_in_the_zone_are_named(bench: Bench) -> None:
    with zone(bench, {"distcc1.farm.test.": ["A 8.8.8.8"]}):
        said = doctor(bench)
    found = said.check("servers", "distcc1.farm.test")
    assert "8.8.8.8 is not a private address" in found["text"]
    assert found["remedy"] == 'allow = ["8.8.8.0/24"] would use it'
    assert said.status == 7


def test_a_single_server_that_is_dead_leaves_nothing(bench: Bench) -> None:
    with zone(bench, {"distcc1.farm.test.": ["A 127.1.0.77"]}):
        said = doctor(bench)
    assert said.check("servers", "distcc1.farm.test")["remedy"].startswith("start distccd on it")
    assert "stay on this machine: no server is good for it" in said.table["verdict"]
    assert said.status == 7
