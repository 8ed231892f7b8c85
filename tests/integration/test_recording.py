"""The totals: each compile counts once, whoever is killed, late, elsewhere or at it as well."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from distcc_build.errors import DistccBuildError
from distcc_build.record import recording
from distcc_build.record.journal import KILLED, LOST, STILL_RAN
from distcc_build.record.recording import read_build, sum_up
from distcc_build.store import locked, replace

HERE = os.uname().nodename


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    made = tmp_path / "cache"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def gone() -> int:
    """A process id that nobody has any more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        return process.pid


def begin(pid: int, number: int = 1, **changes: Any) -> bytes:
    now = time.time_ns()
    record = {"pid": pid, "id": number, "begin": now, "as": "distcc", "program": "/bin/distcc"}
    record |= {"why": "", "host": HERE, "cwd": "/", "argv": ["gcc", "-c", "x.c"], **changes}
    return b"\n" + json.dumps(record).encode() + b"\n"


def end(pid: int, number: int = 1) -> bytes:
    record = {"pid": pid, "id": number, "end": time.time_ns(), "status": 0}
    return b"\n" + json.dumps(record).encode() + b"\n"


def append(cache: Path, *lines: bytes) -> None:
    with (cache / "journal").open("ab") as stream:
        stream.write(b"".join(lines))


def test_compile_that_ends_while_it_is_summed_up_counts_when_its_end_is_read(
    cache: Path, gone: int
) -> None:
    append(cache, begin(gone))
    # As if it had written its end, into the new journal, just after the old one was moved away.
    (cache / "journal").rename(cache / "journal-summed")
    append(cache, end(gone))
    totals = sum_up(cache)
    assert (totals.compiles, totals.failed) == (1, 0)
    assert sum_up(cache).compiles == 1


def test_killed_compile_counts_as_failed_once(cache: Path, gone: int) -> None:
    append(cache, begin(gone))
    for _ in range(2):
        totals = sum_up(cache)
        assert (totals.compiles, totals.failed) == (1, 1)


def lose_an_end(cache: Path) -> None:
    """As the recorder does where it cannot write."""
    append(cache)
    (cache / "journal").chmod(0o700)


def test_killed_compile_counts_as_failed_when_the_disk_is_no_longer_full(
    cache: Path, gone: int
) -> None:
    append(cache, begin(gone, 1))
    lose_an_end(cache)
    totals = sum_up(cache)
    assert (totals.compiles, totals.failed, totals.whole) == (1, 0, False)
    append(cache, begin(gone, 2))
    totals = sum_up(cache)
    assert (totals.compiles, totals.failed, totals.whole) == (2, 1, False)
    assert totals.causes == {LOST: 1, KILLED: 1}


def test_compile_whose_end_may_be_lost_has_not_failed_however_late_it_is_known_to_be_gone(
    cache: Path, gone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        # Its recorder has marked the journal, and is just about to end.
        patch.setattr(recording, "_may_end", lambda *_: True)
        append(cache, begin(gone, 1))
        lose_an_end(cache)
        assert sum_up(cache).compiles == 0
    append(cache, begin(gone, 2))
    totals = sum_up(cache)
    assert (totals.compiles, totals.causes) == (2, {LOST: 1, KILLED: 1})
    # It had no room in the new journal, just after the old one was moved away.
    append(cache, begin(gone, 3))
    (cache / "journal").rename(cache / "journal-summed")
    lose_an_end(cache)
    totals = sum_up(cache)
    assert (totals.compiles, totals.causes) == (3, {LOST: 2, KILLED: 1})


def test_compile_of_another_machine_is_waited_for_a_day(cache: Path, gone: int) -> None:
    yesterday = time.time_ns() - 90_000 * 10**9
    append(cache, begin(gone, host="elsewhere"), begin(gone, 2, host="elsewhere", begin=yesterday))
    assert sum_up(cache).compiles == 1
    append(cache, end(gone))
    totals = sum_up(cache)
    assert (totals.compiles, totals.failed) == (2, 1)


def test_compile_of_a_build_that_is_over_ran_on_was_killed_or_ends_meanwhile(
    cache: Path, gone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(cache, begin(gone, 1), end(gone, 1))
    assert [one.status for one in read_build(cache / "journal")[0]] == [0]
    append(cache, begin(os.getpid(), 2), begin(gone, 3), begin(gone, 4))
    real = recording._may_end

    def ending(*args: Any) -> bool:
        append(cache, end(gone, 4))
        return real(*args)

    monkeypatch.setattr(recording, "_may_end", ending)
    found = [(one.status, one.failed, one.why) for one in read_build(cache / "journal")[0]]
    assert found[1:3] == [(None, False, STILL_RAN), (None, True, KILLED)]
    assert (found[3][0], found[3][1]) == (0, False)


def killed_at(steps: int, cache: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Sum up, as a process that is killed before its n-th change of a file."""
    left = iter(range(steps))

    class Killed(BaseException):
        pass

    def dying(real: Any) -> Any:
        def step(*args: Any, **options: Any) -> Any:
            if next(left, None) is None:
                raise Killed
            return real(*args, **options)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(recording, "replace", dying(replace))
        patch.setattr(Path, "rename", dying(Path.rename))
        patch.setattr(Path, "unlink", dying(Path.unlink))
        try:
            sum_up(cache)
        except Killed:
            return True
    return False


def test_kill_at_any_step_loses_nothing_and_counts_nothing_twice(
    cache: Path, gone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = 0
    steps = 0
    killed = True
    while killed:
        for number in range(3):
            append(cache, begin(gone, 10 * steps + number), end(gone, 10 * steps + number))
        expected += 3
        killed = killed_at(steps, cache, monkeypatch)
        append(cache, begin(gone, 10 * steps + 5), end(gone, 10 * steps + 5))
        expected += 1
        totals = sum_up(cache)
        assert (totals.compiles, totals.failed) == (expected, 0)
        steps += 1
    assert steps > 4


def test_large_journal_is_read_in_parts(
    cache: Path, gone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "SLICE", 1000)
    for number in range(50):
        append(cache, begin(gone, number))
    for number in range(50):
        append(cache, end(gone, number))
    totals = sum_up(cache)
    assert (totals.compiles, totals.failed) == (50, 0)


@pytest.fixture
def busy(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(recording, "WAIT", 0.05)
    with locked(cache / "statistics", 0) as mine:
        assert mine
        yield


@pytest.mark.usefixtures("busy")
def test_who_finds_somebody_else_at_it_says_so_and_changes_nothing(cache: Path, gone: int) -> None:
    append(cache, begin(gone), end(gone))
    before = sorted(one.name for one in cache.iterdir())
    with pytest.raises(DistccBuildError, match="somebody else"):
        sum_up(cache, zero=True)
    assert sorted(one.name for one in cache.iterdir()) == before


def test_unreadable_totals_begin_anew(cache: Path, gone: int) -> None:
    (cache / "statistics").write_bytes(b"{")
    append(cache, begin(gone), end(gone))
    assert sum_up(cache).compiles == 1
