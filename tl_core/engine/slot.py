"""A place in which one run at a time is computed."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from tl_core.engine.job import Job
from tl_core.engine.places import Worker

MOST_FALSE_STARTS = 3  # workers in a row that end before they are ready, after which no more are started unasked


@dataclass(eq=False)
class Slot:
    """One training worker, None where none was needed yet or the last one has ended, and the run that it computes.

    - `name`: 'training' for the first one, 'training-2' for the next and so on.
    - `false_starts`: workers in a row that ended before they were ready.
    """

    name: str
    worker: Worker | None = None
    job: Job | None = None
    false_starts: int = 0

    @property
    def ready(self) -> bool:
        return self.worker is not None and self.worker.ready

    @property
    def free(self) -> bool:
        """Whether it may be given a run; one whose workers do not start is given no more while another slot's do."""
        return self.job is None and self.false_starts < MOST_FALSE_STARTS


def make_slots(number: int) -> list[Slot]:
    return [Slot(f"training-{index}" if index > 1 else "training") for index in range(1, number + 1)]


def seconds_until_free(num_slots: int, running: Sequence[float], ahead: Sequence[float]) -> float:
    """When a slot is free for one that waits, if nobody else asks: in seconds from now.

    `running`: seconds that each of the running ones still takes, at most `num_slots`; `ahead`: seconds that each one takes
    that starts before, in their order.
    """
    free_at = [*running, *[0.0] * (num_slots - len(running))]
    heapq.heapify(free_at)
    for seconds in ahead:
        heapq.heapreplace(free_at, free_at[0] + seconds)
    return free_at[0]
