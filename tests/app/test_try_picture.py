"""Try my picture on the page, with a real run, a real engine and its interactive worker."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame import saving, services, try_picture
from frame.try_picture import percent
from tl_core.data import new_upload_id
from tl_core.engine import LocalEngine
from tl_core.experiment import Experiment
from tl_core.paths import uploads_dir
from tl_core.predict import weights_path
from tl_core.questions import add_pictures
from tl_core.training import run


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server's store and engine, without a training worker that nobody asks for anything."""
    monkeypatch.setenv("TL_DEVICE", "cpu")
    st.cache_resource.clear()
    engine = LocalEngine(services.get_store(), device="cpu", warm=False)
    monkeypatch.setattr(try_picture, "get_engine", lambda: engine)
    yield
    engine.close()
    st.cache_resource.clear()


def record(experiment: Experiment, num_events: int | None = None) -> str:
    """A run in the store as the engine would have left it, whole or after its first events."""
    run_id, store = uuid.uuid4().hex, services.get_store()
    store.add_run(run_id, experiment.to_json(), experiment.id, "ann")
    events = [event.to_json() for event in run(experiment, run_id=run_id, save_to=weights_path(run_id))]
    for event in events[:num_events]:
        store.add_event(run_id, event)
    return run_id


def show(run_id: str, owner: str = "ann") -> AppTest:
    script = f"from frame.try_picture import show_try_picture\nshow_try_picture({run_id!r})"
    page = AppTest.from_string(script, default_timeout=60)
    page.session_state.owner = owner
    return page.run()


def tiles(page: AppTest) -> list[str]:
    return [tile for html in page.get("html") for tile in re.findall("<figure.*?</figure>", html.proto.body, re.DOTALL)]


def test_good_and_bad_pictures_are_answered_and_deleted(stripes: Path) -> None:
    page = show(record(Experiment(data=str(stripes), epochs=8)))
    assert page.subheader[0].value == "Try my picture"
    down, across = (sorted((stripes / name).iterdir())[0].read_bytes() for name in ("down", "across"))
    files = [
        ("<b>down.png", down, "image/png"),
        ("../../letter.png", b"no picture", "image/png"),
        ("across.png", across, "image/png"),
    ]
    page.file_uploader[0].set_value(files)
    page.run()
    assert not page.exception
    first, second = tiles(page)
    assert re.findall("<span>(.*?)</span>", first) == ["down", "across"]
    assert re.findall("<span>(.*?)</span>", second) == ["across", "down"]
    assert "&lt;b&gt;down.png" in first
    assert "<b>down" not in first
    assert "letter" in page.warning[0].value
    assert ".." not in page.warning[0].value
    assert list((uploads_dir() / "incoming").iterdir()) == []
    page.run()
    assert len(tiles(page)) == 2, "the answers stay, and the files are not asked about again"
    page.button(key=next(b.key for b in page.button if b.label == "Clear the answers")).click().run()
    assert tiles(page) == []
    assert page.file_uploader[0].value == []


def test_test_pictures_say_what_they_really_are(stripes: Path) -> None:
    page = show(record(Experiment(data=str(stripes), epochs=1)))
    page.button[0].click().run()
    shown = tiles(page)
    assert 2 <= len(shown) <= 6
    for tile in shown:
        best = re.search("<span>(.*?)</span>", tile).group(1)
        word, true = re.search("(Right|Wrong): it is (across|down)\\.", tile).groups()
        assert (word == "Right") == (best == true)


def test_a_run_that_has_not_finished_has_nothing_to_try(stripes: Path) -> None:
    page = show(record(Experiment(data=str(stripes), epochs=2), num_events=2))
    assert not page.subheader
    assert not show("0" * 32).subheader


def test_weights_that_are_gone_are_said(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = record(Experiment(data=str(stripes), epochs=1))
    page = show(run_id)
    weights_path(run_id).unlink()
    page.button[0].click().run()
    assert "being saved" in page.markdown[0].value, "the result is told a moment before the weights are written"
    monkeypatch.setattr(saving, "LONGEST", 0.0)
    page.run()
    assert "no longer kept" in page.markdown[0].value
    assert not page.file_uploader


def test_pictures_that_somebody_uploaded_are_for_their_owner_alone(stripes: Path) -> None:
    name = new_upload_id()
    add_pictures(name, [(path.parent.name, str(path)) for path in sorted(stripes.glob("*/*.png"))])
    run_id = record(Experiment(data=name, epochs=1))
    assert [button.label for button in show(run_id).button] == ["Try a few test pictures"]
    assert not show(run_id, owner="bob").button
    assert show(run_id, owner="bob").file_uploader


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "> 99 %"), (0.9951, "> 99 %"), (0.93, "93 %"), (0.0051, "1 %"), (0.004, "< 1 %"), (0.0, "< 1 %")],
)
def test_nothing_is_quite_sure(share: float, text: str) -> None:
    assert percent(share) == text
