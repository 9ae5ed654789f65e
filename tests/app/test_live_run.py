"""What a browser is told of a run that goes on, and to whom."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from starlette.responses import Response

from frame import live as live_module
from frame import live_run, run_status, services
from frame.routes import live_run as route
from tests.asking import ask_route
from tl_core.engine import LocalEngine
from tl_core.experiment import Experiment
from tl_core.store import Store
from tl_core.training import run

ANN, BOB = "a" * 32, "b" * 32
EXPERIMENT = Experiment(data="digits", num_images=60, recipe="case-1", epochs=2)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    st.cache_resource.clear()
    engine = LocalEngine(services.get_store(), device="cpu", warm=False)
    monkeypatch.setattr("frame.run_status.get_engine", lambda: engine)
    monkeypatch.setattr(live_module, "_kept", live_module._Kept())
    yield engine.store
    engine.close()
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def recorded() -> list[dict[str, Any]]:
    return [event.to_json() for event in run(EXPERIMENT, run_id="x", device="cpu")]


def add(store: Store, events: list[dict[str, Any]], owner: str = ANN, **values: Any) -> str:
    """A run that has told these events."""
    run_id = uuid.uuid4().hex
    store.add_run(run_id, EXPERIMENT.to_json(), EXPERIMENT.id, owner, **values)
    store.set_running(run_id)
    for event in events:
        store.add_event(run_id, event)
    return run_id


def ask(run_id: str, visitor: str | None = ANN, **query: str) -> Response:
    return ask_route(route, f"/live/{run_id}", visitor, query, run_id=run_id)


def state(run_id: str, **query: str) -> dict[str, Any]:
    answer = ask(run_id, **query)
    assert answer.status_code == 200
    return json.loads(answer.body)


def test_curves_layers_and_words_grow_with_the_events(store: Store, recorded: list[dict[str, Any]]) -> None:
    started, first, second, *_rest = recorded
    run_id = add(store, [])
    before = state(run_id)
    assert before["plots"]["accuracy"]["figure"]["data"][0]["x"] == []
    assert (before["wide"], before["over"]) == ("", False)
    for event in (started, first):
        store.add_event(run_id, event)
    middle = state(run_id)
    assert middle["plots"]["accuracy"]["figure"]["data"][0]["x"] == [1]
    assert middle["plots"]["loss"]["figure"]["data"][0]["y"] == [first["train_loss"]]
    assert "epoch 1" in middle["plots"]["loss"]["alt"]
    assert middle["wide"].startswith("<svg")
    assert f"{started['num_train']} training" in middle["caption"]
    assert "<em>Moved</em>" in middle["caption"]
    store.add_event(run_id, second)
    after = state(run_id)
    assert after["share"] == 1.0 > middle["share"] > before["share"] == 0.0


def test_nothing_is_sent_twice(store: Store, recorded: list[dict[str, Any]]) -> None:
    run_id = add(store, recorded[:2])
    answer = ask(run_id)
    again = ask(run_id, known=answer.headers["x-version"])
    assert (again.status_code, again.body) == (204, b"")
    store.add_event(run_id, recorded[2])
    assert ask(run_id, known=answer.headers["x-version"]).status_code == 200
    assert answer.headers["cache-control"] == "no-store"


def test_it_is_over_when_it_has_ended(store: Store, recorded: list[dict[str, Any]]) -> None:
    ended = state(add(store, recorded))
    assert ended.pop("text").startswith("Finished after epoch 2 of 2")
    assert ended == {"over": True, "share": 1.0}


def test_how_a_stopped_run_ended_is_said_before_the_page_is_drawn(store: Store, recorded: list[dict[str, Any]]) -> None:
    run_id = add(store, recorded[:2])
    stopped = {"event": "stopped", "seq": 2, "num_epochs_done": 1, "elapsed_seconds": 1.0, "seconds": 1.0}
    store.add_event(run_id, stopped)
    assert state(run_id)["text"].startswith("Stopped after epoch 1 of 2")


def test_the_epoch_that_goes_on_is_a_hollow_point(
    store: Store, recorded: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = add(store, recorded[:1])
    engine = run_status.get_engine()
    monkeypatch.setattr(live_run, "get_engine", lambda: engine)
    monkeypatch.setattr(engine, "progress", lambda run_id: {"doing": "Training", "done": 20, "total": 40})
    assert state(run_id)["share"] == 0.5, "of what comes before"
    now = {"epoch": 1, "train_loss": 1.25, "train_accuracy": 0.5}
    monkeypatch.setattr(engine, "so_far", lambda run_id: now)
    assert state(run_id)["share"] == 0.25, "half of one of two epochs: the bar does not go back after it"
    first = state(run_id)["plots"]
    (hollow,) = [trace for trace in first["loss"]["figure"]["data"] if "circle-open" in str(trace)]
    assert (hollow["x"], hollow["y"]) == ([1], [1.25])
    assert "training 50.00 %" in first["accuracy"]["alt"]
    store.add_event(run_id, recorded[1])
    assert "circle-open" not in str(state(run_id)["plots"]), "that epoch is over"
    now["epoch"] = 2
    (hollow,) = [trace for trace in state(run_id)["plots"]["accuracy"]["figure"]["data"] if "circle-open" in str(trace)]
    assert (hollow["x"], hollow["y"]) == ([1, 2], [100 * recorded[1]["train_accuracy"], 50.0])


def test_nobody_else_is_told_anything(store: Store, recorded: list[dict[str, Any]]) -> None:
    anns, bobs = add(store, recorded[:2]), add(store, recorded[:2], BOB)
    for visitor in (BOB, None, "", "' OR 1=1"):
        assert ask(anns, visitor).status_code == 404
    for run_id in ("0" * 32, "..", "x", "%2e%2e", anns.upper()):
        assert ask(run_id).status_code == 404
    assert ask(anns, **{"with": bobs}).status_code == 404, "nor by laying it over a run of one's own"
    assert ask(anns, **{"with": add(store, recorded)}).status_code == 200


def test_other_runs_are_laid_over_it(store: Store, recorded: list[dict[str, Any]]) -> None:
    other, mine = add(store, recorded), add(store, recorded[:2])
    alone, both = (state(mine, **query)["plots"]["loss"]["figure"]["data"] for query in ({}, {"with": other}))
    assert len(both) > len(alone)


def test_in_the_language_that_is_asked_for(store: Store, recorded: list[dict[str, Any]]) -> None:
    run_id = add(store, recorded[:2])
    assert "Trainingsbilder" in state(run_id, lang="de")["caption"]
    assert state(run_id, lang="xx") == state(run_id)


def test_followers_are_told_why_it_is_not_theirs_alone(store: Store) -> None:
    run_id = add(store, [], BOB, same_as=add(store, []))
    assert [line["kind"] for line in state(run_id, visitor=BOB)["lines"]] == ["note"]
    assert "Someone else has started the same run" in state(run_id, visitor=BOB)["lines"][0]["text"]


def test_a_database_that_is_away_is_said(
    store: Store, recorded: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_id = add(store, recorded[:2])
    broken = Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    with broken.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE events")
        connection.exec_driver_sql("DROP TABLE runs")
    monkeypatch.setattr(live_run, "get_store", lambda: broken)
    answer = ask(run_id)
    assert answer.status_code == 503
    assert "no such table" in json.loads(answer.body)["error"]


def test_a_crowd_is_asked_to_ask_less_often(store: Store, recorded: list[dict[str, Any]]) -> None:
    run_id = add(store, recorded[:2])
    crowd = [ask(run_id).headers["x-crowd"] for _ in range(int(live_module.CROWD * live_module.CROWD_SECONDS) + 1)]
    assert (crowd[0], crowd[-1]) == ("0", "1")


def test_who_has_just_pressed_something_is_no_crowd(store: Store, recorded: list[dict[str, Any]]) -> None:
    run_id = add(store, recorded[:2])
    pressed = int(live_module.CROWD * live_module.CROWD_SECONDS) + 1
    assert {ask(run_id, quick="1").headers["x-crowd"] for _ in range(pressed)} == {"0"}
