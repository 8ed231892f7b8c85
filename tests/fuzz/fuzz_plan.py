"""The plan's format: Python and C read the same, and what is written is what was read."""

from collections.abc import Iterator

from fuzz.verdicts import verdicts
from shared_vectors import PLANS, plan_lines

from distcc_build.errors import PlanError
from distcc_build.plan import format_plan, parse_plan

NOW = 1_700_000_000


WORDS = (
    *(b"\n", b" ", b"=", b"/", b"- ", b"0", b"9" * 20, b"\0", b"\t", b"\x7f", b"\xff", b"\xc2\x85"),
    *(b"end\n", b"\nend", b"dep - /x\n", b"dep 1 2 3 /x\n", b"env A=b\n", b"default A=b\n"),
    *(b"note a b\n", b"made 1\n", b"until 2\n", b"stale 3\n", b"jobs 4\n", b"exec distcc /x\n"),
    *(b"exec compiler /x\n", b"distcc-build plan 1\n", b"18446744073709551616", b"\xd9\xa3"),
)


def seeds() -> Iterator[bytes]:
    yield from (path.read_bytes() for path in PLANS)


def check(data: bytes) -> None:
    try:
        plan = parse_plan(data)
    except PlanError:
        plan = None
    if plan is None:
        assert verdicts().plan(data, NOW) == b"no plan\n"
        return
    assert verdicts().plan(data, NOW) == plan_lines(plan, NOW)
    try:
        written = format_plan(plan)
    except PlanError:
        # The text of a note is made printable; nothing else is there that could not be written.
        written = format_plan(plan._replace(notes=()))
        plan = plan._replace(notes=())
    again = parse_plan(written)
    assert again._replace(notes=()) == plan._replace(notes=())
    assert [one.cause for one in again.notes] == [one.cause for one in plan.notes]
    assert all(one.text.isprintable() for one in again.notes)
    assert format_plan(again) == written
