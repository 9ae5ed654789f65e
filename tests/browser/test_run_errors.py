"""A finished run's mistakes: a click on a cell of the confusion matrix shows the pictures behind it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_dashboard import start, until

pytestmark = pytest.mark.browser


def finish(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/train?data=digits&images=60&recipe=case-1&epochs=2&distance=1")
    start(page)
    expect(page.get_by_role("heading", name="Where it is wrong")).to_be_visible(timeout=90_000)


def test_a_click_on_a_cell_shows_its_pictures(server: Server, page: Page) -> None:
    finish(server, page)
    galleries = page.locator(".tl-mistakes")
    expect(galleries).to_have_count(2, timeout=60_000)
    expect(galleries.first.locator("img")).to_have_count(12, timeout=30_000)
    expect(galleries.first.locator("figcaption").first).to_have_text(re.compile(r"is \d\s*says \d\s*(> )?\d+ %"))
    until(lambda: page.evaluate("document.querySelector('.tl-pick-plot')?._fullLayout?._size?.w > 0"))
    counts = page.evaluate("document.querySelector('.tl-pick-plot').data[0].text")
    # the middle of a cell on the diagonal, in the page's pixels
    place = page.evaluate(
        """() => { const plot = document.querySelector(".tl-pick-plot"); plot.scrollIntoView({block: "center"});
        const box = plot.getBoundingClientRect(), {xaxis, yaxis} = plot._fullLayout;
        return [box.x + xaxis._offset + xaxis.d2p(3), box.y + yaxis._offset + yaxis.d2p(3)]; }"""
    )
    page.mouse.move(*place)
    page.mouse.click(*place)
    expect(page.get_by_text(re.compile(rf"^{counts[3][3]} of the \d+ test images of 3 (is|are) right"))).to_be_visible()
    if counts[3][3]:
        expect(galleries.last.locator("img")).to_have_count(min(24, counts[3][3]))
    # the same with the keyboard
    box = page.get_by_role("combobox", name="Predicted as")
    box.focus()
    box.fill("8")
    box.press("Enter")
    expect(page.get_by_text(re.compile(r"test images of 3 (was|were) taken for 8"))).to_be_visible()


def test_all_of_it_fits_on_a_phone(server: Server, phone: Page) -> None:
    finish(server, phone)
    expect(phone.locator(".tl-mistakes img").first).to_be_visible(timeout=60_000)
    expect(phone.locator(".tl-classes tbody tr")).to_have_count(10)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
