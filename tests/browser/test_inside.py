"""Look inside in a browser: the mouse, the arrow keys, a run beside what it began with, a phone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_dashboard import start
from tests.conftest import write_stripes

pytestmark = pytest.mark.browser
LONG = 90_000


def look(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/inside?data=stripes&network=demo-drawn")
    expect(page.get_by_role("heading", name="Look inside")).to_be_visible()
    expect(page.get_by_text("pictures of stripes were looked through")).to_be_visible(timeout=LONG)


def test_channels_are_chosen_by_click_and_by_arrow_keys(server: Server, page: Page) -> None:
    look(page, server)
    stage = page.locator(".st-key-inside_stage_2")
    expect(stage.locator(".tl-marked img")).to_have_count(9, timeout=LONG)
    tiles = stage.get_by_role("radio")
    expect(tiles).to_have_count(16)
    expect(tiles.nth(0)).to_have_attribute("aria-checked", "true")
    tiles.nth(3).click()
    number = tiles.nth(3).get_by_text(re.compile(r"^\d+$")).inner_text()
    expect(stage.get_by_text(re.compile(rf"excite channel {number} most"))).to_be_visible()
    expect(stage.get_by_role("spinbutton")).to_have_value(number)
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(4)).to_have_attribute("aria-checked", "true")
    expect(tiles.nth(4)).to_be_focused()
    number = tiles.nth(4).get_by_text(re.compile(r"^\d+$")).inner_text()
    expect(stage.get_by_role("spinbutton")).to_have_value(number)
    expect(tiles.nth(4)).to_be_focused()
    # the filter of a channel chooses it too, and another picture leaves the choice as it is
    page.get_by_role("radio", name="filter 5", exact=True).click()
    first = page.locator(".st-key-inside_stage_1")
    expect(first.get_by_role("spinbutton")).to_have_value("5")
    samples = page.get_by_role("radiogroup", name="Picture to look at").get_by_role("radio")
    expect(samples).to_have_count(12)
    before = page.locator("img.tl-seen").get_attribute("src")
    samples.nth(5).click()
    expect(page.locator("img.tl-seen")).not_to_have_attribute("src", before)
    expect(first.get_by_role("spinbutton")).to_have_value("5")


def test_a_run_is_seen_beside_what_it_began_with(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/train?data=stripes&network=demo-drawn&recipe=case-1&epochs=3")
    start(page)
    expect(page.get_by_role("heading", name="Try my picture")).to_be_visible(timeout=LONG)
    page.get_by_role("link", name="Look inside").click()
    expect(page.get_by_text("pictures of stripes were looked through")).to_be_visible(
        timeout=LONG
    )  # all of it has come
    page.get_by_role("combobox", name="Network to look into").click()
    page.get_by_role("option", name=re.compile("^Run 1")).click()
    stage = page.locator(".st-key-inside_stage_1")
    expect(stage.get_by_text("the same as before, byte for byte")).to_be_visible(timeout=LONG)
    expect(stage.locator(".tl-marked img")).to_have_count(18, timeout=LONG)
    before, after = (stage.locator(".tl-choice").nth(side).locator("img") for side in (0, 1))
    assert [image.get_attribute("src") for image in before.all()] == [
        image.get_attribute("src") for image in after.all()
    ]
    expect(page.get_by_role("heading", name="Where did it look?")).to_be_visible()
    expect(page.locator(".tl-where img")).to_have_count(3)
    expect(page.locator(".tl-where img").nth(1)).to_have_attribute("alt", re.compile("Heat map for .*: brightest at "))


def test_a_picture_of_my_own_on_a_phone(server: Server, phone: Page, tmp_path: Path) -> None:
    look(phone, server)
    phone.get_by_role("button", name="Use a picture of my own").click()
    own = write_stripes(tmp_path / "mine", count=1) / "down" / "000.png"
    phone.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(str(own))
    expect(phone.get_by_alt_text("The picture as the network sees it: your own")).to_be_visible()
    phone.keyboard.press("Escape")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    main = "document.querySelector('[data-testid=stMain]')"
    assert phone.evaluate(f"{main}.scrollWidth - {main}.clientWidth") <= 0
    phone.get_by_role("button", name="Back to the data set").click()
    expect(phone.get_by_alt_text(re.compile("sees it: (wide )?(across|down)"))).to_be_visible()
