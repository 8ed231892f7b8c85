"""What doctor says of the hosts list, and of hosts in it."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
from compiling import Bench
from e2e.doctor.asked import (
    doctor,
)

from distcc_build.farm.loopback import Farm


def test_what_is_switched_off_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD"] = "off"
    said = doctor(bench)
    assert said.steps[0] == "unset it"
    assert "DISTCC_BUILD is off: every compile runs here" in said.table["verdict"]
    assert said.status == 7


def test_an_unclear_switch_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_BUILD"] = "maybe"
    said = doctor(bench)
    assert said.bad() == ["DISTCC_BUILD=maybe"]
    assert said.status == 1


def test_a_list_without_the_word_is_taken_as_it_is(farm: Farm, bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = f"127.1.0.1:{farm.daemons.port}/3 me@nowhere.test/5"
    said = doctor(bench)
    assert said.check("trial", "127.1.0.1")["status"] == "ok"
    assert said.check("trial", "nowhere.test")["status"] == "skipped", "ssh may ask for a password"
    assert "to 2 servers with 8 slots" in said.table["verdict"]
    assert said.status == 0


def test_a_server_of_the_list_that_fails_is_why_and_not_that_there_is_no_farm(
    bench: Bench,
) -> None:
    # Nobody listens there.
    bench.environ["DISTCC_HOSTS"] = "127.1.0.99:9 --discover-distccN"
    bench.environ["DISTCC_BUILD_DOMAIN"] = "nobody.farm.test"
    said = doctor(bench)
    assert "no servers" in said.check("discovery", "nobody.farm.test")["text"]
    assert "the test compile fails at every server" in said.table["verdict"]
    assert said.status == 7


@contextlib.contextmanager
def frozen(*, accepting: bool) -> Iterator[int]:
    """The port of somebody on 127.1.0.1 who never answers, or never gets as far as to accept."""
    with contextlib.ExitStack() as kept:
        listener = kept.enter_context(socket.create_server(("127.1.0.1", 0), backlog=0))
        if not accepting:
            for _ in range(4):
                waiting = kept.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_host_of_the_list_that_refuses_has_that_remedy(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "127.1.0.99:9"
    said = doctor(bench)
    assert "Connection refused" in said.check("trial", "127.1.0.99")["text"]
    assert said.steps == [
        "start distccd on it, or correct its port (where it is listed, else option 'port')"
    ]
    assert said.status == 7


@pytest.mark.parametrize(
    ("accepting", "remedy"),
    [(True, "it is frozen, or busy with more jobs"), (False, "see that it is switched on and")],
)
def test_a_host_of_the_list_that_is_silent_has_that_remedy(
    accepting: bool, remedy: str, bench: Bench
) -> None:
    # The client itself would wait for five minutes; ours is the shorter patience.
    with frozen(accepting=accepting) as port:
        bench.environ["DISTCC_HOSTS"] = f"127.1.0.1:{port}"
        said = doctor(bench, "--compiler", "gcc")
    (step,) = said.steps
    assert step.startswith(remedy)
    assert said.status == 7


def test_a_list_with_nobody_in_it_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "localhost/4"
    said = doctor(bench)
    expected = "add --discover-distccN to DISTCC_HOSTS, or take that list away"
    assert said.steps == [expected]
    assert said.status == 7


@pytest.mark.parametrize("others", ["", " localhost/4"])
def test_a_list_of_which_no_word_can_be_used_is_to_be_corrected(bench: Bench, others: str) -> None:
    bench.environ["DISTCC_HOSTS"] = f"--discover-dnssd{others}"
    said = doctor(bench)
    first, *_ = said.table["next"]
    assert first["subjects"] == ["'--discover-dnssd'"]
    assert first["remedy"] == (
        "correct this word of the hosts list: did you mean --discover-dns-sd?"
    )
    text = said.check("hosts", "DISTCC_HOSTS")["text"]
    if others:
        assert text.startswith("is 'localhost/4' without what is wrong in it: ")
    else:
        assert text == "is wrong: no word of it can be used"
    assert said.table["verdict"].endswith(f"stay on this machine: DISTCC_HOSTS {text}")
    assert said.status == 7


def test_a_list_of_nothing_is_told_so(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "# nobody yet"
    assert doctor(bench).check("hosts", "DISTCC_HOSTS")["text"].startswith("is empty: ")


def test_a_word_that_distcc_would_misread_is_named(bench: Bench) -> None:
    bench.environ["DISTCC_HOSTS"] = "--discover-distccN big\x1b[31mbox/0"
    said = doctor(bench)
    assert said.steps == ["correct this word of the hosts list"]
    assert said.status == 1
