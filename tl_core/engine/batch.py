"""Many experiments at once, without a queue or a store: what a study needs."""

import queue
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tl_core.engine.places import OwnProcesses, Places, Worker
from tl_core.engine.slot import MOST_FALSE_STARTS
from tl_core.events import ENDINGS, Failed
from tl_core.experiment import Experiment

Events = list[dict[str, Any]]


@dataclass
class _Job:
    experiment: Experiment
    run_id: str = ""
    events: Events = field(default_factory=list)
    lost: int = 0  # workers that ended while they ran it


def run_batch(
    experiments: Sequence[Experiment], *, workers: int = 1, threads: int = 1, device: str = "auto",
    places: Places | None = None,
) -> Iterator[tuple[Experiment, Events]]:  # fmt: skip
    """Run all of them on `workers` processes of `threads` threads, or in `places`; yields each with its events as it ends.

    A run whose worker is lost is tried once more; lost again, its last event is a `failed` one. Closing the generator
    ends the workers at once.
    """
    waiting = deque(_Job(experiment) for experiment in experiments)
    news: queue.Queue[tuple[int, str, Any]] = queue.Queue()  # (slot, 'event' | 'ready' | 'exit', what)
    slots: dict[int, Worker] = {}
    running: dict[int, _Job] = {}
    false_starts, ready = 0, set()
    places = places or OwnProcesses(device, workers, threads)

    def start(slot: int) -> None:
        def hear(message: dict[str, Any]) -> None:
            if message["kind"] in ("event", "ready"):
                news.put((slot, message["kind"], message.get("event")))

        ready.discard(slot)
        slots[slot] = places.open(hear, lambda cause: news.put((slot, "exit", cause)))

    def give(slot: int) -> None:
        if waiting:
            job = running[slot] = waiting.popleft()
            job.run_id, job.events = uuid.uuid4().hex, []
            slots[slot].send(op="run", run_id=job.run_id, experiment=job.experiment.to_json(), device=device)

    try:
        for slot in range(min(workers, len(waiting))):
            start(slot)
            give(slot)
        while running:
            slot, kind, what = news.get()
            job = running.get(slot)
            if kind == "ready":
                ready.add(slot)
                false_starts = 0
            elif kind == "exit":
                false_starts = 0 if slot in ready else false_starts + 1
                del slots[slot]
                if job is not None:
                    del running[slot]
                    job.lost += 1
                    if job.lost > 1 or false_starts >= MOST_FALSE_STARTS:
                        yield job.experiment, [*job.events, _lost(job, what)]
                    else:
                        waiting.appendleft(job)
                if waiting:
                    start(slot)
                    give(slot)
            elif job is not None and what["run_id"] == job.run_id:
                job.events.append(what)
                if what["event"] in ENDINGS:
                    del running[slot]
                    give(slot)
                    yield job.experiment, job.events
    finally:
        for worker in list(slots.values()):
            worker.kill()
            worker.close()
        places.close()


def _lost(job: _Job, cause: str) -> dict[str, Any]:
    seconds = job.events[-1]["elapsed_seconds"] if job.events else 0.0
    event = Failed(
        run_id=job.run_id, seq=len(job.events), elapsed_seconds=seconds, seconds=seconds, error=cause, user_error=False,
        num_epochs_done=sum(event["event"] == "epoch" for event in job.events),
    )  # fmt: skip
    return event.to_json()
