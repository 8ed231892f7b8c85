"""What distcc is told, in which order, for how many jobs."""

import ipaddress
import random
import statistics
from collections.abc import Callable, Sequence

import pytest

from distcc_build.choice import Candidate, complete, foremost, job_count, order, pause
from distcc_build.config import Config
from distcc_build.hosts import DISCOVER, HostsList, parse_hosts
from distcc_build.hostspec import DNS_SD, ZEROCONF
from distcc_build.policy import Server, State

CONFIG = Config()
SLOTS = "--localslots=2 --localslots_cpp=4"


def candidate(number: int, limit: int = 8, latency: float | None = None) -> Candidate:
    address = ipaddress.ip_address("10.0.0.0") + number
    server = Server(number, f"distcc{number}.a.test.", address, State.USED)
    return Candidate(server, limit, latency)


def full(
    text: str,
    *candidates: Candidate,
    config: Config = CONFIG,
    cores: int = 2,
    client: str = "me",
    own: bool = False,
) -> HostsList:
    hosts = parse_hosts(text)
    return complete(hosts, candidates, config, client=client, cores=cores, own=own)


def test_servers_come_with_limit_port_compression_and_local_slots() -> None:
    config = CONFIG._replace(port=99, compression="lzo")
    line = str(full(DISCOVER, candidate(1, 16), config=config))
    assert line == f"{SLOTS} 10.0.0.1:99/16,lzo"


def test_servers_that_preprocess_as_well_take_compressed_files() -> None:
    line = str(full(DISCOVER, candidate(1, 16), config=CONFIG._replace(compression="pump")))
    assert line.endswith("/16,lzo,cpp")


def test_the_list_of_the_user_stays_in_place() -> None:
    line = str(full(f"--randomize big/16,lzo {DISCOVER} --localslots=3", candidate(1, 16)))
    assert line == "--localslots_cpp=4 --randomize big/16,lzo 10.0.0.1/16 --localslots=3"


@pytest.mark.parametrize("text", ["", DISCOVER, "a,down", f"a,down {DISCOVER}"])
def test_there_is_always_a_host_that_is_up(text: str) -> None:
    assert [str(one) for one in full(text).hosts if one.usable] == ["localhost/2"]


def test_words_stay_where_no_server_is_left() -> None:
    assert str(full(f"--localslots=3 {DISCOVER}")) == "--localslots=3 localhost/2"


def test_servers_without_the_word_are_not_added() -> None:
    assert str(full("a", candidate(1))) == "a"


def test_this_machine_takes_part_where_it_is_more_than_a_fifth_of_the_farm() -> None:
    assert "localhost" not in str(full(DISCOVER, candidate(1, 10)))
    assert str(full(DISCOVER, candidate(1, 9))).endswith("10.0.0.1/9 localhost/2")
    assert "localhost" not in str(full(f"big/2 {DISCOVER}", candidate(1, 9)))
    assert str(full(f"localhost/7 {DISCOVER}", candidate(1, 9))).count("localhost/") == 1


def test_a_client_that_is_a_server_itself_takes_part() -> None:
    assert str(full(DISCOVER, candidate(1, 100), own=True)).endswith("/100 localhost/2")


def test_the_list_covers_twice_the_jobs_and_is_no_longer() -> None:
    many = [candidate(n, 4) for n in range(1, 700)]
    assert len(full(DISCOVER, *many).hosts) == 2 * 16 * 2 // 4
    assert len(full(DISCOVER, *many, cores=64).hosts) == 100
    assert len(full(DISCOVER, *many[:5], cores=64).hosts) == 6


def test_each_client_has_its_own_order_and_keeps_it() -> None:
    servers = [(f"10.0.0.{n}", 4) for n in range(50)]
    mine = order("me", servers)
    assert mine == order("me", servers[::-1])
    assert mine != order("you", servers)
    assert sorted(mine) == sorted(address for address, _ in servers)


def test_a_server_that_goes_changes_the_order_of_no_others() -> None:
    servers = [(f"10.0.0.{n}", n % 7 + 1) for n in range(60)]
    for client in ("a", "b", "c"):
        before = order(client, servers)
        for gone in servers[::6]:
            left = [one for one in servers if one != gone]
            assert order(client, left) == [one for one in before if one != gone[0]]


def test_a_server_with_a_queue_comes_last() -> None:
    quick = [candidate(n, 4, 0.03) for n in range(2, 12)]
    for client in map(str, range(20)):
        hosts = full(DISCOVER, candidate(1, 4, 0.31), *quick, client=client).hosts
        assert [str(one) for one in hosts][-1] == "10.0.0.1/4"
    first = {
        full(DISCOVER, candidate(1, 4, 0.29), *quick, client=str(n)).hosts[0].host
        for n in range(200)
    }
    assert "10.0.0.1" in first


def service(number: int, priority: int = 0, weight: int = 0, source: str = DNS_SD) -> Candidate:
    one = candidate(number)
    server = one.server._replace(priority=priority, weight=weight, source=source)
    return one._replace(server=server)


def test_backups_are_held_back_while_others_of_their_source_are_good() -> None:
    primary, backup, last = service(1, 10), service(2, 20), service(3, 30)
    walked, other = candidate(4), service(5, 40, source=ZEROCONF)
    assert foremost([backup, primary, walked, other, last]) == [primary, walked, other]
    assert foremost([last, backup]) == [backup]
    assert foremost([]) == []


def test_several_servers_of_one_address_are_listed_all() -> None:
    two = [candidate(1), candidate(1)]
    two[1] = two[1]._replace(server=two[1].server._replace(port=4000))
    hosts = [str(one) for one in full(DISCOVER, *two).hosts]
    assert sorted(hosts) == ["10.0.0.1/8", "10.0.0.1:4000/8"]


def first_choices(*candidates: Candidate) -> list[float]:
    """Which part of 2,000 clients has each of them first."""
    count = 2000
    firsts = [full(DISCOVER, *candidates, client=str(n)).hosts[0].host for n in range(count)]
    return [firsts.count(str(one.server.address)) / count for one in candidates]


def test_weights_share_out_the_clients() -> None:
    shares = first_choices(service(1, weight=1), service(2, weight=3))
    assert shares == pytest.approx([0.25, 0.75], abs=0.05)


def test_a_weight_of_zero_beside_others_is_hardly_used_and_not_left_out() -> None:
    none, some = first_choices(service(1, weight=0), service(2, weight=5))
    assert none < 0.01
    assert some > 0.99
    assert len(full(DISCOVER, service(1, weight=0), service(2, weight=5)).hosts) >= 2


def test_without_weights_all_are_equal_as_they_are_beside_another_source() -> None:
    assert first_choices(service(1), service(2)) == pytest.approx([0.5, 0.5], abs=0.05)
    shares = first_choices(service(1, weight=1000), service(2, weight=1000), candidate(3))
    assert shares == pytest.approx([1 / 3] * 3, abs=0.05)


SERVERS = [(f"10.{n // 250}.0.{n % 250}", (4, 8, 16, 64)[n % 4]) for n in range(200)]
TOTAL = sum(weight for _, weight in SERVERS)


def worst(orders: Sequence[Sequence[str]], jobs: int) -> float:
    """The largest load over fair share when every client sends its first `jobs` jobs."""
    load = dict.fromkeys((address for address, _ in SERVERS), 0)
    for one in orders:
        for address in one[:jobs]:
            load[address] += 1
    sent = jobs * len(orders)
    return max(load[address] / (sent * weight / TOTAL) for address, weight in SERVERS)


def drawn(rng: random.Random) -> list[str]:
    """A weighted random draw without replacement (Efraimidis and Spirakis, 2006)."""
    keyed = sorted(SERVERS, key=lambda one: rng.random() ** (1 / one[1]), reverse=True)
    return [address for address, _ in keyed]


@pytest.mark.parametrize("jobs", [1, 8])
def test_clients_spread_as_well_as_by_chance(jobs: int) -> None:
    def mean(orders: Callable[[int], list[list[str]]], times: int) -> float:
        return statistics.mean(worst(orders(n), jobs) for n in range(times))

    def ours(n: int) -> list[list[str]]:
        return [order(f"{n} client {c}", SERVERS) for c in range(1000)]

    def chance(n: int) -> list[list[str]]:
        rng = random.Random(n)
        return [drawn(rng) for _ in range(1000)]

    assert mean(ours, 8) == pytest.approx(mean(chance, 12), rel=0.10)


@pytest.mark.parametrize(
    ("text", "cores", "jobs"),
    [
        ("a/4 b/4 c/4", 2, 14),
        ("a/4 a/4", 2, 6),
        ("[fd00:0::1]/4 [FD00::1]/4", 2, 6),
        ("a/400", 2, 34),
        ("localhost/2", 2, 2),
        ("localhost/8 a/4", 2, 12),
        ("a/4,down b/2", 1, 3),
        ("a b @c", 4, 16),
    ],
)
def test_jobs(text: str, cores: int, jobs: int) -> None:
    assert job_count(parse_hosts(text), CONFIG, cores) == jobs


def test_jobs_are_capped() -> None:
    assert job_count(parse_hosts("a/400"), CONFIG._replace(max_jobs=5), 64) == 5


@pytest.mark.parametrize(("text", "milliseconds"), [("a", 20), ("a/50", 50), ("a/5000", 1000)])
def test_the_pause_grows_with_the_slots(text: str, milliseconds: int) -> None:
    assert pause(parse_hosts(text)) == milliseconds
