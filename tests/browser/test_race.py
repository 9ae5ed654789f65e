"""A race in a real browser: live curves, a refresh in the middle, Stop, and the verdict."""

import re
from functools import partial

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
until = partial(wait_until, seconds=120.0)


def num_lines(page: Page) -> int:
    return page.evaluate("document.querySelector('.tl-plot')?.data?.length ?? 0")


def stop_button(page: Page) -> Locator:
    """The race's own; Streamlit has another one of this name while a page is being drawn."""
    return page.locator(".st-key-race_stop button")


def keep_two(page: Page) -> None:
    """Case 1 and case 2 stay in the race: Backspace takes the last recipe out of the box."""
    expect(page.get_by_role("button", name="Start the race")).to_be_enabled(timeout=60_000)
    for left in (9, 6):
        page.locator(".st-key-race_recipes_auto input").click()
        page.keyboard.press("Backspace")
        expect(page.get_by_text(f"{left} runs")).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")


def start(page: Page) -> None:
    button = page.get_by_role("button", name="Start the race")
    expect(button).to_be_enabled(timeout=60_000)
    button.click()
    expect(stop_button(page)).to_be_visible(timeout=60_000)


def test_a_race_of_two_recipes_to_its_verdict_with_a_refresh_in_the_middle(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/race?data=stripes&images=60&epochs=12")
    expect(page.get_by_text("12 runs")).to_be_visible(timeout=60_000)
    keep_two(page)
    page.get_by_role("combobox", name=re.compile("Predict first")).click()
    page.get_by_role("option", name="Nobody clearly").click()
    page.get_by_role("spinbutton", name=re.compile("Test accuracy")).fill("90")
    page.get_by_role("spinbutton", name=re.compile("Test accuracy")).press("Enter")
    start(page)
    until(lambda: num_lines(page) >= 1)
    expect(page).to_have_url(re.compile(r"race=[0-9a-f]{32}"))

    page.get_by_role("link", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    page.get_by_role("link", name="Race", exact=True).click()
    until(lambda: num_lines(page) >= 1)
    expect(page).to_have_url(re.compile("data=stripes.*race="))
    page.reload()
    until(lambda: num_lines(page) >= 1)

    expect(stop_button(page)).to_be_hidden(timeout=180_000)
    expect(page.get_by_text(re.compile(r"won|Within noise"))).to_be_visible()
    expect(page.get_by_text(re.compile("You expected that nobody would win clearly"))).to_be_visible()
    expect(page.get_by_text(re.compile("You expected 90 %"))).to_be_visible()
    table = page.locator("table").filter(has_text="trained weights")
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(table.get_by_text(re.compile(r"^\d+\.\d\s% ?$")).first).to_be_visible()
    page.get_by_role("radio", name="by seconds of training").click()
    until(lambda: page.evaluate("document.querySelector('.tl-plot').layout.xaxis.type") == "log")
    alt = page.locator(".tl-plot svg[role=img]").first.get_attribute("aria-label")
    assert "Case 1" in alt


def test_stop_ends_the_whole_race_and_keeps_what_is_done(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/race?data=stripes&recipe=case-4&epochs=200&seed=5")
    start(page)
    until(lambda: num_lines(page) >= 1)
    stop_button(page).click()
    expect(stop_button(page)).to_be_hidden(timeout=60_000)
    expect(page.get_by_text(re.compile(r"Stopped after \d+ of 12 runs"))).to_be_visible()
    expect(page).to_have_url(re.compile("data=stripes.*race="))
    page.reload()
    expect(page.get_by_text(re.compile(r"Stopped after \d+ of 12 runs"))).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Another race")).to_be_visible()


def test_a_learning_curve_over_sizes(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/race?data=stripes&images=100&epochs=4&seed=9")
    page.get_by_role("radio", name="Two recipes, more and more images").click()
    expect(page.get_by_text("Left out, since fewer than two images of each class: 5 images.")).to_be_visible(
        timeout=60_000
    )
    page.get_by_role("radio", name="1", exact=True).click()
    expect(page.get_by_text("8 runs")).to_be_visible()
    start(page)
    expect(stop_button(page)).to_be_hidden(timeout=180_000)
    expect(page.get_by_text(re.compile("cross|Within noise"))).not_to_have_count(0)
    rows = page.locator("table").filter(has_text="clearly better").locator("tbody tr")
    expect(rows).to_have_count(4)
    assert page.evaluate("document.querySelector('.tl-plot').layout.xaxis.type") == "log"


def test_an_unknown_race_is_said(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/race?data=stripes&race=00000000000000000000000000000000")
    expect(page.get_by_text("There is no race with this id")).to_be_visible(timeout=60_000)
