"""Who goes to another page gets there, whatever the page before asks for meanwhile, and comes back in one step."""

import re

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import Server
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


class Held:
    """The connection of a page; while `is_held`, what the server sends is on its way. `asked`: how often the page has asked."""

    def __init__(self, page: Page) -> None:
        self.asked, self.is_held = 0, False
        self._late: list[str | bytes] = []
        page.route_web_socket(re.compile("_stcore/stream"), self._connect)

    def _connect(self, page_side: WebSocketRoute) -> None:
        self._page_side = page_side
        server_side = page_side.connect_to_server()

        def ask(message: str | bytes) -> None:
            self.asked += 1
            server_side.send(message)

        page_side.on_message(ask)
        server_side.on_message(lambda message: self._late.append(message) if self.is_held else page_side.send(message))

    def release(self) -> None:
        self.is_held = False
        for message in self._late:
            self._page_side.send(message)


def test_a_run_that_ends_as_the_visitor_goes_away_does_not_fetch_the_visitor_back(server: Server, page: Page) -> None:
    connection, is_over = Held(page), False

    def live(route: Route) -> None:
        if is_over:
            route.fulfill(json={"over": True})
        else:
            route.continue_()

    page.route("**/live/**", live)
    page.goto(f"{server.url}/train?data=stripes&recipe=case-4&epochs=400&seed=7")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".tl-live-bar p")).not_to_be_empty()
    expect(page.locator(".st-key-stop button")).to_be_visible()

    def asks(times: int) -> None:
        def is_asked() -> bool:
            page.wait_for_timeout(20)
            return connection.asked >= times

        wait_until(is_asked, 15.0)

    connection.is_held, before = True, connection.asked
    page.get_by_role("link", name="Evidence", exact=True).click()
    asks(before + 1)
    is_over = True
    asks(before + 2)  # the bar of the run, which is still there
    page.wait_for_timeout(1500)  # time enough to draw both pages
    connection.release()
    expect(page.get_by_role("heading", name="Evidence", exact=True)).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.get_by_role("heading", name="Evidence", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("/evidence"))

    is_over = False
    page.go_back()
    page.locator(".st-key-stop button").click()
    expect(page.get_by_text(re.compile("Stopped"))).to_be_visible()


def test_back_is_one_step_for_a_page_and_one_for_what_was_set_on_it(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/train?data=stripes&seed=7")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    page.get_by_role("link", name="The four cases", exact=True).click()
    slider = page.get_by_role("slider", name="Similarity to the original data")
    slider.focus()
    expect(page).to_have_url(re.compile(r":\d+/\?data=stripes&seed=7$"))
    slider.press("Home")
    expect(page).to_have_url(re.compile("distance=1"))
    page.get_by_role("link", name="Evidence", exact=True).click()
    expect(page).to_have_url(re.compile("/evidence.*distance=1"))

    def back(address: str) -> None:
        page.go_back()
        expect(page).to_have_url(re.compile(address))

    back(r":\d+/\?.*distance=1")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("tiles"))
    back(r":\d+/\?data=stripes&seed=7$")
    expect(slider).to_have_attribute("aria-valuetext", "as it is")
    back("/train.data=stripes&seed=7$")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("/train.data=stripes&seed=7$"))
