"""How long a teacher waits for 2,000 photographs: `python -m benchmarks.upload`

A zip of 500 x 375 JPEGs goes through a real browser into a real server, twice: from the choice of the file until the set is shown
and its check-up is there. The second time the same bytes are known and are not decoded again.
"""

import argparse
import io
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FLAGS, browser_path, serve
from tests.browser.test_my_images import choose, send

CLASSES = 10


def make_zip(path: Path, count: int) -> None:
    """Photograph-like pictures, each different: soft shapes under grain, JPEG quality 85."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize(
                (500, 375), Image.Resampling.BICUBIC
            )
            grain = Image.fromarray(rng.integers(0, 256, (375, 500, 3), dtype=np.uint8)).filter(
                ImageFilter.GaussianBlur(1)
            )
            buffer = io.BytesIO()
            Image.blend(coarse, grain, 0.3).save(buffer, "JPEG", quality=85)
            archive.writestr(f"class {number % CLASSES}/{number:05d}.jpg", buffer.getvalue())


def upload(page: Page, url: str, path: Path, count: int) -> float:
    """Seconds from the choice of the file until the pictures and the check-up are on the page."""
    page.goto(f"{url}/images")
    if page.get_by_role("button", name="Start another set").count():
        page.get_by_role("button", name="Start another set").click()
    choose(page, "A zip")
    start = time.perf_counter()
    send(page, "A zip with one folder for each class", path)
    page.get_by_text(f"{count:,} pictures in {CLASSES} classes").wait_for()
    page.get_by_role("button", name="Train on them").and_(page.locator(":enabled")).wait_for()
    page.locator(".tl-tiles img").first.wait_for()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "photographs.zip"
        make_zip(path, args.images)
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(100_000)
        with serve(Path(folder) / "home") as server:
            first = upload(page, server.url, path, args.images)
            second = upload(page, server.url, path, args.images)
        browser.close()
        size = path.stat().st_size / 1e6
    print(f"{args.images:,} pictures, {size:.0f} MB: first time {first:.1f} s, the same again {second:.1f} s")


if __name__ == "__main__":
    main()
