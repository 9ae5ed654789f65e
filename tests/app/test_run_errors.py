"""Where a finished run is wrong, on the page: with a real run, a real engine and its interactive worker."""

import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.delta_generator_singletons import context_dg_stack
from streamlit.testing.v1 import AppTest

from frame import run_exam, run_view, saving, services
from frame.run_fitting import marks_of
from tl_core.data import new_upload_id
from tl_core.engine import LocalEngine
from tl_core.experiment import Experiment
from tl_core.figures import CurveMark
from tl_core.predict import weights_path
from tl_core.questions import add_pictures
from tl_core.training import run

HARD = {"epochs": 1, "recipe": "case-1", "distance": 1.0}  # digits that one epoch does not teach


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server's store and engine, without a training worker that nobody asks for anything."""
    monkeypatch.setenv("TL_DEVICE", "cpu")
    st.cache_resource.clear()
    engine = LocalEngine(services.get_store(), device="cpu", warm=False)
    for module in (services, run_exam):
        monkeypatch.setattr(module, "get_engine", lambda: engine)
    yield
    engine.close()
    st.cache_resource.clear()


def record(experiment: Experiment) -> tuple[str, dict]:
    """A run in the store as the engine would have left it; its id and its last event."""
    run_id, store = uuid.uuid4().hex, services.get_store()
    store.add_run(run_id, experiment.to_json(), experiment.id, "ann")
    events = [event.to_json() for event in run(experiment, run_id=run_id, save_to=weights_path(run_id))]
    for event in events:
        store.add_event(run_id, event)
    return run_id, events[-1]


def show(run_id: str, owner: str = "ann") -> AppTest:
    script = (
        "from frame.run_view import _result\nfrom frame.services import get_events, get_store\n"
        f"_result(get_store().get_run({run_id!r}), get_events().of({run_id!r}))"
    )
    page = AppTest.from_string(script, default_timeout=60)
    page.session_state.owner = owner
    return page.run()


def wait(page: AppTest) -> None:
    """Until no answer is awaited any more; in a browser the page draws itself again."""
    end = time.monotonic() + 60
    while "Looking at" in words(page) or page.get("progress") or "<div></div>" in bodies(page):
        assert time.monotonic() < end, words(page)
        time.sleep(0.1)
        page.run()
    assert not page.exception


def words(page: AppTest) -> str:
    return " ".join(element.value for element in page.markdown)


def bodies(page: AppTest) -> str:
    return " ".join(html.proto.body for html in page.get("html"))


def galleries(page: AppTest) -> list[list[str]]:
    """The figures of each row of pictures."""
    found = re.findall('<div class="tl-mistakes.*?</div>', bodies(page), re.DOTALL)
    return [re.findall("<figure.*?</figure>", gallery, re.DOTALL) for gallery in found]


def test_the_mistakes_are_those_of_the_confusion_matrix() -> None:
    run_id, finished = record(Experiment(data="digits", num_images=60, **HARD))
    page = show(run_id)
    wait(page)
    confusion = finished["confusion"]
    total, right = sum(map(sum, confusion)), sum(confusion[label][label] for label in range(10))
    assert f"{total - right} of the {total} test images got a wrong answer" in words(page)
    worst, cell = galleries(page)
    assert len(worst) == 12
    shares = [100 if "&gt; 99 %" in tile else int(re.search(r">(\d+) %<", tile)[1]) for tile in worst]
    assert shares == sorted(shares, reverse=True)
    assert all(re.search("<span>is (.)</span><b>says (.)</b>", tile).group(1, 2) != ("", "") for tile in worst)
    true, predicted = (box.value for box in page.selectbox)
    count = confusion[true][predicted]
    assert count == max(confusion[i][j] for i in range(10) for j in range(10) if i != j)
    assert len(cell) == min(count, 24)
    page.button(key=f"worst_more_{run_id}").click().run()
    wait(page)
    assert len(galleries(page)[0]) == 24


def test_what_follows_stays_in_its_place_while_the_exam_is_sat(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a click on it may be dropped, see `frame.places`."""
    monkeypatch.setattr(run_exam, "PATIENCE", 0.0)
    places = []
    monkeypatch.setattr(
        run_view, "show_take_home", lambda *_args: places.append(context_dg_stack.get()[-1]._get_delta_path_str())
    )
    run_id, _finished = record(Experiment(data=str(stripes), epochs=6, recipe="case-1"))
    page = AppTest.from_string(f"from frame.run_view import show_run\nshow_run({run_id!r}, [])", default_timeout=60)
    page.session_state.owner = "ann"
    assert "Looking at" in words(page.run())
    run_exam.get_exams().of(run_id)[0].future.result(60)
    page.run()
    assert "No mistakes" in words(page)
    assert "Looking at" not in words(page)
    assert len(set(places)) == 1, places


def test_every_cell_can_be_chosen_without_a_mouse() -> None:
    run_id, finished = record(Experiment(data="digits", num_images=60, **HARD))
    page = show(run_id)
    wait(page)
    confusion = finished["confusion"]
    for true, predicted in ((3, 3), (0, 8), (1, 1)):
        page.selectbox(key=f"cell_true_{run_id}").set_value(true)
        page.selectbox(key=f"cell_predicted_{run_id}").set_value(predicted)
        page.run()
        wait(page)
        count, shown = confusion[true][predicted], galleries(page)[1:]
        assert [len(tiles) for tiles in shown] == ([min(count, 24)] if count else [])
        if not count:
            assert "None of the" in words(page)
        elif count > 24:
            assert f"The 24 surest are shown, {count - 24} more are not." in words(page)


def test_a_run_without_a_mistake_says_so(stripes: Path) -> None:
    run_id, finished = record(Experiment(data=str(stripes), epochs=8))
    assert finished["test_accuracy"] == 1, "this test needs such a run"
    page = show(run_id)
    wait(page)
    assert "No mistakes on the 4 test images." in words(page)
    assert [len(tiles) for tiles in galleries(page)] == [2], "those behind the largest cell"


def test_pictures_of_others_are_not_shown_but_counts_are(stripes: Path) -> None:
    name = new_upload_id()
    add_pictures(name, [(path.parent.name, str(path)) for path in sorted(stripes.glob("*/*.png"))])
    run_id, _ = record(Experiment(data=name, epochs=1))
    page = show(run_id, owner="bob")
    assert "uploaded by somebody else" in words(page)
    assert galleries(page) == []
    assert len(page.selectbox) == 2
    assert "tl-classes" in bodies(page)
    page = show(run_id)
    wait(page)
    assert galleries(page)


def test_weights_that_are_gone_leave_the_counts(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, _ = record(Experiment(data=str(stripes), epochs=1))
    weights_path(run_id).unlink()
    assert "being saved" in words(show(run_id)), "the result is told a moment before the weights are written"
    monkeypatch.setattr(saving, "LONGEST", 0.0)
    page = show(run_id)
    assert "no longer kept" in words(page)
    assert len(page.selectbox) == 2


def test_a_data_set_that_has_changed_is_said(stripes: Path) -> None:
    run_id, _ = record(Experiment(data=str(stripes), epochs=1))
    for index in range(12, 30):
        shutil.copy(stripes / "down" / "000.png", stripes / "down" / f"{index:03d}.png")
    page = show(run_id)
    wait(page)
    assert "The data set has changed since this run" in words(page)
    assert galleries(page) == []


def test_a_slow_exam_is_sat_only_when_asked(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_exam, "UNASKED_PIXELS", 100)
    run_id, _ = record(Experiment(data=str(stripes), epochs=1))
    page = show(run_id)
    assert galleries(page) == []
    page.button(key=f"exam_ask_{run_id}").click().run()
    wait(page)
    assert galleries(page)


def test_overfitting_is_said_and_marked_while_the_run_goes_on() -> None:
    started = {
        "event": "started", "num_train": 40, "num_val": 200, "layers": [{"num_trainable": 1_300_000, "state": "new"}],
    }  # fmt: skip
    losses = [1.0, 0.8, 0.7, 0.75, 0.9, 1.0, 1.1, 1.2]
    events = [started] + [
        {
            "event": "epoch",
            "epoch": n,
            "train_loss": 1 / n,
            "val_loss": loss,
            "train_accuracy": 0.8,
            "val_accuracy": 0.75,
        }
        for n, loss in enumerate(losses, start=1)
    ]
    script = "from frame.run_fitting import show_fitting_now\nshow_fitting_now({events})"
    before = AppTest.from_string(script.format(events=events[:6])).run()
    assert re.search("<p role=.status.[^>]*></p>", bodies(before)), "its place is kept free"
    page = AppTest.from_string(script.format(events=events)).run()
    assert "the held-out loss has risen for 5 epochs" in bodies(page)
    assert "40 images for 1,300,000 trained weights" in bodies(page)
    assert marks_of(events, "loss") == (CurveMark(3, "held-out rises from here"),)
    assert marks_of(events, "accuracy") == ()
