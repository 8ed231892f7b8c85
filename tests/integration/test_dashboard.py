"""The screen of distcc-build top at every size, and its plain lines."""

import io
import itertools
import re

import pytest
from rich.console import Console

from distcc_build.hostspec import Kind
from distcc_build.taskfile import HERE, Phase, Place
from distcc_build.top.activity import Job, Looked, Row, Snapshot, View, view
from distcc_build.top.dashboard import Dashboard, plain
from distcc_build.top.given import Given


def place(number: int) -> Place:
    return Place(Kind.TCP, f"10.0.0.{number}", 3632)


def scene(servers: int, jobs: int, *, directories: int = 1, problem: str = "") -> View:
    """Servers with eight slots each, and jobs that fill them in order."""
    names = {f"10.0.0.{n}": f"distcc{n}.example.com" for n in range(1, servers + 1)}
    known = Given({**{place(n): 8 for n in range(1, servers + 1)}, HERE: 4}, names)
    phases = itertools.cycle([Phase.COMPILE, Phase.SEND, Phase.PREPROCESS])
    found = []
    for n in range(jobs):
        number, slot = divmod(n, 8)
        if number < servers:
            host, age = f"10.0.0.{number + 1}", 4000.0 / (n + 1)
            found.append(Job(1000 + n, next(phases), f"file{n}.c", host, slot, age, 0.1, "/d0"))
        else:
            found.append(Job(1000 + n, Phase.BLOCKED, f"file{n}.c", "", None, 0.5, None, "/d0"))
    busy = frozenset((place(n // 8 + 1), n % 8) for n in range(min(jobs, servers * 8)))
    backoff = {place(servers): 7.0} if servers else {}
    looked = [Looked("/d0", problem, tuple(found), busy, backoff)]
    looked += [Looked(f"/d{n}") for n in range(1, directories)]
    return view(Snapshot(0.0, tuple(looked)), known, 12.34)


def screen(shown: View, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True)
    options = console.options.update_dimensions(width, height)
    lines = console.render_lines(Dashboard(shown), options, pad=False)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


SIZES = [(80, 24), (40, 10), (200, 60), (70, 16), (69, 15), (30, 6), (12, 5), (120, 9)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("servers", [0, 1, 5, 100])
@pytest.mark.parametrize("jobs", [0, 1, 7, 320])
def test_it_fits_every_screen_with_any_number_of_servers_and_jobs(
    width: int, height: int, servers: int, jobs: int
) -> None:
    shown = scene(servers, jobs, problem="x" * 300, directories=2)
    lines = screen(shown, width, height)
    assert len(lines) <= height + (height < 8), lines
    assert all(len(line) <= width for line in lines)
    if width >= 40 and height >= 9:
        text = "\n".join(lines)
        assert f"{jobs} job" in text or "no compile runs" in text
        # What is left out is counted.
        if jobs:
            listed = sum(bool(re.search(r"\bfile\d", line)) for line in lines)
            more = [int(line.split()[1]) for line in lines if "more job" in line]
            assert listed + sum(more) == jobs
        rows = sum(line.startswith(("distcc", "this machine")) for line in lines)
        hidden = [int(line.split()[1]) for line in lines if "more server" in line]
        assert rows + sum(hidden) == servers + 1


def test_at_80_by_24() -> None:
    lines = screen(scene(3, 27), 80, 24)
    assert lines[0][8:] == "  27 jobs  Blocked 3  Preprocess 8  Send 8  Compile 8"
    assert lines[1] == "slots 24/24 (3 wait)  here 0/4  12.3/s  backoff 1  q quits"
    assert lines[2] == ""
    assert lines[3].split() == ["server", "address", "slots", "backoff"]
    assert lines[4].split() == ["distcc1.example.com", "10.0.0.1", "████████", "8/8"]
    assert lines[6].split() == ["distcc3.example.com", "10.0.0.3", "████████", "8/8", "7", "s"]
    assert lines[7].split() == ["this", "machine", "localhost", "░░░░", "0/4"]
    assert lines[9].split() == ["pid", "phase", "age", "server", "file"]
    assert lines[10].split() == ["1000", "Compile", "1h06m", "distcc1.example.com[0]", "file0.c"]
    assert lines[11].split()[2] == "33m20s"
    assert lines[-1] == "... 14 more jobs"


def test_at_40_by_10_names_lose_their_domain_and_what_matters_stays() -> None:
    lines = screen(scene(9, 9), 40, 10)
    assert lines[0] == "9 jobs  Preprocess 3  Send 3  Compile 3"
    assert lines[2].split() == ["server", "slots", "backoff"]
    # The one that is passed over, and one at work.
    assert [line.split() for line in lines[3:5]] == [
        ["distcc1", "8/8"],
        ["distcc9", "0/8", "7", "s"],
    ]
    assert lines[5] == "... 8 more servers, 1 slots in use"
    assert lines[7].split() == ["Comp", "1h06m", "distcc1[0]", "file0.c"]


def test_foreign_text_moves_no_cursor_and_is_no_markup() -> None:
    odd = "\x1b[2J[red]x\n\u202e\udcff"
    job = Job(1, Phase.COMPILE, odd, odd, 0, 1.0, 1.0, odd)
    looked = Looked(odd, odd, (job,), frozenset([(Place(Kind.TCP, odd, 1), 0)]))
    shown = view(Snapshot(0.0, (looked, looked)), Given(), None)
    for lines in (screen(shown, 120, 30), plain(shown).split("\n")):
        text = "\n".join(lines)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[red]x" in text
        assert text.isprintable() or all(line.isprintable() for line in lines)


def test_plain_lines_are_never_cut_and_have_a_line_for_each_job() -> None:
    shown = scene(100, 320, directories=2)
    long = shown.jobs[0]._replace(file="f" * 128, host="h" * 128, directory="/" + "d" * 300)
    lines = plain(shown._replace(jobs=(long, *shown.jobs[1:]))).split("\n")
    assert sum(line.endswith("/d0") for line in lines) == 319
    (whole,) = [line for line in lines if "h" * 128 in line]
    assert ("f" * 128) in whole
    assert whole.endswith("/" + "d" * 300)
    assert len([line for line in lines if line.startswith("distcc")]) == 100
    assert all(line == line.rstrip() for line in lines)


def test_plain_without_anything() -> None:
    lines = plain(view(Snapshot(0.0, ()), Given(problem="odd"))).split("\n")
    assert "no compile runs" in lines[0]
    assert lines[1:] == [
        "slots 0/0  here 0/?",
        "odd",
        "",
        "server        address    slots  backoff",
        "this machine  localhost    0/?",
    ]


def test_a_bar_has_room_for_more_than_the_limit() -> None:
    shown = scene(1, 0)
    row = Row(place(1), "box", 40, 8, None)
    assert "█" * 20 in "\n".join(screen(shown._replace(servers=(row,)), 80, 24))
    half = row._replace(used=1, limit=1000)
    assert "█" + "░" * 19 in "\n".join(screen(shown._replace(servers=(half,)), 80, 24))
