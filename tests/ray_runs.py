"""`tl_core.training.run`, computed on a Ray cluster: what `pytest --ray` puts in its place."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tl_core.engine import LocalEngine
from tl_core.events import Epoch, Event, Failed, Finished, SoFar, Started, Stopped
from tl_core.experiment import Experiment
from tl_core.paths import run_weights

_KINDS = {kind.event: kind for kind in (Started, Epoch, Finished, Stopped, Failed)}


def run_on(
    engine: LocalEngine,
    experiment: Experiment,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[str, int, int], None] = lambda doing, done, total: None,
    on_so_far: Callable[[SoFar], None] = lambda so_far: None,
    save_to: Path | None = None,
) -> Iterator[Event]:
    """The same stream of events, through the engine's queue, a node of the cluster and the store."""
    run_id = engine.submit(experiment, "test", fresh=True)
    told, active = 0, True
    while active:
        active = engine.store.get_run(run_id).active
        if (step := engine.progress(run_id)) is not None:
            on_progress(step["doing"], step["done"], step["total"])
        if (so_far := engine.so_far(run_id)) is not None:
            on_so_far(SoFar(**so_far))
        for event in engine.store.events(run_id, since=told):
            told += 1
            yield _KINDS[event["event"]](**{key: value for key, value in event.items() if key != "event"})
        if active and should_stop():
            engine.cancel(run_id)
        time.sleep(0.01)
    if save_to is not None:
        end = time.monotonic() + 10
        while not run_weights(run_id).exists() and time.monotonic() < end:
            time.sleep(0.02)
        save_to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run_weights(run_id), save_to)
