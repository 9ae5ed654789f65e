"""The table of the runs so far: sorted by its headings, rows ticked, by mouse and keyboard, kept when it is drawn again."""

import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server
from tl_core.experiment import Experiment
from tl_core.store import Store
from tl_core.training import run

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(page: Page, server: Server, stripes: Path) -> str:
    """The owner of three finished runs, whose browser this is."""
    owner, store = uuid.uuid4().hex, Store(server.store)
    page.context.add_cookies([{"name": "tl_visitor", "value": owner, "url": server.url}])
    for recipe, images in (("case-1", 40), ("case-3", 20), ("case-2", 30)):
        experiment = Experiment(data=str(stripes), recipe=recipe, num_images=images, epochs=1)
        run_id = uuid.uuid4().hex
        store.add_run(run_id, experiment.to_json(), experiment.id, owner)
        for event in run(experiment, run_id=run_id):
            store.add_event(run_id, event.to_json())
    store.engine.dispose()
    return owner


def column(table: Locator, heading: str) -> list[str]:
    headings = table.locator("thead th").all_inner_texts()
    place = headings.index(heading) + 1
    return table.locator(f"tbody tr > :nth-child({place})").all_inner_texts()


def test_runs_are_sorted_and_ticked(page: Page, server: Server, visitor: str) -> None:
    page.goto(f"{server.url}/train?data=stripes")
    table = page.get_by_role("region", name=re.compile("Table of the runs so far"))
    expect(table.get_by_role("row")).to_have_count(4, timeout=30_000)
    assert column(table, "Run") == ["3", "2", "1"]
    heading = table.get_by_role("button", name="Images")
    heading.click()
    assert column(table, "Images") == ["40", "30", "20"], "the largest first"
    expect(table.get_by_role("columnheader", name="Images")).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Enter")  # the heading has kept the keyboard
    assert column(table, "Images") == ["20", "30", "40"]

    box = table.get_by_role("checkbox", name="Lay run 2 over the one above")
    box.focus()
    page.keyboard.press("Space")
    expect(table.locator("tr.ticked")).to_have_count(1)
    page.get_by_role("combobox", name=re.compile("Show run")).click()
    page.get_by_role("option", name=re.compile("Run 3")).click()
    expect(page.get_by_text(re.compile("^Finished after")).first).to_be_visible(timeout=30_000)
    page.wait_for_function(  # the curves of both
        "document.querySelector('.tl-plot')?.data?.some((trace) => trace.name?.includes('Run 2'))"
    )
    expect(table.locator("tr.ticked > :nth-child(2)")).to_have_text("2")
    assert column(table, "Images") == ["20", "30", "40"], "sorted as it was"
    box.uncheck()
    page.wait_for_function("document.querySelector('.tl-plot')?.data?.every((trace) => !trace.name?.includes('Run 2'))")
    heading.click()
    assert column(table, "Run") == ["3", "2", "1"], "a third click brings the order back"
