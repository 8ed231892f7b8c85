"""The launcher's parser and flag scanner agree with Python's, on vectors and on anything else."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from launcher import BUILDS, Verdicts
from shared_vectors import COMMAND_LINES, PLANS, plan_lines

from distcc_build.errors import PlanError
from distcc_build.flags import ROWS, Kind, why_local
from distcc_build.plan import MAX_SIZE, freshness, parse_plan

NOW = 1_700_000_000


@pytest.fixture(scope="module", params=BUILDS)
def verdicts(request: pytest.FixtureRequest) -> Iterator[Verdicts]:
    verdicts = Verdicts(request.param)
    yield verdicts
    assert verdicts.close() == 0


def expected(data: bytes) -> bytes:
    try:
        return plan_lines(parse_plan(data), NOW)
    except PlanError:
        return b"no plan\n"


def test_plan_vectors_mean_the_same(verdicts: Verdicts) -> None:
    for path in PLANS:
        data = path.read_bytes()
        assert verdicts.plan(data, NOW) == expected(data), path.name
        assert (verdicts.plan(data, NOW) == b"no plan\n") == path.name.startswith("odd-")


def test_plan_with_one_byte_too_many_is_none(verdicts: Verdicts) -> None:
    whole = next(path for path in PLANS if path.name == "valid-full").read_bytes()
    for size in (MAX_SIZE, MAX_SIZE + 1):
        padding = b"env PADDING=%b\nend\n" % (b"x" * (size - len(whole) - 13))
        data = whole.removesuffix(b"end\n") + padding
        assert len(data) == size
        assert verdicts.plan(data, NOW) == expected(data)
        assert (verdicts.plan(data, NOW) == b"no plan\n") == (size > MAX_SIZE)


@pytest.mark.parametrize("offset", [-61, -60, -1, 0, 299, 300, 899, 900])
def test_plan_is_worth_the_same_at_any_time(verdicts: Verdicts, offset: int) -> None:
    data = next(path for path in PLANS if path.name == "valid-full").read_bytes()
    word = verdicts.plan(data, NOW + offset).split(b"\n")[0].decode()
    assert word == freshness(parse_plan(data), NOW + offset)


VALID = [path.read_bytes() for path in PLANS if path.name.startswith("valid-")]
PIECES = st.sampled_from(
    [
        *(b"\n", b" ", b"=", b"/", b"-", b"0", b"9" * 20, b"\0", b"\t", b"\x7f", b"\xff", b"\r"),
        *(b"end\n", b"\nend", b"dep - /x\n", b"env A=b\n", b"default A=b\n", b"note a b\n"),
        *(b"made 1\n", b"exec distcc /x\n", b"distcc-build plan 1\n", b"18446744073709551616"),
    ]
)


@st.composite
def mutated_plans(draw: st.DrawFn) -> bytes:
    data = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 30)))
        data = data[:start] + draw(PIECES | st.binary(max_size=3)) + data[end:]
    return data


@settings(max_examples=1500, deadline=None)
@given(data=mutated_plans() | st.binary(max_size=200))
def test_plan_that_was_tampered_with_means_the_same(verdicts: Verdicts, data: bytes) -> None:
    assert verdicts.plan(data, NOW) == expected(data)


def test_command_line_vectors_mean_the_same(verdicts: Verdicts) -> None:
    for line in COMMAND_LINES:
        reason = verdicts.local(line.argv, line.cwd)
        assert reason == (why_local(line.argv, line.cwd) or ""), line
        assert bool(reason) == line.local


# Words that rows are about, whole, in part, joined and as names of files.
TEXTS = st.sampled_from([text for row in ROWS for text in (row.text, row.value) if text])
ANY = st.text(st.sampled_from("-/.*ox acE\n\udcff\u00e9"), max_size=6)
WORDS = st.one_of(
    TEXTS,
    TEXTS.map(lambda text: text.replace("*", "any")),
    ANY,
    st.builds(lambda a, b, c: a + b + c, ANY, TEXTS, ANY),
    st.builds(lambda a, b: a + b, TEXTS, TEXTS),
    st.builds(lambda a, b, c: f"{a}/{b}/{c}", ANY, TEXTS, ANY),
    st.sampled_from(["-", "--", "-o", "-x", "-c", "a.c", "@a"]),
)


@settings(max_examples=1500, deadline=None)
@given(argv=st.lists(WORDS, max_size=8), cwd=WORDS)
def test_any_command_line_means_the_same(verdicts: Verdicts, argv: list[str], cwd: str) -> None:
    assert verdicts.local(["gcc", *argv], cwd) == (why_local(["gcc", *argv], cwd) or "")


VARIABLES = [row.text for row in ROWS if row.kind is Kind.ENV]


@settings(max_examples=300, deadline=None)
@given(name=st.builds(lambda a, b, c: a + b + c, ANY, st.sampled_from(VARIABLES), ANY) | ANY)
def test_any_variable_means_the_same(verdicts: Verdicts, name: str) -> None:
    argv, environ = ["gcc", "-c", "a.c"], ["HOME", name.replace("=", ""), "PATH"]
    assert verdicts.local(argv, "", environ) == (why_local(argv, "", environ) or "")
