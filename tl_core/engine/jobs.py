"""All jobs that wait or run, and whose turn is next."""

from tl_core.engine.fair import FairQueue, Ticket
from tl_core.engine.job import Job, Part


class Jobs:
    """Finds a job by its key or by one of its runs. Not locked: the engine does that."""

    def __init__(self) -> None:
        self.queue = FairQueue()
        self.of_run: dict[str, Job] = {}  # by run id: all that wait or run
        self._by_key: dict[str, Job] = {}  # those that wait, and running ones until they are being stopped

    def find(self, key: str) -> Job | None:
        """The one that an equal run may follow."""
        return self._by_key.get(key)

    def follow(self, job: Job, part: Part) -> None:
        """One more run of a job that runs."""
        self._join(job, part)
        self.queue.had_turn(part.owner)

    def wait(self, job: Job, part: Part) -> None:
        """One more run of a job that waits, or the first one of a new job."""
        self._by_key[job.key] = job
        self._join(job, part)
        self.queue.add(Ticket(part.run_id, part.owner, job.key))

    def take(self) -> Job:
        """The job whose turn it is; it waits no more. Raises `IndexError` if none waits."""
        return self._by_key[self.queue.take()]

    def ahead_of(self, job: Job) -> list[Job]:
        """Those that wait and have their turn before it, in this order."""
        order = self.queue.order()
        return [self._by_key[key] for key in order[: order.index(job.key)]]

    def leave(self, job: Job, run_id: str) -> None:
        """One run is not waited for any more; a job without any is not computed if it still waits."""
        del job.parts[run_id], self.of_run[run_id]
        self.queue.remove(run_id)
        if not job.parts:
            self.close(job)

    def close(self, job: Job) -> None:
        """Nobody can follow it any more. (Under its key there may be one that was asked for after its stop.)"""
        if self._by_key.get(job.key) is job:
            del self._by_key[job.key]

    def over(self, job: Job) -> None:
        """It neither waits nor runs any more."""
        self.close(job)
        for run_id in job.parts:
            del self.of_run[run_id]

    def _join(self, job: Job, part: Part) -> None:
        job.parts[part.run_id] = part
        self.of_run[part.run_id] = job
