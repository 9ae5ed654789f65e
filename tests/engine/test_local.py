"""The local engine with real worker processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.waiting import wait_until as _wait_until
from tl_core.engine import LocalEngine
from tl_core.engine.limits import MOST_WAITING
from tl_core.engine.process import WorkerProcess
from tl_core.engine.slot import MOST_FALSE_STARTS
from tl_core.errors import DataError, UserError, WorkerDied
from tl_core.experiment import Experiment
from tl_core.store import INTERRUPTED, Store

wait_until = partial(_wait_until, seconds=60.0)


def has_epoch(store: Store, run_id: str) -> bool:
    return any(event["event"] == "epoch" for event in store.events(run_id))


def is_alive(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def endless(stripes: Path, seed: int = 0) -> Experiment:
    return Experiment(data=str(stripes), recipe="case-4", epochs=500, seed=seed)


def short(stripes: Path, **values: object) -> Experiment:
    return Experiment(**{"data": str(stripes), "recipe": "case-4", "epochs": 2, **values})


def test_runs_wait_their_turn_and_every_event_is_in_the_store(
    one_slot: LocalEngine, store: Store, stripes: Path
) -> None:
    first, second, third = (one_slot.submit(short(stripes, seed=seed), "ann") for seed in range(3))
    assert [one_slot.position(run) for run in (first, second, third)] == [0, 1, 2]
    one_slot.cancel(second)
    assert store.get_run(second).status == "stopped"
    assert one_slot.position(third) == 1
    wait_until(lambda: not store.get_run(third).active)
    assert [event["event"] for event in store.events(first)] == ["started", "epoch", "epoch", "finished"]
    assert [event["seq"] for event in store.events(third)] == [0, 1, 2, 3]
    assert one_slot.position(third) is None


def test_workers_are_started_later_or_as_soon_as_they_are_needed(store: Store, stripes: Path) -> None:
    engine = LocalEngine(store, device="cpu", warm_after=1.0)
    try:
        assert engine.worker_pids() == {}
        wait_until(lambda: set(engine.worker_pids()) == {"training", "interactive"})
    finally:
        engine.close()
    engine = LocalEngine(store, device="cpu", warm_after=600.0)
    try:
        run = engine.submit(short(stripes), "ann")
        wait_until(lambda: store.get_run(run).status == "finished")
    finally:
        engine.close()


def test_stop_is_quick_and_the_worker_stays_warm(engine: LocalEngine, store: Store, stripes: Path) -> None:
    run = engine.submit(endless(stripes), "ann")
    wait_until(lambda: has_epoch(store, run))
    pid = engine.worker_pids()["training"]
    start = time.monotonic()
    engine.cancel(run)
    wait_until(lambda: not store.get_run(run).active)
    assert time.monotonic() - start < 3
    assert store.get_run(run).status == "stopped"
    assert engine.worker_pids()["training"] == pid
    again = engine.submit(short(stripes), "ann")
    wait_until(lambda: not store.get_run(again).active)
    assert store.get_run(again).status == "finished"


def test_what_an_epoch_has_shown_so_far_is_known_while_it_goes_on(
    engine: LocalEngine, store: Store, stripes: Path
) -> None:
    run, seen = engine.submit(endless(stripes), "ann"), []
    wait_until(lambda: seen.append(engine.so_far(run)) or seen[-1] is not None)
    assert seen[-1].keys() == {"epoch", "train_loss", "train_accuracy"}
    of_first = seen[-1]["epoch"]
    wait_until(lambda: (now := engine.so_far(run)) is None or now["epoch"] > of_first)  # until that one is over
    engine.cancel(run)
    wait_until(lambda: not store.get_run(run).active)
    assert engine.so_far(run) is None


def test_a_killed_worker_fails_its_own_run_with_the_cause(one_slot: LocalEngine, store: Store, stripes: Path) -> None:
    run, waiting = one_slot.submit(endless(stripes), "ann"), one_slot.submit(short(stripes), "bob")
    wait_until(lambda: has_epoch(store, run))
    os.kill(one_slot.worker_pids()["training"], signal.SIGKILL)
    wait_until(lambda: not store.get_run(run).active)
    failed = store.get_run(run)
    assert failed.status == "failed"
    assert "signal 9 (SIGKILL)" in failed.error
    events = store.events(run)
    assert [event["seq"] for event in events] == list(range(len(events)))
    wait_until(lambda: not store.get_run(waiting).active)
    assert store.get_run(waiting).status == "finished"


def test_questions_are_answered_while_a_run_trains(engine: LocalEngine, store: Store, stripes: Path) -> None:
    run = engine.submit(endless(stripes), "ann")
    wait_until(lambda: has_epoch(store, run))
    assert engine.ask("describe", spec=str(stripes))["num_images"] == 24
    assert store.get_run(run).active
    with pytest.raises(UserError, match="nowhere"):
        engine.ask("describe", spec="nowhere")
    engine.cancel(run)


def test_a_question_whose_worker_dies_says_so_and_the_next_is_answered(engine: LocalEngine, stripes: Path) -> None:
    engine.ask("describe", spec=str(stripes))
    pid = engine.worker_pids()["interactive"]
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    with pytest.raises(WorkerDied, match="within 1 seconds"):
        engine.ask("describe", spec=str(stripes), timeout=1)
    wait_until(lambda: "interactive" not in engine.worker_pids())
    assert engine.ask("describe", spec=str(stripes))["num_images"] == 24


def test_an_upload_becomes_a_data_set(engine: LocalEngine, stripes: Path, tmp_path: Path) -> None:
    from tl_core.data import new_upload_id

    upload = new_upload_id()
    parts = [(folder.name, str(path)) for folder in stripes.iterdir() for path in folder.iterdir()]
    (tmp_path / "note.png").write_text("not a picture")
    report = engine.ask("add_pictures", upload_id=upload, parts=[*parts, ("down", str(tmp_path / "note.png"))])
    assert report["counts"] == {"across": 12, "down": 12}
    assert [skipped["name"] for skipped in report["skipped"]] == ["note.png"]
    assert engine.ask("describe", spec=upload)["num_images"] == 24
    assert not any(stripes.rglob("*.png")), "received files are deleted"


def test_an_upload_of_nothing_usable_is_refused_and_not_kept(engine: LocalEngine, tmp_path: Path) -> None:
    from tl_core.data import new_upload_id

    (tmp_path / "note.png").write_text("not a picture")
    with pytest.raises(UserError, match="None of the uploaded files"):
        engine.ask("add_pictures", upload_id=new_upload_id(), parts=[("down", str(tmp_path / "note.png"))])
    assert list((tmp_path / "home" / "uploads").iterdir()) == []


def test_one_class_is_refused(engine: LocalEngine, make_stripes: Callable[..., Path]) -> None:
    with pytest.raises((DataError, UserError), match="class"):
        engine.ask("describe", spec=str(make_stripes("one", classes=("only",))))


_SERVER = """
import sys, time
from tl_core.engine import LocalEngine
from tl_core.experiment import Experiment
from tl_core.store import Store
store = Store(sys.argv[1])
engine = LocalEngine(store, device="cpu")
run = engine.submit(Experiment(data=sys.argv[2], recipe="case-4", epochs=500), "ann")
while not any(e["event"] == "epoch" for e in store.events(run)):
    time.sleep(0.05)
print(run, *engine.worker_pids().values(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_server(how: signal.Signals, stripes: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'server.sqlite'}"
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, url, str(stripes)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    run, *pids = server.stdout.readline().split()
    assert len(pids) == 2
    assert all(is_alive(int(pid)) for pid in pids)
    server.send_signal(how)
    server.wait(10)
    server.stdout.close()
    wait_until(lambda: not any(is_alive(int(pid)) for pid in pids), seconds=10)
    interrupted = Store(url).get_run(run)
    assert interrupted.status == INTERRUPTED
    assert Store(url).events(run), "what was shown is still there"


def test_a_waiting_question_does_not_cost_the_one_at_work(engine: LocalEngine, stripes: Path) -> None:
    """Its clock starts when it is its turn, and the worker is not killed for another's sake."""
    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(engine.ask, "measure", 60.0, data=str(stripes))
        time.sleep(0.3)
        short = pool.submit(engine.ask, "describe", 1.0, spec=str(stripes))
        assert long.result()["num_images"] == 20
        assert short.result()["num_images"] == 24


def test_a_worker_that_cannot_start_is_not_started_for_ever(
    store: Store, stripes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('torch is broken here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    starts = []
    real = WorkerProcess.__init__

    def counted(self: WorkerProcess, *args: object) -> None:
        starts.append(args[0])
        real(self, *args)

    monkeypatch.setattr(WorkerProcess, "__init__", counted)
    engine = LocalEngine(store, device="cpu", warm=False)
    run = engine.submit(short(stripes), "ann")
    wait_until(lambda: not store.get_run(run).active)
    assert "torch is broken here" in store.get_run(run).error
    time.sleep(3)
    assert len(starts) <= MOST_FALSE_STARTS + 1
    engine.close()


def test_half_a_line_and_a_failing_handler_do_not_end_the_reading() -> None:
    seen: list[dict] = []

    def handler(message: dict) -> None:
        seen.append(message)
        if message["kind"] == "bad":
            raise RuntimeError("oops")

    worker = WorkerProcess.__new__(WorkerProcess)
    worker.lane, worker.on_message, worker.ready = "training", handler, False
    for line in ('{"kind": "eve', '{"kind": "bad"}', '{"kind": "ready"}'):
        worker._handle(line)
    assert [message["kind"] for message in seen] == ["bad", "ready"]
    assert worker.ready


def test_a_run_that_cannot_be_started_fails_and_the_next_one_runs(
    one_slot: LocalEngine, store: Store, stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.set_running
    calls = []

    def once_locked(run_id: str) -> None:
        calls.append(run_id)
        if len(calls) == 1:
            raise RuntimeError("database is locked")
        real(run_id)

    monkeypatch.setattr(store, "set_running", once_locked)
    first, second = (one_slot.submit(short(stripes, seed=seed), "ann") for seed in range(2))
    assert "database is locked" in store.get_run(first).error
    wait_until(lambda: not store.get_run(second).active)
    assert store.get_run(second).status == "finished"


def test_one_person_cannot_fill_the_queue(one_slot: LocalEngine, stripes: Path) -> None:
    runs = [one_slot.submit(endless(stripes, seed), "ann") for seed in range(MOST_WAITING + 1)]
    with pytest.raises(UserError, match="waiting already"):
        one_slot.submit(endless(stripes, 7), "ann")
    one_slot.submit(endless(stripes, 7), "bob")
    for run in reversed(runs):
        one_slot.cancel(run)


def test_a_batch_runs_in_its_order_and_has_a_limit_of_its_own(
    one_slot: LocalEngine, store: Store, stripes: Path
) -> None:
    batch = one_slot.submit_many([short(stripes, seed=seed) for seed in range(3)], "ann")
    assert [one_slot.position(run) for run in batch] == [0, 1, 2]
    single = one_slot.submit(short(stripes, seed=9), "ann")
    one_slot.cancel(batch[1])
    assert store.get_run(batch[1]).status == "stopped"
    wait_until(lambda: not store.get_run(single).active)
    assert [store.get_run(run).status for run in batch] == ["finished", "stopped", "finished"]
    with pytest.raises(UserError, match="from 1 to 40"):
        one_slot.submit_many([short(stripes)] * 41, "ann")
