"""A finished run is taken home in its four forms."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_try_picture import finished_run

pytestmark = pytest.mark.browser


def fetch(page: Page, words: str, folder: Path) -> Path:
    """Press Prepare, wait, press Download."""
    page.get_by_role("button", name=f"Prepare {words}", exact=True).click()
    button = page.get_by_role("button", name=re.compile(rf"^Download {words} \([\d,.]+ [kM]B\)"))
    expect(button).to_be_visible(timeout=120_000)
    with page.expect_download() as waiting:
        button.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_four_forms_of_a_run(server: Server, page: Page, tmp_path: Path) -> None:
    address = finished_run(server, page)
    expect(page.get_by_role("heading", name="Take it home")).to_be_visible()
    report = fetch(page, "the report", tmp_path)
    assert re.fullmatch(r"run-\d+-report\.html", report.name)
    notebook = fetch(page, "the notebook", tmp_path)
    with zipfile.ZipFile(notebook) as archive:
        assert archive.namelist() == ["notebook.ipynb", "pictures.npz", "demo.safetensors"]
        assert json.loads(archive.read("notebook.ipynb"))["nbformat"] == 4
    assert fetch(page, "the weights", tmp_path).name.endswith("-weights.safetensors")
    assert fetch(page, "ONNX", tmp_path).name.endswith("-onnx.onnx")
    expect(page.get_by_text(re.compile("Checked against PyTorch on 48 of the test pictures"))).to_be_visible()
    assert page.url == address

    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    assert requests == [report.as_uri()], "the report needs nothing else"
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Run \d+: "))
    link = page.get_by_role("link", name=re.compile(r"127\.0\.0\.1"))
    assert "data=stripes" in link.get_attribute("href")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    link.click()
    expect(page.get_by_text(re.compile("Recipe: case 1"))).to_be_visible()


def test_weights_that_are_gone_are_said(server: Server, page: Page) -> None:
    run_id = re.search("run=([0-9a-f]{32})", finished_run(server, page))[1]
    (server.home / "runs" / f"{run_id}.safetensors").unlink()
    page.get_by_role("button", name="Prepare the weights").click()
    expect(page.get_by_test_id("stAlert").filter(has_text="no longer kept")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Try the weights again")).to_be_visible()
