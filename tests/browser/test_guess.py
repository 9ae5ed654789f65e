"""Guess first, then measure, in a real browser: both marks, nothing jumps, and the bars can be clicked."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, box_of

pytestmark = pytest.mark.browser
MEASURE_SECONDS = 60
WORKER_SECONDS = 30  # pictures come from a process that has first to be there


def top(page: Page, selector: str) -> float:
    """Where an element begins on the page, in px."""
    scrolled = page.evaluate(
        "document.querySelector('[data-testid=stMain]').scrollTop"
    )  # by a click on what was half seen
    return box_of(page.locator(selector).first)["y"] + scrolled


def test_guess_measure_and_both_marks_without_a_jump(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/?data=stripes")
    expect(page.get_by_role("heading", name="Case 1 or 2: what do you think?")).to_be_visible()
    expect(page.locator(".tl-sides img")).to_have_count(4, timeout=WORKER_SECONDS * 1000)
    expect(page.locator(".tl-thumbs img")).to_have_count(12)
    box = box_of(page.locator("svg.tl-map"))
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.15 * box["height"])
    words = page.locator("svg.tl-map desc")
    expect(words).to_have_text(re.compile(r"Your guess: 0\.[89]"))  # a click on the map moves the guess
    guess = re.search(r"Your guess: (0\.\d\d)", words.text_content())[1]
    expect(page.get_by_test_id("stSliderThumbValue").filter(has_text=guess)).to_be_visible()
    expect(page.locator("svg.tl-map .tl-measured")).to_have_count(0)
    before = [top(page, selector) for selector in ("svg.tl-map", ".tl-wide svg.tl-cuts", ".tl-thumbs")]

    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_text("Similarity measured")).to_be_visible(timeout=MEASURE_SECONDS * 1000)
    expect(page.get_by_text(re.compile(rf"You guessed {guess}; measured \d"))).to_be_visible()
    expect(page.locator("svg.tl-map .tl-guess")).to_have_count(1)
    expect(page.locator("svg.tl-map .tl-measured")).to_have_count(1)
    expect(page.locator("svg.tl-map .tl-label")).to_have_count(2)
    assert sorted(page.locator("svg.tl-map .tl-label").all_text_contents()) == ["measured", "your guess"]
    expect(page.locator(".tl-wide svg.tl-cuts .tl-error")).to_have_count(10)
    after = [top(page, selector) for selector in ("svg.tl-map", ".tl-wide svg.tl-cuts", ".tl-thumbs")]
    assert after == pytest.approx(before, abs=3), "nothing jumps when the measurement arrives"

    bars = page.locator(".tl-wide svg.tl-cuts")
    bars.locator("[data-pick=conv1]").click()
    expect(page.get_by_text(re.compile("Cut after convolution 1: about"))).to_be_visible()
    expect(page.locator(".tl-wide svg.tl-diagram [data-layer=conv2]")).to_have_attribute("data-state", "sliced")
    bars.locator("[data-pick=conv2]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Cut after convolution 2: about"))).to_be_visible()
    expect(page.locator(".tl-wide svg.tl-diagram [data-layer=conv2]")).to_have_attribute("data-state", "frozen")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Cut after convolution 3: about"))).to_be_visible()


def test_a_phone_can_skip_the_guess_and_tap_a_bar(server: Server, phone: Page) -> None:
    phone.goto(f"{server.url}/?data=stripes&guess=off")
    expect(phone.get_by_text("Similarity measured")).to_be_visible(timeout=MEASURE_SECONDS * 1000)
    expect(phone.get_by_role("button", name="Measure", exact=True)).to_have_count(0)
    bars = phone.locator(".tl-tall svg.tl-cuts")
    expect(bars).to_be_visible()
    bars.locator("[data-pick=conv1]").click()
    expect(phone.get_by_text(re.compile("Cut after convolution 1: about"))).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.goto(f"{server.url}/?data=digits")
    phone.get_by_role("button", name="Skip", exact=True).click()
    expect(phone.get_by_text("Similarity measured")).to_be_visible(timeout=MEASURE_SECONDS * 1000)
    expect(phone.locator("svg.tl-map .tl-guess")).to_have_count(0)
