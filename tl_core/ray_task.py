"""What a node of a Ray cluster does: one run, as a stream of messages."""

import os
import queue
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ray
from ray import exceptions

from tl_core.answering import throttled
from tl_core.data.source import ImageSource
from tl_core.engine.machine import software
from tl_core.experiment import Experiment
from tl_core.language import _
from tl_core.memory import keep_memory

_POLL = 0.1  # seconds; an interruption by Ray is noticed between two looks


@ray.remote(max_retries=0)
def train(
    order: dict[str, Any], pictures: ImageSource | None, expected: str, keep: bool
) -> Iterator[tuple[str, dict[str, Any] | bytes]]:
    """`('event', {event})`, `('progress', {...})` and `('so_far', {...})` as they come, in the end
    `('weights', safetensors)` if `keep`.

    `order`: the worker's `run`; `expected`: the software that the server has. Interrupted by `ray.cancel` it ends within a
    training step. Raises `RuntimeError` if this node has other software.
    """
    if (here := software()) != expected:
        raise RuntimeError(
            f"The node {ray.util.get_node_ip_address()} has other software than the server: install the same version of this "
            f"project and of its requirements there. Server: {expected}. Node: {here}."
        )
    keep_memory()
    news: queue.SimpleQueue[tuple[str, Any] | None] = queue.SimpleQueue()
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "run.safetensors" if keep else None
        work = threading.Thread(target=_compute, args=(order, pictures, weights, stop, news))
        work.start()
        try:
            while (message := _next(news, work)) is not None:
                yield message
        except (KeyboardInterrupt, GeneratorExit):
            stop.set()
            work.join()
            raise
        if weights is not None and weights.exists():
            yield "weights", weights.read_bytes()


def _next(news: queue.SimpleQueue, work: threading.Thread) -> tuple[str, Any] | None:
    while True:
        try:
            return news.get(timeout=_POLL)
        except queue.Empty:
            if not work.is_alive() and news.empty():
                raise RuntimeError("The training ended without a word.") from None


def _compute(
    order: dict[str, Any],
    pictures: ImageSource | None,
    weights: Path | None,
    stop: threading.Event,
    news: queue.SimpleQueue,
) -> None:
    import torch

    from tl_core.training import run

    torch.set_num_threads(max(1, int(float(os.environ.get("OMP_NUM_THREADS") or 1))))
    run_id = order["run_id"]
    on_progress = throttled(
        lambda doing, done, total: news.put(
            ("progress", {"run_id": run_id, "doing": doing, "done": done, "total": total})
        )
    )
    for event in run(
        Experiment.from_json(order["experiment"]), run_id=run_id, device=order["device"], should_stop=stop.is_set,
        on_progress=on_progress, save_to=weights, pictures=pictures,
        on_so_far=lambda so_far: news.put(("so_far", {"run_id": run_id, "so_far": so_far.to_json()})),
    ):  # fmt: skip
        news.put(("event", {"event": event.to_json()}))
    news.put(None)


def cause_of(error: Exception) -> str:
    """For the screen: why a run has ended that did not say so itself."""
    if isinstance(error, exceptions.NodeDiedError | exceptions.ObjectLostError | exceptions.OwnerDiedError):
        return _("The node of the Ray cluster that computed this run has gone.")
    if isinstance(error, exceptions.OutOfMemoryError):
        return _("The node of the Ray cluster ran out of memory: try fewer images or a smaller network.")
    if isinstance(error, exceptions.WorkerCrashedError):
        return _("The process that computed this run, or its whole node of the Ray cluster, was ended from outside.")
    if isinstance(error, exceptions.RayTaskError) and error.cause is not None:
        return str(error.cause)
    return _("The Ray cluster gave this run up: {error}", error=str(error).strip().split("\n")[0])
