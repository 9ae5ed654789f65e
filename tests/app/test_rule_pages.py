"""'Does the rule hold?' and 'Evidence' as pages, on the recorded study, on runs made here, and on nothing at all."""

import json
import uuid
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from frame.services import get_store
from tests.conftest import write_stripes
from tl_core import rule_cells
from tl_core.data import new_upload_id
from tl_core.experiment import Experiment
from tl_core.paths import ASSETS, ROOT, data_dir
from tl_core.rule_cells import recorded
from tl_core.training import run

RULE, EVIDENCE = "pages/4_rule.py", "pages/5_evidence.py"
ANN, BOB = "a" * 32, "b" * 32

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
def _no_study(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rule_cells, "ASSETS", tmp_path / "no assets")


def show(page: str, owner: str = ANN) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = owner
    app.run()
    app.switch_page(page).run()
    assert not app.exception
    return app


def finish(data: str, recipe: str, owner: str = ANN, as_data: str | None = None, **settings: int) -> None:
    """A real run in the store; `as_data` is the name under which it is written there."""
    experiment = Experiment(data=data, recipe=recipe, **settings)
    run_id = uuid.uuid4().hex
    get_store().add_run(run_id, {**experiment.to_json(), "data": as_data or data}, experiment.id, owner)
    for event in run(experiment, run_id=run_id):
        get_store().add_event(run_id, event.to_json())


def texts(app: AppTest) -> str:
    elements = (*app.header, *app.subheader, *app.markdown, *app.caption, *app.info)
    return "\n".join(str(element.value) for element in elements)


def box(app: AppTest, label: str):
    return next(box for box in app.selectbox if box.label == label)


def test_the_recorded_study_is_shown_with_its_runs() -> None:
    app = show(RULE)

    assert app.header[0].value == "Does the rule hold?"
    assert "combinations that tell recipes apart" in texts(app)
    assert "| small, similar: case 1 |" in texts(app)
    assert "points lost" in texts(app)
    drawn = app.get("bidi_component")
    assert len(drawn) >= 2
    choice = box(app, "Runs of")
    assert len(choice.options) == len(
        {(r["data"], r["num_images"], r["distance"]) for r in recorded().rows if r["network"] == "demo"}
    )
    choice.select_index(3).run()
    assert not app.exception
    assert app.subheader[0].value.replace("\\", "") == choice.options[3]


def test_fewer_recipes_and_another_network_and_no_recipe_at_all() -> None:
    app = show(RULE)

    app.multiselect[0].set_value(["case-1", "case-3"]).run()
    assert "Case 2" not in next(m.value for m in app.markdown if m.value.startswith("| recipe |"))
    box(app, "Network").set_value("demo-drawn").run()
    assert "Drawn" in app.subheader[0].value
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert "No finished run fits this choice" in app.info[0].value


def test_the_advisors_own_check_takes_the_place_of_the_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("study.jsonl", "study_gauge.json"):
        (tmp_path / name).write_bytes((ASSETS / name).read_bytes())
    row = {"policy": "the advisor", "mean": 0.4, "low": 0.1, "high": 0.8, "num_cells": 90, "hit_rate": 0.97}
    (tmp_path / "advisor.json").write_text(json.dumps({"regret": [row, {**row, "policy": "a|b", "low": None}]}))
    monkeypatch.setattr(rule_cells, "ASSETS", tmp_path)

    app = show(RULE)

    assert "| the advisor | 0.4 | 0.1 to 0.8 | 3 % |" in texts(app)
    assert "| a\\|b | 0.4 | too few data sets | 3 % |" in texts(app)
    assert "90 combinations" in texts(app)
    assert "the textbook's quadrant" not in texts(app)


@pytest.mark.usefixtures("_no_study")
def test_without_any_run_the_pages_say_so() -> None:
    app = show(RULE)
    assert "No runs yet" in app.info[0].value
    assert not app.selectbox

    app = show(EVIDENCE)
    assert texts(app).count("Not measured yet") == 3
    assert "Yosinski" in texts(app)


@pytest.mark.usefixtures("_no_study")
def test_runs_made_here_are_cells_of_uploads_only_their_owners(make_stripes) -> None:
    folder = make_stripes("source")
    write_stripes(data_dir() / "stripes")
    for recipe in ("case-1", "case-4"):
        finish("stripes", recipe, owner=BOB)
    finish("stripes", "case-1", owner=BOB, epochs=3)
    finish(str(folder), "case-1", owner=BOB, as_data=f"{new_upload_id()}.0")

    app = show(RULE, ANN)
    assert len(box(app, "Runs of").options) == 1
    assert "stripes" in app.subheader[0].value
    assert "2 of the 2 runs were made here" in texts(app)
    assert "1 run has settings of their own" in texts(app)
    assert len(box(show(RULE, BOB), "Runs of").options) == 2


def test_evidence_shows_published_numbers_beside_our_own() -> None:
    app = show(EVIDENCE)

    assert [element.value for element in app.subheader][-1] == "What else was found"
    assert len(app.get("bidi_component")) >= 6
    assert "Not measured yet" not in texts(app)
    assert "(https://arxiv.org/abs/1411.1792)" in texts(app)
