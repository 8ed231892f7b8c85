"""What becomes of sources that cannot be asked: the others go on."""

import threading
import time
from pathlib import Path

import pytest

from distcc_build.config import Config
from distcc_build.farmfile import REMEMBERED
from distcc_build.hostspec import DISCOVER, DNS_SD, ZEROCONF
from distcc_build.offer import Gave
from distcc_build.resolve.resolvconf import ResolvConf
from distcc_build.sources import asking
from distcc_build.sources.announced import KEEP
from distcc_build.sources.asking import Others, failed
from distcc_build.sources.multicast import browse_link
from distcc_build.sources.request import Request


def request(*sources: str, seconds: float = 5.0, **options: bool) -> Request:
    config = Config(sources=sources, **options)  # type: ignore[arg-type]
    return Request(config, ResolvConf((), ()), time.time(), seconds)


def test_a_machine_without_threads_to_spare_asks_nobody_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    (zone, link) = Others(request(DISCOVER, DNS_SD, ZEROCONF)).collect()
    assert {zone.account.why, link.account.why} == {"can't start new thread"}
    assert zone.account.degraded
    # What was heard on a link is believed for a shorter time than what a zone lists.
    assert (zone.keep, link.keep) == (REMEMBERED, KEEP)


def test_a_source_that_is_late_or_broken_has_failed_and_the_others_are_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    going = threading.Event()

    def late(word: str, _request: Request) -> Gave:
        going.wait(60)
        return failed(word, "too late")

    def broken(_word: str, _request: Request) -> None:
        raise ValueError("no idea")

    usual = asking._asker
    chosen = {DNS_SD: late, ZEROCONF: broken}
    monkeypatch.setattr(asking, "_asker", lambda word: chosen.get(word) or usual(word))
    listed = tmp_path / "hosts"
    listed.write_text("10.1.0.1\n")
    word = f"--discover-file={listed}"
    try:
        zone, link, file = Others(request(DNS_SD, ZEROCONF, word, seconds=2)).collect()
    finally:
        going.set()
    assert zone.account.why == "no answer within 2 s"
    assert link.account.why == "ValueError: no idea"
    assert [one.name for one in file.offers] == ["10.1.0.1"]


def test_what_must_be_proved_is_not_heard_on_a_link() -> None:
    gave = browse_link(ZEROCONF, request(ZEROCONF, require_dnssec=True))
    assert (gave.offers, gave.keep) == ((), 0.0)
    assert "require_dnssec" in gave.account.why
