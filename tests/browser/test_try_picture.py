"""A visitor's picture meets a finished run while another run trains."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_dashboard import num_points, start, until
from tests.conftest import write_stripes

pytestmark = pytest.mark.browser


def choose(page: Page, *paths: Path) -> None:
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files([str(path) for path in paths])


def finished_run(server: Server, page: Page) -> str:
    """The address of a finished run with a place to try pictures."""
    page.goto(f"{server.url}/train?data=stripes&recipe=case-1&epochs=5")
    start(page)
    expect(page.get_by_role("heading", name="Try my picture")).to_be_visible(timeout=90_000)
    expect(page).to_have_url(re.compile(r"run=[0-9a-f]{32}"))
    return page.url


def test_a_picture_is_tried_while_another_run_trains(server: Server, page: Page, tmp_path: Path) -> None:
    address = finished_run(server, page)
    down = write_stripes(tmp_path / "mine", count=2) / "down" / "001.png"
    choose(page, down)
    answers = page.locator(".tl-tries figure")
    expect(answers).to_have_count(1, timeout=60_000)  # the interactive worker is warm now
    trying = page.context.new_page()
    page.goto(f"{server.url}/train?data=stripes&recipe=case-4&epochs=400")
    start(page)
    until(lambda: num_points(page) >= 1, seconds=60)
    trying.goto(address)
    expect(trying.get_by_role("heading", name="Try my picture")).to_be_visible()
    (tmp_path / "letter.png").write_text("not a picture")
    before = num_points(page)
    choose(trying, down, tmp_path / "letter.png")
    answers = trying.locator(".tl-tries figure")
    expect(answers).to_have_count(1)
    assert num_points(page) < 400, "nobody waits for the run to end"
    expect(answers.locator("li").first).to_contain_text(re.compile(r"down.*\d %"))
    expect(trying.get_by_test_id("stAlert").filter(has_text="letter.png")).to_be_visible()
    until(lambda: num_points(page) >= before + 2, seconds=60)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    # another page and back: the answers are still there
    trying.get_by_role("link", name="The four cases").click()
    expect(trying.get_by_role("heading", name="Case 1")).to_be_visible()
    trying.get_by_role("link", name="Train", exact=True).click()
    expect(answers).to_have_count(1)
    assert not list((server.home / "uploads" / "incoming").iterdir()), "nothing of the picture is left"
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped after")).to_be_visible()
    trying.close()


def test_test_pictures_fit_on_a_phone(server: Server, phone: Page) -> None:
    finished_run(server, phone)
    phone.get_by_role("button", name="Try a few test pictures").click()
    expect(phone.locator(".tl-tries figure")).to_have_count(6, timeout=60_000)
    expect(phone.locator(".tl-tries figure p").last).to_have_text(
        re.compile(r"^(Right|Wrong): it is (wide )?(across|down)\.$")
    )
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
