"""The panel on the Train page, with a real run, a real engine and its interactive worker."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame import services, take_home
from tests.export.running import finish
from tl_core.data import new_upload_id
from tl_core.engine import LocalEngine
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.export.take_home import exports_dir
from tl_core.paths import ROOT
from tl_core.questions import add_pictures


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server's store and engine, without a training worker that nobody asks for anything."""
    monkeypatch.setenv("TL_DEVICE", "cpu")
    st.cache_resource.clear()
    engine = LocalEngine(services.get_store(), device="cpu", warm=False)
    monkeypatch.setattr(take_home, "get_engine", lambda: engine)
    yield
    engine.close()
    st.cache_resource.clear()


def record(experiment: Experiment) -> str:
    run_id, run = finish(experiment)
    store = services.get_store()
    store.add_run(run_id, experiment.to_json(), experiment.id, "ann")
    for event in run.events:
        store.add_event(run_id, event)
    return run_id


def show(run_id: str, owner: str = "ann") -> AppTest:
    script = (
        "from frame.services import get_store\nfrom frame.take_home import show_take_home\n"
        f"show_take_home(get_store().get_run({run_id!r}), lambda: ('Run 1: <b>', 'uploaded pictures'))"
    )
    page = AppTest.from_string(script, default_timeout=60)
    page.session_state.owner = owner
    return page.run()


def test_the_notebook_of_uploaded_pictures_is_for_their_owner_alone(stripes: Path) -> None:
    name = new_upload_id()
    add_pictures(name, [(path.parent.name, str(path)) for path in sorted(stripes.glob("*/*.png"))])
    run_id = record(Experiment(data=name, epochs=1))
    assert [b.label for b in show(run_id, "bob").button] == [
        "Prepare the report",
        "Prepare the weights",
        "Prepare ONNX",
    ]
    page = show(run_id)
    assert "Prepare the notebook" in [button.label for button in page.button]
    page.button[0].click().run()
    end = time.monotonic() + 60
    while not page.get("download_button") and time.monotonic() < end:
        time.sleep(0.2)
        page.run()
    assert page.get("download_button")[0].proto.label.startswith("Download the report (")
    html = (exports_dir() / f"{run_id}-en.html").read_text()
    assert "Run 1: &lt;b&gt;" in html
    assert name not in html, "the name of an upload is nobody's business"


def test_the_panel_needs_no_torch() -> None:
    code = "import sys, frame.take_home; sys.exit(bool({'torch', 'onnxruntime', 'onnx'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


class _AnsweredWhileDrawn:
    """A question whose answer comes just after its progress was drawn."""

    progress = None

    def __init__(self) -> None:
        self.future = self
        self._looks = iter([True, False])  # when the page was begun nothing was asked; as it was drawn, this was

    def done(self) -> bool:
        return next(self._looks, True)

    def exception(self) -> UserError:
        return UserError("its weights are no longer kept.")


def test_an_answer_that_comes_while_its_progress_is_drawn_is_shown(stripes: Path) -> None:
    name = new_upload_id()
    add_pictures(name, [(path.parent.name, str(path)) for path in sorted(stripes.glob("*/*.png"))])
    run_id = record(Experiment(data=name, epochs=1))
    page = show(run_id)
    question = take_home._Asked(_AnsweredWhileDrawn(), time.monotonic())
    page.session_state.take_home = {(run_id, "weights", "en"): question}
    page.run()
    assert "no longer kept" in page.error[0].value
