"""Take the pictures in `docs/screenshots`: every page at three widths, light and dark, in a real browser.

    python -m scripts.screenshots --data flowers5_128 --home /tmp/home --data-dir ../shared/data

Starts a server of its own and trains once, so that the Train page shows a real run.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import browser_path
from tl_core.paths import ROOT

WIDTHS = {390: 844, 1440: 900, 1920: 1080}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def start_server(home: Path, data_dir: Path) -> tuple[subprocess.Popen, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TL_HOME": str(home), "TL_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
            return server, url
        except OSError:
            time.sleep(0.3)
    raise SystemExit("the server did not start")


def train_once(page: Page, url: str, data: str) -> str:
    """Run the preset experiment; returns the address that shows it."""
    page.goto(f"{url}/train?data={data}&images=500")
    button = page.get_by_role("button", name="Start", exact=True)
    page.wait_for_function("!document.querySelector('.stButton button[kind=primary]')?.disabled", timeout=90_000)
    button.click()
    page.get_by_text(re.compile("Finished after")).wait_for(timeout=300_000)
    return page.url


def race_once(page: Page, url: str, data: str) -> str:
    """Run the preset race, within a lesson on any machine; returns the address that shows it."""
    page.goto(f"{url}/race?data={data}&images=200&seconds=20")
    page.get_by_role("button", name="Start the race").click(timeout=90_000)
    page.locator(".st-key-race_verdict").wait_for(timeout=600_000)
    return page.url


def whole_height(page: Page) -> int:
    """Height that shows the whole page: Streamlit scrolls inside, not the document."""
    return page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight") + 60


TRAINED = {"train": train_once, "race": race_once}  # pages that are nothing without a run
PAGES = ("cases", "tour", "train", "race", "inside", "images", "rule", "evidence", "class")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--only", nargs="+", metavar="PAGE", default=PAGES, choices=PAGES)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    server, url = start_server(args.home.resolve(), args.data_dir.resolve())
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
            first = browser.new_context()
            page = first.new_page()
            addresses = {
                "cases": f"{url}/?data={args.data}&images=500&guess=off",
                "inside": f"{url}/inside?data={args.data}",
            }
            for name in args.only:
                if name in TRAINED:
                    address = TRAINED[name](page, url, args.data)
                else:
                    address = addresses.get(name, f"{url}/{name}")
                for width, height in WIDTHS.items():
                    for theme in ("light", "dark"):
                        context = browser.new_context(
                            viewport={"width": width, "height": height},
                            color_scheme=theme,
                            storage_state=first.storage_state(),
                        )
                        shot = context.new_page()
                        shot.goto(address)
                        shot.wait_for_selector(".stHeading")
                        time.sleep(10 if name == "inside" else 4)
                        shot.get_by_text(re.compile("^Measuring")).first.wait_for(state="hidden", timeout=60_000)
                        shot.set_viewport_size({"width": width, "height": max(height, whole_height(shot))})
                        time.sleep(1.5)
                        shot.screenshot(path=args.out / f"{name}-{width}-{theme}.png")
                        context.close()
            browser.close()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


if __name__ == "__main__":
    main()
