"""Discovery against real name servers, well-behaved and not: the same result every time."""

import os
import random
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from peers import dnsmasq
from servers import (
    Mode,
    ScriptedNameServer,
    cname_loop,
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
    wrong_class,
    wrong_id,
    wrong_question,
)

from distcc_build.choice import Candidate, complete
from distcc_build.config import Config
from distcc_build.discover import Wanted, discover
from distcc_build.farmfile import Farm
from distcc_build.hosts import DISCOVER, parse_hosts
from distcc_build.loop import Loop
from distcc_build.resolve.answers import Answer, Failed, Found
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.resolve.resolver import DnsResolver
from distcc_build.resolve.texts import AT_ONCE, Texts
from distcc_build.search import find_servers

RUNS = int(os.environ.get("WALK_RUNS", "10"))
"""Walks per case; WALK_RUNS=50 for a thorough look."""

LONGEST = 0.012
"""Seconds of random delay; many times what an answer takes, so that every order occurs."""

CONFIG = Config(domain=("farm.test",), walk_budget=20, deadline=60)


@dataclass
class Case:
    """A zone, what its server does, and the numbers that a sequential walk would find."""

    zone: Mapping[str, list[str]]
    expected: list[int]
    script: Mapping[str | tuple[str, str], Mode] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    search: tuple[str, ...] = ("farm.test",)
    degraded: bool = False
    runs: int = RUNS
    budget: float = 20.0
    """Seconds; long, as a busy machine may be slow where nobody is meant to be silent."""


def name(number: int, domain: str = "farm.test.") -> str:
    return f"distcc{number}.{domain}"


def without(zone: Mapping[str, list[str]], *numbers: int) -> dict[str, list[str]]:
    return {one: records for one, records in zone.items() if one not in map(name, numbers)}


FIVE = numbered(5)
AAAA = {name(n): [f"60 AAAA fd0c::{n}"] for n in range(1, 6)}
DUAL = {name(n): [f"60 A 10.0.0.{n + 1}", f"60 AAAA fd0c::{n}"] for n in range(1, 6)}
PARENT = numbered(4, "test.", network="10.7")
OTHER = {name(3): ["60 A 10.9.0.1"]}

SILENT = 1.0
"""Seconds for a name that is not answered, and waited for."""

CASES = {
    "five servers": Case(FIVE, [1, 2, 3, 4, 5]),
    "gap": Case(without(FIVE, 3), [1, 2]),
    "gap tolerated": Case(without(FIVE, 3), [1, 2, 4, 5], options={"gap": 1}),
    "gap too wide": Case(without(numbered(8), 3, 4), [1, 2], options={"gap": 1}),
    "distcc1 missing": Case(without(FIVE, 1), []),
    "distcc1 exists without an address": Case({**FIVE, name(1): ["60 TXT x"]}, []),
    "other network": Case({**FIVE, **OTHER}, [1, 2]),
    "distcc1 on another network": Case({**FIVE, name(1): ["60 A 10.9.0.1"]}, [1]),
    "network check off": Case({**FIVE, **OTHER}, [1, 2, 3, 4, 5], options={"ipv4_network": 0}),
    "wildcard": Case({"*.farm.test.": ["60 A 10.0.0.9"]}, []),
    "wildcard beside servers": Case({**FIVE, "*.farm.test.": ["60 A 10.0.0.99"]}, [1, 2, 3, 4, 5]),
    "wildcard with several addresses": Case(
        {**FIVE, "*.farm.test.": ["60 A 10.0.0.98", "60 A 10.0.0.99", "60 AAAA fd0c::9"]},
        [1, 2, 3, 4, 5],
        {"*": shuffled(random.Random(3))},
    ),
    "SERVFAIL in the middle": Case(FIVE, [1, 2, 4, 5], {name(3): servfail}, degraded=True),
    "REFUSED in the middle": Case(FIVE, [1, 2, 4, 5], {name(3): refused}, degraded=True),
    "FORMERR in the middle": Case(FIVE, [1, 2, 4, 5], {name(3): formerr}, degraded=True),
    "silence in the middle": Case(
        FIVE, [1, 2, 4, 5], {name(3): drop}, degraded=True, runs=3, budget=SILENT
    ),
    "one packet lost": Case(FIVE, [1, 2, 3, 4, 5], {name(3): first_drop(1)}, runs=1),
    "truncated, TCP completes": Case(FIVE, [1, 2, 3, 4, 5], {name(3): truncated}),
    "truncated, TCP closes": Case(
        FIVE, [1, 2, 4, 5], {name(3): truncated_tcp_closes}, degraded=True
    ),
    "truncated, TCP silent": Case(
        FIVE, [1, 2, 4, 5], {name(3): truncated_tcp_silent}, degraded=True, runs=3, budget=SILENT
    ),
    "truncated, TCP truncated": Case(
        FIVE, [1, 2, 4, 5], {name(3): truncated_tcp_truncated}, degraded=True
    ),
    "wrong id": Case(FIVE, [1, 2, 4, 5], {name(3): wrong_id}, degraded=True, runs=3, budget=SILENT),
    "wrong class": Case(
        FIVE, [1, 2, 4, 5], {name(3): wrong_class}, degraded=True, runs=3, budget=SILENT
    ),
    "wrong question": Case(
        FIVE, [1, 2, 4, 5], {name(3): wrong_question}, degraded=True, runs=3, budget=SILENT
    ),
    "garbage": Case(FIVE, [1, 2, 4, 5], {name(3): garbage}, degraded=True, runs=3, budget=SILENT),
    "forged before the real answer": Case(
        FIVE, [1, 2, 3, 4, 5], {name(3): forged("10.0.0.66", count=3)}
    ),
    "oversized": Case(FIVE, [1, 2, 3, 4, 5], {name(3): oversized}),
    "NXDOMAIN without SOA": Case(FIVE, [1, 2, 3], {name(4): nxdomain}),
    "no data without SOA": Case(FIVE, [1, 2, 3], {name(4): nodata}),
    "AAAA only": Case(AAAA, [1, 2, 3, 4, 5]),
    "dual stack": Case(DUAL, [1, 2, 3, 4, 5]),
    "dual stack, one with AAAA only": Case({**DUAL, name(3): AAAA[name(3)]}, [1, 2, 3, 4, 5]),
    "dual stack, A elsewhere": Case(
        {**DUAL, name(3): ["60 A 10.9.0.1", "60 AAAA fd0c::3"]}, [1, 2, 3, 4, 5]
    ),
    "AAAA never answered": Case(
        FIVE, [1, 2, 3, 4, 5], {(name(n), "AAAA"): drop for n in range(1, 6)}
    ),
    "AAAA fails": Case(FIVE, [1, 2, 3, 4, 5], {(name(n), "AAAA"): servfail for n in range(1, 6)}),
    "several addresses, any order": Case(
        {**FIVE, name(2): [f"60 A 10.0.0.{n}" for n in (50, 40, 30)]},
        [1, 2, 3, 4, 5],
        {name(2): shuffled(random.Random(2))},
    ),
    "CNAME chain": Case(
        {**FIVE, name(2): ["60 CNAME a.farm.test."], "a.farm.test.": ["60 CNAME b.farm.test."]}
        | {"b.farm.test.": ["60 A 10.0.0.77"]},
        [1, 2, 3, 4, 5],
    ),
    "CNAME loop": Case(FIVE, [1, 2, 4, 5], {name(3): cname_loop}, degraded=True),
    "CNAME to nothing": Case({**FIVE, name(3): ["60 CNAME gone.farm.test."]}, [1, 2]),
    "duplicate": Case({**FIVE, name(4): FIVE[name(2)]}, [1, 2, 3, 5]),
    "public address": Case({**FIVE, name(3): ["60 A 10.0.0.1", "60 A 8.8.8.8"]}, [1, 2, 3, 4, 5]),
    "captive portal": Case({"*.": ["60 A 203.0.113.7"]}, []),
    "cap": Case(numbered(30), [1, 2, 3, 4, 5, 6, 7], options={"max_servers": 7}),
    "search list, second domain": Case(
        {**PARENT, "dev.test.": ["60 TXT x"]}, [1, 2, 3, 4], search=("dev.test", "test")
    ),
    "error in an earlier domain": Case(
        PARENT, [], {name(1): servfail}, search=("farm.test", "test"), degraded=True
    ),
    "silence in an earlier domain": Case(
        PARENT,
        [],
        {name(1): drop},
        search=("farm.test", "test"),
        degraded=True,
        runs=3,
        budget=SILENT,
    ),
    "wildcard in an earlier domain": Case(
        {**PARENT, "*.farm.test.": ["60 A 10.0.0.9"]}, [1, 2, 3, 4], search=("farm.test", "test")
    ),
}


def config_of(case: Case) -> Config:
    return CONFIG._replace(domain=(), walk_budget=case.budget, **case.options)  # type: ignore[arg-type]


def search(server: ScriptedNameServer, case: Case, *, old: Farm | None = None) -> Farm:
    conf = ResolvConf(((server.address, server.port),), case.search)
    return find_servers(config_of(case), conf, "here", old, force=True, seconds=60)


def numbers(farm: Farm) -> list[int]:
    return [one.number for one in farm.used]


def hosts_line(farm: Farm, config: Config) -> str:
    every = [Candidate(one, config.limit) for one in farm.used]
    return str(complete(parse_hosts(DISCOVER), every, config, client="me", cores=2))


def delayed(
    script: Mapping[str | tuple[str, str], Mode], seed: int
) -> dict[str | tuple[str, str], Mode]:
    rng = random.Random(seed)
    every: dict[str | tuple[str, str], Mode] = {
        key: random_delay(rng, LONGEST, then=mode) for key, mode in script.items()
    }
    return {"*": random_delay(rng, LONGEST), **every}


@pytest.mark.parametrize("title", CASES)
def test_the_same_hosts_line_whatever_the_order_of_answers(title: str) -> None:
    case = CASES[title]
    lines = set()
    with ScriptedNameServer(case.zone) as server:
        for seed in range(case.runs):
            server.script = delayed(case.script, seed)
            server._asked.clear()
            farm = search(server, case)
            assert numbers(farm) == case.expected, (seed, farm.lines)
            assert farm.degraded is case.degraded
            lines.add(hosts_line(farm, config_of(case)))
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        (truncated_tcp_closes, "truncated answer, and TCP did not complete it"),
        (truncated_tcp_truncated, "truncated answer, over TCP too"),
    ],
)
def test_what_tcp_does_not_complete_is_given_up_before_the_deadline(mode: Mode, why: str) -> None:
    with ScriptedNameServer(FIVE, {name(3): mode}) as server:
        farm = search(server, Case({}, [], budget=1.0))
    assert [one.came_back for one in farm.lines if one.name == name(3)] == [why]


def test_700_servers_are_found_and_few_names_asked_beyond() -> None:
    with ScriptedNameServer(numbered(700)) as server:
        farm = search(server, Case({}, []))
        assert numbers(farm) == list(range(1, 701))
        assert len({query.name for query in server.queries}) <= 700 + 102


def test_no_name_outside_the_domain_and_never_the_bare_label() -> None:
    with ScriptedNameServer(numbered(12, "test.")) as server:
        search(server, Case({}, [], search=("dev.test", "test")))
        asked = {query.name for query in server.queries}
    outside = {one for one in asked if not one.endswith(".test.") or one.count(".") < 2}
    assert outside == set()
    dev = sorted(one for one in asked if one.endswith(".dev.test."))
    assert len(dev) == 2
    assert "distcc1.dev.test." in dev


def test_an_error_keeps_the_address_from_before() -> None:
    with ScriptedNameServer(FIVE) as server:
        before = search(server, Case({}, []))
        server.script = {name(3): servfail}
        after = search(server, Case({}, []), old=before)
    assert numbers(after) == [1, 2, 3, 4, 5]
    assert after.degraded


@pytest.mark.parametrize("mode", [drop, servfail, refused, garbage])
def test_name_servers_that_fail_altogether_leave_what_was_known(mode: Mode) -> None:
    with ScriptedNameServer(numbered(100)) as server:
        before = search(server, Case({}, []))
        server.script = {"*": mode}
        after = search(server, Case({}, [], budget=0.4), old=before)
    assert numbers(after) == list(range(1, 101))


def test_another_network_forgets_what_was_known() -> None:
    with ScriptedNameServer(FIVE) as server:
        before = search(server, Case({}, []))
        server.script = {"*": drop}
        conf = ResolvConf((("127.0.0.1", server.port),), ("farm.test",))
        config = config_of(Case({}, [], budget=0.4))
        after = find_servers(config, conf, "elsewhere", before, seconds=5)
    assert numbers(after) == []


def test_a_second_name_server_is_asked_when_the_first_does_not_answer() -> None:
    with ScriptedNameServer(FIVE) as good, ScriptedNameServer(FIVE, {"*": servfail}) as bad:
        for first in (bad.port, 1):
            conf = ResolvConf((("127.0.0.1", first), ("127.0.0.1", good.port)), ("farm.test",))
            farm = find_servers(config_of(Case({}, [])), conf, "here", seconds=20)
            assert (numbers(farm), farm.degraded) == ([1, 2, 3, 4, 5], False)


def test_a_closed_port_is_known_at_once() -> None:
    conf = ResolvConf((("127.0.0.1", 1),), ("farm.test",))
    farm = find_servers(CONFIG._replace(walk_budget=30), conf, "here", seconds=60)
    assert (numbers(farm), farm.degraded) == ([], True)
    assert farm.seconds < 20


def test_the_deadline_ends_a_walk_with_what_is_there() -> None:
    with ScriptedNameServer(FIVE, {name(3): drop}) as server:
        conf = ResolvConf((("127.0.0.1", server.port),), ("farm.test",))
        farm = find_servers(CONFIG._replace(walk_budget=60), conf, "here", seconds=2)
    assert (numbers(farm), farm.degraded) == ([1, 2, 4, 5], True)


def test_the_reference_is_not_lost_when_its_aaaa_half_is_out_at_the_deadline() -> None:
    script: dict[str | tuple[str, str], Mode] = {name(3): drop, (name(1), "AAAA"): drop}
    with ScriptedNameServer(FIVE, script) as server:
        conf = ResolvConf((("127.0.0.1", server.port),), ("farm.test",))
        farm = find_servers(CONFIG._replace(walk_budget=60), conf, "here", seconds=2)
    assert (numbers(farm), farm.degraded) == ([1, 2, 4, 5], True)


def test_a_name_server_that_is_silent_is_not_asked_first_for_every_name() -> None:
    with ScriptedNameServer({}) as good, ScriptedNameServer({}, {"*": drop}) as dead:
        every = [("127.0.0.1", one.port) for one in (dead, good)]
        loop = Loop()
        with DnsResolver(loop, every, 30) as resolver:
            for number in range(1, 21):
                answers: list[Answer] = []
                resolver.ask_text(name(number), answers.append)
                assert loop.run(answers.copy, 60)
        asked = {query.name for query in dead.queries}
    assert name(1) in asked
    # On a busy machine an answer may take so long that the other one is asked too.
    assert len(asked) < 10


def test_of_very_many_addresses_the_lowest_are_kept() -> None:
    zone = {**FIVE, name(2): [f"60 A 10.0.1.{n}" for n in range(40, 0, -1)]}
    with ScriptedNameServer(zone) as server:
        farm = search(server, Case({}, []))
    answer = farm.answers[name(2)].answer
    assert isinstance(answer, Found)
    assert [str(one) for one in answer.addresses] == [f"10.0.1.{n}" for n in range(1, 17)]


@pytest.mark.parametrize("label", ["a..b", "x" * 64, ".".join(["abcdefghi"] * 30)])
def test_a_name_that_cannot_be_made_has_failed(label: str) -> None:
    loop, answers = Loop(), list[Answer]()
    with DnsResolver(loop, [("127.0.0.1", 1)], 30) as resolver:
        for start in (resolver.ask, resolver.ask_text):
            start(f"{label}.test.", answers.append)
        loop.run(lambda: len(answers) == 2, 60)
    assert answers == [Failed("no valid domain name")] * 2


def test_a_domain_of_the_search_list_that_is_too_long_for_a_name_is_passed_over() -> None:
    long = ".".join(["x" * 59] * 4)
    with ScriptedNameServer(FIVE) as server:
        farm = search(server, Case({}, [], search=(long, "farm.test")))
    assert (numbers(farm), farm.degraded) == ([1, 2, 3, 4, 5], False)


def test_a_fresh_farm_asks_nothing_and_a_forced_one_everything(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with ScriptedNameServer(FIVE) as server:
        config = CONFIG._replace(nameservers=(("127.0.0.1", server.port),))
        config = config._replace(probe=False)
        first = discover(config, tmp_path, Wanted(["gcc"]))
        asked = len(server.queries)
        assert discover(config, tmp_path, Wanted(["gcc"])) == first
        assert len(server.queries) == asked
        server.zone = ScriptedNameServer(numbered(2)).zone
        assert numbers(discover(config, tmp_path, force=True)) == [1, 2]


def test_a_name_is_asked_again_only_after_its_own_ttl(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    zone = {**numbered(2, ttl=3600), **numbered(3, ttl=1, first=3)}
    with ScriptedNameServer(zone) as server:
        conf = ResolvConf((("127.0.0.1", server.port),), ("farm.test",))
        before = find_servers(CONFIG, conf, "here", seconds=20)
        old = {
            one: known._replace(expires=known.expires - 1000)
            for one, known in before.answers.items()
        }
        server.queries.clear()
        grants = {
            one: held._replace(expires=held.expires - 1000) for one, held in before.grants.items()
        }
        aged = before._replace(answers=old, grants=grants)
        find_servers(CONFIG, conf, "here", aged, seconds=20)
        asked = {query.name for query in server.queries if query.type == "A"}
    assert {name(1), name(2)} & asked == set()
    assert name(3) in asked


def test_slots_are_taken_from_txt_records(tmp_path: Path) -> None:
    zone = {**FIVE, name(2): [*FIVE[name(2)], '60 TXT "slots=16"'], name(3): ["60 A 10.0.0.4"]}
    with ScriptedNameServer(zone, {(name(3), "TXT"): drop, (name(4), "TXT"): servfail}) as server:
        farm = search(server, Case({}, []))
        assert [one.limit for one in farm.used] == [None, 16, None, None, None]
        server.script = {"*": drop}
        silent = search(server, Case({}, [], budget=0.4), old=farm)
        assert [one.limit for one in silent.used][1] == 16


def test_slots_of_a_large_farm_are_all_taken() -> None:
    zone = {one: [*records, '60 TXT "slots=7"'] for one, records in numbered(300).items()}
    with ScriptedNameServer(zone) as server:
        # They are not waited for long: where this machine is too busy at first, once more.
        looks = (search(server, Case({}, [])) for _ in range(10))
        assert any([one.limit for one in farm.used] == [7] * 300 for farm in looks)


class TextResolver:
    """Answers TXT questions in the next round of the event loop, or never."""

    def __init__(self, loop: Loop, answers: Callable[[str], bool]) -> None:
        self.queries = self.most = 0
        self._loop = loop
        self._answers = answers
        self._out = 0

    def ask(self, name: str, reply: Callable[[Answer], None]) -> None:
        raise NotImplementedError

    def ask_text(self, name: str, reply: Callable[[Answer], None]) -> None:
        self.queries += 1
        self._out += 1
        self.most = max(self.most, self._out)

        def answer() -> None:
            self._out -= 1
            reply(Found((), 60, texts=((name.encode(),),)))

        if self._answers(name):
            self._loop.call_soon(answer)


def test_few_txt_questions_are_out_at_once() -> None:
    names = [name(n) for n in range(1000)]
    loop = Loop()
    resolver = TextResolver(loop, lambda _: True)
    texts = Texts(loop, resolver, {name(7)})
    for one in names:
        texts.want(one)
    said = texts.collect(quiet=30, seconds=60)
    assert list(said) == [one for one in names if one != name(7)]
    assert resolver.most == AT_ONCE


@pytest.mark.parametrize(("quiet", "seconds"), [(0.05, 600), (600, 0.05)])
def test_txt_records_are_not_waited_for_when_they_do_not_come(quiet: float, seconds: float) -> None:
    names = [name(n) for n in range(1000)]
    loop = Loop()
    resolver = TextResolver(loop, lambda one: one == name(50))
    texts = Texts(loop, resolver, ())
    for one in names:
        texts.want(one)
    said = texts.collect(quiet=quiet, seconds=seconds)
    assert set(said) == {name(50)}
    assert resolver.queries == AT_ONCE + 1


def test_dnsmasq_serves_a_farm(tmp_path: Path) -> None:
    records = [f"host-record=distcc{n}.farm.test,10.0.0.{n}" for n in range(1, 6)]
    with dnsmasq(tmp_path, ["local=/farm.test/", *records]) as server:
        conf = ResolvConf((("127.0.0.1", server.port),), ("farm.test",))
        farm = find_servers(CONFIG, conf, "here", seconds=20)
    assert (numbers(farm), farm.degraded) == ([1, 2, 3, 4, 5], False)


def test_the_system_resolver_finds_what_it_knows() -> None:
    conf = ResolvConf((), ())
    config = Config(resolver="system", pattern="localhost%d", allow_loopback=True)
    farm = find_servers(config, conf, "here", seconds=10)
    assert (farm.used, farm.why) == ((), "localhost1. does not exist")


@pytest.mark.parametrize("hung", [(1, 2, 3, 4, 5), (3,)], ids=["all", "one"])
def test_a_silent_system_resolver_is_waited_for_as_long_as_name_servers_are(
    monkeypatch: pytest.MonkeyPatch, hung: tuple[int, ...]
) -> None:
    over = threading.Event()

    def getaddrinfo(host: str, *_: object, **__: object) -> list[object]:
        number = host.removeprefix("distcc").removesuffix(".farm.test")
        if number in {str(one) for one in hung} or len(hung) == 5:
            over.wait()
        if number not in {"1", "2", "3", "4", "5"}:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"10.0.0.{number}", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    config = CONFIG._replace(resolver="system", walk_budget=0.3)
    try:
        farm = find_servers(config, ResolvConf((), ()), "here", seconds=30)
    finally:
        over.set()
    assert numbers(farm) == [n for n in range(1, 6) if n not in hung]
    assert farm.degraded
    assert farm.lines[hung[0] - 1].came_back == "no answer within 0.3 s"
