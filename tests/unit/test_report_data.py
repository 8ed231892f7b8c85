"""What the page is told, and that it is told no more than once."""

import hashlib
import json
from importlib import resources
from typing import Any

from hypothesis import given
from journals import HOSTILE, JOBS, a_build, job, some_jobs

from distcc_build.record.journal import UNKNOWN, Job
from distcc_build.record.quoting import command_line, visible
from distcc_build.report import page
from distcc_build.report.data import LONGEST, report_data

BUILD = a_build([])
ECHARTS = "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0"


def told(jobs: list[Job]) -> dict[str, Any]:
    return json.loads(json.dumps(report_data(BUILD, jobs)))  # type: ignore[no-any-return]


@given(JOBS)
def test_every_job_is_told_of_in_its_lane(jobs: list[Job]) -> None:
    data = told(jobs)
    assert len(data["jobs"]) == len(jobs)
    for row, one in zip(data["jobs"], jobs, strict=True):
        place = data["places"][data["lanes"][row[0]][0]]
        assert place["host"] == one.host
        assert data["texts"][row[5]] == one.file
        assert row[8] == one.status
        assert row[16] == one.failed
        assert (row[4] is None) == (one.end is None)


def test_texts_stand_once() -> None:
    data = told(some_jobs(300))
    assert len(set(data["texts"])) == len(data["texts"])
    assert json.dumps(data).count("-std=c++20") == 1


def test_a_long_command_line_is_cut_between_words() -> None:
    argv = ("gcc", *(f"-I{'x' * 90}{number}" for number in range(100)))
    data = told([job(1, 2, argv=argv)])
    words, more = data["jobs"][0][13:15]
    kept = " ".join(data["texts"][one] for one in words)
    assert command_line(argv).startswith(kept)
    assert LONGEST - 100 < len(kept) <= LONGEST
    assert len(words) + more == len(argv)


def test_places_have_their_names_and_what_they_did() -> None:
    jobs = [
        job(1, 2, "10.20.0.2", 0),
        job(1, 2, "10.20.0.2", 0),
        job(1, 2, "10.9.9.9", None, compiles=False),
        job(1, 2, ""),
        job(1, None, UNKNOWN, None),
    ]
    data = told(jobs)
    places = [(one["kind"], one["host"], one["name"]) for one in data["places"]]
    assert places == [
        ("server", "10.9.9.9", ""),
        ("server", "10.20.0.2", "distcc2"),
        ("unknown", UNKNOWN, ""),
        ("here", "", "workstation"),
    ]
    figures = [(one["compiles"], one["slots"], one["limit"]) for one in data["places"]]
    assert figures == [(0, 0, None), (2, 1, 4), (1, 0, None), (1, 1, None)]
    assert [jobs[number] for number in data["slowest"]] == sorted(
        (one for one in jobs if one.compiles), key=lambda one: -one.seconds
    )


def test_the_library_is_as_it_was_published() -> None:
    # dist/echarts.min.js of echarts 6.1.0 as npm has it.
    library = resources.files("distcc_build.report").joinpath("vendor/echarts.min.js").read_bytes()
    assert hashlib.sha256(library).hexdigest() == ECHARTS


def test_nothing_in_the_page_can_end_its_script_or_fail_to_be_encoded() -> None:
    jobs = [job(1, 2, file=name, cwd=name, why=name, argv=("gcc", name)) for name in HOSTILE]
    text = page(BUILD._replace(command=HOSTILE, client=HOSTILE[0]), jobs)
    text.encode("utf-8")
    lower = text.lower()
    assert lower.count("</script") == 4
    assert "<!--" not in lower
    start = text.index('id="data">') + len('id="data">')
    data = json.loads(text[start : text.index("</script", start)])
    assert {data["texts"][row[5]] for row in data["jobs"]} == {visible(name) for name in HOSTILE}
