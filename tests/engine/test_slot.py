"""Several runs at a time, with real worker processes."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tl_core.engine import LocalEngine, machine
from tl_core.engine.process import WorkerProcess
from tl_core.engine.slot import MOST_FALSE_STARTS, make_slots, seconds_until_free
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.store import Store

Make = Callable[..., Experiment]
Wait = Callable[[Callable[[], object]], None]


def has_epoch(store: Store, run_id: str) -> bool:
    return any(event["event"] == "epoch" for event in store.events(run_id))


def both_train(engine: LocalEngine, endless: Make, wait: Wait, owners: tuple[str, str] = ("ann", "bob")) -> list[str]:
    runs = [engine.submit(endless(seed=seed), owner) for seed, owner in enumerate(owners)]
    wait(lambda: all(has_epoch(engine.store, run) for run in runs))
    return runs


def test_a_batch_takes_all_free_slots_and_its_runs_overlap_in_time(
    engine: LocalEngine, store: Store, short: Make, wait: Wait
) -> None:
    batch = engine.submit_many([short(seed=seed, epochs=40) for seed in range(3)], "ann")
    assert [engine.position(run) for run in batch] == [0, 0, 1]
    wait(lambda: not any(store.get_run(run).active for run in batch))
    assert {store.get_run(run).status for run in batch} == {"finished"}
    ended = [store.get_run(run).ended for run in batch]
    started = [end - store.events(run)[-1]["seconds"] for run, end in zip(batch, ended, strict=True)]
    assert max(started[:2]) < min(ended[:2])
    assert started[2] > min(ended[:2]) - 0.1, "two slots, not three"
    assert set(engine.worker_pids()) == {"training", "training-2"}


def test_stop_reaches_the_run_it_is_meant_for(engine: LocalEngine, store: Store, endless: Make, wait: Wait) -> None:
    first, second = both_train(engine, endless, wait)
    pids = engine.worker_pids()
    engine.cancel(second)
    wait(lambda: not store.get_run(second).active)
    assert store.get_run(second).status == "stopped"
    done = len(store.events(first))
    wait(lambda: len(store.events(first)) > done)
    assert (engine.position(first), engine.position(second)) == (0, None)
    assert engine.worker_pids() == pids, "both workers stay warm"
    engine.cancel(first)


@pytest.mark.parametrize("name", ["training", "training-2"])
def test_a_killed_worker_fails_its_own_run_only(
    name: str, engine: LocalEngine, store: Store, endless: Make, short: Make, wait: Wait
) -> None:
    runs = dict(zip(("training", "training-2"), both_train(engine, endless, wait), strict=True))
    lost = runs.pop(name)
    (other,) = runs.values()
    next_one = engine.submit(short(), "cyd")
    assert engine.position(next_one) == 1
    os.kill(engine.worker_pids()[name], signal.SIGKILL)
    wait(lambda: not store.get_run(lost).active)
    assert "signal 9 (SIGKILL)" in store.get_run(lost).error
    wait(lambda: not store.get_run(next_one).active)
    assert store.get_run(next_one).status == "finished"
    assert store.get_run(other).status == "running"
    engine.cancel(other)


def test_close_leaves_no_process(engine: LocalEngine, endless: Make, wait: Wait) -> None:
    both_train(engine, endless, wait)
    pids = engine.worker_pids().values()
    assert len(pids) == 2
    engine.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_the_second_worker_starts_with_the_first_run_that_needs_it(
    engine: LocalEngine, store: Store, short: Make, wait: Wait
) -> None:
    for seed in range(2):
        run = engine.submit(short(seed=seed), "ann")
        wait(lambda: not store.get_run(run).active)  # noqa: B023
    assert set(engine.worker_pids()) == {"training"}


def test_training_comes_after_answers_and_after_the_pages(
    engine: LocalEngine, stripes: Path, endless: Make, wait: Wait
) -> None:
    run = engine.submit(endless(), "ann")
    wait(lambda: has_epoch(engine.store, run))
    engine.ask("describe", spec=str(stripes))
    pids = engine.worker_pids()
    training, answers = (os.getpriority(os.PRIO_PROCESS, pids[lane]) for lane in ("training", "interactive"))
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert (training, answers) == (min(19, own + 15), min(19, own + 10))
    engine.cancel(run)


def test_numbers_do_not_depend_on_who_else_trains(
    engine: LocalEngine, store: Store, short: Make, endless: Make, wait: Wait
) -> None:
    beside = engine.submit(endless(), "ann")
    run = engine.submit(short(), "bob")
    wait(lambda: not store.get_run(run).active)
    assert store.get_run(beside).active
    engine.cancel(beside)
    wait(lambda: not store.get_run(beside).active)
    alone = engine.submit(short(), "bob", fresh=True)
    wait(lambda: not store.get_run(alone).active)
    mine, others = ([e["train_loss"] for e in store.events(each) if e["event"] == "epoch"] for each in (run, alone))
    assert mine == others


def test_a_slot_whose_workers_do_not_start_leaves_the_queue_to_the_others(
    engine: LocalEngine, store: Store, endless: Make, short: Make, wait: Wait, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    first = engine.submit(endless(), "ann")
    wait(lambda: has_epoch(store, first))
    (tmp_path / "torch.py").write_text("raise ImportError('torch is broken here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    failing = [engine.submit(short(seed=seed), "bob") for seed in range(MOST_FALSE_STARTS)]
    last = engine.submit(short(seed=9), "bob")
    wait(lambda: not any(store.get_run(run).active for run in failing))
    assert all("torch is broken here" in store.get_run(run).error for run in failing)
    time.sleep(0.5)
    assert (engine.position(first), engine.position(last)) == (0, 1)
    engine.cancel(first)
    wait(lambda: not store.get_run(last).active)
    assert store.get_run(last).status == "finished"


def test_slots_get_free_one_by_one() -> None:
    assert seconds_until_free(1, [4.0], [3.0, 2.0]) == 9.0
    assert seconds_until_free(2, [4.0, 10.0], []) == 4.0
    assert seconds_until_free(2, [4.0, 10.0], [3.0, 5.0]) == 10.0
    assert seconds_until_free(2, [4.0], [3.0]) == 3.0
    assert [slot.name for slot in make_slots(3)] == ["training", "training-2", "training-3"]


def test_the_wait_is_shorter_with_two_slots(
    engine: LocalEngine, one_slot: LocalEngine, store: Store, short: Make, endless: Make, wait: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(WorkerProcess, "send", lambda self, **order: None)  # nothing begins: all is by expectation
    for each in (engine, one_slot):
        each._pace.note(short(), 10.0)
        runs = [each.submit(short(seed=seed), f"person {seed}", fresh=True) for seed in range(5)]
        waits = [each.expected_wait(run) for run in runs]
        expected = [0, 0, 10, 10, 20] if each is engine else [0, 10, 20, 30, 40]
        assert waits == pytest.approx(expected, abs=2.0)


def test_how_many_at_a_time_and_with_how_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in ("TL_TRAINERS", "TL_THREADS", "TL_DEVICE"):
        monkeypatch.delenv(setting, raising=False)
    for cores, (trainers, threads) in {1: (1, 1), 2: (2, 1), 3: (2, 1), 4: (2, 2), 8: (2, 4), 16: (2, 8)}.items():
        monkeypatch.setattr(machine, "_cores", lambda cores=cores: cores)
        assert machine.trainers("cpu") == trainers
        assert machine.training_threads(trainers) == threads
    monkeypatch.setattr(machine, "_gpu", lambda: "NVIDIA H100")
    assert machine.trainers() == 1
    assert machine.hardware("auto", 3) == "NVIDIA H100"
    assert machine.hardware("cpu", 3).endswith(", 3 threads")
    monkeypatch.setenv("TL_THREADS", "8")
    assert (machine.trainers("cpu"), machine.training_threads(2)) == (2, 8)
    monkeypatch.setenv("TL_TRAINERS", "3")
    assert machine.trainers() == 3
    for given in ("two", "0", "-1"):
        monkeypatch.setenv("TL_TRAINERS", given)
        with pytest.raises(UserError, match=f"'{given}'"):
            machine.trainers()
