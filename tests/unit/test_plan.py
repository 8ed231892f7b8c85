"""The plan's format: what is read, what is refused, and that both are one grammar."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_vectors import PLANS

from distcc_build.errors import PlanError
from distcc_build.plan import (
    MAX_CAUSE,
    MAX_DEPENDENCIES,
    MAX_NOTES,
    MAX_SIZE,
    MAX_VARIABLES,
    Dependency,
    Note,
    Plan,
    format_plan,
    freshness,
    parse_plan,
)

PLAN = Plan(
    made=1000,
    until=1300,
    stale=1900,
    jobs=40,
    debug="-fdebug-compilation-dir=",
    program_kind="distcc",
    program="/usr/bin/distcc",
    dependencies=(
        Dependency("/etc/resolv.conf", 1690000000123456789, 1234, 567),
        Dependency("/etc/distcc/hosts", None),
    ),
    env={"DISTCC_HOSTS": "10.1.0.1/8,lzo"},
    defaults={"DISTCC_PAUSE_TIME_MSEC": "20"},
    notes=(Note("degraded", "distcc3 did not answer"),),
)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.name)
def test_vector_is_read_or_refused(path: Path) -> None:
    data = path.read_bytes()
    if path.name.startswith("odd-"):
        with pytest.raises(PlanError, match="not a plan"):
            parse_plan(data)
    else:
        # What is written in a note is made printable, so it need not come back the same.
        plan = parse_plan(data)._replace(notes=())
        assert parse_plan(format_plan(plan)) == plan


def test_format_is_that_of_the_specification() -> None:
    assert format_plan(PLAN).decode().splitlines() == [
        "distcc-build plan 1",
        "made 1000",
        "until 1300",
        "stale 1900",
        "jobs 40",
        "dep 1690000000123456789 1234 567 /etc/resolv.conf",
        "dep - /etc/distcc/hosts",
        "debug -fdebug-compilation-dir=",
        "env DISTCC_HOSTS=10.1.0.1/8,lzo",
        "default DISTCC_PAUSE_TIME_MSEC=20",
        "exec distcc /usr/bin/distcc",
        "note degraded distcc3 did not answer",
        "end",
    ]


# Anything that os.fsdecode can give, but for control characters.
TEXT = st.binary().map(
    lambda data: bytes(b for b in data if b >= 0x20 and b != 0x7F).decode(
        "utf-8", "surrogateescape"
    )
)
NUMBER = st.integers(0, 2**64 - 1)
PATH = TEXT.map(lambda text: f"/{text}")
NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)
DEPENDENCY = st.builds(Dependency, PATH, st.integers(-(2**63), 2**63 - 1), NUMBER, NUMBER)
MISSING = PATH.map(lambda path: Dependency(path, None))
CAUSE = st.from_regex(rf"[a-z0-9-]{{1,{MAX_CAUSE}}}", fullmatch=True)
PRINTABLE = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.isprintable)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    made, until, stale = sorted(draw(st.lists(NUMBER, min_size=3, max_size=3)))
    variables = draw(st.dictionaries(NAME, TEXT, max_size=6))
    defaults = draw(st.sets(st.sampled_from(sorted(variables)))) if variables else set()
    return Plan(
        made,
        until,
        stale,
        draw(NUMBER),
        draw(st.sampled_from(["distcc", "compiler"])),
        draw(PATH),
        tuple(draw(st.lists(DEPENDENCY | MISSING, max_size=4))),
        {name: value for name, value in variables.items() if name not in defaults},
        {name: value for name, value in variables.items() if name in defaults},
        tuple(draw(st.lists(st.builds(Note, CAUSE, PRINTABLE), max_size=3))),
        draw(st.just("") | st.from_regex(r"-[^ \x00-\x1f\x7f]+", fullmatch=True)),
    )


@given(plans())
def test_what_is_written_is_read_back(plan: Plan) -> None:
    assert parse_plan(format_plan(plan)) == plan


@given(plans(), st.data())
def test_part_of_a_plan_is_no_plan(plan: Plan, data: st.DataObject) -> None:
    whole = format_plan(plan)
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(PlanError):
        parse_plan(whole[:end])
    with pytest.raises(PlanError):
        parse_plan(whole + data.draw(st.binary(min_size=1)))


@given(st.binary())
def test_bytes_are_a_plan_or_an_error(data: bytes) -> None:
    with pytest.raises(PlanError):
        parse_plan(data)


@pytest.mark.parametrize(
    "plan",
    [
        PLAN._replace(env={"A": "x\nenv B=y"}),
        PLAN._replace(env={"A": "\x1b"}),
        PLAN._replace(env={"A": "\0"}),
        PLAN._replace(env={"A=B": "x"}),
        PLAN._replace(env={"A\nenv B": "x"}),
        PLAN._replace(env={"": "x"}),
        PLAN._replace(env={"A": "\ud800"}),
        PLAN._replace(env={"A": "1"}, defaults={"A": "2"}),
        PLAN._replace(program="distcc"),
        PLAN._replace(program="/distcc\nend"),
        PLAN._replace(dependencies=(Dependency("resolv.conf", None),)),
        PLAN._replace(dependencies=(Dependency("/a\tb", None),)),
        PLAN._replace(dependencies=(Dependency("/a", 0, -1),)),
        PLAN._replace(dependencies=(Dependency("/a", None),) * (MAX_DEPENDENCIES + 1)),
        PLAN._replace(defaults={f"A{n}": "" for n in range(MAX_VARIABLES)}),
        PLAN._replace(notes=(Note("a", "b"),) * (MAX_NOTES + 1)),
        PLAN._replace(notes=(Note("a b", "c"),)),
        PLAN._replace(notes=(Note("A", "b"),)),
        PLAN._replace(notes=(Note("a", ""),)),
        PLAN._replace(until=999),
        PLAN._replace(stale=1299),
        PLAN._replace(made=-1),
        PLAN._replace(jobs=2**64),
        PLAN._replace(env={"A": "x" * MAX_SIZE}),
    ],
    ids=str,
)
def test_what_would_be_read_otherwise_is_not_written(plan: Plan) -> None:
    with pytest.raises(PlanError):
        format_plan(plan)


def test_note_becomes_one_printable_line() -> None:
    note = Note("x", "a\nb\x1b[2J\u202e\udcff caf\u00e9")
    assert parse_plan(format_plan(PLAN._replace(notes=(note,)))).notes == (
        Note("x", "a b?[2J?? caf\u00e9"),
    )


def test_missing_file_has_no_size_and_inode() -> None:
    plan = PLAN._replace(dependencies=(Dependency("/a", None, 5, 6),))
    assert parse_plan(format_plan(plan)).dependencies == (Dependency("/a", None),)


def test_times_outside_64_bits_wrap_around_as_in_c() -> None:
    plan = PLAN._replace(dependencies=(Dependency("/a", 2**64 + 5), Dependency("/b", -5)))
    assert [d.mtime_ns for d in parse_plan(format_plan(plan)).dependencies] == [5, -5]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (0, "none"),
        (939, "none"),
        (940, "fresh"),
        (1000, "fresh"),
        (1299.9, "fresh"),
        (1300, "stale"),
        (1899.9, "stale"),
        (1900, "none"),
    ],
)
def test_freshness_ends_at_until_and_at_stale_and_needs_a_sane_clock(
    now: float, expected: str
) -> None:
    assert freshness(PLAN, now) == expected


def test_size_counts_to_the_byte() -> None:
    padding = MAX_SIZE - len(format_plan(PLAN._replace(env={"A": ""})))
    assert len(format_plan(PLAN._replace(env={"A": "x" * padding}))) == MAX_SIZE
    with pytest.raises(PlanError, match="65537 bytes"):
        format_plan(PLAN._replace(env={"A": "x" * (padding + 1)}))
