"""The tour in a real browser: by the keyboard alone, with real runs; what a refresh keeps; and projector mode."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server, box_of
from tl_core.tour import STEPS

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
RUN_SECONDS = 180  # for two small runs; seconds on a machine that does nothing else
MOST_TABS = 80


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the element, or something within it, has the focus."""
    expect(target).to_be_visible()
    for _ in range(MOST_TABS):
        if target.evaluate("element => element.contains(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not get there")


def at_step(page: Page, number: int) -> None:
    expect(page.get_by_text(f"{number} of 7", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=STEPS[number - 1].title)).to_be_visible()


def run_by_keyboard(page: Page) -> None:
    """Predict with the arrows, run with Enter, wait for what it says."""
    tab_to(page, page.get_by_role("radiogroup"))
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("radio").nth(1)
    expect(chosen).to_be_checked()
    tab_to(page, page.get_by_role("button", name="Run it"))
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("One run each: the noise is that of the test pictures"))).to_be_visible(
        timeout=RUN_SECONDS * 1000
    )


@pytest.mark.timeout(900)
def test_the_tour_by_the_keyboard_alone_with_real_runs(server: Server, page: Page) -> None:
    page.goto(server.url)
    tab_to(page, page.get_by_role("link", name=re.compile("New here")))
    page.keyboard.press("Enter")
    at_step(page, 1)
    tab_to(page, page.get_by_role("button", name="Pre-trained", exact=False).first)
    page.keyboard.press("Enter")
    tip = page.locator(".tl-tip:popover-open")
    expect(tip).to_contain_text("its weights were learnt before")
    word, shown = box_of(page.locator("button.tl-term:focus")), box_of(tip)
    assert abs(shown["x"] - word["x"]) < shown["width"], "beside its word"
    assert -shown["height"] - 20 < shown["y"] - word["y"] < word["height"] + 20
    page.keyboard.press("Escape")
    expect(page.locator(".tl-tip:popover-open")).to_have_count(0)
    for number in range(1, 7):
        at_step(page, number)
        if number in (2, 3):
            run_by_keyboard(page)
            expect(page.get_by_text(re.compile("You expected that case 2 would win"))).to_be_visible()
            expect(page.get_by_text(re.compile("five times each"))).to_be_visible()
            page.keyboard.press("Home")
        tab_to(page, page.get_by_role("button", name="Next", exact=True))
        page.keyboard.press("Enter" if number % 2 else "Space")
    at_step(page, 7)
    expect(page.get_by_role("button", name="Next", exact=True)).to_be_disabled()
    expect(page).to_have_url(re.compile("tour=7"))

    tab_to(page, page.get_by_role("button", name="Back", exact=True))
    for number in (6, 5, 4, 3):
        page.keyboard.press("Enter")
        at_step(page, number)
    expect(page.get_by_text(re.compile("Right on 2,000 new pictures"))).to_be_visible()  # the step keeps its result
    expect(page).to_have_url(re.compile("tour=3"))  # it is the last thing that comes
    page.reload()
    at_step(page, 3)
    expect(page.get_by_text(re.compile("Right on 2,000 new pictures"))).to_be_visible()
    tab_to(page, page.get_by_role("link", name="Race", exact=True).first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Race", exact=True)).to_be_visible()
    tab_to(page, page.get_by_role("link", name="Tour", exact=True).first)
    page.keyboard.press("Enter")
    at_step(page, 3)


def test_projector_mode_is_kept_in_the_address_and_on_every_page(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/tour?tour=4")
    at_step(page, 4)
    size = "parseFloat(getComputedStyle(document.querySelector('.tl-tour-text')).fontSize)"
    expect(page.locator(".tl-tour-text")).to_be_visible()
    small = page.evaluate(size)
    page.get_by_role("button", name="Projector").click()
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    assert page.evaluate(size) > 1.2 * small
    page.wait_for_url(re.compile("big=on"))
    page.reload()
    at_step(page, 4)
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    page.get_by_role("button", name="Normal type").click()
    expect(page.get_by_test_id("stHeader")).to_be_visible()
    expect(page).not_to_have_url(re.compile("big=on"))


def test_a_phone_finds_the_pages(server: Server, phone: Page) -> None:
    phone.goto(f"{server.url}/tour")
    at_step(phone, 1)
    button = phone.get_by_test_id("stExpandSidebarButton")
    assert "Pages" in button.evaluate("element => getComputedStyle(element, '::after').content")
    assert box_of(button)["width"] > 60
    button.click()
    phone.get_by_test_id("stSidebar").get_by_role("link", name="Evidence").click()
    expect(phone.get_by_role("heading", name="Evidence").first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
