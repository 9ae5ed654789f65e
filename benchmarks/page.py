"""How long the page lets people wait, as a browser sees it: `python -m benchmarks.page`

Drives a real server with a real browser: cold start to the first page that can be used, slider to new diagram (alone, and while
two runs train flat out, alone and with 30 people watching one of them), Start to the first point of the curve, Stop to stopped.
Medians of `--repeats`.
"""

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from benchmarks.browser import Moves, open_cases, server_and_browser, slider_to_diagram, spread
from benchmarks.crowd import in_thread
from benchmarks.visitor import Visitor
from tl_core.engine.machine import hardware, software, trainers, training_threads
from tl_core.paths import ROOT

_HAS_POINT = "document.querySelector('.tl-plot')?.data?.some(trace => trace.x?.length)"
_HAS_STOPPED = """[...document.querySelectorAll(".tl-live-bar p, [data-testid=stProgress]")]
  .some(place => place.textContent.includes("Stopped "))"""
_CLOCK = """() => {
  let asked = null;
  window.benchmarkSeconds = null;
  document.addEventListener("click", () => { asked = performance.now(); }, { capture: true, once: true });
  const look = () => {
    if (asked === null || !(CONDITION)) return requestAnimationFrame(look);
    requestAnimationFrame(() => { window.benchmarkSeconds = (performance.now() - asked) / 1000; });
  };
  look();
}"""
_LONG = "data=stripes&recipe=case-4&epochs=400&images=200"


def wait(page: Page, condition: str) -> None:
    page.wait_for_function(condition, polling=20, timeout=120_000)


def open_train(browser: Browser, url: str, seed: int) -> Page:
    """A visitor of their own before a run that goes on for minutes."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{url}/train?{_LONG}&seed={seed}")
    wait(page, "[...document.querySelectorAll('button')].some(b => b.innerText.trim() === 'Start' && !b.disabled)")
    return page


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def start_and_stop(page: Page) -> tuple[float, float]:
    """Seconds from Start to the first point of the curve, and from Stop until the page says stopped."""
    begun = pressed(page, "Start", _HAS_POINT)
    page.wait_for_timeout(1_500)
    return begun, pressed(page, "Stop", _HAS_STOPPED)


def pressed(page: Page, button: str, condition: str) -> float:
    """Seconds from the click until the browser has painted what fulfils the condition."""
    page.evaluate(_CLOCK.replace("CONDITION", condition))
    page.get_by_role("button", name=button, exact=True).last.click()
    page.wait_for_function("window.benchmarkSeconds !== null", polling=250, timeout=120_000)
    return page.evaluate("window.benchmarkSeconds")


def cold_start(home: Path, app: Path = ROOT / "app.py", shown: str = ".tl-wide svg.tl-diagram") -> float:
    """Seconds from the start of a server and a browser to its first page, on which `shown` is."""
    home.mkdir()
    start = time.perf_counter()
    with server_and_browser(home, app=app) as (server, browser):
        ready = time.perf_counter() - start
        page = browser.new_page()
        return ready + timed(lambda: (page.goto(server.url), page.locator(shown).first.wait_for()))


def watched(url: str, runner: Page, count: int, work: Callable[[], Moves]) -> tuple[Moves, list[float]]:
    """What `work` measures while so many people watch `runner`'s run, and how many milliseconds their questions took."""
    (owner,) = (cookie["value"] for cookie in runner.context.cookies() if cookie["name"] == "tl_visitor")
    visitors = [Visitor(url, owner) for _ in range(count)]  # a run is shown to its owner alone
    seated, over = threading.Event(), threading.Event()

    async def watch() -> None:
        for visitor in visitors:
            await visitor.open("train", urlsplit(runner.url).query)
        seated.set()
        while not over.is_set():
            await asyncio.sleep(0.1)
        for visitor in visitors:
            await visitor.leave()

    thread, _found = in_thread(watch())
    seated.wait(120)
    for visitor in visitors:
        visitor.answers.clear()
    try:
        measured = work()
    finally:
        over.set()
        thread.join()
    return measured, [1000 * one for visitor in visitors for one in visitor.answers]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--watchers", type=int, nargs="+", default=[30, 60])
    args = parser.parse_args()
    count = trainers()
    print(f"{hardware(threads=training_threads(count))} in each of {count} workers; {software()}")
    with tempfile.TemporaryDirectory() as folder:
        one_line = Path(folder) / "one_line.py"
        one_line.write_text("import streamlit as st\nst.title('One line')\n")
        colds = []
        for number in range(args.repeats):
            floor = cold_start(Path(folder) / f"floor{number}", one_line, "h1")
            colds.append((cold_start(Path(folder) / f"cold{number}"), floor))
        ours, floor = (statistics.median(times) for times in zip(*colds, strict=True))
        print(f"server and browser start to the first page: {ours:.1f} s; of an app of one line: {floor:.1f} s")
        with server_and_browser(Path(folder) / "home") as (server, browser):
            watcher = open_cases(browser, server.url)
            print("slider to diagram, alone:         ", slider_to_diagram(watcher, 100, pause=0.3))
            pages = [open_train(browser, server.url, seed) for seed in range(args.repeats)]
            found = [start_and_stop(page) for page in pages]
            print(f"Start to the first point, warm worker: {statistics.median(begun for begun, _ in found):.2f} s")
            print(f"Stop to stopped: {statistics.median(stopped for _, stopped in found):.2f} s")
            runners = [open_train(browser, server.url, 100 + number) for number in range(count)]
            for runner in runners:
                runner.get_by_role("button", name="Start", exact=True).click()
                wait(runner, _HAS_POINT)
            print("slider to diagram, while training:", slider_to_diagram(watcher, 100, pause=0.3))
            for number in args.watchers:
                slider, answers = watched(
                    server.url, runners[0], number, lambda: slider_to_diagram(watcher, 100, pause=0.3)
                )
                print(f"the same, and {number} people watch:", slider)
                print("  what they ask for is there in:   ", spread(answers))


if __name__ == "__main__":
    main()
