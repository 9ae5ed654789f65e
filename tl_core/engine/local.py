"""The local engine: warm worker processes in two lanes, one queue, every event written before it is shown."""

import itertools
import logging
import os
import threading
import time
import uuid
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from tl_core.engine.process import WorkerProcess
from tl_core.errors import UserError, WorkerDied
from tl_core.events import ENDINGS, Failed, Stopped
from tl_core.experiment import Experiment
from tl_core.paths import runs_dir
from tl_core.store import Store

log = logging.getLogger(__name__)

STOP_GRACE = 5.0  # seconds after which a worker that does not stop is killed


@dataclass
class _Job:
    run_id: str
    experiment: Experiment
    started: float | None = None
    progress: dict[str, Any] | None = None
    stopping: bool = False


def training_threads() -> int:
    """`TL_THREADS`, or all cores but one: the page keeps a core to itself."""
    return int(os.environ.get("TL_THREADS") or max(1, (os.cpu_count() or 2) - 1))


class LocalEngine:
    """Runs one experiment at a time in a warm training worker; an interactive worker answers questions meanwhile."""

    def __init__(self, store: Store, device: str = "auto", warm: bool = True):
        self.store = store
        self.device = device
        self._lock = threading.RLock()
        self._queue: OrderedDict[str, _Job] = OrderedDict()  # waiting, first come first served
        self._running: _Job | None = None
        self._answers: dict[int, Future] = {}
        self._ids = itertools.count()
        self._closed = False
        self._trainer: WorkerProcess | None = None
        self._helper: WorkerProcess | None = None
        if warm:
            with self._lock:
                self._get_trainer()
                self._get_helper()

    # runs

    def submit(self, experiment: Experiment, owner: str) -> str:
        """Queue a run; returns its id (32 hexadecimal digits that cannot be guessed)."""
        run_id = uuid.uuid4().hex
        self.store.add_run(run_id, experiment.to_json(), experiment.id, owner)
        with self._lock:
            self._queue[run_id] = _Job(run_id, experiment)
            self._start_next()
        return run_id

    def cancel(self, run_id: str) -> None:
        """Take a waiting run out of the queue, or stop the running one within a batch. Over already: nothing to do."""
        with self._lock:
            job = self._queue.pop(run_id, None)
            if job is not None:
                self._write_ending(job, Stopped, best_epoch=None, val_accuracy=None, weights_moved={})
            elif self._running is not None and self._running.run_id == run_id and not self._running.stopping:
                self._running.stopping = True
                self._trainer.send(op="stop", run_id=run_id)
                timer = threading.Timer(STOP_GRACE, self._kill_if_running, (run_id,))
                timer.daemon = True
                timer.start()

    def position(self, run_id: str) -> int | None:
        """0 while it runs, 1 for the next in line and so on; None when it neither runs nor waits."""
        with self._lock:
            if self._running is not None and self._running.run_id == run_id:
                return 0
            ids = list(self._queue)
            return ids.index(run_id) + 1 if run_id in ids else None

    def progress(self, run_id: str) -> dict[str, Any] | None:
        """`{doing, done, total}` of a step before the first epoch, or None."""
        with self._lock:
            job = self._running
            return job.progress if job is not None and job.run_id == run_id else None

    # questions

    def ask(self, name: str, timeout: float = 60.0, **args: Any) -> Any:
        """Answer of the interactive worker (see `tl_core.questions`).

        Raises `UserError` where the user can mend it, `WorkerDied` if the worker ended or took more than `timeout` seconds.
        """
        future: Future = Future()
        with self._lock:
            number = next(self._ids)
            self._answers[number] = future
            self._get_helper().send(op="ask", id=number, name=name, args=args)
        try:
            return future.result(timeout)
        except TimeoutError:
            with self._lock:
                self._answers.pop(number, None)
                if self._helper is not None:
                    self._helper.kill()
            raise WorkerDied(
                f"No answer within {timeout:.0f} seconds. Try again, with fewer or smaller pictures."
            ) from None

    # life

    def worker_pids(self) -> dict[str, int]:
        with self._lock:
            workers = {"training": self._trainer, "interactive": self._helper}
            return {lane: worker.pid for lane, worker in workers.items() if worker is not None}

    def close(self) -> None:
        with self._lock:
            self._closed = True
            workers = [worker for worker in (self._trainer, self._helper) if worker is not None]
        for worker in workers:
            worker.close()

    # inside; all of it under the lock

    def _get_trainer(self) -> WorkerProcess:
        if self._trainer is None:
            self._trainer = WorkerProcess("training", training_threads(), self._on_training, self._on_trainer_exit)
        return self._trainer

    def _get_helper(self) -> WorkerProcess:
        if self._helper is None:
            self._helper = WorkerProcess("interactive", 1, self._on_answer, self._on_helper_exit)
        return self._helper

    def _start_next(self) -> None:
        if self._running is not None or not self._queue or self._closed:
            return
        _, job = self._queue.popitem(last=False)
        job.started = time.monotonic()
        job.progress = {"doing": "Waking the worker", "done": 0, "total": 1}
        self._running = job
        self.store.set_running(job.run_id)
        self._get_trainer().send(
            op="run", run_id=job.run_id, experiment=job.experiment.to_json(), device=self.device,
            save_to=str(runs_dir() / f"{job.run_id}.safetensors"),
        )  # fmt: skip

    def _on_training(self, message: dict[str, Any]) -> None:
        with self._lock:
            job = self._running
            if message["kind"] == "progress" and job is not None and job.run_id == message["run_id"]:
                job.progress = {key: message[key] for key in ("doing", "done", "total")}
            elif message["kind"] == "event" and job is not None and job.run_id == message["event"]["run_id"]:
                self._on_event(job, message["event"])

    def _on_event(self, job: _Job, event: dict[str, Any]) -> None:
        try:
            self.store.add_event(job.run_id, event)
        except Exception:
            # what cannot be written cannot be shown: end the run rather than let the two drift apart
            log.exception("event %s of run %s could not be written", event["seq"], job.run_id)
            self._trainer.send(op="stop", run_id=job.run_id)
            if event["event"] not in ENDINGS:
                return
        if event["event"] == "epoch":
            job.progress = None
        if event["event"] in ENDINGS:
            self._running = None
            self._start_next()

    def _on_trainer_exit(self, cause: str) -> None:
        with self._lock:
            self._trainer = None
            job, self._running = self._running, None
            if job is not None and not self._closed:
                if job.stopping:
                    self._write_ending(job, Stopped, best_epoch=None, val_accuracy=None, weights_moved={})
                else:
                    self._write_ending(job, Failed, error=f"{cause} Start the run again.", user_error=False)
            if not self._closed:
                self._get_trainer()
                self._start_next()

    def _on_answer(self, message: dict[str, Any]) -> None:
        if message["kind"] != "answer":
            return
        with self._lock:
            future = self._answers.pop(message["id"], None)
        if future is None:
            return
        if "error" in message:
            future.set_exception((UserError if message["user_error"] else WorkerDied)(message["error"]))
        else:
            future.set_result(message["result"])

    def _on_helper_exit(self, cause: str) -> None:
        with self._lock:
            self._helper = None
            waiting, self._answers = list(self._answers.values()), {}
        for future in waiting:
            future.set_exception(WorkerDied(cause))

    def _kill_if_running(self, run_id: str) -> None:
        with self._lock:
            if self._running is not None and self._running.run_id == run_id and self._trainer is not None:
                self._trainer.kill()

    def _write_ending(self, job: _Job, kind: type[Stopped] | type[Failed], **fields: Any) -> None:
        seconds = time.monotonic() - job.started if job.started is not None else 0.0
        seq = self.store.next_seq(job.run_id)
        epochs = sum(event["event"] == "epoch" for event in self.store.events(job.run_id))
        event = kind(
            run_id=job.run_id, seq=seq, elapsed_seconds=seconds, seconds=seconds, num_epochs_done=epochs, **fields
        )
        self.store.add_event(job.run_id, event.to_json())
