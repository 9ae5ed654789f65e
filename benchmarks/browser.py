"""A real server and a real browser to measure with, and how long a page takes to answer a slider."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS, Server, browser_path, serve
from tl_core.paths import ROOT

_CLOCK = """() => {
  const find = (root) => {
    const found = root.querySelector(".tl-wide svg.tl-diagram");
    if (found) return root;
    for (const element of root.querySelectorAll("*"))
      if (element.shadowRoot) { const inner = find(element.shadowRoot); if (inner) return inner; }
    return null;
  };
  const watched = find(document), drawing = watched.querySelector(".tl-drawing");
  window.benchmarkMoves = [];
  let asked = null, wanted = null, painted = null, answered = null;
  const since = () => performance.now() - asked;
  const tell = () => {
    if (asked === null || painted === null || answered === null) return;
    window.benchmarkMoves.push([painted, answered]);
    asked = null;
  };
  document.addEventListener("keydown", (event) => {
    [asked, wanted, painted, answered] = [performance.now(), event.key === "Home" ? 0 : 1, null, null];
  }, true);
  new MutationObserver(() => {
    if (asked !== null && painted === null) requestAnimationFrame(() => { painted ??= since(); tell(); });
  }).observe(watched, { childList: true, subtree: true });
  document.addEventListener("tl-drawn", () => {
    if (asked === null || answered !== null || drawing.tlDrawn.at.similarity !== wanted) return;
    answered = since();
    tell();
  });
}"""


@contextmanager
def server_and_browser(
    home: Path, data_dir: Path | None = None, app: Path = ROOT / "app.py"
) -> Iterator[tuple[Server, Browser]]:
    """`data_dir`: the shelf of the server; None for the small made set of the tests alone."""
    with serve(home, data_dir, app=app) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(windows=True), args=FLAGS)
        yield server, browser
        browser.close()


def open_cases(browser: Browser, url: str) -> Page:
    """The first page with imagined pictures, a clock on its diagram, the keyboard on its slider of similarity."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(60_000)
    page.goto(url)
    page.locator(".tl-wide svg.tl-diagram").wait_for()
    slider = page.get_by_role("slider", name="Similarity to the original data")
    slider.focus()
    page.wait_for_timeout(1_500)
    page.evaluate(_CLOCK)
    return page


@dataclass(frozen=True)
class Moves:
    """What a slider that is moved takes, in milliseconds: until the browser has painted the other diagram, and until the server's
    answer is there, which shows the same."""

    painted: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)

    def __add__(self, other: "Moves") -> "Moves":
        return Moves(self.painted + other.painted, self.answered + other.answered)

    def __str__(self) -> str:
        return f"{spread(self.painted)}; the server's answer {spread(self.answered)}"


def slider_to_diagram(page: Page, count: int, pause: float = 1.0) -> Moves:
    """Move the slider `count` times from one end to the other, `pause` seconds after each answer."""
    for number in range(count):
        before = page.evaluate("window.benchmarkMoves.length")
        page.keyboard.press("Home" if number % 2 == 0 else "End")
        page.wait_for_function(f"window.benchmarkMoves.length > {before}", polling=20)
        page.wait_for_timeout(pause * 1000)
    moves = page.evaluate("window.benchmarkMoves")[-count:]
    return Moves([painted for painted, _answered in moves], [answered for _painted, answered in moves])


def spread(milliseconds: list[float]) -> str:
    """'median 105 ms, 95 % within 180 ms, longest 240 ms (n = 50)'."""
    ordered = sorted(milliseconds)
    return (
        f"median {statistics.median(ordered):.0f} ms, 95 % within {ordered[int(0.95 * (len(ordered) - 1))]:.0f} ms, "
        f"longest {ordered[-1]:.0f} ms (n = {len(ordered)})"
    )
