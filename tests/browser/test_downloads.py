"""A download and a changing shelf as the browser sees them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import small_kmnist
from tests.browser.conftest import Server, serve
from tests.conftest import write_stripes
from tests.serving import serving
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of its own, on which Kuzushiji-MNIST is not present but can be downloaded."""
    (tmp_path / "site").mkdir()
    with serving() as archives:
        small_kmnist.offer(archives, tmp_path / "site", monkeypatch)
        with serve(tmp_path / "served") as server:
            yield server


def test_the_page_draws_itself_again_when_the_download_has_ended(fresh: Server, page: Page) -> None:
    """Also the picker, where the set's title changes: the choice must not change with it."""
    page.goto(f"{fresh.url}/?data={small_kmnist.NAME}")
    expect(page.get_by_text("Kuzushiji-MNIST is not on this machine yet")).to_be_visible()
    page.get_by_role("button", name="Download (").click()
    expect(page.get_by_text("360 images in 10 classes: 300 to learn from")).to_be_visible(timeout=60_000)
    expect(page.locator(".tl-thumbs img").first).to_be_visible()
    page.wait_for_timeout(6_000)  # the look at the shelf comes round once
    expect(page.get_by_text("Unknown data set")).to_have_count(0)
    expect(page.get_by_text("is not on this machine yet")).to_have_count(0)
    assert f"data={small_kmnist.NAME}" in page.url


def is_quiet(page: Page, milliseconds: int) -> bool:
    page.evaluate("window.changes = 0")
    page.wait_for_timeout(milliseconds)
    return page.evaluate("window.changes") == 0


def test_the_shelf_is_watched_without_disturbing_what_is_open(fresh: Server, page: Page) -> None:
    page.set_default_timeout(90_000)
    page.goto(fresh.url)
    page.get_by_role("button", name="Words").press("Enter")
    expect(page.get_by_test_id("stPopoverBody").get_by_text("fully connected layer:")).to_be_visible()
    page.evaluate(
        "window.changes = 0; new MutationObserver(() => window.changes++)"
        ".observe(document.querySelector('[data-testid=stMain]'), {subtree: true, childList: true})"
    )
    wait_until(lambda: is_quiet(page, 1_000), 30.0)
    assert is_quiet(page, 6_000), "nothing is drawn while nothing changes"
    write_stripes(fresh.home / "data" / "more_stripes")
    page.wait_for_timeout(6_500)
    expect(page.get_by_test_id("stPopoverBody").get_by_text("fully connected layer:")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Data set").press("ArrowDown")
    expect(page.get_by_role("option", name="more_stripes")).to_be_visible()
    shutil.rmtree(fresh.home / "data" / "more_stripes")
    expect(page.get_by_role("option", name="more_stripes")).to_have_count(0, timeout=10_000)
