"""What distcc clients leave in a DISTCC_DIR: state files, and the names of lock files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tasks import state_file

from distcc_build.hostspec import Kind
from distcc_build.taskfile import (
    HERE,
    STATE_NAME,
    STATE_SIZE,
    Phase,
    Place,
    Task,
    parse_backoff,
    parse_lock,
    parse_task,
)

# Written by distcc 3.4 of Debian 12 (amd64), but for the zeros between.
REAL = (
    bytes.fromhex("280100000000000000484944000000008418000000000000")
    + b"f1.c".ljust(128, b"\0")
    + b"127.1.0.1".ljust(128, b"\0")
    + bytes.fromhex("00000000050000000000000000000000")
)


def test_a_state_file_of_distcc_is_read() -> None:
    assert len(REAL) == STATE_SIZE
    assert parse_task(REAL) == Task(0x1884, Phase.COMPILE, "f1.c", "127.1.0.1", 0)


def test_a_file_that_is_cut_short_or_goes_on_is_none() -> None:
    assert {parse_task(REAL[:length]) for length in range(len(REAL))} == {None}
    assert parse_task(REAL + b"\0") is None


WORDS = ["Startup", "Blocked", "Connect", "Preprocess", "Send", "Compile", "Receive", "Done"]


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_has_distccs_number_and_the_word_of_its_monitor(phase: Phase) -> None:
    task = parse_task(state_file(phase=WORDS.index(phase.word)))
    assert task is not None
    assert task.phase is phase


@pytest.mark.parametrize(
    "data",
    [
        state_file(size=288),
        state_file(magic=0x44494801),
        state_file(phase=8),
        state_file(phase=-1),
        state_file(slot=-1),
        # Signals to these would go to others: to our own group, to nobody, to another process.
        state_file(pid=0),
        state_file(pid=1 << 31),
        state_file(pid=(1 << 64) - 1),
    ],
)
def test_a_file_of_another_kind_is_none(data: bytes) -> None:
    assert parse_task(data) is None


def test_texts_end_at_their_zero_and_may_hold_anything() -> None:
    task = parse_task(state_file(file=b"\xff\x1b[1m\0rest", host=b""))
    assert task is not None
    assert (task.file, task.host) == ("�\x1b[1m", "")
    full = parse_task(state_file(file=b"x" * 128, host=b"y" * 128))
    assert full is not None
    assert (full.file, full.host) == ("x" * 128, "y" * 128)


@given(st.binary(min_size=STATE_SIZE, max_size=STATE_SIZE))
def test_noise_is_no_task(data: bytes) -> None:
    assert parse_task(data) is None


PLACES = {
    "localhost": HERE,
    "tcp_10.0.0.1_3632": Place(Kind.TCP, "10.0.0.1", 3632),
    "tcp_::1_4000": Place(Kind.TCP, "::1", 4000),
    "tcp_fe80::1%eth0_3632": Place(Kind.TCP, "fe80::1%eth0", 3632),
    "tcp_big_box_7.example.com_3632": Place(Kind.TCP, "big_box_7.example.com", 3632),
    "tcp_localhost_1_65535": Place(Kind.TCP, "localhost_1", 65535),
    "ssh_box_1": Place(Kind.SSH, "box_1"),
}


@pytest.mark.parametrize(("text", "place"), PLACES.items(), ids=PLACES.keys())
def test_names_of_lock_files_tell_the_place(text: str, place: Place) -> None:
    assert parse_lock(f"cpu_{text}_0") == (place, 0)
    assert parse_lock(f"cpu_{text}_9999") == (place, 9999)
    assert parse_backoff(f"backoff_{text}_0") == place


@pytest.mark.parametrize(
    "name",
    [
        "",
        "cpu_",
        "cpu_localhost",
        "cpu_localhost_",
        "cpu_localhost_x",
        "cpu_localhost_10000",
        "cpu_localhost_0.tmp",
        "xcpu_localhost_0",
        "cpu_tcp_10.0.0.1_0_0",
        "cpu_tcp_10.0.0.1_65536_0",
        "cpu_tcp_10.0.0.1_3632",
        "cpu_tcp__3632_0",
        "cpu_ssh__0",
        "cpu_udp_10.0.0.1_3632_0",
        "backoff_tcp_10.0.0.1_3632_1",
    ],
)
def test_other_names_tell_none(name: str) -> None:
    assert parse_lock(name) is None
    assert parse_backoff(name) is None
    assert parse_lock(f"backoff_{name}") is None


def test_names_of_state_files() -> None:
    assert STATE_NAME.fullmatch("binstate_4711")
    for name in ("binstate_", "binstate_0", "binstate_1.tmp", "xbinstate_1", "binstate_-1"):
        assert not STATE_NAME.fullmatch(name)
