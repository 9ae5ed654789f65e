"""The training lane: slots in which runs are computed at the same time, each in a warm worker process of its own."""

import logging
import threading
import time
from functools import partial
from typing import Any

from tl_core.database import unwritten
from tl_core.engine.endings import Endings
from tl_core.engine.job import Job
from tl_core.engine.jobs import Jobs
from tl_core.engine.pace import Pace
from tl_core.engine.places import Places, Worker
from tl_core.engine.slot import MOST_FALSE_STARTS, Slot, make_slots
from tl_core.engine.stamp import data_stamp
from tl_core.engine.weights import SAVING_SECONDS, share_weights
from tl_core.events import ENDINGS
from tl_core.language import english, mark
from tl_core.paths import run_weights
from tl_core.store import Store

log = logging.getLogger(__name__)

STOP_GRACE = 5.0  # seconds after which a worker that does not stop is killed


class TrainingLane:
    """Gives waiting jobs to slots that are free, one for each of the `places`, and writes what their workers tell.

    The first slot's worker is started unasked and always replaced; the others' are started with the first run that needs
    them, and stay. Everything that is called from outside is called under the engine's lock, but for `close`.
    """

    def __init__(
        self, store: Store, jobs: Jobs, pace: Pace, lock: threading.RLock, closed: threading.Event,
        *, device: str, places: Places, max_seconds: float,
    ):  # fmt: skip
        self.store = store
        self.jobs = jobs
        self.pace = pace
        self.device = device
        self.places = places
        self.max_seconds = max_seconds
        self.endings = Endings(store, closed)
        self.slots = make_slots(places.number)
        self._lock = lock
        self._closed = closed

    def warm(self) -> None:
        self._worker(self.slots[0])

    def running(self) -> set[Job]:
        return {slot.job for slot in self.slots if slot.job is not None}

    def runs(self, job: Job) -> bool:
        return any(slot.job is job for slot in self.slots)

    def pids(self) -> dict[str, int]:
        return {
            slot.name: slot.worker.pid for slot in self.slots if slot.worker is not None and slot.worker.pid is not None
        }

    def stop(self, job: Job) -> None:
        """A running job: within a batch, or by killing its worker."""
        job.stopping = True
        self.jobs.close(job)
        self._send_stop(job)
        later(STOP_GRACE, self._kill_if_running, job)

    def start_next(self) -> None:
        while len(self.jobs.queue) and not self._closed.is_set() and (slot := self._free_slot()) is not None:
            job = slot.job = self.jobs.take()
            job.started = time.monotonic()
            job.progress = {"doing": mark("Waking the worker"), "done": 0, "total": 1}
            try:
                for run_id in job.parts:
                    self.store.set_running(run_id)
                self._worker(slot).send(
                    op="run", run_id=job.id, experiment=job.experiment.to_json(), device=self.device,
                    save_to=str(run_weights(job.id)),
                )  # fmt: skip
            except Exception as error:
                log.exception("run %s could not be started", job.id)
                self.endings.fail(self._over(slot), unwritten(error))
            else:
                job.clock = later(self.max_seconds, self._stop_if_too_long, job)

    def close(self) -> None:
        """End all workers; the engine has been marked as closed before."""
        with self._lock:
            workers = [slot.worker for slot in self.slots if slot.worker is not None]
        for worker in workers:
            worker.close()

    # inside; all of it under the lock

    def _free_slot(self) -> Slot | None:
        """One whose worker is ready, else one that has a worker, else one for which a worker must be started."""
        if self.places.number > len(self.slots):
            self.slots = [*self.slots, *make_slots(self.places.number)[len(self.slots) :]]
        free = [slot for slot in self.slots if slot.free] if len(self.running()) < self.places.number else []
        return min(free, key=lambda slot: (not slot.ready, slot.worker is None), default=None)

    def _worker(self, slot: Slot) -> Worker:
        if slot.worker is None:
            slot.worker = self.places.open(partial(self._on_message, slot), partial(self._on_exit, slot))
        return slot.worker

    def _over(self, slot: Slot) -> Job:
        """The slot's job, which runs no more."""
        job, slot.job = slot.job, None
        self.jobs.over(job)
        if job.clock is not None:
            job.clock.cancel()
        return job

    def _send_stop(self, job: Job) -> None:
        """To the worker that computes it; one that has just died has stopped already."""
        for slot in self.slots:
            if slot.job is job and slot.worker is not None:
                slot.worker.send(op="stop", run_id=job.id)

    def _on_message(self, slot: Slot, message: dict[str, Any]) -> None:
        event = message["event"] if message["kind"] == "event" else None
        stamp = None
        if event is not None and event["event"] == "finished" and (running := slot.job) is not None:
            stamp = data_stamp(running.experiment.data)  # reads dates of files: not under the lock
        with self._lock:
            job = slot.job
            if message["kind"] == "ready":
                slot.false_starts = 0
            elif message["kind"] == "progress" and job is not None and job.id == message["run_id"]:
                job.progress = {key: message[key] for key in ("doing", "done", "total")}
            elif message["kind"] == "so_far" and job is not None and job.id == message["run_id"]:
                job.so_far = message["so_far"]
            elif event is not None and job is not None and job.id == event["run_id"]:
                self._on_event(slot, job, event, stamp)

    def _on_event(self, slot: Slot, job: Job, event: dict[str, Any], stamp: str | None) -> None:
        ending = event["event"] in ENDINGS
        if job.trouble:  # something before this could not be written
            if ending:
                self.endings.fail(self._over(slot), job.trouble)
                self.start_next()
            return
        if event["event"] == "stopped":
            event = {**event, **job.why_stopped(self.max_seconds)}
        if ending:
            self._over(slot)
        try:
            if stamp and stamp == job.stamp:
                self.store.set_data_stamp(list(job.parts), stamp)
            self.store.add_event_to(list(job.parts), event)
        except Exception as error:
            # what cannot be written cannot be shown: end the run rather than let the two drift apart
            log.exception("event %s of run %s could not be written", event["seq"], job.id)
            job.trouble = unwritten(error)
            if ending:
                self.endings.fail(job, job.trouble)
            else:
                self.stop(job)
        if event["event"] == "epoch":
            job.progress = job.so_far = None
            job.left = (event["eta_seconds"], time.monotonic())
        if event["event"] == "finished":
            self.pace.note(job.experiment, event["seconds"])
            others = [run_id for run_id in job.parts if run_id != job.id]
            share_weights(job.id, others, patience=SAVING_SECONDS, keep=job.id in job.parts)
        if ending:
            self.start_next()

    def _on_exit(self, slot: Slot, cause: str) -> None:
        with self._lock:
            if slot.worker is not None and not slot.worker.ready:
                slot.false_starts += 1
            slot.worker = None
            if self._closed.is_set():
                return
            job = self._over(slot) if slot.job is not None else None
            if job is not None and job.trouble:
                self.endings.fail(job, job.trouble)
            elif job is not None and job.stopping:
                self.endings.stop(job, job.why_stopped(self.max_seconds))
            elif job is not None:
                self.endings.fail(job, english("{cause} Start the run again.", cause=cause))
            if slot.false_starts >= MOST_FALSE_STARTS and not any(other.ready for other in self.slots):
                self._give_up(cause)
                return
            if slot is self.slots[0] and slot.free:
                self._worker(slot)
            self.start_next()

    def _give_up(self, cause: str) -> None:
        """Something is wrong with the installation: say so to all who wait, and try again when next asked."""
        for slot in self.slots:
            slot.false_starts = 0
        while len(self.jobs.queue):
            job = self.jobs.take()
            self.jobs.over(job)
            self.endings.fail(job, cause)

    def _kill_if_running(self, job: Job) -> None:
        with self._lock:
            for slot in self.slots:
                if slot.job is job and slot.worker is not None:
                    slot.worker.kill()

    def _stop_if_too_long(self, job: Job) -> None:
        with self._lock:
            if self.runs(job) and not job.stopping:
                job.too_long = True
                self.stop(job)


def later(seconds: float, what: Any, *args: Any) -> threading.Timer:
    """Call something in a thread of its own, unless the timer is cancelled or the program ends before."""
    timer = threading.Timer(seconds, what, args)
    timer.daemon = True
    timer.start()
    return timer
