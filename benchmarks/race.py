"""How long a race takes from the click to the verdict, and whether the page waits meanwhile: `python -m benchmarks.race`

A real browser presses *Start the race* on a real server whose workers are warm; a second tab, another visitor's, moves the slider
of the first page all the while. `--data` and `--data-dir` name a set of the shelf.
"""

import argparse
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.browser import Moves, open_cases, server_and_browser, slider_to_diagram
from tl_core.engine.machine import hardware, software, trainers, training_threads


def open_race(page: Page, url: str, data: str, images: int, limit: float | None) -> None:
    page.set_default_timeout(90_000)
    page.goto(f"{url}/race?data={data}&images={images}" + (f"&seconds={limit:g}" if limit else ""))
    button = page.get_by_role("button", name="Start the race")
    page.wait_for_function(
        "[...document.querySelectorAll('button')].some(b => b.innerText.includes('Start the race') && !b.disabled)"
    )
    button.wait_for()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="flowers5_128")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--limit", type=float, help="seconds that each run may train; default: as long as it needs")
    args = parser.parse_args()
    count = trainers()
    print(f"{hardware(threads=training_threads(count))} in each of {count} workers; {software()}")
    with tempfile.TemporaryDirectory() as home, server_and_browser(Path(home), args.data_dir) as (server, browser):
        other = open_cases(browser, server.url)
        alone = slider_to_diagram(other, 50, pause=0.3)
        page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
        open_race(page, server.url, args.data, args.images, args.limit)
        start = time.perf_counter()
        page.get_by_role("button", name="Start the race").click()
        page.locator(".st-key-race_stop button").wait_for()
        seen = time.perf_counter() - start
        meanwhile = Moves()
        while page.locator(".st-key-race_stop button").count():
            meanwhile += slider_to_diagram(other, 2)
        page.locator(".st-key-race_verdict").wait_for()
        seconds = time.perf_counter() - start
        print(f"click to the race on the page: {seen:.1f} s; click to verdict: {seconds:.0f} s")
        print("verdict:", page.locator(".st-key-race_verdict").inner_text())
        for text in page.get_by_text("The time limit of").all():
            print("        ", text.inner_text())
    print("slider to diagram, before it:  ", alone)
    print("slider to diagram, meanwhile:  ", meanwhile)


if __name__ == "__main__":
    main()
