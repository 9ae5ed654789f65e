"""Guess first, then measure, and where to cut, on the real page with a real worker."""

import json
import time
from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame.datasets import DataInfo
from frame.guess import Guess, compare
from frame.measured import advice_text
from frame.prescription import measured_text, prescribe
from frame.services import get_answers, get_engine
from frame.settings import Settings
from frame.where_to_cut import cut_change
from tests.conftest import write_stripes
from tl_core.cases import Thresholds
from tl_core.errors import UserError
from tl_core.networks import get_network
from tl_core.paths import ROOT, data_dir


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("TL_DEVICE", "cpu")
    st.cache_resource.clear()
    st.cache_data.clear()
    write_stripes(data_dir() / "stripes")
    write_stripes(data_dir() / "few", count=4)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = "0" * 32
    yield app
    get_engine().close()
    st.cache_resource.clear()
    st.cache_data.clear()


def run_until(app: AppTest, condition: Callable[[], object], seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, texts(app)
        time.sleep(0.1)
        app.run()
        assert not app.exception


def texts(app: AppTest) -> str:
    elements = (*app.subheader, *app.markdown, *app.caption, *app.error, *app.info)
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*(str(element.value) for element in elements), *html]).replace("\\", "")


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def drawing(app: AppTest, key: str) -> str:
    """The SVG of a component, as the browser gets it."""
    found = next(element.proto for element in app.get("bidi_component") if element.proto.id.endswith(f"-{key}"))
    return json.loads(found.json)[0]["wide"]


def measured(app: AppTest) -> bool:
    return "Similarity measured" in texts(app)


def test_the_measurement_is_kept_back_until_the_guess_and_then_both_are_shown(app: AppTest) -> None:
    app.query_params["data"] = "stripes"
    app.run()
    run_until(app, lambda: "24 images in 2 classes" in texts(app))
    assert "Case 1 or 2: what do you think?" in texts(app)
    assert "african elephant" in texts(app), "the other side is in view"
    assert "tl-unknown" in drawing(app, "map")
    assert "Shown after your guess." in drawing(app, "cut_chart")
    app.slider(key="guess_value").set_value(0.9).run()
    assert "Your guess: 0.90." in drawing(app, "map")

    app.switch_page("pages/2_train.py").run()
    app.switch_page("pages/1_cases.py").run()
    assert app.slider(key="guess_value").value == 0.9, "the guess is remembered over a change of page"
    for _, answer in get_answers()._kept.values():
        answer.result(60)
    app.run()
    assert not measured(app), "though it has been measured meanwhile"
    press(app, "Measure")
    run_until(app, lambda: measured(app))
    assert "You guessed 0.90; measured " in texts(app)
    for name in ("tl-guess", "tl-measured"):
        assert f'class="{name}"' in drawing(app, "map")
    assert "Measure" not in labels(app)
    app.switch_page("pages/2_train.py").run()
    app.switch_page("pages/1_cases.py").run()
    assert "You guessed 0.90; measured " in texts(app)

    bars = drawing(app, "cut_chart")
    assert bars.count("<g data-pick=") == 5
    app.selectbox(key="cut_after").set_value("conv1").run()
    assert "Cut after convolution 1: about " in texts(app)
    experiment = app.session_state["settings"].experiment
    assert (experiment.recipe, experiment.cut) == ("case-2", "conv1")
    assert not app.session_state["settings"].auto

    app.select_slider(key="bar_distance").set_value(0.5).run()
    assert 'class="tl-guess"' not in drawing(app, "map"), "it was a guess about other pictures"
    assert "Measure" not in labels(app), "and one set is asked about once"
    app.selectbox(key="bar_data").set_value("few").run()
    assert "Measure" in labels(app)
    press(app, "Skip")
    app.selectbox(key="bar_data").set_value("digits").run()
    assert "Skip" not in labels(app), "who skipped once is not asked again"


def test_too_few_pictures_leave_the_case_open_and_training_needs_no_guess(app: AppTest) -> None:
    app.query_params["data"] = "few"
    app.run()
    run_until(app, lambda: "8 images in 2 classes" in texts(app))
    press(app, "Train this")
    assert "Start" in labels(app)
    app.switch_page("pages/1_cases.py").run()
    run_until(app, lambda: measured(app))
    assert "You guessed" not in texts(app)
    assert "Case 1 or 2: too few pictures to tell how similar they are" in texts(app)
    assert "give every class at least 5 different images" in texts(app)
    assert "tl-band" in drawing(app, "map")
    assert 'class="tl-measured"' not in drawing(app, "map")


def test_a_link_can_switch_the_question_off(app: AppTest) -> None:
    app.query_params["data"] = "stripes"
    app.query_params["guess"] = "off"
    app.run()
    assert "Measure" not in labels(app)
    run_until(app, lambda: measured(app))
    app.selectbox(key="bar_data").set_value("few").run()
    assert "Measure" not in labels(app)
    assert not app.session_state["settings"].guess


def info(value: float, low: float, high: float, **more: object) -> DataInfo:
    """A set of which this was measured."""
    measurement = {"similarity": value, "similarity_low": low, "similarity_high": high, "num_probed": 500}
    measurement |= {"advantage": 0.29, "advantage_low": 0.2, "advantage_high": 0.38, "why": "Why.", **more}
    return DataInfo({"classes": ["a", "b"]}, measurement, None, None, ())


SETTINGS = Settings(thresholds=Thresholds(2_000, 0.4)).change(data="digits", num_images=500)


@pytest.mark.parametrize(
    ("guess", "data", "says"),
    [
        (0.8, info(0.03, 0.0, 0.25), "helps less here than you thought. By your guess it would be case 1, by the measurement"),
        (0.3, info(0.03, 0.0, 0.25), "helps less here than you thought. Either way it is case 2."),
        (0.1, info(0.7, 0.6, 0.8), "helps more here than you thought. By your guess it would be case 2, by the measurement"),
        (0.65, info(0.7, 0.6, 0.8), "You guessed 0.65; measured 0.70 (0.60 to 0.80): your guess lies in the interval. Either"),
        (0.8, info(0.4, 0.3, 0.5), "helps less here than you thought."),
        (0.8, info(0.4, 0.0, 1.0, can_tell=False), "You guessed 0.80; the measurement cannot tell."),
    ],
)  # fmt: skip
def test_the_guess_is_compared_only_as_far_as_the_interval_allows(guess: float, data: DataInfo, says: str) -> None:
    text = compare(Guess(guess, done=True), SETTINGS, data, 500)
    assert says in text
    value, low, high = (data.measurement[key] for key in ("similarity", "similarity_low", "similarity_high"))
    if low < 0.4 <= high:
        assert "case" not in text, "an interval that reaches over the line decides no case"


def test_an_interval_that_reaches_into_another_case_is_a_close_call() -> None:
    prescription = prescribe(SETTINGS, info(0.5, 0.3, 0.7), 500)
    assert (prescription.case.number, prescription.other.number) == (1, 2)
    assert "close call" in prescription.doubt
    assert prescribe(SETTINGS, info(0.6, 0.5, 0.7), 500).doubt == ""
    hidden = prescribe(SETTINGS, info(0.6, 0.5, 0.7), 500, asking=True)
    assert (hidden.similarity, hidden.interval) == (None, None)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (info(0.4, 0.1, 0.7), "more pictures of each class would narrow it"),
        (info(0.4, 0.3, 0.5, num_probed=60), "Only 60 pictures"),
        (info(0.7, 0.6, 0.8), "makes 29 % fewer mistakes (20 to 38 %) than the best there is without pre-training"),
        (info(0.1, 0.0, 0.2, advantage_low=-0.1), "nobody can tell whether"),
        (info(0.1, 0.0, 0.2, advantage_low=-0.5, advantage_high=-0.3), "makes more mistakes than the best there is"),
        (info(0.7, 0.6, 0.8, reference_measured=False), "a rougher guess"),
        (info(0.4, 0.0, 1.0, can_tell=False, why="Add pictures."), "Add pictures."),
    ],
)
def test_the_measurement_says_where_it_says_little(data: DataInfo, says: str) -> None:
    assert says in measured_text(data)


@pytest.mark.parametrize(
    ("recipe", "stage", "becomes", "cut"),
    [
        ("case-1", "conv2", "case-2", None),
        ("case-1", "conv3", "case-2", "conv3"),
        ("case-2", "fc2", "case-1", None),
        ("case-3", "conv3", "case-3", "conv3"),
        ("case-4", "fc1", "case-4", "fc1"),
        ("lp-ft", "conv3", "lp-ft", "conv3"),
        ("all-stages", "conv3", "all-stages", "conv3"),
        ("custom", "conv1", "custom", "conv1"),
    ],
)
def test_a_cut_keeps_the_recipe_or_turns_case_1_into_case_2(recipe: str, stage: str, becomes: str, cut: str) -> None:
    experiment = SETTINGS.change(auto=False, recipe=recipe).experiment
    change = cut_change(experiment, get_network("demo"), stage)
    assert change == {"auto": False, "recipe": becomes, "cut": cut}


def test_no_recipe_can_be_cut_after_the_layer_that_is_replaced() -> None:
    with pytest.raises(UserError, match="fully connected 3|last layer"):
        cut_change(SETTINGS.change(recipe="case-3").experiment, get_network("demo"), "fc3")


def test_advice_is_one_line_for_the_size_that_is_set_and_none_where_nothing_is_known() -> None:
    demo = get_network("demo")
    measurement = {
        "can_tell": True,
        "num_images": 900,
        "similarity": 0.9,
        "cut_curve": [{"stage": "fc2", "score": 0.6}],
    }

    few, many = (advice_text(measurement, demo, size) for size in (50, 450))

    assert few.startswith("Our advice from real runs: ")
    assert "for 50 images and a similarity of 0.90" in few
    assert "for 450 images" in many
    assert advice_text({**measurement, "can_tell": False}, demo, 50) == ""
    assert advice_text(measurement, get_network("resnet18"), 50) == ""
