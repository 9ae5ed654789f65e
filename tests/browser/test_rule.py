"""The map of who won in a real browser: a click shows the runs behind a mark, on a phone too."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tl_core.rule_cells import gather, recorded
from tl_core.rule_words import cell_title

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)


def two_cells():
    """The first and the last cell of the study, as the page has them."""
    study = recorded()
    cells = gather([row for row in study.rows if row["network"] == "demo"], study.similarity)
    return cells[0], cells[-1]


def test_a_click_on_a_mark_shows_its_runs(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/rule")
    svg = page.locator(".tl-wide svg.tl-rule")
    expect(svg).to_be_visible()
    for cell in two_cells():
        svg.locator(f"[data-cell='{cell.key}']").click()
        expect(page.get_by_role("heading", name=cell_title(cell), exact=True)).to_be_visible()
        accuracy = f"{100 * cell.verdict.results[0].mean:.1f}"
        expect(page.get_by_role("cell", name=re.compile(rf"^{re.escape(accuracy)}\s%$")).first).to_be_visible()
        expect(svg.locator(f"[data-cell='{cell.key}'] .tl-chosen")).to_be_visible()
    assert svg.locator(".tl-chosen").count() == 1


def test_on_a_phone_a_tap_leads_to_the_runs(server: Server, phone: Page) -> None:
    phone.goto(f"{server.url}/rule")
    svg = phone.locator(".tl-tall svg.tl-rule")
    expect(svg).to_be_visible()
    cell = two_cells()[1]
    svg.locator(f"[data-cell='{cell.key}']").click()
    heading = phone.get_by_role("heading", name=cell_title(cell), exact=True)
    expect(heading).to_be_in_viewport()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_evidence_opens_and_nothing_reaches_over_the_edge(server: Server, phone: Page) -> None:
    phone.goto(f"{server.url}/evidence")
    expect(phone.locator(".tl-wide svg.tl-evidence")).to_have_count(6)
    assert "libtorch" not in Path(f"/proc/{server.process.pid}/maps").read_text()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
