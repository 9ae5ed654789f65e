"""The local engine: warm worker processes in two lanes, one fair queue, every event written before it is shown."""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

from tl_core.engine import limits, machine
from tl_core.engine.endings import Endings
from tl_core.engine.fair import FairQueue, Ticket
from tl_core.engine.job import Job, Part, max_seconds
from tl_core.engine.machine import training_threads
from tl_core.engine.pace import Pace
from tl_core.engine.process import WorkerProcess
from tl_core.engine.questions import InteractiveLane, Question
from tl_core.engine.records import Records
from tl_core.engine.stamp import data_stamp, is_private
from tl_core.engine.weights import SAVING_SECONDS, share_weights
from tl_core.events import ENDINGS
from tl_core.experiment import Experiment
from tl_core.language import english, mark
from tl_core.paths import run_weights
from tl_core.store import Run, Store

log = logging.getLogger(__name__)

STOP_GRACE = 5.0  # seconds after which a worker that does not stop is killed
MOST_FALSE_STARTS = 3  # workers in a row that end before they are ready, after which no more are started unasked
LOOK_EVERY = 2.0  # seconds after which the store is asked for what other servers did


class LocalEngine:
    """Computes one experiment at a time in a warm training worker; an interactive worker answers questions meanwhile.

    Equal experiments that are asked for while one of them waits or runs are computed once, and each person has a run of their
    own with all its events. One that was computed before on the same pictures, software and hardware is answered from the
    store.
    """

    def __init__(self, store: Store, device: str = "auto", warm: bool = True):
        self.store = store
        self.device = device
        self.max_seconds = max_seconds()
        self._lock = threading.RLock()
        self._queue = FairQueue()
        self._jobs: dict[str, Job] = {}  # by key: those that wait, and the running one until it is being stopped
        self._job_of: dict[str, Job] = {}  # by run id: all that wait or run
        self._running: Job | None = None
        self._closed = threading.Event()
        self._false_starts = 0
        self._trainer: WorkerProcess | None = None
        self._lane = InteractiveLane()
        self._software, self._hardware = machine.software(), machine.hardware(device)
        self._records = Records(store, self._software, self._hardware)
        self._endings = Endings(store, self._closed)
        self._pace = Pace()
        for experiment, seconds in store.past_runs(self._hardware):
            self._pace.note(Experiment.from_json(experiment), seconds)
        self._looking = threading.Thread(target=self._look_around, daemon=True)
        self._looking.start()
        if warm:
            with self._lock:
                self._get_trainer()
            self._lane.start()

    # runs

    def submit(self, experiment: Experiment, owner: str, fresh: bool = False) -> str:
        """Queue a run; returns its id (32 hexadecimal digits that cannot be guessed).

        If an equal experiment waits or runs, its run follows that one. If one has gone through before, the run is a copy of
        it that is over at once, unless `fresh`. Raises `UserError` if the owner has too many runs waiting.
        """
        return self._submit([experiment], owner, fresh, "")[0]

    def submit_many(self, experiments: Sequence[Experiment], owner: str, fresh: bool = False) -> list[str]:
        """Queue runs as one batch, in this order; returns their ids. Each can be cancelled for itself.

        A batch does not count against the single runs that a person may have waiting. Raises `UserError` for too many
        runs, or if the owner has too many batches in the queue already.
        """
        limits.check_size(len(experiments))
        return self._submit(experiments, owner, fresh, uuid.uuid4().hex)

    def find_record(self, experiment: Experiment, owner: str) -> Run | None:
        """The person's own finished run of this experiment that would answer it now."""
        return self._records.find(experiment, data_stamp(experiment.data), owner, only_own=True)

    def cancel(self, run_id: str) -> None:
        """Take a waiting run out of the queue, or stop the running one within a batch. Over already: nothing to do.

        A computation that others follow goes on for them.
        """
        with self._lock:
            job = self._job_of.get(run_id)
            if job is None:
                self.store.ask_stop(run_id)  # it may be another server's
            elif len(job.parts) > 1 or job is not self._running:
                self._leave(job, run_id)
            elif not job.stopping:
                self._stop(job)

    def position(self, run_id: str) -> int | None:
        """0 while it runs, 1 for the next in line and so on; None when it neither runs nor waits here."""
        with self._lock:
            job = self._job_of.get(run_id)
            if job is None:
                return None
            return 0 if job is self._running else self._queue.order().index(job.key) + 1

    def expected_wait(self, run_id: str) -> float | None:
        """Seconds until it starts, by how long past runs took; 0.0 while it runs. None where that is not known."""
        with self._lock:
            job = self._job_of.get(run_id)
            if job is None or job is self._running:
                return None if job is None else 0.0
            order = self._queue.order()
            ahead = [self._jobs[key] for key in order[: order.index(job.key)]]
            if self._running is not None:
                ahead.append(self._running)
            now = time.monotonic()
            each = [one.seconds_left(self._expect(one.experiment), now) for one in ahead]
            return None if None in each else sum(each)

    def progress(self, run_id: str) -> dict[str, Any] | None:
        """`{doing, done, total}` of a step before the first epoch, or None."""
        with self._lock:
            job = self._job_of.get(run_id)
            return job.progress if job is not None else None

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
            self._closed.set()
            trainer = self._trainer
        if trainer is not None:
            trainer.close()
        self._lane.close()
        self._looking.join(LOOK_EVERY)

    # inside; all of it under the lock, but for reading pictures' dates

    def _submit(self, experiments: Sequence[Experiment], owner: str, fresh: bool, batch: str) -> list[str]:
        stamps = {data: data_stamp(data) for data in {experiment.data for experiment in experiments}}
        parts = [Part(uuid.uuid4().hex, owner, batch) for _ in experiments]
        with self._lock:
            found = [
                None if fresh else self._records.find(experiment, stamps[experiment.data], owner)
                for experiment in experiments
            ]
            if None in found:
                limits.check_room(owner, batch, self._job_of, self._running)
            for experiment, part, record in zip(experiments, parts, found, strict=True):
                if record is None or not self._records.answer(record, part):
                    self._add(experiment, stamps[experiment.data], part)
            self._start_next()
        return [part.run_id for part in parts]

    def _add(self, experiment: Experiment, stamp: str, part: Part) -> None:
        """Let the run follow an equal one, or queue it."""
        who = part.owner if is_private(experiment.data) else ""
        key = f"{experiment.id} {stamp} {who}" if stamp else part.run_id
        job = self._jobs.get(key)
        self.store.add_run(
            part.run_id, experiment.to_json(), experiment.id, part.owner, software=self._software,
            hardware=self._hardware, same_as=job.first if job is not None else None,
        )  # fmt: skip
        if job is not None and job is self._running:
            self.store.set_running(part.run_id)
            self.store.copy_events(next(iter(job.parts)), part.run_id)
            self._queue.had_turn(part.owner)
        else:
            if job is None:
                job = self._jobs[key] = Job(part.run_id, key, experiment, stamp)
            self._queue.add(Ticket(part.run_id, part.owner, key))
        job.parts[part.run_id] = part
        self._job_of[part.run_id] = job

    def _leave(self, job: Job, run_id: str) -> None:
        """One person stops: the others go on, and a job that waits for nobody is not computed."""
        del job.parts[run_id], self._job_of[run_id]
        self._queue.remove(run_id)
        if not job.parts:
            del self._jobs[job.key]
        elif next(iter(job.parts)) != job.first:
            job.first, *others = job.parts
            self.store.set_same_as(job.first, others)
        self._endings.stop_some([run_id], job, {})

    def _stop(self, job: Job) -> None:
        job.stopping = True
        self._jobs.pop(job.key, None)  # nobody follows it any more
        self._get_trainer().send(op="stop", run_id=job.id)
        self._later(STOP_GRACE, self._kill_if_running, job.id)

    def _expect(self, experiment: Experiment) -> float | None:
        seconds = self._pace.expect(experiment)
        return None if seconds is None else min(seconds, self.max_seconds)

    def _get_trainer(self) -> WorkerProcess:
        if self._trainer is None:
            self._trainer = WorkerProcess("training", training_threads(), self._on_message, self._on_exit)
        return self._trainer

    def _start_next(self) -> None:
        while len(self._queue) and self._running is None and not self._closed.is_set():
            job = self._jobs[self._queue.take()]
            job.started = time.monotonic()
            job.progress = {"doing": mark("Waking the worker"), "done": 0, "total": 1}
            self._running = job
            try:
                for run_id in job.parts:
                    self.store.set_running(run_id)
                self._get_trainer().send(
                    op="run", run_id=job.id, experiment=job.experiment.to_json(), device=self.device,
                    save_to=str(run_weights(job.id)),
                )  # fmt: skip
            except Exception as error:
                log.exception("run %s could not be started", job.id)
                self._endings.fail(self._over(), f"The run could not be started: {error}")
            else:
                job.clock = self._later(self.max_seconds, self._stop_if_too_long, job.id)

    def _over(self) -> Job:
        """The running job, which runs no more."""
        job, self._running = self._running, None
        if self._jobs.get(job.key) is job:  # not one that was asked for after this one's stop
            del self._jobs[job.key]
        if job.clock is not None:
            job.clock.cancel()
        for run_id in job.parts:
            del self._job_of[run_id]
        return job

    def _on_message(self, message: dict[str, Any]) -> None:
        event = message["event"] if message["kind"] == "event" else None
        stamp = None
        if event is not None and event["event"] == "finished" and (running := self._running) is not None:
            stamp = data_stamp(running.experiment.data)
        with self._lock:
            job = self._running
            if message["kind"] == "ready":
                self._false_starts = 0
            elif message["kind"] == "progress" and job is not None and job.id == message["run_id"]:
                job.progress = {key: message[key] for key in ("doing", "done", "total")}
            elif event is not None and job is not None and job.id == event["run_id"]:
                self._on_event(job, event, stamp)

    def _on_event(self, job: Job, event: dict[str, Any], stamp: str | None) -> None:
        ending = event["event"] in ENDINGS
        if event["event"] == "stopped":
            event = {**event, **job.why_stopped(self.max_seconds)}
        if ending:
            self._over()
        try:
            if stamp and stamp == job.stamp:
                self.store.set_data_stamp(list(job.parts), stamp)
            self.store.add_event_to(list(job.parts), event)
        except Exception as error:
            # what cannot be written cannot be shown: end the run rather than let the two drift apart
            log.exception("event %s of run %s could not be written", event["seq"], job.id)
            self._get_trainer().send(op="stop", run_id=job.id)
            if ending:
                self._endings.fail(job, f"Its result could not be written: {error}")
        if event["event"] == "epoch":
            job.progress = None
            job.left = (event["eta_seconds"], time.monotonic())
        if event["event"] == "finished":
            self._pace.note(job.experiment, event["seconds"])
            others = [run_id for run_id in job.parts if run_id != job.id]
            share_weights(job.id, others, patience=SAVING_SECONDS, keep=job.id in job.parts)
        if ending:
            self._start_next()

    def _on_exit(self, cause: str) -> None:
        with self._lock:
            if self._trainer is not None and not self._trainer.ready:
                self._false_starts += 1
            self._trainer = None
            if self._closed.is_set():
                return
            job = self._over() if self._running is not None else None
            if job is not None and job.stopping:
                self._endings.stop(job, job.why_stopped(self.max_seconds))
            elif job is not None:
                self._endings.fail(job, english("{cause} Start the run again.", cause=cause))
            if self._false_starts >= MOST_FALSE_STARTS:
                # something is wrong with the installation: say so to all, and try again when next asked
                self._false_starts = 0
                while len(self._queue):
                    self._running = self._jobs[self._queue.take()]
                    self._endings.fail(self._over(), cause)
                return
            self._get_trainer()
            self._start_next()

    def _kill_if_running(self, job_id: str) -> None:
        with self._lock:
            if self._running is not None and self._running.id == job_id and self._trainer is not None:
                self._trainer.kill()

    def _stop_if_too_long(self, job_id: str) -> None:
        with self._lock:
            job = self._running
            if job is not None and job.id == job_id and not job.stopping:
                job.too_long = True
                self._stop(job)

    def _look_around(self) -> None:
        """Stop what another server of the same store was asked to stop, and give up the runs of one that has died."""
        while not self._closed.wait(LOOK_EVERY):
            try:
                for run_id in self.store.stops_asked() if self._job_of else ():
                    self.cancel(run_id)
                self.store.mark_interrupted()
            except Exception:
                log.exception("the store could not be asked for what other servers did")

    def _later(self, seconds: float, what: Any, *args: Any) -> threading.Timer:
        timer = threading.Timer(seconds, what, args)
        timer.daemon = True
        timer.start()
        return timer
