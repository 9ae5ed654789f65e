"""Races for tests: runs with made-up numbers, in the form in which real ones are recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from tl_core.experiment import Experiment
from tl_core.race import Race, seeds_from
from tl_core.race_runs import RaceRun

NUM_TEST = 400


def make_race(recipes: Sequence[str] = ("case-1", "case-3"), seeds: int = 3, **values: Any) -> Race:
    values = {"base": Experiment(data="stripes", epochs=4), "sizes": (100,), "num_images": 100, **values}
    return Race(recipes=tuple(recipes), seeds=seeds_from(0, seeds), **values)


def make_events(
    accuracies: Sequence[float], test_accuracy: float | None, *, ready: float = 1.0, epoch_seconds: float = 0.5,
    prepared: float = 0.0, train: float = 0.9, num_epochs: int | None = None, weights: int = 1_000, num_val: int = 100,
) -> tuple[dict[str, Any], ...]:  # fmt: skip
    """`accuracies`: held-out, after each epoch; without a `test_accuracy` the run is not over. `prepared`: seconds between
    the start and the first epoch."""
    num_epochs = num_epochs or len(accuracies)
    events: list[dict[str, Any]] = [
        {
            "event": "started", "elapsed_seconds": ready, "num_train": 80, "num_val": num_val, "num_test": NUM_TEST,
            "num_epochs": num_epochs, "layers": [{"num_trainable": weights}, {"num_trainable": 0}],
        }
    ]  # fmt: skip
    ready += prepared
    for epoch, value in enumerate(accuracies, start=1):
        events.append({
            "event": "epoch", "epoch": epoch, "num_epochs": num_epochs, "elapsed_seconds": ready + epoch * epoch_seconds,
            "images_per_second": 80 / max(epoch_seconds, 0.001),
            "train_accuracy": train, "val_accuracy": value, "train_loss": 0.5, "val_loss": 1 - value,
            "eta_seconds": (num_epochs - epoch) * epoch_seconds,
        })  # fmt: skip
    if test_accuracy is not None:
        end = ready + len(accuracies) * epoch_seconds + 0.1
        events.append({
            "event": "finished", "elapsed_seconds": end, "seconds": end, "test_accuracy": test_accuracy, "best_epoch": 1,
        })  # fmt: skip
    return tuple(events)


def finish(
    race: Race, accuracies: Mapping[str, float] | Mapping[tuple[str, int], float], spread: float = 0.002, **more: Any
):
    """All runs of a race. `accuracies`: by recipe, or by recipe and number of images; seeds differ by `spread`.

    `more`: of `make_events`, by recipe.
    """
    runs = []
    for number, entry in enumerate(race.entries()):
        size = race.images_of(entry)
        mean = accuracies.get(entry.recipe, accuracies.get((entry.recipe, size)))
        # recipes scatter differently, or there would be no noise at all
        shift = (entry.seed - (len(race.seeds) - 1) / 2) * spread * (1 + race.recipes.index(entry.recipe))
        options = {"accuracies": (mean - 0.1, mean), **more.get(entry.recipe.replace("-", "_"), {})}
        events = make_events(test_accuracy=mean + shift, **options)
        runs.append(RaceRun(entry, f"{number:032x}", "finished", events))
    return runs


def wait_for_all(race: Race) -> list[RaceRun]:
    """All runs of a race that has just been submitted."""
    return [RaceRun(entry, f"{number:032x}", "queued") for number, entry in enumerate(race.entries())]
