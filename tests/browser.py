"""A real Chromium without a window, in which the tests look at a page."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from selenium import webdriver
from selenium.webdriver import ActionChains

__all__ = ["chromium", "click_at", "complaints", "drag", "requests"]

# It is to ask nothing of any network, so that what asks is the page.
OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run "
    "--disable-sync --disable-background-networking --disable-component-update "
    "--disable-default-apps --disable-extensions --hide-scrollbars --force-device-scale-factor=1"
)

Point = tuple[float, float]
"""Pixels from the window's left and upper edge."""


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """One session.

    :param profile: a folder for what it keeps.
    """
    options = webdriver.ChromeOptions()
    # Named, so that selenium looks for none, and fetches none.
    options.binary_location = shutil.which("chromium") or "chromium"
    driver = shutil.which("chromedriver") or "chromedriver"
    for one in [*OPTIONS.split(), f"--user-data-dir={profile}"]:
        options.add_argument(one)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    environ = {**os.environ, "HOME": str(profile)}
    service = webdriver.ChromeService(executable_path=driver, env=environ)
    session = webdriver.Chrome(options=options, service=service)
    try:
        yield session
    finally:
        session.quit()


def requests(session: webdriver.Chrome) -> list[str]:
    """The addresses that were asked for since it was asked last."""
    found = [json.loads(one["message"])["message"] for one in _log(session, "performance")]
    asked = [one["params"] for one in found if one["method"] == "Network.requestWillBeSent"]
    return [one["request"]["url"] for one in asked]


def complaints(session: webdriver.Chrome) -> list[str]:
    """What the console was told since it was asked last."""
    return [one["message"] for one in _log(session, "browser")]


def _log(session: webdriver.Chrome, name: str) -> list[dict[str, str]]:
    return list(session.get_log(name))  # type: ignore[no-untyped-call]


def click_at(session: webdriver.Chrome, point: Point) -> None:
    """Press and let go."""
    drag(session, point)


def drag(session: webdriver.Chrome, *points: Point) -> None:
    """Press at the first point, let go at the last."""
    actions = ActionChains(session, duration=20)
    pointer = actions.w3c_actions.pointer_action
    for number, (x, y) in enumerate(points):
        pointer.move_to_location(round(x), round(y))  # type: ignore[no-untyped-call]
        if number == 0:
            pointer.pointer_down()  # type: ignore[no-untyped-call]
    pointer.pointer_up()  # type: ignore[no-untyped-call]
    actions.perform()
