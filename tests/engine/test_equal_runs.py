"""Equal experiments are computed once: followed while they wait or run, answered from the store afterwards."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tl_core.engine import LocalEngine
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.paths import run_weights
from tl_core.store import REHEARSAL, Store

Make = Callable[..., Experiment]
Wait = Callable[[Callable[[], object]], None]


def kinds(store: Store, run_id: str) -> list[str]:
    return [event["event"] for event in store.events(run_id)]


def finish(engine: LocalEngine, wait: Wait, experiment: Experiment, owner: str, **options: bool) -> str:
    run = engine.submit(experiment, owner, **options)
    wait(lambda: not engine.store.get_run(run).active)
    assert engine.store.get_run(run).status == "finished", engine.store.get_run(run).error
    return run


def test_equal_runs_that_wait_or_run_are_computed_once(
    one_slot: LocalEngine, store: Store, short: Make, endless: Make, wait: Wait
) -> None:
    first = one_slot.submit(endless(), "ann")
    wait(lambda: "epoch" in kinds(store, first))
    late = one_slot.submit(endless(), "bob")
    assert one_slot.position(late) == 0
    assert kinds(store, late)[:2] == ["started", "epoch"], "all that was shown so far"
    waiting = [one_slot.submit(short(), owner) for owner in ("ann", "bob", "cyd")]
    other = one_slot.submit(short(seed=1), "dan")
    assert [one_slot.position(run) for run in waiting] == [1, 1, 1]
    assert one_slot.position(other) == 2
    for run in (first, late):
        one_slot.cancel(run)
    wait(lambda: not any(store.get_run(run).active for run in [*waiting, other]))
    ends = [store.events(run) for run in waiting]
    assert len({events[-1]["seconds"] for events in ends}) == 1
    assert [{event["run_id"] for event in events} for events in ends] == [{run} for run in waiting]
    assert [store.get_run(run).is_copy for run in waiting] == [False, True, True]
    assert not any(store.get_run(run).recorded for run in waiting)
    assert [store.get_run(run).status for run in (first, late)] == ["stopped", "stopped"]


def test_who_leaves_does_not_stop_the_others(engine: LocalEngine, store: Store, endless: Make, wait: Wait) -> None:
    experiment = endless(epochs=12)
    first, second, third = (engine.submit(experiment, owner) for owner in ("ann", "bob", "cyd"))
    wait(lambda: kinds(store, second).count("epoch") >= 2)
    engine.cancel(first)
    left = store.events(first)
    assert left[-1]["event"] == "stopped"
    assert left[-1]["num_epochs_done"] == len(left) - 2
    assert left[-1]["best_epoch"] is not None
    assert [event["seq"] for event in left] == list(range(len(left)))
    wait(lambda: not store.get_run(second).active)
    assert store.get_run(second).status == store.get_run(third).status == "finished"
    assert kinds(store, second) == ["started", *["epoch"] * 12, "finished"]
    assert [store.get_run(run).is_copy for run in (second, third)] == [False, True]
    assert store.events(first) == left
    wait(run_weights(third).is_file)
    assert run_weights(second).samefile(run_weights(third)), "one file on the disk for both"
    wait(lambda: not run_weights(first).exists())


def test_one_that_is_being_stopped_is_not_followed(
    engine: LocalEngine, store: Store, endless: Make, wait: Wait
) -> None:
    first = engine.submit(endless(epochs=4), "ann")
    wait(lambda: "epoch" in kinds(store, first))
    engine.cancel(first)
    second = engine.submit(endless(epochs=4), "bob")
    wait(lambda: not store.get_run(second).active)
    assert store.get_run(second).status == "finished"
    assert store.get_run(first).status in ("stopped", "finished")


def test_a_finished_run_answers_for_equal_ones_at_once(
    engine: LocalEngine, store: Store, short: Make, wait: Wait
) -> None:
    first = finish(engine, wait, short(), "ann")
    wait(run_weights(first).is_file)
    second = engine.submit(short(), "bob")
    run = store.get_run(second)
    assert (run.status, run.recorded, run.owner, run.number) == ("finished", True, "bob", 1)
    assert run.ended == store.get_run(first).ended
    assert run.hardware
    assert run_weights(second).is_file()
    strip = [{**event, "run_id": ""} for event in store.events(first)]
    assert [{**event, "run_id": ""} for event in store.events(second)] == strip
    assert first not in str(store.events(second)) + str(run), "nobody is told another's id"
    fresh = finish(engine, wait, short(), "bob", fresh=True)
    assert not store.get_run(fresh).recorded
    assert store.events(fresh)[-1]["test_accuracy"] == store.events(first)[-1]["test_accuracy"]


def test_unlike_runs_are_computed(engine: LocalEngine, store: Store, short: Make, wait: Wait, stripes: Path) -> None:
    finish(engine, wait, short(), "ann")
    assert not store.get_run(finish(engine, wait, short(seed=1), "ann")).recorded
    (stripes / "across" / "000.png").unlink()
    changed = finish(engine, wait, short(), "bob")
    assert not store.get_run(changed).recorded, "the pictures are others now"


def test_pictures_that_changed_during_a_run_make_no_record(
    engine: LocalEngine, store: Store, short: Make, wait: Wait, stripes: Path
) -> None:
    run = engine.submit(short(epochs=6), "ann")
    wait(lambda: "epoch" in kinds(store, run))
    (stripes / "across" / "000.png").unlink()
    wait(lambda: not store.get_run(run).active)
    assert not store.get_run(finish(engine, wait, short(epochs=6), "bob")).recorded


def test_other_hardware_or_software_is_no_record_but_a_rehearsal_is(
    engine: LocalEngine, store: Store, short: Make, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(engine, wait, short(), "ann")
    finish(engine, wait, short(seed=1), REHEARSAL)
    monkeypatch.setattr("tl_core.engine.machine.hardware", lambda device, threads: "another machine")
    other = LocalEngine(store, device="cpu", warm=False)
    try:
        assert store.get_run(other.submit(short(seed=1), "bob")).recorded
        computed = other.submit(short(), "bob")
        assert not store.get_run(computed).recorded
        other.cancel(computed)
    finally:
        other.close()
    monkeypatch.setattr("tl_core.engine.machine.software", lambda: "another version")
    newer = LocalEngine(store, device="cpu", warm=False)
    try:
        run = newer.submit(short(seed=1), "bob")
        assert not store.get_run(run).recorded
    finally:
        newer.close()


def test_runs_on_uploaded_pictures_are_shared_with_nobody(
    engine: LocalEngine, store: Store, wait: Wait, stripes: Path
) -> None:
    from tl_core.data import new_upload_id

    upload = new_upload_id()
    parts = [(folder.name, str(path)) for folder in stripes.iterdir() for path in folder.iterdir()]
    engine.ask("add_pictures", upload_id=upload, parts=parts)
    experiment = Experiment(data=upload, recipe="case-4", epochs=2)
    first, strangers = engine.submit(experiment, "ann"), engine.submit(experiment, "bob")
    wait(lambda: not any(store.get_run(run_id).active for run_id in (first, strangers)))
    assert not store.get_run(strangers).is_copy
    assert store.events(first)[-1]["seconds"] != store.events(strangers)[-1]["seconds"]
    assert store.get_run(engine.submit(experiment, "ann")).recorded
    run = engine.submit(experiment, "cyd")
    assert not store.get_run(run).recorded
    engine.cancel(run)


def test_a_run_that_takes_too_long_is_stopped_with_a_sentence(
    store: Store, endless: Make, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TL_MAX_SECONDS", "6")
    engine = LocalEngine(store, device="cpu", warm=False)
    try:
        runs = [engine.submit(endless(), owner) for owner in ("ann", "bob")]
        wait(lambda: not store.get_run(runs[1]).active)
        for run in runs:
            assert store.get_run(run).status == "stopped"
            assert "longer than a run may take here, 0.1 minutes" in store.get_run(run).error
            assert store.events(run)[-1]["limit_seconds"] == 6
    finally:
        engine.close()
    monkeypatch.setenv("TL_MAX_SECONDS", "soon")
    with pytest.raises(UserError, match="'soon'"):
        LocalEngine(store, warm=False)


def test_the_wait_is_told_as_soon_as_a_run_is_known(
    one_slot: LocalEngine, store: Store, short: Make, endless: Make, wait: Wait
) -> None:
    known = one_slot.submit(short(seed=3), "ann")
    unknown = one_slot.submit(short(), "ann")
    assert one_slot.expected_wait(known) == 0.0
    assert one_slot.expected_wait(unknown) is None
    wait(lambda: not store.get_run(unknown).active)
    slowest = max(store.events(run)[-1]["seconds"] for run in (known, unknown))
    running = one_slot.submit(endless(), "ann")
    waiting = [one_slot.submit(short(seed=seed), "ann") for seed in (4, 5)]
    first, second = (one_slot.expected_wait(run) for run in waiting)
    assert 0 < second - first <= slowest * 1.01
    assert one_slot.expected_wait("0" * 32) is None
    again = LocalEngine(store, device="cpu", warm=False)
    assert again._expect(short()) is not None, "a new server knows the pace of the runs before"
    again.close()
    for run in (*waiting, running):
        one_slot.cancel(run)


def test_thirty_people_with_the_same_two_lessons_cost_two_runs(
    engine: LocalEngine, store: Store, short: Make, wait: Wait
) -> None:
    runs = [engine.submit(short(seed=lesson), f"person {person}") for person in range(30) for lesson in (0, 1)]
    start = time.monotonic()
    wait(lambda: not any(store.get_run(run).active for run in runs))
    assert {store.get_run(run).status for run in runs} == {"finished"}
    computed = [run for run in runs if not store.get_run(run).is_copy]
    assert len(computed) == 2
    assert time.monotonic() - start < 60


def test_a_batch_is_answered_from_the_store_where_it_can_be(
    engine: LocalEngine, store: Store, short: Make, wait: Wait
) -> None:
    finish(engine, wait, short(), "ann")
    batch = engine.submit_many([short(), short(seed=1)], "bob")
    assert [store.get_run(run).recorded for run in batch] == [True, False]
    afresh = engine.submit_many([short(), short(seed=1)], "cyd", fresh=True)
    wait(lambda: not any(store.get_run(run).active for run in (*batch, *afresh)))
    assert not any(store.get_run(run).recorded for run in afresh)
