"""A class in real browsers: a teacher and two students, each in a browser of their own."""

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Server
from tests.waiting import wait_until
from tl_core.classes import Classes
from tl_core.store import Store

pytestmark = pytest.mark.browser
RUN_SECONDS = 90
LIVE_SECONDS = 15
EVIL = "=<b>x</b>"


@pytest.fixture
def people(browser: Browser) -> Iterator[list[Page]]:
    """Three visitors who know nothing of each other."""
    contexts: list[BrowserContext] = [browser.new_context(viewport={"width": 1440, "height": 1000}) for _ in range(3)]
    for context in contexts:
        context.set_default_timeout(30_000)
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def join(page: Page, link: str, nickname: str) -> None:
    page.goto(link)
    page.get_by_label("Nickname").fill(nickname)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Every run that you start")).to_be_visible()


def train(page: Page, url: str, images: int) -> None:
    page.goto(f"{url}/train?data=stripes&images={images}&recipe=case-1&epochs=1")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(re.compile("Finished after"))).to_be_visible(timeout=RUN_SECONDS * 1000)


def pause(teacher: Page, link: str, store: str) -> None:
    """The switch, and the wait until the server has written what it says: a student may be faster than that."""
    teacher.get_by_text("Pause new runs").click()
    written = Store(store)
    try:
        wait_until(lambda: Classes(written).find(link.rpartition("=")[2]).rules.paused, 20)
    finally:
        written.engine.dispose()


def points(page: Page) -> list[str]:
    """What the pointer would show at each mark of the board."""
    return page.evaluate("document.querySelector('.tl-plot').data.flatMap(trace => trace.text)")


def agree_to_delete(teacher: Page) -> None:
    """Open the part at the end and tick its box; again, if the page that is still coming takes either back."""
    box = teacher.get_by_text("I want to delete this class for good")
    button = teacher.get_by_role("button", name="Delete everything")
    for _ in range(20):
        if button.count() and button.is_enabled():
            return
        (box if box.is_visible() else teacher.get_by_text("Leave or delete this class")).click()
        teacher.wait_for_timeout(2_000)
    raise AssertionError("the button stays disabled")


def open_class(teacher: Page, title: str, pin: str) -> None:
    """On the page of the class, where there are two boxes for a PIN."""
    form = teacher.get_by_test_id("stForm").filter(has_text="Open a class")
    form.get_by_label("Name of the class").fill(title)
    form.get_by_label("PIN", exact=True).fill(pin)
    expect(form.get_by_label("PIN", exact=True)).to_have_value(pin)
    form.get_by_role("button", name="Open", exact=True).click()


def test_a_lesson_from_the_pin_to_the_end(server: Server, people: list[Page]) -> None:
    teacher, ann, ben = people
    teacher.goto(f"{server.url}/class")
    open_class(teacher, "Biology 10b", "246810")
    expect(teacher.get_by_role("heading", name="Biology 10b")).to_be_visible()
    expect(teacher.get_by_role("img", name=re.compile("QR code of the join link"))).to_be_visible()
    link = re.search(r"http\S+join=\w+", teacher.get_by_test_id("stCode").first.inner_text().replace("\n", ""))[0]
    teacher.get_by_role("button", name="Copy the join link").click()
    expect(teacher.get_by_text(re.compile(r"^Copied\.$|^Copy it by hand\.$"))).to_be_visible()

    join(ann, link, "Ann")
    join(ben, link, EVIL)
    expect(ann.get_by_role("button", name="Delete everything")).to_have_count(0)
    ben.reload()
    expect(ben.get_by_text("Every run that you start")).to_be_visible()  # a refresh keeps the place

    train(ann, server.url, 60)
    train(ben, server.url, 120)
    board = teacher.get_by_text("2 runs by 2 people")
    expect(board).to_be_visible(timeout=LIVE_SECONDS * 1000)  # without a click
    expect(
        teacher.get_by_role("img", name=re.compile("test accuracy against number of images, 2 runs"))
    ).to_be_visible()
    teacher.wait_for_function("document.querySelector('.tl-plot')?.data?.length > 0")
    shown = points(teacher)
    assert sorted(text.split("<br>")[0] for text in shown) == ["=&lt;b&gt;x&lt;/b&gt;", "Ann"]
    teacher.locator(".tl-plot .point").last.hover(force=True)
    expect(teacher.locator(".tl-plot .hoverlayer")).to_contain_text(re.compile("Ann|=<b>x</b>"))

    with teacher.expect_download() as download:
        teacher.get_by_role("button", name="Download as CSV").click()
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert sorted(line["name"] for line in lines) == [f"'{EVIL}", "Ann"]

    pause(teacher, link, server.store)
    ann.get_by_role("button", name="Start", exact=True).click()
    expect(ann.get_by_text("Your teacher has paused new runs.")).to_be_visible()

    teacher.get_by_role("button", name="Present", exact=True).click()
    expect(teacher.get_by_role("button", name="Full screen")).to_be_visible()
    expect(teacher.get_by_test_id("stHeader")).to_be_hidden()
    teacher.get_by_role("button", name="Full screen").click()
    teacher.wait_for_function("document.fullscreenElement !== null")
    teacher.get_by_role("button", name="Full screen").click()
    teacher.get_by_role("button", name="End the presentation").click()

    agree_to_delete(teacher)
    teacher.get_by_role("button", name="Delete everything").click()
    expect(teacher.get_by_role("heading", name="Biology 10b")).to_have_count(0)
    ann.goto(f"{server.url}/class")
    expect(ann.get_by_label("Class code").first).to_have_value("")
    expect(ann.get_by_text("Every run that you start")).to_have_count(0)


def test_a_lesson_link_shows_its_text_and_keeps_the_rest_out_of_the_way(server: Server, people: list[Page]) -> None:
    teacher, ann, _ = people
    teacher.goto(f"{server.url}/?data=stripes&images=120&guess=off")
    expect(teacher.get_by_role("group", name="Number of images")).to_be_visible()
    teacher.get_by_role("link", name="Class", exact=True).click()
    teacher.get_by_text("Make a lesson link").click()
    teacher.get_by_role("textbox", name="Your text for the students").fill("<i>What</i> do **you** expect?")
    teacher.keyboard.press("Control+Enter")
    teacher.get_by_role("button", name="network", exact=True).click()
    address = teacher.get_by_test_id("stCode").filter(has_text="text=")
    expect(address).to_contain_text("show=data")
    link = address.inner_text().replace("\n", "").strip()
    assert parse_qs(urlsplit(link).query)["images"] == ["120"]

    ann.goto(link)
    expect(ann.get_by_text("<i>What</i> do **you** expect?")).to_be_visible()
    expect(ann.get_by_role("combobox", name="Data set")).to_be_visible()
    expect(ann.locator(".st-key-bar_network")).to_be_hidden()
    ann.reload()
    expect(ann.get_by_text("<i>What</i> do **you** expect?")).to_be_visible()
    expect(ann.locator(".st-key-bar_network")).to_be_hidden()
    ann.set_viewport_size({"width": 390, "height": 844})
    expect(ann.get_by_text("<i>What</i> do **you** expect?")).to_be_visible()
    assert ann.evaluate("document.documentElement.scrollWidth") <= 390
