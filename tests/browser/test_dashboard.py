"""What a newcomer does, in a real browser against the real server."""

import re
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, box_of, serve
from tests.browser.test_my_images import name_class, send
from tests.conftest import write_stripes
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)


def title(page: Page, text: str | re.Pattern) -> None:
    expect(page.get_by_role("heading", name=text)).to_be_visible()


def start(page: Page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()


def num_points(page: Page) -> int:
    """Points of the first live curve."""
    return page.evaluate("document.querySelector('.tl-plot')?.data?.[0]?.x?.length ?? 0")


until = partial(wait_until, seconds=30.0)


def test_sliders_and_clicks_move_the_point_and_the_diagram(server: Server, page: Page) -> None:
    page.goto(server.url)
    title(page, "Case 1: Train only a new last layer")
    diagram = page.locator(".tl-wide svg.tl-diagram")
    expect(diagram.locator("[data-layer=conv3]")).to_have_attribute("data-state", "frozen")
    slider = page.get_by_role("slider", name="Similarity to the original data")
    slider.focus()
    slider.press("Home")
    title(page, "Case 2: Keep only the early layers")
    expect(diagram.locator("[data-layer=conv3]")).to_have_attribute("data-state", "sliced")
    box = box_of(page.locator("svg.tl-map"))
    page.mouse.click(box["x"] + 0.85 * box["width"], box["y"] + 0.2 * box["height"])
    title(page, "Case 3: Fine-tune the whole network")
    expect(diagram.locator("[data-layer=conv1]")).to_have_attribute("data-state", "pretrained")
    page.mouse.click(box["x"] + 0.85 * box["width"], box["y"] + 0.7 * box["height"])
    title(page, "Case 4: Train from scratch")
    expect(diagram.locator("[data-layer=fc2]")).to_have_attribute("data-state", "random")
    expect(page).to_have_url(re.compile(r"images=\d+&similarity="))


def test_a_link_restores_the_experiment_and_unknown_parts_are_named(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/?data=stripes&images=100&distance=0.5&recipe=case-3&network=resnet18")
    title(page, "Case 3: Fine-tune the whole network")
    expect(page.locator(".tl-wide [data-layer=layer4]")).to_be_visible()
    expect(page.get_by_text("across").first).to_be_visible()
    page.goto(f"{server.url}/?data=unicorns&network=resnet17&images=lots&recipe=case-9")
    for name in ("unicorns", "resnet17", "lots", "case-9"):
        expect(page.get_by_text(f"'{name}'")).to_be_visible()
    title(page, "Case 1: Train only a new last layer")


def test_a_fresh_server_can_be_entered_by_the_address_of_any_page(browser: Browser, tmp_path: Path) -> None:
    with serve(tmp_path) as fresh:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{fresh.url}/train?data=stripes&recipe=case-3")
        expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible(timeout=60_000)
        expect(page.get_by_role("link", name="My images")).to_be_visible()
        assert page.get_by_role("dialog").count() == 0
        assert "/train" in page.url
        context.close()


def test_upload_train_watch_stop_and_refresh(server: Server, page: Page, tmp_path: Path) -> None:
    folder = write_stripes(tmp_path / "mine", count=15)
    page.goto(f"{server.url}/images")
    (tmp_path / "letter.png").write_text("not a picture")
    for name in ("across", "down"):
        files = sorted((folder / name).iterdir()) + [tmp_path / "letter.png"] * (name == "down")
        name_class(page, name)
        send(page, "Pictures of this class", *files)
        expect(page.get_by_text(f"{name}: 15 pictures")).to_be_visible()
    expect(page.get_by_text(re.compile("letter.png"))).to_be_visible()
    page.get_by_role("button", name="Train on them").click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Options").click()
    page.get_by_role("spinbutton", name="Epochs").fill("400")
    page.get_by_role("spinbutton", name="Epochs").press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name=re.compile("Recipe")).click()
    page.get_by_role("option", name="Case 4").click()
    expect(page.get_by_text("train from scratch")).to_be_visible()
    start(page)
    until(lambda: num_points(page) >= 1)
    page.evaluate("document.querySelector('.tl-plot').wasLive = true")
    seen = {num_points(page)}
    until(lambda: seen.add(num_points(page)) or len(seen) >= 3)
    expect(page.locator(".tl-wide [data-layer=conv1]").get_by_text(re.compile(r"moved\s\d+\.?\d*\s%"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"run=[0-9a-f]{32}"))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile(r"Stopped after epoch \d+ of 400"))).to_be_visible()
    until(lambda: num_points(page) >= 3)  # how it ended is said before the page is drawn that shows it
    points = num_points(page)
    expect(page.get_by_text("The ring in the curves marks the best epoch")).to_be_visible()
    assert page.evaluate("document.querySelector('.tl-plot').wasLive"), "the curves are not drawn anew"
    curves, layers = box_of(page.locator(".tl-plot").first), box_of(page.locator(".tl-live .tl-wide svg"))
    assert layers["x"] > curves["x"] + curves["width"], "the layers stay beside them"
    page.reload()
    expect(page.get_by_text(re.compile(r"Stopped after epoch \d+ of 400"))).to_be_visible()
    until(lambda: num_points(page) >= points)
    expect(page.get_by_text("Runs so far")).to_be_visible()


def test_a_second_tab_and_another_page_find_the_running_run(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/train?data=stripes&recipe=case-4&epochs=400")
    start(page)
    until(lambda: num_points(page) >= 1)
    second = page.context.new_page()
    second.goto(page.url)
    until(lambda: num_points(second) >= 2)
    second.close()
    page.get_by_role("link", name="The four cases").click()
    title(page, "Case 4: Train from scratch")
    page.get_by_role("link", name="Train", exact=True).click()
    until(lambda: num_points(page) >= 3)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped after")).to_be_visible()


def test_digits_once_through_the_page(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("combobox", name=re.compile("Data set")).click()
    page.get_by_role("option", name="Handwritten digits").click()
    expect(page.get_by_text(re.compile("1,797 images in 10 classes"))).to_be_visible()
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_text(re.compile("Similarity measured"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Train this").click()
    start(page)
    expect(page.get_by_text(re.compile("Finished after epoch"))).to_be_visible(timeout=120_000)
    accuracy = page.get_by_test_id("stMetricValue").inner_text()
    assert float(accuracy.removesuffix("%")) > 80
    expect(page.get_by_text(re.compile(r"^95 % interval \d"))).to_be_visible()
    until(lambda: num_points(page) > 1)
    before, first = num_points(page), page.url
    start(page)
    expect(page).not_to_have_url(first)
    expect(page.get_by_text(re.compile("Finished after epoch"))).to_be_visible(timeout=120_000)
    until(lambda: num_points(page) == before)  # same experiment, same curve


def test_an_unknown_run_is_said(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/train?data=stripes&run=00000000000000000000000000000000")
    expect(page.get_by_text("There is no run with this id")).to_be_visible()


def test_a_phone_gets_the_same_drawing_downwards(server: Server, phone: Page) -> None:
    phone.goto(server.url)
    expect(phone.locator(".tl-tall svg.tl-diagram")).to_be_visible()
    expect(phone.locator(".tl-wide svg.tl-diagram")).to_be_hidden()
    wide = phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, "nothing reaches over the edge"


def test_the_server_has_not_imported_torch(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/train?data=stripes")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "libpython" in maps or "python" in maps
    assert "libtorch" not in maps
    assert "sklearn" not in maps


def test_no_page_left_a_trace_of_an_error(server: Server) -> None:
    log = server.log.read_text()
    assert "Traceback" not in log
