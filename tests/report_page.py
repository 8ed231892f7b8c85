"""The report page as it stands open in a browser, and what tests want to know of it."""

from dataclasses import dataclass
from typing import Any

from browser import click_at
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

__all__ = ["CONTRAST", "OVER", "UNNAMED", "Page"]

AT = """
const job = jobs[arguments[0]], element = byId("chart");
const middle = tops[job.lane.number] + rowHeight / 2;
scrollBy(0, element.getBoundingClientRect().top + middle - innerHeight / 2);
const {left, top} = element.getBoundingClientRect();
const both = {xAxisIndex: 0, yAxisIndex: 0};
const [x, y] = chart.convertToPixel(both, [(job.begin + job.end) / 2, middle]);
return [left + x, top + y];
"""

FRAMES = """
return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(seen))));
"""

UNNAMED = """
return [...document.querySelectorAll("button, input, [tabindex='0']")].filter((one) =>
    !one.getAttribute("aria-label") && !one.textContent.trim() && !one.labels?.length).length;
"""
"""How many of the things that can be pressed have no name."""

OVER = """
return [...document.querySelectorAll("#details *, .card > *, .filters *")].filter((one) =>
    one.checkVisibility() && !one.closest(".wide, .unseen") &&
    one.getBoundingClientRect().right > innerWidth + 1).length;
"""
"""How many things stand out over the window's right edge."""

CONTRAST = """
const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
const linear = (one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
const light = (colour) => [0.2126, 0.7152, 0.0722].reduce(
    (sum, weight, at) => sum + weight * linear(colour[at] / 255), 0);
const ground = (one) => {
  for (; one; one = one.parentElement) {
    const colour = parse(getComputedStyle(one).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const text = walk.currentNode.data.trim(), one = walk.currentNode.parentElement;
  if (!text || !one.checkVisibility() || one.closest(":disabled, script, noscript")) continue;
  const both = [light(parse(getComputedStyle(one).color)), light(ground(one))];
  const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  if (contrast < 4.5) found.push([text, contrast]);
}
return found;
"""
"""The texts whose contrast to their ground is less than WCAG 2 wants at level AA (1.4.3)."""


@dataclass
class Page:
    """A page that is open."""

    session: Chrome

    def js(self, script: str, *arguments: object) -> Any:
        """What a script returns."""
        return self.session.execute_script(script, *arguments)

    def find(self, selector: str) -> WebElement:
        """The first element."""
        return self.session.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """What a person reads in it."""
        return self.find(selector).text

    def click(self, selector: str) -> None:
        """Click where it is, with nothing in front of it."""
        self.js("arguments[0].scrollIntoView({block: 'center'})", self.find(selector))
        self.find(selector).click()

    def shown(self) -> set[int]:
        """The jobs in all pages of the table."""
        rows = "return [...document.querySelectorAll('[data-job]')].map((one) => +one.dataset.job)"
        further = "[aria-label='Next page']:enabled"
        found = set(self.js(rows))
        while self.session.find_elements(By.CSS_SELECTOR, further):
            self.click(further)
            found.update(self.js(rows))
        return found

    def seen(self) -> tuple[float, float]:
        """The window of time that the timeline shows, once it is drawn; microseconds."""
        begin, end = self.js(FRAMES)
        return begin, end

    def click_bar(self, job: int) -> None:
        """Click in the middle of a job's bar."""
        self.seen()
        click_at(self.session, self.at(job))

    def at(self, job: int) -> tuple[float, float]:
        """Where the middle of a bar is, after its lane was moved to the middle of the window."""
        x, y = self.js(AT, job)
        return x, y

    def resize(self, width: int, theme: str = "light") -> None:
        """Be a window of this width on a system that likes this theme."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        self.session.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.session.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
