"""The table of the runs so far lays the visitor's own runs over each other, and nobody else's."""

import json
import uuid
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame.services import get_engine, get_store
from tl_core.experiment import Experiment
from tl_core.paths import ROOT

OWNER, OTHER = "0" * 32, "1" * 32


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("TL_DEVICE", "cpu")
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = OWNER
    yield app
    get_engine().close()
    st.cache_resource.clear()


def add_run(owner: str) -> str:
    run_id, experiment = uuid.uuid4().hex, Experiment(data="digits", num_images=40, seed=len(owner))
    get_store().add_run(run_id, experiment.to_json(), experiment.id, owner)
    return run_id


def say_ticked(app: AppTest, ids: object) -> None:
    """What a browser would send, or somebody in its place."""
    table = next(one.proto for one in app.get("bidi_component") if one.proto.id.endswith("-history"))
    said = app._tree.get_widget_states()
    event = json.dumps([{"event": "ticked", "value": ids}])
    said.widgets.add(id=f"$$STREAMLIT_INTERNAL_KEY_{table.id}__events", json_trigger_value=event)
    app._run(said)
    assert not app.exception


def test_only_ones_own_runs_can_be_ticked(app: AppTest) -> None:
    first, second, others = add_run(OWNER), add_run(OWNER), add_run(OTHER)
    app.switch_page("pages/2_train.py").run()
    say_ticked(app, [first, others, "no such run", second])
    assert app.session_state.ticked == [first, second]
    table = next(one.proto for one in app.get("bidi_component") if one.proto.id.endswith("-history"))
    assert {row["id"]: row["ticked"] for row in json.loads(table.json)[0]["rows"]} == {first: True, second: True}
    assert others not in table.json
    for nothing in ({"id": first}, None, [[first]]):
        say_ticked(app, nothing)
        assert app.session_state.ticked == []
