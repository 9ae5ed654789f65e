import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from tests.postgres import Postgres, serve_postgres
from tl_core.errors import RunNotFound
from tl_core.servers import this_server
from tl_core.store import INTERRUPTED, REHEARSAL, Store

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with serve_postgres() as server:
        yield server


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.sqlite'}"
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.engine.dispose()


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


def test_runs_of_a_server_that_is_gone_are_interrupted(url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_run("mine", {}, "x", "ann")
    host, pid, _ = this_server().rsplit(":", 2)
    monkeypatch.setattr("tl_core.store.this_server", lambda: f"{host}:{pid}:1")  # this pid, but started at another time
    store.add_run("gone", {}, "x", "ann")
    monkeypatch.undo()
    again = Store(url)
    assert again.get_run("mine").status == "queued"
    assert again.get_run("gone").status == INTERRUPTED
    assert "Start it again" in again.get_run("gone").error
    again.engine.dispose()


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


def test_an_event_is_written_to_all_of_several_runs_or_to_none(store: Store) -> None:
    for run_id in ("a", "b"):
        store.add_run(run_id, {}, "x", run_id)
    store.add_event("b", event(1))
    with pytest.raises(IntegrityError):
        store.add_event_to(["a", "b"], event(1))
    assert store.events("a") == []
    store.add_event_to(["a", "b"], event(2, "finished"))
    assert [store.events(run_id)[-1]["run_id"] for run_id in "ab"] == ["a", "b"]
    assert [store.get_run(run_id).status for run_id in "ab"] == ["finished", "finished"]


def add_finished(store: Store, run_id: str, owner: str, hardware: str = "box", seconds: float = 2.0) -> None:
    store.add_run(run_id, {"data": "digits"}, "x", owner, software="v1", hardware=hardware)
    store.set_data_stamp([run_id], "s")
    store.add_event(run_id, {**event(0, "finished"), "run_id": run_id, "seconds": seconds})


def test_records_are_found_by_all_that_numbers_depend_on(store: Store) -> None:
    add_finished(store, "a", "ann")
    add_finished(store, "b", "bob", hardware="laptop")
    add_finished(store, "c", REHEARSAL, hardware="gpu")
    store.add_run("d", {"data": "digits"}, "x", "dan", software="v1", hardware="box")

    def found(stamp: str = "s", software: str = "v1", hardware: str = "box", owner: str | None = None) -> list[str]:
        return [run.id for run in store.find_records("x", stamp, software, hardware, owner)]

    assert found() == ["a", "c"], "this hardware first, then what was rehearsed"
    assert found(hardware="phone") == ["c"]
    assert found(owner="ann") == ["a"]
    assert found(stamp="t") == found(software="v2") == []
    assert store.past_runs("box") == [({"data": "digits"}, 2.0)]


def test_a_recorded_run_is_a_copy_that_outlives_nobody_elses_secret(store: Store) -> None:
    add_finished(store, "a" * 32, "ann")
    store.add_run("other", {}, "y", "bob")
    run = store.add_recorded("b", "a" * 32, "bob")
    assert (run.number, run.owner, run.status, run.recorded, run.is_copy) == (2, "bob", "finished", True, True)
    assert (run.ended, run.hardware) == (store.get_run("a" * 32).ended, "box")
    assert store.events("b") == [{**event(0, "finished"), "run_id": "b", "seconds": 2.0}]
    assert "a" * 32 not in repr(run)
    with pytest.raises(RunNotFound):
        store.add_recorded("c", "gone", "bob")
    assert [each.id for each in store.find_records("x", "s", "v1", "box")] == ["a" * 32], "copies are no records"


def test_another_server_can_ask_for_a_stop(store: Store) -> None:
    store.add_run("a", {}, "x", "ann")
    store.add_run("b", {}, "x", "ann")
    assert store.stops_asked() == []
    store.ask_stop("a")
    assert store.stops_asked() == ["a"]
    store.add_event("a", event(0, "stopped"))
    assert store.stops_asked() == []


def test_two_servers_never_give_two_runs_of_one_person_the_same_number(url: str, store: Store) -> None:
    stores = [store, Store(url)]
    errors: list[Exception] = []

    def add_many(number: int) -> None:
        try:
            for index in range(20):
                stores[number].add_run(f"{number}-{index}", {}, "x", "ann")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=add_many, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stores[1].engine.dispose()
    assert errors == []
    assert sorted(run.number for run in store.list_runs("ann")) == list(range(1, 41))


def test_the_store_goes_on_after_postgresql_was_restarted(postgres: Postgres) -> None:
    store = Store(postgres.new_database())
    store.add_run("a", {}, "x", "ann")
    store.add_event("a", event(0))
    postgres.control("-m", "fast", "restart")
    store.add_event("a", event(1))
    assert [each["seq"] for each in store.events("a")] == [0, 1]
    store.engine.dispose()


def test_a_stop_through_another_server_stops_the_run(postgres: Postgres, stripes: Path) -> None:
    """Two engines on one PostgreSQL, as two servers behind one address have."""
    from tests.waiting import wait_until
    from tl_core.engine import LocalEngine
    from tl_core.experiment import Experiment

    url = postgres.new_database()
    mine, others = (LocalEngine(Store(url), device="cpu", warm=False) for _ in range(2))
    try:
        run = mine.submit(Experiment(data=str(stripes), recipe="case-4", epochs=500), "ann")
        wait_until(lambda: any(each["event"] == "epoch" for each in others.store.events(run)), seconds=60)
        assert others.position(run) is None
        others.cancel(run)
        wait_until(lambda: not others.store.get_run(run).active, seconds=10)
        assert others.store.get_run(run).status == "stopped"
    finally:
        for engine in (mine, others):
            engine.close()
            engine.store.engine.dispose()
