from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from tl_core.errors import RunNotFound
from tl_core.store import INTERRUPTED, Store, this_server


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'test.sqlite'}")


def event(seq: int, kind: str = "epoch") -> dict:
    return {"event": kind, "run_id": "a", "seq": seq, "elapsed_seconds": 0.1}


def test_runs_are_numbered_for_each_owner_and_listed_newest_first(store: Store) -> None:
    for run_id, owner in (("a", "ann"), ("b", "bob"), ("c", "ann")):
        store.add_run(run_id, {"data": "digits"}, "x", owner)
    assert [(run.id, run.number) for run in store.list_runs("ann")] == [("c", 2), ("a", 1)]
    assert [run.number for run in store.list_runs("bob")] == [1]


def test_events_come_back_in_order_and_since(store: Store) -> None:
    store.add_run("a", {}, "x", "ann")
    for seq in range(4):
        store.add_event("a", event(seq))
    assert [e["seq"] for e in store.events("a")] == [0, 1, 2, 3]
    assert [e["seq"] for e in store.events("a", since=2)] == [2, 3]
    assert store.next_seq("a") == 4


def test_an_event_cannot_be_written_twice(store: Store) -> None:
    store.add_run("a", {}, "x", "ann")
    store.add_event("a", event(0))
    with pytest.raises(IntegrityError):
        store.add_event("a", event(0))


def test_an_ending_sets_the_status_with_it(store: Store) -> None:
    store.add_run("a", {}, "x", "ann")
    store.set_running("a")
    assert store.get_run("a").active
    store.add_event("a", {**event(0, "failed"), "error": "no luck"})
    run = store.get_run("a")
    assert (run.status, run.error, run.active) == ("failed", "no luck", False)
    store.set_running("a")
    assert store.get_run("a").status == "failed"


def test_unknown_run_is_a_sentence(store: Store) -> None:
    with pytest.raises(RunNotFound, match="'nope'"):
        store.get_run("nope")


def test_runs_of_a_server_that_is_gone_are_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'test.sqlite'}"
    store = Store(url)
    store.add_run("mine", {}, "x", "ann")
    host, pid, _ = this_server().rsplit(":", 2)
    monkeypatch.setattr("tl_core.store.this_server", lambda: f"{host}:{pid}:1")  # this pid, but started at another time
    store.add_run("gone", {}, "x", "ann")
    monkeypatch.undo()
    again = Store(url)
    assert again.get_run("mine").status == "queued"
    assert again.get_run("gone").status == INTERRUPTED
    assert "Start it again" in again.get_run("gone").error


def test_endings_of_several_runs(store: Store) -> None:
    for run_id in ("a", "b"):
        store.add_run(run_id, {}, "x", "ann")
    store.add_event("a", event(0))
    store.add_event("a", event(1, "finished"))
    store.add_event("b", {**event(0), "run_id": "b"})
    assert store.endings(["a", "b"]) == {"a": event(1, "finished")}


def test_a_server_of_another_name_does_not_live_beside_a_local_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'test.sqlite'}"
    monkeypatch.setattr("tl_core.store.this_server", lambda: "old-container:7:123")
    Store(url).add_run("gone", {}, "x", "ann")
    monkeypatch.undo()
    assert Store(url).get_run("gone").status == INTERRUPTED
