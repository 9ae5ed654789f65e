"""axe-core on every page, light and dark: nothing of impact serious or critical (https://github.com/dequelabs/axe-core)."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server
from tl_core.paths import ROOT

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
PAGES = sorted(re.sub(r"^\d+_", "", path.stem) for path in ROOT.glob("pages/*.py"))
WIDE, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
SETTLE_SECONDS = 90
RUN_SECONDS = 150  # with a worker that has to wake up


@pytest.fixture(params=["light", "dark"])
def looker(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, color_scheme=request.param)
    context.set_default_timeout(SETTLE_SECONDS * 1000)
    yield context.new_page()
    context.close()


def settle(page: Page) -> None:
    """Until the script has run and nothing is a placeholder any more."""
    page.wait_for_selector('.stApp[data-test-script-state="notRunning"]')
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton], [data-stale=true]')")


def check(page: Page) -> None:
    page.evaluate(f"{AXE}\n;0")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert len(found["passes"]) > 10, "axe has looked at the page"
    serious = [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    assert not serious, "\n".join(serious)


@pytest.mark.parametrize("name", PAGES)
def test_no_serious_violation(server: Server, looker: Page, name: str) -> None:
    looker.goto(f"{server.url}/{name}?data=stripes")
    expect(looker.get_by_text(re.compile(".{20}")).first).to_be_visible()
    settle(looker)
    check(looker)


def test_no_serious_violation_beside_the_curves_of_a_run(server: Server, looker: Page) -> None:
    looker.goto(f"{server.url}/train?data=stripes&recipe=case-1&epochs=2")
    looker.get_by_role("button", name="Start", exact=True).click()
    expect(looker.get_by_text("95 % interval").first).to_be_visible(timeout=RUN_SECONDS * 1000)
    looker.wait_for_selector('.tl-plot svg[role="img"]')
    settle(looker)
    check(looker)


@pytest.mark.parametrize("query", ["big=on", "tour=7"])
def test_no_serious_violation_in_projector_mode_and_on_a_phone(server: Server, looker: Page, query: str) -> None:
    looker.set_viewport_size(WIDE if "big" in query else PHONE)
    looker.goto(f"{server.url}/tour?{query}")
    expect(looker.get_by_role("button", name="Next")).to_be_visible()
    settle(looker)
    check(looker)
