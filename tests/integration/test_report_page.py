"""The report page in a real browser: what a person sees, and can do with keyboard and mouse."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium, complaints, drag, requests
from journals import HOSTILE, a_build, some_jobs
from report_page import CONTRAST, OVER, UNNAMED, Page
from running import ENVIRONMENT, eventually
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

from distcc_build.farm.loopback import Farm
from distcc_build.record.journal import STILL_RAN, Job
from distcc_build.record.quoting import command_line, visible
from distcc_build.record.tally import tally_of
from distcc_build.report import page

pytestmark = pytest.mark.skipif(
    not shutil.which("chromedriver"), reason="no Chromium (Debian: chromium, chromium-driver)"
)
RUN = [sys.executable, "-P", "-m", "distcc_build", "run"]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as session:
        yield session


@pytest.fixture
def visits(session: Chrome) -> Iterator[Callable[..., Page]]:
    """Open a file, which complains of nothing and asks for nothing."""
    visited: set[str] = set()

    def visit(file: Path, width: int = 1400, theme: str = "light") -> Page:
        opened = Page(session)
        opened.resize(width, theme)
        # What was before is not this page's.
        complaints(session)
        requests(session)
        visited.add(file.as_uri())
        session.get(file.as_uri())
        return opened

    yield visit
    assert complaints(session) == []
    assert {one for one in requests(session) if not one.startswith("data:")} == visited


@pytest.fixture
def opens(visits: Callable[..., Page], tmp_path: Path) -> Callable[..., Page]:
    """Open the page of some jobs."""

    def open_(jobs: list[Job], width: int = 1400, theme: str = "light", **settings: Any) -> Page:
        file = tmp_path / "build report.html"
        file.write_text(page(a_build(jobs, **settings), jobs), "utf-8")
        return visits(file, width, theme)

    return open_


def test_the_summary_says_what_the_build_came_to(opens: Callable[..., Page]) -> None:
    jobs = some_jobs(300)
    opened = opens(jobs, status=2)
    tally = tally_of(jobs, 8)
    assert opened.text("#command") == "make -k -j16 'CC=distcc gcc'"
    assert "failed, exit 2" in opened.text("#verdict")
    tiles = opened.text("#tiles")
    assert f"Compiles\n{tally.compiles}\n" in tiles
    besides = sum(job.failed and not job.compiles for job in jobs)
    assert f"{tally.failed} failed, and {tally.others} other commands" in tiles
    assert besides == 0
    chip = opened.text("[data-chip='failed']").split()
    assert chip == ["Failed", str(tally.failed)]
    assert f"Distributed\n{tally.share:.0%}".replace("%", " %") in tiles
    assert f"at most {tally.saved:.1f} s" in tiles
    assert "as fast as this machine" in opened.text("#estimate")
    assert f"Jobs at once\n{tally.peak}\n" in tiles
    servers = " ".join(opened.text("#servers").split())
    assert all(f"distcc{one} 10.20.0.{one}" in servers for one in (1, 2, 3, 4))
    assert servers.index("distcc4") < servers.index("this machine workstation")
    slowest = opened.js(
        "return [...document.querySelectorAll('#slowest .path')].map((one) => one.title)"
    )
    assert slowest == [visible(job.file) for job in tally.slowest]


def test_every_job_is_in_the_table_and_in_the_timeline(opens: Callable[..., Page]) -> None:
    opened = opens(some_jobs(300))
    assert opened.text("#count") == "300 of 300 jobs"
    assert opened.shown() == set(range(300))
    drawn = opened.js("return drawn.flatMap((bar) => bar.jobs.map((job) => job.number))")
    assert sorted(drawn) == list(range(300))


def test_every_bar_is_there_to_be_clicked(opens: Callable[..., Page]) -> None:
    jobs = some_jobs(12, servers=2, seed=7)
    opened = opens(jobs)
    for number, job in enumerate(jobs):
        opened.click_bar(number)
        assert opened.text("#details h2") == visible(job.file or job.output), number


def test_a_row_tells_all_of_its_job(opens: Callable[..., Page]) -> None:
    jobs = some_jobs(300)
    opened = opens(jobs)
    remote = next(number for number, job in enumerate(jobs) if job.remote and job.status == 0)
    job = jobs[remote]
    opened.click(f"tr[data-job='{remote}'] td.where")
    details = opened.text("#details")
    assert command_line(job.argv) == opened.text("#details pre")
    for text in (job.file, job.output, job.cwd, f"({job.host}), slot {job.slot}", str(job.pid)):
        assert text in details
    assert [row.split()[0] for row in opened.text(".phases").splitlines()] == [
        phase.name for phase in job.phases
    ]
    assert opened.js("return selectedJob.number") == remote
    opened.click("#copy")
    assert eventually(lambda: opened.text("#copy") == "Copied")
    search = opened.find("#search")
    search.send_keys(Keys.CONTROL, "v")
    assert search.get_attribute("value") == command_line(job.argv)


def test_a_job_that_came_back_says_who_could_not_compile_it(opens: Callable[..., Page]) -> None:
    jobs = some_jobs(300)
    opened = opens(jobs)
    again = next(number for number, job in enumerate(jobs) if job.tried)
    opened.js("choose(jobs[arguments[0]], byId('chart'))", again)
    details = opened.text("#details")
    assert "Servers tried\ndistcc1 (10.20.0.1)" in details
    assert "a server could not compile it" in details


def test_a_chip_leaves_the_jobs_that_it_names(opens: Callable[..., Page]) -> None:
    jobs = some_jobs(300)
    opened = opens(jobs)
    chips: dict[str, Callable[[Job], bool]] = {
        "servers": lambda job: job.remote,
        "here": lambda job: job.host == "",
        "failed": lambda job: job.status != 0,
        "others": lambda job: not job.compiles,
    }
    for chip, meant in chips.items():
        expected = {number for number, job in enumerate(jobs) if meant(job)}
        assert 0 < len(expected) < 300
        opened.click(f"[data-chip='{chip}']")
        assert opened.text("#count") == f"{len(expected)} of 300 jobs"
        assert opened.shown() == expected
        opened.click(".chip.plain")
        assert opened.text("#count") == "300 of 300 jobs"


def test_words_causes_and_servers_filter_together(opens: Callable[..., Page]) -> None:
    jobs = some_jobs(300)
    opened = opens(jobs)
    search = opened.find("#search")
    search.send_keys("DISTCC2 tree")
    both = {n for n, job in enumerate(jobs) if job.host == "10.20.0.2" and "tree" in job.file}
    assert opened.shown() == both
    search.clear()
    search.send_keys("signal")
    assert opened.find("#nothing").is_displayed()
    search.clear()
    search.send_keys("core")
    opened.click("#servers tbody tr:nth-child(3) button")
    here = {n for n, job in enumerate(jobs) if job.host == "10.20.0.3" and "core" in job.file}
    assert opened.shown() == here
    opened.click(".chip.plain")
    opened.click("#causes button")
    cause = tally_of(jobs, 8).causes[0]
    assert opened.text("#count") == f"{cause[1]} of 300 jobs"
    assert opened.shown() == {n for n, job in enumerate(jobs) if job.why == cause[0]}


def test_the_table_is_sorted_by_what_is_clicked(opens: Callable[..., Page]) -> None:
    jobs = some_jobs(150)
    opened = opens(jobs)
    opened.click("[data-sort='took']")
    first = opened.js("return rows[0].number")
    assert jobs[first].seconds == max(job.seconds for job in jobs)
    assert opened.find("th.took").get_attribute("aria-sort") == "descending"
    opened.click("[data-sort='took']")
    assert opened.find("th.took").get_attribute("aria-sort") == "ascending"


def test_keys_alone_are_enough(opens: Callable[..., Page]) -> None:
    opened = opens(some_jobs(30))
    opened.js("document.querySelector('#table tbody tr button').focus()")
    opened.session.switch_to.active_element.send_keys(Keys.ENTER)
    assert opened.js("return document.activeElement.closest('#details') !== null")
    opened.session.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert opened.js("return document.activeElement.closest('tr').dataset.job") == "0"
    assert not opened.find("#details").is_displayed()
    # Whatever can be pressed has a name.
    assert opened.js(UNNAMED) == 0


def test_keys_and_buttons_zoom(opens: Callable[..., Page]) -> None:
    opened = opens(some_jobs(300))
    begin, end = opened.seen()
    chart = opened.find("#chart")
    chart.send_keys("+")
    closer = opened.seen()
    assert closer[1] - closer[0] == pytest.approx((end - begin) / 2, rel=0.01)
    chart.send_keys(Keys.ARROW_LEFT)
    left = opened.seen()
    assert left[0] < closer[0]
    assert left[1] - left[0] == pytest.approx(closer[1] - closer[0], rel=0.01)
    chart.send_keys("0")
    assert opened.seen() == pytest.approx((begin, end))
    opened.click("[data-zoom='in']")
    assert opened.seen()[1] - opened.seen()[0] < end - begin
    opened.click("[data-zoom='all']")
    assert opened.seen() == pytest.approx((begin, end))


def test_wheel_drag_and_slider_zoom(opens: Callable[..., Page]) -> None:
    opened = opens(some_jobs(300))
    begin, end = opened.seen()
    x, y = map(round, opened.at(150))
    wheel = ActionChains(opened.session).scroll_from_origin(
        ScrollOrigin.from_viewport(x, y), 0, -400
    )
    wheel.perform()
    assert eventually(lambda: opened.seen()[1] - opened.seen()[0] < (end - begin) * 0.95)
    before = opened.seen()
    drag(opened.session, (700, y), (760, y), (800, y))
    assert eventually(lambda: opened.seen()[0] < before[0])
    opened.click("[data-zoom='all']")
    assert opened.seen() == pytest.approx((begin, end))
    opened.js("byId('timeline').scrollIntoView({block: 'end'})")
    right, low = opened.js(
        "const {right, bottom} = byId('chart').getBoundingClientRect(); return [right, bottom]"
    )
    # The handle is where the lanes end.
    drag(opened.session, (right - 14, low - 24), (right - 100, low - 24), (700, low - 24))
    assert eventually(lambda: opened.seen()[1] < end * 0.8)


def test_ten_thousand_jobs_stay_usable(opens: Callable[..., Page]) -> None:
    jobs = some_jobs(10_000, servers=12, slots=8)
    opened = opens(jobs, servers=12, slots=8)
    assert opened.text("#count") == "10,000 of 10,000 jobs"
    drawn = "return [drawn.length, drawn.reduce((sum, bar) => sum + bar.jobs.length, 0)]"
    bars, of = opened.js(drawn)
    assert of == 10_000
    assert bars < of
    opened.click("[aria-label='Last page']")
    assert opened.find("tr[data-job='9999']").is_displayed()
    # Bars that are too narrow are one block; a click shows what is in it.
    number = opened.js("return drawn.find((bar) => bar.jobs.length > 1).jobs[0].number")
    before = opened.seen()
    opened.click_bar(number)
    after = opened.seen()
    assert after[1] - after[0] < (before[1] - before[0]) / 4
    opened.js("choose(jobs[5000], byId('chart')); showInTimeline(jobs[5000])")
    opened.find("#close").click()
    opened.click_bar(5000)
    assert opened.text("#details h2") == jobs[5000].file


DARK = "return parseInt(getComputedStyle(document.body).backgroundColor.slice(4)) < 60"


def test_text_can_be_read_in_light_and_dark(opens: Callable[..., Page]) -> None:
    opened = opens(some_jobs(300), theme="dark")
    assert opened.js(DARK)
    opened.click("[data-chip='failed']")
    opened.click("#table tbody tr:nth-child(2) td.status")
    assert opened.js(CONTRAST) == []
    opened.js("byId('theme').click()")
    # Colours change slowly.
    assert eventually(lambda: not opened.js(DARK) and opened.js(CONTRAST) == [])


def test_the_colours_follow_the_system_while_it_is_open(opens: Callable[..., Page]) -> None:
    opened = opens(some_jobs(12))
    assert not opened.js(DARK)
    assert opened.js("return colours.panel") == "#ffffff"
    opened.resize(1400, "dark")
    assert eventually(lambda: opened.js(DARK) and opened.js("return colours.panel") != "#ffffff")
    assert opened.text("#theme") == "Light colours"


def test_a_narrow_window_needs_no_scrolling_sideways(opens: Callable[..., Page]) -> None:
    opened = opens(some_jobs(300, servers=6), width=400, servers=6)
    wide = "return document.documentElement.scrollWidth"
    assert opened.js(wide) <= 400
    opened.click("tr[data-job='20'] .name")
    assert opened.find("#details").is_displayed()
    for width in (400, 320):
        opened.resize(width)
        assert eventually(lambda width=width: opened.js(wide) <= width)  # type: ignore[misc]
        assert opened.js(OVER) == 0


def test_texts_are_only_texts(opens: Callable[..., Page]) -> None:
    jobs = [
        one._replace(
            file=name,
            output=name,
            cwd=f"/{name}",
            why=name,
            host=name,
            tried=(name,),
            argv=("gcc", name),
        )
        for one, name in zip(some_jobs(len(HOSTILE)), HOSTILE, strict=True)
    ]
    opened = opens(jobs)
    texts = "return [...document.querySelectorAll('#table .name')].map((one) => one.textContent)"
    names = set(opened.js(texts))
    assert names == {visible(one) for one in HOSTILE}
    for number, name in enumerate(HOSTILE):
        opened.click_bar(number)
        assert opened.text("#details h2") == visible(name)
        assert opened.text("#details pre") == command_line(["gcc", name])
    assert opened.js("return window.harmed") is None
    assert opened.js("return document.querySelectorAll('img, script').length") == 4


def test_a_build_without_a_compile_has_a_page_too(opens: Callable[..., Page]) -> None:
    opened = opens([])
    assert opened.text("#count") == "0 of 0 jobs"
    assert "0 %" in opened.text("#tiles")
    assert "Time saved\nnone\nno server compiled anything" in opened.text("#tiles")
    assert opened.text("#estimate") == ""
    assert opened.text("#remarks").startswith("No compile went through the launcher: see that")


def test_what_has_no_known_end_is_not_taken_for_failed(opens: Callable[..., Page]) -> None:
    runs = some_jobs(3)[0]._replace(why=STILL_RAN, compiles=True, status=None, end=None)
    link = some_jobs(1)[0]._replace(compiles=False, status=1)
    opened = opens([runs, link], whole=False)
    tiles = opened.text("#tiles")
    assert "none failed, 1 end not known, and 1 other command, 1 of them failed" in tiles
    assert opened.text("[data-chip='failed']").split() == ["Failed", "1"]
    assert opened.text("#remarks").startswith("Compiles or their ends are missing")
    assert opened.text("tr[data-job='0'] td.status") == "not known"
    opened.click("tr[data-job='0'] td.where")
    assert "Status\nnot known" in opened.text("#details")
    assert STILL_RAN in opened.text("#details")


def test_the_page_could_ask_nothing_of_a_network(session: Chrome, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(page(a_build([]), []), "utf-8")
    session.get(file.as_uri())
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        ask = """const [address, done] = arguments, image = new Image();
            image.onerror = () => fetch(address).then(() => done("asked"), () => done("not"));
            image.src = address;"""
        assert session.execute_async_script(ask, address) == "not"
        with pytest.raises(BlockingIOError):
            server.accept()
    assert len(complaints(session)) >= 2
    requests(session)


MAKEFILE = """
objects := $(patsubst %.c,%.o,$(wildcard *.c))
CFLAGS = -O2
all: $(objects)
stays.o: CFLAGS += -march=native
"""


@pytest.mark.skipif(not shutil.which("distccd"), reason="distccd is not installed (Debian: distcc)")
def test_a_build_on_a_farm_is_told_of_as_it_was(
    visits: Callable[..., Page], tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "Makefile").write_text(MAKEFILE)
    for name in [*(f"unit{number}" for number in range(12)), "stays"]:
        (source / f"{name}.c").write_text(f"#include <stdio.h>\nint {name};\n")
    (source / "broken.c").write_text("int broken = ;\n")
    report, traced = tmp_path / "build.html", tmp_path / "build.json"
    with Farm(servers=2) as farm:
        done = subprocess.run(
            [*RUN, "--report", report, "--trace", traced, "--", "make", "-k", "CC=distcc gcc"],
            cwd=source,
            env={**ENVIRONMENT, **farm.exports, "DISTCC_BUILD_DEADLINE": "60"},
            capture_output=True,
            check=False,
        )
    assert done.returncode == 2, done.stderr
    expected = {f"unit{number}.c": 0 for number in range(12)} | {"stays.c": 0, "broken.c": 1}
    slices = [one for one in json.loads(traced.read_text())["traceEvents"] if one["ph"] == "X"]
    traced_jobs = {one["name"]: one["args"] for one in slices if one["cat"] != "phase"}
    assert {name: args["status"] for name, args in traced_jobs.items()} == expected
    opened = visits(report)
    assert dict(opened.js("return jobs.map((job) => [job.file, job.status])")) == expected
    assert opened.shown() == set(range(14))
    assert "distcc1" in opened.text("#lanes")
    phases: set[str] = set()
    jobs = opened.js("return jobs.map((job) => [job.file, job.place.kind])")
    for number, (file, kind) in enumerate(jobs):
        opened.js("choose(jobs[arguments[0]], byId('chart'))", number)
        facts = opened.text("#details .facts")
        assert (kind == "here") == (file in {"stays.c", "broken.c"}), facts
        assert ("this machine" if kind == "here" else "(127.1.0.") in facts
        phases.update(opened.text(".phases").split())
    # A phase that was over before the recorder could look is in none of them.
    assert {"preprocess", "compile", "distcc1", "distcc2", "here"} <= phases
