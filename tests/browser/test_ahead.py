"""The first page follows its sliders while the server cannot answer, and then says the same as the server."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server

pytestmark = pytest.mark.browser
IMAGES, SIMILARITY = "Number of images", "Similarity to the original data"
_SHOWN = """() => {
  const within = (key) => document.querySelector(`.st-key-${key} [data-testid=stBidiComponentIsolated]`).shadowRoot;
  const text = (selector) => [...document.querySelectorAll(selector)].map((place) => place.innerText).join("\\n");
  const round = (svg) => svg.replace(/ (cx|cy|d|r)="[^"]*"/g, (found) => found.replace(/[0-9.]+/g, (n) => Number(n).toFixed(0)));
  const wide = (key) => round(within(key).querySelector(".tl-wide").innerHTML.replace(/<desc.*?<\\/desc>/, ""));
  return {
    map: wide("map"), diagram: wide("diagram"), tall: within("diagram").querySelector(".tl-tall").innerHTML,
    title: text(".st-key-case_title"), weights: text(".st-key-case_weights"), told: text(".st-key-case_text"),
  };
}"""
_ANSWERED = """([images, similarity]) => ["map", "diagram"].every((key) => {
  const root = document.querySelector(`.st-key-${key} [data-testid=stBidiComponentIsolated]`)?.shadowRoot;
  const at = root?.querySelector(".tl-drawing")?.tlDrawn?.at;
  return at?.images === images && at.similarity === similarity;
})"""


@contextmanager
def without_answers(server: Server) -> Iterator[None]:
    """The server stands still."""
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


def move(page: Page, slider: str, key: str) -> None:
    page.get_by_role("slider", name=slider).focus()
    page.keyboard.press(key)


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".st-key-case_text")).to_contain_text("What to do")
    expect(page.locator(".st-key-tl_ahead")).to_be_attached()
    for slider in (IMAGES, SIMILARITY):  # what draws them is fetched from the server, which is about to stand still
        expect(page.get_by_role("slider", name=slider)).to_be_visible()
    page.wait_for_function(_ANSWERED, arg=[500, 0.8])


def test_all_four_cases_are_shown_before_the_server_answers_and_are_what_it_answers(server: Server, page: Page) -> None:
    open_page(page, server.url)
    seen = set()
    for case, slider, key, images, similarity in (
        (2, SIMILARITY, "Home", 500, 0),
        (4, IMAGES, "End", 1_000_000, 0),
        (3, SIMILARITY, "End", 1_000_000, 1),
        (1, IMAGES, "Home", 10, 1),
    ):
        with without_answers(server):
            move(page, slider, key)
            expect(page.locator(".st-key-case_title")).to_contain_text(f"Case {case}:")
            ahead = page.evaluate(_SHOWN)
        page.wait_for_function(_ANSWERED, arg=[images, similarity])
        expect(page.locator("svg.tl-map desc")).to_contain_text(f": case {case}, ")
        assert page.evaluate(_SHOWN) == ahead
        assert f'data-case="case-{case}"' in ahead["map"]
        seen.add(ahead["diagram"])
    assert len(seen) == 4


def test_to_and_fro_between_two_answers_ends_where_the_slider_is(server: Server, page: Page) -> None:
    open_page(page, server.url)
    before = page.evaluate(_SHOWN)
    with without_answers(server):
        move(page, SIMILARITY, "Home")
        expect(page.locator(".st-key-case_title")).to_contain_text("Case 2:")
        for _ in range(8):
            page.keyboard.press("PageUp")
    page.wait_for_function(_ANSWERED, arg=[500, 0.8])
    assert page.evaluate(_SHOWN) == before


def test_with_a_recipe_chosen_by_hand_only_the_point_moves(server: Server, page: Page) -> None:
    open_page(page, f"{server.url}/?recipe=case-3")
    before = page.evaluate(_SHOWN)
    with without_answers(server):
        move(page, SIMILARITY, "Home")
        page.wait_for_function(f"(map) => ({_SHOWN})().map !== map", arg=before["map"])
        ahead = page.evaluate(_SHOWN)
    assert {key for key in ahead if ahead[key] != before[key]} == {"map"}
    page.wait_for_function(_ANSWERED, arg=[500, 0])
    assert page.evaluate(_SHOWN)["map"] == ahead["map"]


def test_a_recipe_or_pictures_that_are_chosen_bring_the_servers_words_back(server: Server, page: Page) -> None:
    """They do not depend on the sliders, and React believes that its words are still there."""
    open_page(page, server.url)
    move(page, SIMILARITY, "Home")
    page.wait_for_function(_ANSWERED, arg=[500, 0])
    page.get_by_role("combobox", name="Recipe").click()
    page.get_by_role("option", name="Case 3").click()
    title, told = page.locator(".st-key-case_title"), page.locator(".st-key-case_text")
    expect(title).to_contain_text("the map says case 2")
    page.wait_for_timeout(500)  # what still ran ahead has ended
    expect(title.get_by_role("heading")).to_have_text("Case 3: Fine-tune the whole network")
    expect(told).to_contain_text("Re-train the whole network.")
    expect(page.locator(".st-key-case_weights")).to_contain_text("none is frozen")

    page.get_by_role("combobox", name="Recipe").click()
    page.get_by_role("option", name="As the map says").click()
    expect(title.get_by_role("heading")).to_have_text("Case 2: Keep only the early layers")
    with without_answers(server):
        move(page, SIMILARITY, "End")
        expect(told).to_contain_text("Slice off the end of the network")
        move(page, SIMILARITY, "Home")
        expect(told).to_contain_text("Slice off most of the")
        page.get_by_role("button", name="Try it on real pictures").click()
    expect(title.get_by_role("heading", name=re.compile("Case 1 or 2"))).to_be_visible(timeout=30_000)
    page.wait_for_timeout(500)
    expect(told).to_contain_text("Slice off the end of the network")


def test_a_link_with_values_between_those_of_the_sliders(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/?similarity=0.4968&images=5")
    page.wait_for_function(_ANSWERED, arg=[10, 0.5])
    expect(page.locator(".st-key-case_title")).to_contain_text("Case 1:")
    expect(page.locator("svg.tl-map desc")).to_contain_text(": case 1, ")
