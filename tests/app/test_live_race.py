"""What a browser is told of a race that goes on, and to whom."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st
from starlette.responses import Response

from frame import live as live_module
from frame import live_race, services
from frame.race_data import get_races
from frame.routes import live_race as route
from tests.asking import ask_route
from tests.races import make_race
from tl_core.engine import LocalEngine
from tl_core.experiment import Experiment
from tl_core.race import SIZES
from tl_core.store import Store
from tl_core.training import run

ANN, BOB = "a" * 32, "b" * 32


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    st.cache_resource.clear()
    engine = LocalEngine(services.get_store(), device="cpu", warm=False)
    monkeypatch.setattr(live_race, "get_engine", lambda: engine)
    monkeypatch.setattr(live_module, "_kept", live_module._Kept())
    yield engine.store
    engine.close()
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def recorded() -> list[dict[str, Any]]:
    experiment = Experiment(data="digits", num_images=60, recipe="case-1", epochs=2)
    return [event.to_json() for event in run(experiment, run_id="x", device="cpu")]


def add(store: Store, sizes: tuple[int | None, ...] = (None,), **values: str) -> tuple[str, list[str]]:
    """A race of Ann's whose runs wait; its id and theirs."""
    base = Experiment(data="digits", num_images=60, epochs=2)
    race = make_race(("case-1", "case-3"), base=base, sizes=sizes, **values)
    ids = []
    for number, experiment in enumerate(race.experiments()):
        ids.append(f"{number:032x}")
        store.add_run(ids[-1], experiment.to_json(), experiment.id, ANN)
    return get_races().add(race, ids, ANN), ids


def tell(store: Store, run_id: str, events: list[dict[str, Any]]) -> None:
    store.set_running(run_id)
    for event in events:
        store.add_event(run_id, event)


def ask(race_id: str, visitor: str | None = ANN, **query: str) -> Response:
    return ask_route(route, f"/live/race/{race_id}", visitor, query, race_id=race_id)


def state(race_id: str, **query: str) -> dict[str, Any]:
    answer = ask(race_id, **query)
    assert answer.status_code == 200
    return json.loads(answer.body)


def test_curves_and_words_grow_and_each_run_that_ends_is_counted(store: Store, recorded: list[dict[str, Any]]) -> None:
    race_id, ids = add(store)
    before = state(race_id)
    assert (before["over"], before["done"], before["share"]) == (False, 0, 0.0)
    tell(store, ids[0], recorded[:2])
    middle = state(race_id)
    assert middle["text"] != before["text"]
    assert sum(len(line["x"]) for line in middle["plots"]["race"]["figure"]["data"]) > sum(
        len(line["x"]) for line in before["plots"]["race"]["figure"]["data"]
    )
    for event in recorded[2:]:
        store.add_event(ids[0], event)
    after = state(race_id)
    assert (after["over"], after["done"], after["share"]) == (False, 1, 1 / len(ids))
    for run_id in ids[1:]:
        tell(store, run_id, recorded)
    assert (state(race_id)["over"], state(race_id)["done"]) == (True, len(ids))


def test_nothing_is_sent_twice(store: Store, recorded: list[dict[str, Any]]) -> None:
    race_id, ids = add(store)
    tell(store, ids[0], recorded[:2])
    version = ask(race_id).headers["x-version"]
    assert ask(race_id, known=version).status_code == 204
    store.add_event(ids[0], recorded[2])
    assert ask(race_id, known=version).status_code == 200


def test_by_epochs_or_by_seconds(store: Store, recorded: list[dict[str, Any]]) -> None:
    race_id, ids = add(store)
    tell(store, ids[0], recorded[:3])
    epochs, seconds, other = (state(race_id, by=by)["plots"]["race"]["figure"] for by in ("epochs", "seconds", "x"))
    assert epochs != seconds
    assert epochs == other


def test_a_race_of_sizes_is_drawn_by_size(store: Store, recorded: list[dict[str, Any]]) -> None:
    race_id, ids = add(store, sizes=(20, 60), kind=SIZES)
    tell(store, ids[0], recorded)
    assert state(race_id)["plots"]["race"]["figure"]["layout"]["xaxis"]["type"] == "log"


def test_nobody_else_is_told_anything(store: Store) -> None:
    race_id, _ids = add(store)
    for visitor in (BOB, None, "", "' OR 1=1"):
        assert ask(race_id, visitor).status_code == 404
    for name in ("0" * 32, "..", "x", race_id.upper()):
        assert ask(name).status_code == 404
