import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame import services
from frame.recorded import date_text
from frame.text import plain
from tl_core import language
from tl_core.engine import LocalEngine
from tl_core.experiment import Experiment
from tl_core.store import Store

EXPERIMENT = Experiment(data="digits", num_images=40)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    st.cache_resource.clear()
    engine = LocalEngine(services.get_store(), device="cpu", warm=False)
    monkeypatch.setattr("frame.run_status.get_engine", lambda: engine)
    yield engine.store
    engine.close()
    st.cache_resource.clear()


def add(store: Store, owner: str = "ann", **values: str) -> str:
    run_id = uuid.uuid4().hex
    store.add_run(run_id, EXPERIMENT.to_json(), EXPERIMENT.id, owner, **values)
    return run_id


def stop(store: Store, run_id: str, **more: object) -> None:
    event = {"event": "stopped", "run_id": run_id, "seq": 0, "elapsed_seconds": 90.0, "num_epochs_done": 0}
    store.add_event(run_id, {**event, **more})


def shown(run_id: str, owner: str = "ann") -> AppTest:
    app = AppTest.from_string(
        "from frame.run_status import show_status\nfrom frame.services import get_store\n"
        f"store = get_store()\nshow_status(store.get_run({run_id!r}), store.events({run_id!r}))",
        default_timeout=30,
    )
    app.session_state.owner = owner
    app.run()
    assert not app.exception
    return app


def live(run_id: str, owner: str = "ann") -> AppTest:
    app = AppTest.from_string(
        "from frame.live_run import show_live\nfrom frame.services import get_store\n"
        f"show_live(get_store().get_run({run_id!r}), [])",
        default_timeout=30,
    )
    app.session_state.owner = owner
    app.run()
    assert not app.exception
    return app


def test_a_run_at_its_time_limit_says_so_in_the_language_spoken(store: Store) -> None:
    run_id = add(store)
    stop(store, run_id, reason="time limit", limit_seconds=90.0, error="not this text")
    text = "The run took longer than a run may take here, 1.5 minutes, and was stopped. Choose fewer images or fewer epochs."
    assert [each.value for each in shown(run_id).warning] == [plain(text)]


def test_only_the_owner_can_stop(store: Store) -> None:
    run_id = add(store)
    assert [each.label for each in live(run_id).button] == ["Stop"]
    assert not live(run_id, "bob").button


def test_a_recorded_run_offers_replay_and_a_fresh_one(store: Store) -> None:
    first = add(store, hardware="Box *1*, 2 threads")
    stop(store, first)
    copy = uuid.uuid4().hex
    store.add_recorded(copy, first, "bob")
    app = shown(copy, "bob")
    today = date_text(store.get_run(first).ended)
    text = plain(f"Recorded on {today} on Box *1*, 2 threads.")
    assert app.markdown[0].value == f"**{text}**"
    assert [each.label for each in app.button] == ["Replay", "Run it afresh"]


def test_dates_are_written_as_the_reader_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert date_text(1795467600.0) in ("23 November 2026", "24 November 2026")
    monkeypatch.setattr(language, "_chosen", lambda: "de")
    assert date_text(1795467600.0) in ("23. November 2026", "24. November 2026")
