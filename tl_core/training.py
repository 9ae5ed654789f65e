"""`run(experiment)`: one experiment as a stream of events.

A plain generator: no threads, no user interface, no database. Whoever executes it only iterates.
"""

import logging
import math
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tl_core.budget import make_budget
from tl_core.cases import CASE_NAMES, Recipe
from tl_core.data import DataSet
from tl_core.data.dataset import load_source
from tl_core.data.source import ImageSource, open_source
from tl_core.device import choose_device, describe_device, make_deterministic
from tl_core.errors import UserError
from tl_core.evaluation import confusion_matrix, wilson_interval
from tl_core.events import Epoch, Event, Failed, Finished, SoFar, Started, Stopped
from tl_core.experiment import Experiment
from tl_core.fitting_words import fitting_verdict
from tl_core.language import mark
from tl_core.networks import get_network
from tl_core.plan import layer_plan
from tl_core.saved_weights import writing_weights
from tl_core.surgery import AdaptedNetwork, Snapshot, adapt, keeps_bn_statistics, snapshot, weights_moved
from tl_core.trainer import StopRequested, Trainer

log = logging.getLogger(__name__)

UNFROZEN = mark("From here on all layers are trained.")  # note of the first epoch after the new layer's own
PARTLY_UNFROZEN = mark("From here on all layers that are not frozen are trained.")

OnProgress = Callable[[str, int, int], None]
OnSoFar = Callable[[SoFar], None]


@dataclass
class _Clock:
    """Gives every event of a run its id, its number and its time."""

    run_id: str
    seq: int = 0

    def __post_init__(self) -> None:
        self.start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return round(time.perf_counter() - self.start, 3)

    def make(self, kind: type[Event], **values: Any) -> Event:
        event = kind(run_id=self.run_id, seq=self.seq, elapsed_seconds=self.seconds, **values)
        self.seq += 1
        return event


def run(
    experiment: Experiment,
    *,
    run_id: str | None = None,
    device: str = "auto",
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: OnProgress = lambda doing, done, total: None,
    on_so_far: OnSoFar = lambda so_far: None,
    save_to: Path | None = None,
    pictures: ImageSource | None = None,
) -> Iterator[Event]:
    """Run one experiment; the last event is `Finished`, `Stopped` or `Failed`, whatever happens.

    - `should_stop` is asked before every batch, and after each stage of the network.
    - `on_progress(doing, done, total)` tells of steps that take a while before the first epoch, and of every epoch's batches.
    - `on_so_far` is told a few times a second what the epoch that goes on has shown until now.
    - `save_to`: a `.safetensors` file for the weights of the best epoch.
    - `pictures`: the experiment's data set, where it is not on this machine; see `tl_core.data.packed`.
    """
    clock = _Clock(run_id or uuid.uuid4().hex)
    epochs: list[Epoch] = []
    try:
        for event in _run(experiment, clock, device, should_stop, on_progress, on_so_far, save_to, pictures):
            if isinstance(event, Epoch):
                epochs.append(event)
            yield event
    except StopRequested:
        best = max(epochs, key=lambda e: (e.val_accuracy, -e.val_loss), default=None)
        yield clock.make(
            Stopped,
            num_epochs_done=len(epochs),
            best_epoch=best.epoch if best else None,
            val_accuracy=best.val_accuracy if best else None,
            weights_moved=epochs[-1].weights_moved if epochs else {},
            seconds=clock.seconds,
        )
    except UserError as error:
        yield clock.make(Failed, error=str(error), user_error=True, num_epochs_done=len(epochs), seconds=clock.seconds)
    except Exception as error:
        log.exception("run %s failed", clock.run_id)
        text = f"{type(error).__name__}: {error}"
        yield clock.make(Failed, error=text, user_error=False, num_epochs_done=len(epochs), seconds=clock.seconds)


def _run(
    experiment: Experiment,
    clock: _Clock,
    device_name: str,
    should_stop: Callable[[], bool],
    on_progress: OnProgress,
    on_so_far: OnSoFar,
    save_to: Path | None,
    pictures: ImageSource | None,
) -> Iterator[Event]:
    def progress(doing: str, done: int, total: int) -> None:
        on_progress(doing, done, total)
        if should_stop():
            raise StopRequested

    network = get_network(experiment.network)
    recipe = experiment.make_recipe()
    layer_plan(network, recipe, 2)  # a recipe that does not fit is said before any image is read
    device = choose_device(device_name)
    make_deterministic(experiment.seed)

    def reading(done: int, total: int) -> None:
        progress(mark("Reading the images"), done, total)

    source = pictures or open_source(experiment.data, reading)
    data = load_source(source, experiment.num_images, experiment.seed, network.input_size, reading)
    plan = layer_plan(network, recipe, len(data.class_names))
    budget = make_budget(experiment, recipe, len(data.train_labels))
    progress(mark("Loading the network"), 0, 1)
    torch.manual_seed(experiment.seed)
    megabyte = 2**20
    model = adapt(
        network, recipe, len(data.class_names),
        on_download=lambda done, total: progress(mark("Downloading the weights, MB"), done // megabyte, total // megabyte),
    )  # fmt: skip
    model.keep_bn_statistics = keeps_bn_statistics(recipe, len(data.train_labels))
    trainer = Trainer(model, data, network, budget, experiment, device, should_stop)
    trainer.on_so_far = on_so_far
    before = snapshot(model)
    yield clock.make(
        Started,
        experiment=experiment.to_json(),
        case=CASE_NAMES.index(recipe.name) + 1 if recipe.name in CASE_NAMES else None,
        device=describe_device(device),
        classes=list(data.class_names),
        num_train=len(data.train_labels),
        num_val=len(data.val_labels),
        num_test=len(data.test_labels),
        layers=[layer.to_json() for layer in plan],
        num_epochs=budget.total_epochs,
        notes=list(data.notes),
    )
    trainer.prepare(progress)
    epochs = []
    for event in _epochs(trainer, experiment, clock, before):
        epochs.append(event)
        yield event
    trainer.restore_best()
    true, predicted = data.test_labels, trainer.predict_test()
    num_right = int((true == predicted).sum())
    low, high = wilson_interval(num_right, len(true))
    num_trainable = sum(layer.num_trainable for layer in plan)
    yield clock.make(
        Finished,
        test_accuracy=num_right / len(true),
        test_accuracy_low=low,
        test_accuracy_high=high,
        best_epoch=trainer.best_epoch,
        seconds=clock.seconds,
        confusion=confusion_matrix(np.asarray(true), predicted, len(data.class_names)).tolist(),
        weights_moved=weights_moved(before, model),
        verdict=fitting_verdict(
            [e.to_json() for e in epochs], len(data.train_labels), len(data.val_labels), num_trainable
        ),
    )
    if save_to is not None:  # after the result: a full disk must not cost a run that went through
        try:
            _save(model, save_to, experiment, recipe, data)
        except OSError:
            log.exception("the weights of run %s could not be saved", clock.run_id)


def _epochs(trainer: Trainer, experiment: Experiment, clock: _Clock, before: Snapshot) -> Iterator[Epoch]:
    """The epochs of the budget's one or two steps, numbered through.

    A step ends with its budget, or when `budget.patience` epochs brought nothing. A time limit ends the run in the midst of an
    epoch; the first of two steps gets at most half of it.
    """
    start = time.perf_counter()
    limit = math.inf if experiment.seconds is None else experiment.seconds
    epoch, notes = 0, []
    while True:
        budget, first, step_start = trainer.budget, epoch, time.perf_counter()
        time_is_up = start + (limit / 2 if budget.then else limit)
        trainer.schedule.limit(step_start, time_is_up)
        ends = False
        while not ends:
            epoch += 1
            epoch_start = time.perf_counter()
            result = trainer.train_epoch(epoch)
            now = time.perf_counter()
            done = epoch - first
            gave_up = epoch - trainer.best_in_step[0] >= budget.patience
            ends = gave_up or done == budget.num_epochs or now >= time_is_up
            left = 0.0 if ends else (budget.num_epochs - done) * (now - step_start) / done
            if budget.then:
                left += budget.then.num_epochs * trainer.guess_epoch_seconds()
            yield clock.make(
                Epoch,
                epoch=epoch,
                num_epochs=first + budget.total_epochs,
                images_per_second=round(trainer.num_train / (now - epoch_start), 1),
                eta_seconds=round(max(0.0, min(left, start + limit - now)), 2),
                weights_moved=weights_moved(before, trainer.model, reread=False),
                **{**result, "notes": notes + result["notes"]},
            )
            notes = []
        if budget.then is None or now >= start + limit:
            return
        trainer.go_on(epoch)
        notes = [UNFROZEN if trainer.model.all_train else PARTLY_UNFROZEN]


def _save(model: AdaptedNetwork, path: Path, experiment: Experiment, recipe: Recipe, data: DataSet) -> None:
    """The kept stages and the new layer as safetensors, with what is needed to use them again."""
    import json

    from safetensors.torch import save_file

    tensors = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    meta = {"experiment": experiment.to_json(), "recipe": recipe.__dict__, "classes": list(data.class_names)}
    with writing_weights(path) as temporary:
        save_file(tensors, temporary, {"tl": json.dumps(meta)})
