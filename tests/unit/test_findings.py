"""What doctor makes of its findings: the verdict, what to do first, the exit status, the screen."""

import pytest

from distcc_build.doctor.findings import (
    DEGRADED,
    HERE,
    WELL,
    Check,
    Distribution,
    Loss,
    Report,
    Section,
    Status,
    late,
    ok,
    problem,
    skipped,
    warning,
)
from distcc_build.doctor.screen import ending, lines
from distcc_build.doctor.words import plain, remedy_in
from distcc_build.words import count, duration, listed

GOOD = (Distribution("gcc", 3, 12), Distribution("g++", 3, 12))
NOWHERE = (Distribution("gcc"), Distribution("g++"))


def report(*checks: Check, distributions: tuple[Distribution, ...] = GOOD) -> Report:
    return Report((Section("one", "section one", checks),), distributions)


def test_all_well_is_status_0_and_nothing_to_do() -> None:
    well = report(ok("distcc", "3.4"), skipped("Meson", "is not installed"))
    assert well.exit_status == WELL == 0
    assert well.verdict == "compiles of gcc and g++ are distributed to 3 servers with 12 slots"
    assert well.steps == []


def test_a_warning_is_something_to_do_and_no_failure() -> None:
    warned = report(warning("plan", "too old", "refresh it"))
    assert warned.exit_status == WELL
    assert [step.text for step in warned.steps] == ["plan: refresh it"]


@pytest.mark.parametrize(
    ("distributions", "checks", "status"),
    [
        (GOOD, [problem("distcc2", "dead", "start it", Loss.SERVERS)], DEGRADED),
        ((GOOD[0], Distribution("icc")), [], DEGRADED),
        (NOWHERE, [], HERE),
        ((), [], HERE),
    ],
)
def test_the_exit_status_tells_degraded_from_nothing(
    distributions: tuple[Distribution, ...], checks: list[Check], status: int
) -> None:
    assert report(*checks, distributions=distributions).exit_status == status


def test_compilers_with_the_same_fate_are_one_clause() -> None:
    mixed = (Distribution("gcc", 1, 1), Distribution("g++", 1, 1), Distribution("icc"))
    missing = problem("icc", "is not installed here", "install it", Loss.COMPILER)
    other = problem("clang", "is something else", "", Loss.COMPILER)
    assert report(other, missing, distributions=mixed).verdict == (
        "compiles of gcc and g++ are distributed to 1 server with 1 slot; "
        "compiles of icc stay on this machine: icc is not installed here"
    )


def test_what_was_not_looked_at_is_in_the_verdict() -> None:
    well = report()._replace(elsewhere=("clang (farm llvm)", "farm arm"))
    assert well.verdict == (
        "compiles of gcc and g++ are distributed to 3 servers with 12 slots; "
        "not looked at: clang (farm llvm) and farm arm"
    )


def test_what_stops_all_is_the_reason_before_what_stops_one() -> None:
    checks = (
        problem("gcc", "no server is good for it", "", Loss.COMPILER),
        problem("zone", "no servers: distcc1 does not exist", "make it", Loss.ALL),
    )
    said = report(*checks, distributions=NOWHERE).verdict
    assert said == (
        "compiles of gcc and g++ stay on this machine: no servers: distcc1 does not exist"
    )
    unknown = report(distributions=()).verdict
    assert unknown == "nothing is known to be distributed: it could not be found out why"


def test_that_time_ran_out_is_the_reason_where_no_other_is_known_and_has_a_step() -> None:
    hurried = report(late("discovery"), late("servers"), distributions=())
    assert hurried.verdict == "nothing is known to be distributed: there was no time to look"
    assert [step.text for step in hurried.steps] == [
        "discovery and servers: give it more time: --deadline SECONDS"
    ]
    missing = problem("distcc", "is not installed", "install it", Loss.ALL)
    known = report(missing, late("discovery"), distributions=())
    assert known.verdict.endswith(": distcc is not installed")
    assert known.steps[0].remedy == "install it"


def test_the_three_most_decisive_come_first() -> None:
    checks = [
        warning("CMake", "finds nothing", "put it on PATH", Loss.SYSTEM),
        problem("HOME", "is not set", "set it", Loss.ADVICE),
        problem("distcc2", "refused", "start distccd", Loss.SERVERS),
        problem("distcc3", "denied", "let it in", Loss.SERVERS),
        problem("distcc4", "denied", "let it in", Loss.SERVERS),
        problem("icc", "is not there", "install it", Loss.COMPILER),
    ]
    assert [step.text for step in report(*checks).steps] == [
        "icc: install it",
        "distcc3 and distcc4: let it in",
        "distcc2: start distccd",
    ]
    decisive = [
        *checks,
        problem("distcc", "is missing", "get it", Loss.ALL),
        problem("DISTCC_BUILD", "is off", "unset it", Loss.ALL),
        problem("distcc9", "another object", "take it out", Loss.TRUST),
    ]
    assert [step.remedy for step in report(*decisive).steps] == [
        "take it out",
        "get it",
        "unset it",
    ]


def test_what_others_may_follow_from_comes_before_them_and_behind_what_cannot_follow() -> None:
    ignored = problem("PORT", "is 'x'; it is ignored", "correct it", Loss.ADVICE, misleads=True)
    dead = [problem(f"distcc{n}", "refused", "start it", Loss.SERVERS) for n in (1, 2)]
    assert [step.remedy for step in report(ignored, *dead).steps] == ["correct it", "start it"]
    missing = problem("distcc", "is missing", "get it", Loss.ALL)
    wrong = problem("distcc3", "another object", "take it out", Loss.TRUST)
    assert [step.remedy for step in report(missing, ignored, *dead, wrong).steps] == [
        *("take it out", "get it", "correct it")
    ]
    zone = problem("zone", "no servers", "make it", Loss.ALL)
    assert [step.remedy for step in report(ignored, zone).steps] == ["correct it", "make it"]
    assert report(ignored).as_json()["next"][0]["loss"] == "advice"


def test_a_remedy_for_many_names_three_of_them() -> None:
    many = [problem(f"distcc{n}", "dead", "start it", Loss.SERVERS) for n in range(1, 8)]
    (step,) = report(*many, many[0]).steps
    assert step.text == "distcc1, distcc2, distcc3 and 4 more: start it"


def test_the_json_has_its_documented_fields() -> None:
    table = report(ok("a", "b"), problem("c", "d", "e", Loss.SERVERS)).as_json()
    assert table == {
        "exit_status": 1,
        "distributed": True,
        "verdict": "compiles of gcc and g++ are distributed to 3 servers with 12 slots",
        "compilers": [
            {"word": "gcc", "servers": 3, "slots": 12},
            {"word": "g++", "servers": 3, "slots": 12},
        ],
        "next": [{"remedy": "e", "subjects": ["c"], "loss": "servers"}],
        "sections": [
            {
                "name": "one",
                "title": "section one",
                "checks": [
                    {"name": "a", "status": "ok", "text": "b", "remedy": "", "loss": "nothing"},
                    {
                        "name": "c",
                        "status": "problem",
                        "text": "d",
                        "remedy": "e",
                        "loss": "servers",
                    },
                ],
            }
        ],
    }


def printed(section: Section, width: int | None) -> list[str]:
    return ["".join(piece.text for piece in line).rstrip() for line in lines(section, width)]


BOTH = Section(
    "servers",
    "servers",
    (
        ok("distcc1", "10.0.0.1  good"),
        problem("distcc2", "10.0.0.2  refused: no daemon listens there", "start it", Loss.SERVERS),
        skipped("distcc3", "not asked"),
    ),
)


def test_a_pipe_has_one_line_for_each_thing_with_its_section() -> None:
    assert printed(BOTH, None) == [
        "servers        ok      distcc1  10.0.0.1  good",
        "servers        problem distcc2  10.0.0.2  refused: no daemon listens there -> start it",
        "servers        -       distcc3  not asked",
    ]


def test_a_terminal_has_the_title_once_and_lines_that_fit() -> None:
    assert printed(BOTH, 62) == [
        "servers        ok      distcc1  10.0.0.1  good",
        "               problem distcc2  10.0.0.2  refused: no daemon",
        "                         listens there",
        "                       -> start it",
        "               -       distcc3  not asked",
    ]


@pytest.mark.parametrize("width", [1, 20, 40, 59])
def test_a_narrow_terminal_has_titles_on_lines_of_their_own(width: int) -> None:
    said = printed(BOTH, width)
    assert said[0] == "servers"
    assert said[1].startswith("  ok      distcc1")
    assert all(len(line) <= max(width, 10 + 20) for line in said)


def test_many_things_are_cut_short_but_no_kind_is_left_out() -> None:
    many = [ok(f"distcc{n}", "good") for n in range(30)]
    few = [problem(f"distcc{n}", "bad", "", Loss.SERVERS) for n in range(100, 111)]
    said = printed(Section("servers", "servers", (*many, *few)), None)
    assert len(said) == 3 + 1 + 8 + 1
    assert said[3] == "servers        ok      and 27 more  (--json names all)"
    assert said[-1] == "servers        problem and 3 more  (--json names all)"


def test_two_more_are_shown_rather_than_counted() -> None:
    said = printed(Section("s", "s", tuple(ok(str(n), "good") for n in range(5))), None)
    assert len(said) == 5


def closing(given: Report, width: int | None) -> list[str]:
    return ["".join(piece.text for piece in line).rstrip() for line in ending(given, width)]


def test_the_end_is_the_verdict_and_what_to_do() -> None:
    assert closing(report(), None) == [
        "",
        "verdict        compiles of gcc and g++ are distributed to 3 servers with 12 slots",
    ]
    sick = report(warning("a", "b", "c"), warning("d", "e", "f"), distributions=NOWHERE)
    wide = closing(sick, None)
    assert wide[2:] == ["next           1. a: c", "               2. d: f"]
    narrow = closing(sick, 50)
    assert narrow[1] == "verdict"
    assert narrow[-3:] == ["next", "1. a: c", "2. d: f"]
    styles = {piece.style for line in ending(sick, None) for piece in line}
    assert "bold red" in styles


def test_a_long_step_goes_on_below_itself() -> None:
    sick = report(warning("name", "text", "word " * 30))
    said = closing(sick, 80)
    assert next(line[:18].strip() for line in said if "word" in line) == "next           1."
    assert all(len(line) <= 80 for line in said)


@pytest.mark.parametrize("width", [24, 40, 59, 60])
def test_the_end_fits_a_narrow_terminal(width: int) -> None:
    # Words of one letter fill lines to the last column.
    sick = report(warning("name", "text", "a " * 99))
    assert max(len(line) for line in closing(sick, width)) <= width


def test_words() -> None:
    assert (count(1, "slot"), count(0, "slot")) == ("1 slot", "0 slots")
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b and c")
    assert [duration(one) for one in (-1, 0.5, 1, 119, 120, 3600, 86_400, 172_800)] == [
        *("0 ms", "500 ms", "1 s", "119 s", "2 min", "1.0 h", "24.0 h", "2 days")
    ]
    assert plain("distcc1.farm.test.") == "distcc1.farm.test"
    assert remedy_in("a: b: c") == ("a: b", "c")
    assert remedy_in("a (b)") == ("a", "b")
    assert remedy_in("a") == ("a", "")
    assert remedy_in("a)") == ("a)", "")
    assert Status("ok") is Status.OK
