"""The engine: warm workers in two lanes, one fair queue, every event written before it is shown."""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import DBAPIError

from tl_core.database import unwritten
from tl_core.engine import limits, machine
from tl_core.engine.job import Job, Part, max_seconds
from tl_core.engine.jobs import Jobs
from tl_core.engine.pace import Pace
from tl_core.engine.places import OwnProcesses, Places
from tl_core.engine.questions import InteractiveLane, Question
from tl_core.engine.records import Records
from tl_core.engine.slot import seconds_until_free
from tl_core.engine.stamp import data_stamp, is_private
from tl_core.engine.training import TrainingLane
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.store import Run, Store

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds after which the store is asked for what other servers did


class LocalEngine:
    """Computes a few experiments at a time, each in a warm training worker; an interactive worker answers questions meanwhile.

    Equal experiments that are asked for while one of them waits or runs are computed once, and each person has a run of their
    own with all its events. One that was computed before on the same pictures, software and hardware is answered from the
    store.

    `trainers`: how many runs are computed at the same time, from 1; None is what `machine.trainers` says. `warm`: start the
    first training worker and the interactive one after `warm_after` seconds, if nobody needs them before. `places`: where
    runs are computed, None for this machine.
    Raises `UserError` for a setting that is not taken.
    """

    def __init__(
        self, store: Store, device: str = "auto", warm: bool = True, trainers: int | None = None,
        places: Places | None = None, warm_after: float = 0.0,
    ):  # fmt: skip
        self.store = store
        self.device = device
        self.places = places or OwnProcesses(device, trainers)
        self.max_seconds = max_seconds()
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._jobs = Jobs()
        self._software, self._hardware = machine.software(), self.places.hardware
        self._records = Records(store, self._software, self._hardware)
        self._pace = Pace()
        for experiment, seconds in store.past_runs(self._hardware):
            self._pace.note(Experiment.from_json(experiment), seconds)
        self._training = TrainingLane(
            store, self._jobs, self._pace, self._lock, self._closed,
            device=device, places=self.places, max_seconds=self.max_seconds,
        )  # fmt: skip
        self.places.on_number = self._on_number
        self._lane = InteractiveLane()
        self._looking = threading.Thread(target=self._look_around, daemon=True)
        self._looking.start()
        if warm and not warm_after:
            self._warm()
        elif warm:
            threading.Thread(target=self._warm_later, args=(warm_after,), daemon=True).start()

    @property
    def trainers(self) -> int:
        """How many runs are computed at the same time."""
        return self.places.number

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
        """Take a waiting run out of the queue, or stop a running one within a batch. Over already: nothing to do.

        A computation that others follow goes on for them.
        """
        with self._lock:
            job = self._jobs.of_run.get(run_id)
            if job is None:
                self.store.ask_stop(run_id)  # it may be another server's
            elif len(job.parts) > 1 or not self._training.runs(job):
                self._leave(job, run_id)
            elif not job.stopping:
                self._training.stop(job)

    def position(self, run_id: str) -> int | None:
        """0 while it runs, 1 for the next in line and so on; None when it neither runs nor waits here."""
        with self._lock:
            job = self._jobs.of_run.get(run_id)
            if job is None:
                return None
            return 0 if self._training.runs(job) else len(self._jobs.ahead_of(job)) + 1

    def expected_wait(self, run_id: str) -> float | None:
        """Seconds until it starts, by how long past runs took; 0.0 while it runs. None where that is not known."""
        with self._lock:
            job = self._jobs.of_run.get(run_id)
            if job is None or self._training.runs(job):
                return None if job is None else 0.0
            now = time.monotonic()
            running, ahead = (
                [one.seconds_left(self._expect(one.experiment), now) for one in jobs]
                for jobs in (self._training.running(), self._jobs.ahead_of(job))
            )
            return None if None in (*running, *ahead) else seconds_until_free(self.trainers, running, ahead)

    def expected_each(self, experiments: Sequence[Experiment]) -> list[float] | None:
        """Seconds that each of these takes alone, by how long past runs took; None where that is not known of one."""
        with self._lock:
            seconds = [self._expect(experiment) for experiment in experiments]
        return None if None in seconds else seconds

    def together(self, seconds: Sequence[float]) -> float:
        """Seconds until runs that take so long are over if nobody else asks."""
        return max(sum(seconds) / self.trainers, *seconds, 0.0)

    def progress(self, run_id: str) -> dict[str, Any] | None:
        """`{doing, done, total}` of a step before the first epoch, or None."""
        with self._lock:
            job = self._jobs.of_run.get(run_id)
            return job.progress if job is not None else None

    def so_far(self, run_id: str) -> dict[str, Any] | None:
        """What the epoch that goes on has shown until now, as a `tl_core.events.SoFar`; None where nothing is known."""
        with self._lock:
            job = self._jobs.of_run.get(run_id)
            return job.so_far if job is not None else None

    def trouble(self, run_id: str) -> str:
        """Why what a run tells cannot be written at this moment, '' where all is well; the store cannot say that."""
        with self._lock:
            job = self._jobs.of_run.get(run_id)
        return job.trouble if job is not None else self._training.endings.unwritten.get(run_id, "")

    # questions

    def ask(self, name: str, /, timeout: float = 60.0, **args: Any) -> Any:
        """Answer of the interactive worker to one of `tl_core.questions`; see `InteractiveLane.ask`."""
        return self._lane.ask(name, timeout, **args)

    def begin(self, name: str, /, **args: Any) -> Question:
        """Ask without waiting: the answer to come, its progress, and a way to call it off; see `InteractiveLane.begin`."""
        return self._lane.begin(name, **args)

    # life

    def worker_pids(self) -> dict[str, int]:
        """Of the workers that there are: 'training', 'training-2' and so on, 'interactive'."""
        with self._lock:
            pids = self._training.pids()
        interactive = self._lane.pid
        return pids if interactive is None else {**pids, "interactive": interactive}

    def close(self) -> None:
        with self._lock:
            self._closed.set()
        self._training.close()
        self.places.close()
        self._lane.close()
        self._looking.join(LOOK_EVERY)

    # inside; all of it under the lock, but for reading pictures' dates

    def _submit(self, experiments: Sequence[Experiment], owner: str, fresh: bool, batch: str) -> list[str]:
        stamps = {data: data_stamp(data) for data in {experiment.data for experiment in experiments}}
        parts = [Part(uuid.uuid4().hex, owner, batch) for _ in experiments]
        try:
            with self._lock:
                found = [
                    None if fresh else self._records.find(experiment, stamps[experiment.data], owner)
                    for experiment in experiments
                ]
                if None in found:
                    limits.check_room(owner, batch, self._jobs.of_run, self._training.running())
                for experiment, part, record in zip(experiments, parts, found, strict=True):
                    if record is None or not self._records.answer(record, part):
                        self._add(experiment, stamps[experiment.data], part)
                self._training.start_next()
        except DBAPIError as error:
            raise UserError(unwritten(error)) from None
        return [part.run_id for part in parts]

    def _add(self, experiment: Experiment, stamp: str, part: Part) -> None:
        """Let the run follow an equal one, or queue it."""
        who = part.owner if is_private(experiment.data) else ""
        key = f"{experiment.id} {stamp} {who}" if stamp else part.run_id
        job = self._jobs.find(key)
        self.store.add_run(
            part.run_id, experiment.to_json(), experiment.id, part.owner, software=self._software,
            hardware=self._hardware, same_as=job.first if job is not None else None,
        )  # fmt: skip
        if job is not None and self._training.runs(job):
            self.store.set_running(part.run_id)
            self.store.copy_events(next(iter(job.parts)), part.run_id)
            self._jobs.follow(job, part)
        else:
            self._jobs.wait(job or Job(part.run_id, key, experiment, stamp), part)

    def _leave(self, job: Job, run_id: str) -> None:
        """One person stops: the others go on, and a job that waits for nobody is not computed."""
        self._jobs.leave(job, run_id)
        if job.parts and next(iter(job.parts)) != job.first:
            job.first, *others = job.parts
            self.store.set_same_as(job.first, others)
        self._training.endings.stop_some([run_id], job, {})

    def _expect(self, experiment: Experiment) -> float | None:
        seconds = self._pace.expect(experiment)
        return None if seconds is None else min(seconds, self.max_seconds)

    def _warm(self) -> None:
        with self._lock:
            if self._closed.is_set():
                return
            self._training.warm()
        self._lane.start()

    def _warm_later(self, seconds: float) -> None:
        if not self._closed.wait(seconds):
            self._warm()

    def _on_number(self) -> None:
        """There are more places than before, or fewer."""
        with self._lock:
            self._training.start_next()

    def _look_around(self) -> None:
        """Stop what another server of the same store was asked to stop, and give up the runs of one that has died."""
        while not self._closed.wait(LOOK_EVERY):
            try:
                for run_id in self.store.stops_asked() if self._jobs.of_run else ():
                    self.cancel(run_id)
                self.store.mark_interrupted()
            except Exception:
                log.exception("the store could not be asked for what other servers did")
