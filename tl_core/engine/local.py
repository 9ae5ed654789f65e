"""The local engine: warm worker processes in two lanes, one queue, every event written before it is shown."""

import logging
import os
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from tl_core.engine.process import WorkerProcess
from tl_core.engine.questions import InteractiveLane, Question
from tl_core.errors import UserError
from tl_core.events import ENDINGS, Failed, Stopped
from tl_core.experiment import Experiment
from tl_core.paths import run_weights
from tl_core.store import Store

log = logging.getLogger(__name__)

STOP_GRACE = 5.0  # seconds after which a worker that does not stop is killed
MOST_WAITING = 5  # runs that one person may have in the queue
MOST_FALSE_STARTS = 3  # workers in a row that end before they are ready, after which no more are started unasked


@dataclass
class _Job:
    run_id: str
    experiment: Experiment
    owner: str
    started: float | None = None
    progress: dict[str, Any] | None = None
    stopping: bool = False


def training_threads() -> int:
    """`TL_THREADS`, or all the cores this process may use but one: the page keeps a core to itself."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return int(os.environ.get("TL_THREADS") or max(1, cores - 1))


class LocalEngine:
    """Runs one experiment at a time in a warm training worker; an interactive worker answers questions meanwhile."""

    def __init__(self, store: Store, device: str = "auto", warm: bool = True):
        self.store = store
        self.device = device
        self._lock = threading.RLock()
        self._queue: OrderedDict[str, _Job] = OrderedDict()  # waiting, first come first served
        self._running: _Job | None = None
        self._closed = False
        self._false_starts = 0
        self._trainer: WorkerProcess | None = None
        self._lane = InteractiveLane()
        if warm:
            with self._lock:
                self._get_trainer()
            self._lane.start()

    # runs

    def submit(self, experiment: Experiment, owner: str) -> str:
        """Queue a run; returns its id (32 hexadecimal digits that cannot be guessed).

        Raises `UserError` if the owner has `MOST_WAITING` runs in the queue already.
        """
        run_id = uuid.uuid4().hex
        with self._lock:
            waiting = sum(job.owner == owner for job in self._queue.values())
            if waiting >= MOST_WAITING:
                raise UserError(
                    f"You have {waiting} runs waiting already. Stop one of them, or wait until one has ended."
                )
            self.store.add_run(run_id, experiment.to_json(), experiment.id, owner)
            self._queue[run_id] = _Job(run_id, experiment, owner)
            self._start_next()
        return run_id

    def cancel(self, run_id: str) -> None:
        """Take a waiting run out of the queue, or stop the running one within a batch. Over already: nothing to do."""
        with self._lock:
            job = self._queue.pop(run_id, None)
            if job is not None:
                self._end(job, Stopped, best_epoch=None, val_accuracy=None, weights_moved={})
            elif self._running is not None and self._running.run_id == run_id and not self._running.stopping:
                self._running.stopping = True
                self._get_trainer().send(op="stop", run_id=run_id)
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

    def ask(self, name: str, /, timeout: float = 60.0, **args: Any) -> Any:
        """Answer of the interactive worker to one of `tl_core.questions`; see `InteractiveLane.ask`."""
        return self._lane.ask(name, timeout, **args)

    def begin(self, name: str, /, **args: Any) -> Question:
        """Ask without waiting: the answer to come, its progress, and a way to call it off; see `InteractiveLane.begin`."""
        return self._lane.begin(name, **args)

    # life

    def worker_pids(self) -> dict[str, int]:
        with self._lock:
            training = self._trainer.pid if self._trainer is not None else None
        pids = {"training": training, "interactive": self._lane.pid}
        return {lane: pid for lane, pid in pids.items() if pid is not None}

    def close(self) -> None:
        with self._lock:
            self._closed = True
            trainer = self._trainer
        if trainer is not None:
            trainer.close()
        self._lane.close()

    # inside; all of it under the lock

    def _get_trainer(self) -> WorkerProcess:
        if self._trainer is None:
            self._trainer = WorkerProcess("training", training_threads(), self._on_message, self._on_exit)
        return self._trainer

    def _start_next(self) -> None:
        while self._queue and self._running is None and not self._closed:
            _, job = self._queue.popitem(last=False)
            job.started = time.monotonic()
            job.progress = {"doing": "Waking the worker", "done": 0, "total": 1}
            try:
                self.store.set_running(job.run_id)
                self._get_trainer().send(
                    op="run", run_id=job.run_id, experiment=job.experiment.to_json(), device=self.device,
                    save_to=str(run_weights(job.run_id)),
                )  # fmt: skip
            except Exception as error:
                log.exception("run %s could not be started", job.run_id)
                self._end(job, Failed, error=f"The run could not be started: {error}", user_error=False)
            else:
                self._running = job

    def _on_message(self, message: dict[str, Any]) -> None:
        with self._lock:
            job = self._running
            if message["kind"] == "ready":
                self._false_starts = 0
            elif message["kind"] == "progress" and job is not None and job.run_id == message["run_id"]:
                job.progress = {key: message[key] for key in ("doing", "done", "total")}
            elif message["kind"] == "event" and job is not None and job.run_id == message["event"]["run_id"]:
                self._on_event(job, message["event"])

    def _on_event(self, job: _Job, event: dict[str, Any]) -> None:
        ending = event["event"] in ENDINGS
        try:
            self.store.add_event(job.run_id, event)
        except Exception as error:
            # what cannot be written cannot be shown: end the run rather than let the two drift apart
            log.exception("event %s of run %s could not be written", event["seq"], job.run_id)
            self._get_trainer().send(op="stop", run_id=job.run_id)
            if ending:
                self._end(job, Failed, error=f"Its result could not be written: {error}", user_error=False)
        if event["event"] == "epoch":
            job.progress = None
        if ending:
            self._running = None
            self._start_next()

    def _on_exit(self, cause: str) -> None:
        with self._lock:
            if self._trainer is not None and not self._trainer.ready:
                self._false_starts += 1
            self._trainer = None
            job, self._running = self._running, None
            if self._closed:
                return
            if job is not None and job.stopping:
                self._end(job, Stopped, best_epoch=None, val_accuracy=None, weights_moved={})
            elif job is not None:
                self._end(job, Failed, error=f"{cause} Start the run again.", user_error=False)
            if self._false_starts >= MOST_FALSE_STARTS:
                # something is wrong with the installation: say so to all, and try again when next asked
                self._false_starts = 0
                while self._queue:
                    self._end(self._queue.popitem(last=False)[1], Failed, error=cause, user_error=False)
                return
            self._get_trainer()
            self._start_next()

    def _kill_if_running(self, run_id: str) -> None:
        with self._lock:
            if self._running is not None and self._running.run_id == run_id and self._trainer is not None:
                self._trainer.kill()

    def _end(self, job: _Job, kind: type[Stopped] | type[Failed], **fields: Any) -> None:
        """Write an ending for a run whose worker did not; a store that cannot is tried again in the background."""
        seconds = time.monotonic() - job.started if job.started is not None else 0.0
        try:
            epochs = sum(event["event"] == "epoch" for event in self.store.events(job.run_id))
            event = kind(
                run_id=job.run_id, seq=self.store.next_seq(job.run_id), elapsed_seconds=seconds, seconds=seconds,
                num_epochs_done=epochs, **fields,
            )  # fmt: skip
            self.store.add_event(job.run_id, event.to_json())
        except Exception:
            log.exception("the end of run %s could not be written", job.run_id)
            if not self._closed:
                timer = threading.Timer(2.0, self._end, (job, kind), fields)
                timer.daemon = True
                timer.start()
