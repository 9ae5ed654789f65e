"""A data set that has to be downloaded, and a shelf that changes, on the real page with real workers."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame.download_box import progress_text
from frame.downloads import get_downloads
from frame.services import get_engine
from tests import small_kmnist
from tests.conftest import write_stripes
from tests.serving import Server, serving
from tl_core.paths import ROOT, data_dir


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    (tmp_path / "site").mkdir()
    with serving() as server:
        small_kmnist.offer(server, tmp_path / "site", monkeypatch)
        yield server


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("TL_DEVICE", "cpu")
    _forget()
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = "0" * 32  # the test's browser has no cookies
    yield app
    get_engine().close()
    _forget()


def _forget() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()


def run_until(app: AppTest, condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, [element.value for element in (*app.markdown, *app.error, *app.info)]
        time.sleep(0.1)
        app.run()
        assert not app.exception


def texts(app: AppTest) -> str:
    elements = (*app.subheader, *app.markdown, *app.caption, *app.error, *app.info, *app.warning)
    return "\n".join(str(element.value) for element in elements)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def test_a_set_that_is_not_here_is_described_downloaded_and_drawn(app: AppTest, server: Server) -> None:
    app.query_params["data"] = small_kmnist.NAME
    app.run()
    assert "Kuzushiji\\-MNIST is not on this machine yet" in texts(app)
    for words in ("360 images in 10 classes", "Free on the disk", "CC BY", "Clanuwat"):
        assert words in texts(app)
    assert not any("tl-thumbs" in html.body for html in app.get("html")), "its pictures are not asked for"
    options = app.selectbox(key="bar_data").options
    assert options[0] == "Imagine any data set"
    assert [label.endswith("MB to download)") for label in options] == sorted(
        label.endswith("MB to download)") for label in options
    ), "those that are here come first"

    server.hold_after = 40_000
    press(app, "Download (0 MB)")
    run_until(app, lambda: "Cancel" in labels(app) and _progress(app).startswith("Downloading Kuzushiji"))
    first = get_downloads().state(small_kmnist.NAME)
    get_downloads().start(small_kmnist.NAME)
    assert get_downloads().state(small_kmnist.NAME) is first, "a second visitor shares the download"
    press(app, "Cancel")
    time.sleep(1)  # until the worker has heard of it, or the rest of so small a set may come before it
    server.release.set()
    run_until(app, lambda: "The download was cancelled" in texts(app))

    server.hold_after, server.status = None, 503
    press(app, "Download (0 MB)")
    run_until(app, lambda: "Try again" in labels(app))
    assert "503" in texts(app)

    server.status = 0
    press(app, "Try again")
    run_until(app, lambda: "360 images in 10 classes: 300 to learn from" in texts(app))
    assert "not on this machine" not in texts(app)
    assert app.selectbox(key="bar_data").value == small_kmnist.NAME
    assert "Kuzushiji-MNIST" in app.selectbox(key="bar_data").options
    assert any(asked and asked.startswith("bytes=") for asked in server.ranges), "it went on where it stopped"
    assert get_downloads().state(small_kmnist.NAME) is None


def _progress(app: AppTest) -> str:
    bars = app.get("progress")
    return bars[0].proto.text.replace("\\", "") if bars else ""


def test_the_train_page_shows_the_box_too_and_does_not_start(app: AppTest, server: Server) -> None:
    app.query_params["data"] = small_kmnist.NAME
    app.run()
    app.switch_page("pages/2_train.py").run()
    assert "is not on this machine yet" in texts(app)
    assert next(button for button in app.button if button.label == "Start").disabled


def test_a_set_put_on_the_shelf_is_listed_at_once_and_one_taken_away_is_named(app: AppTest) -> None:
    app.run()
    assert "stripes" not in app.selectbox(key="bar_data").options
    stripes = write_stripes(data_dir() / "stripes")
    app.run()
    assert "stripes" in app.selectbox(key="bar_data").options
    app.selectbox(key="bar_data").set_value("stripes").run()
    shutil.rmtree(stripes)
    app.run()
    assert not app.exception
    assert "stripes (no longer here)" in app.selectbox(key="bar_data").options


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("Waiting", 0, 0, None), "Waiting ..."),
        (("Downloading x", 12_400_000, 162_000_000, 3_400_000.0), "Downloading x: 12 of 162 MB, 3.4 MB/s, 44 s left"),
        (("Downloading x", 0, 2_640_000_000, 1e6), "Downloading x: 0 of 2,640 MB, 1.0 MB/s, 44 min left"),
        (("Downloading x", 500_000, 4_000_000, 0.0), "Downloading x: 0.5 of 4.0 MB"),
        (("Unpacking x", 162_000_000, 162_000_000, 1e6), "Unpacking x: 162 of 162 MB"),
    ],
)
def test_progress_in_words(arguments: tuple, text: str) -> None:
    assert progress_text(*arguments) == text
