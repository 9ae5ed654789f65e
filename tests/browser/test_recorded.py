"""A run that went through before is shown at once, marked as recorded; it can be replayed, and run afresh."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

LINK = "/train?data=stripes&recipe=case-4&epochs=6&seed=77"


def start(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Start", exact=True).click(timeout=60_000)


def test_recorded_replayed_and_run_afresh(server: Server, page: Page) -> None:
    start(page, server.url + LINK)
    expect(page.get_by_text(re.compile("Finished after epoch 6 of 6"))).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile("^Recorded on"))).to_have_count(0)
    start(page, server.url + LINK)
    recorded = page.get_by_text(re.compile(r"^Recorded on \d+ \w+ \d{4} on .+ thread"))
    expect(recorded).to_be_visible(timeout=10_000)
    expect(page.get_by_text(re.compile("Finished after epoch 6 of 6"))).to_be_visible()
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_text(re.compile("^Replay of a run recorded on"))).to_be_visible()
    expect(page.get_by_text("Take it home")).to_have_count(0)
    page.get_by_role("radio", name="16 times as fast").click()
    expect(recorded).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Take it home")).to_be_visible()
    page.get_by_role("button", name="Replay", exact=True).click()
    page.get_by_role("button", name="End the replay").click()
    expect(recorded).to_be_visible()
    page.get_by_role("button", name="Run it afresh").click()
    expect(page.get_by_text(re.compile("Finished after epoch 6 of 6"))).to_be_visible(timeout=60_000)
    expect(recorded).to_have_count(0)
