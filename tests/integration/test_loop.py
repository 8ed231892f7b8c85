"""The loop of a walk: timers in their order, sockets in time."""

import socket
from collections.abc import Iterator

import pytest

from distcc_build.loop import Loop


class Clock(Loop):
    """A loop whose clock is set by hand."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def let(self, now: float) -> None:
        self.now = now


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)
        other.setblocking(False)
        yield one, other


def test_timers_come_in_their_order_and_cancelled_ones_not_at_all() -> None:
    loop, came = Loop(), list[str]()
    loop.call_later(0.02, lambda: came.append("late"))
    loop.call_later(0.0, lambda: came.append("first")).cancel()
    loop.call_soon(lambda: came.append("soon"))
    timer = loop.call_later(0.01, lambda: came.append("then"))
    assert loop.run(lambda: len(came) == 3, 60)
    assert came == ["soon", "then", "late"]
    assert timer.cancelled
    timer.cancel()
    timer.run()
    assert len(came) == 3


def test_it_ends_in_time() -> None:
    assert not Loop().run(lambda: False, 0.01)


def test_what_has_come_while_something_took_long_counts(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    loop, got = Clock(), list[bytes]()
    loop.watch(pair[0], lambda: got.append(pair[0].recv(9)))
    loop.call_soon(lambda: pair[1].send(b"x"))
    loop.call_soon(lambda: loop.let(10.0))
    assert loop.run(lambda: got, 1.0)
    assert got == [b"x"]


def test_what_is_forgotten_by_another_in_the_same_turn_is_not_called(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    loop, called = Loop(), list[int]()

    def take(number: int) -> None:
        called.append(number)
        loop.forget(pair[0])
        loop.forget(pair[1])
        loop.forget(pair[1])

    loop.watch(pair[0], lambda: take(0))
    loop.watch(pair[1], lambda: take(1))
    for one in pair:
        one.send(b"x")
    loop.run(lambda: False, 0.02)
    assert len(called) == 1


def test_writing_is_watched_for_until_reading_is(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    loop, called = Loop(), list[str]()
    loop.watch(pair[0], lambda: called.append("write"), write=True)
    assert loop.run(lambda: called, 60)
    loop.watch(pair[0], lambda: called.append("read"))
    called.clear()
    assert not loop.run(lambda: called, 0.01)
    pair[1].send(b"x")
    assert loop.run(lambda: called, 60)
    assert set(called) == {"read"}
