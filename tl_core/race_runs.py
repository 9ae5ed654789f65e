"""Where a race stands: its runs with their recorded events, what is done, and how long the rest will take."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean, median
from typing import Any

from tl_core.engine.pace import Pace
from tl_core.race import Entry, Race
from tl_core.study import expected_work
from tl_core.verdicts import Result, Verdict, winner


@dataclass(frozen=True)
class RaceRun:
    """One run of a race. `events`: as JSON, in order; `status`: as in the store."""

    entry: Entry
    run_id: str
    status: str
    events: tuple[dict[str, Any], ...] = ()
    recorded: bool = False

    @property
    def active(self) -> bool:
        return self.status in ("queued", "running")

    @cached_property
    def started(self) -> dict[str, Any] | None:
        return next((event for event in self.events if event["event"] == "started"), None)

    @cached_property
    def epochs(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == "epoch"]

    @cached_property
    def finished(self) -> dict[str, Any] | None:
        return next((event for event in self.events if event["event"] == "finished"), None)

    @cached_property
    def best(self) -> dict[str, Any] | None:
        """The epoch whose weights were kept."""
        return max(self.epochs, key=lambda e: (e["val_accuracy"], -e["val_loss"]), default=None)

    def since_ready(self, event: dict[str, Any]) -> float:
        """Seconds of training until an event: since pictures and network were ready, so that nobody pays for the others'
        reading."""
        return max(0.0, event["elapsed_seconds"] - self.started["elapsed_seconds"]) if self.started else 0.0

    def cut_short(self, seconds: float | None) -> bool:
        """Whether a limit of so many seconds has ended its training, before its epochs or its patience did."""
        if seconds is None or not self.finished or not self.started or not self.epochs:
            return False
        first, last = self.epochs[0], self.epochs[-1]
        in_first = self.started["num_train"] / max(first["images_per_second"], 0.1)
        trained = last["elapsed_seconds"] - first["elapsed_seconds"] + in_first
        return last["epoch"] < last["num_epochs"] and trained > 0.99 * seconds

    @property
    def num_trainable(self) -> int | None:
        """Weights that were trained at some time of the run."""
        if self.started is None:
            return None
        return sum(layer["num_trainable"] for layer in self.started["layers"])


@dataclass(frozen=True)
class Lane:
    """What is known of one recipe so far; `seconds` of training in a run, on average."""

    recipe: str
    result: Result | None
    seconds: float | None
    num_trainable: int | None


@dataclass(frozen=True)
class Progress:
    """`running`: the runs that train, none between two; `seconds_left` is None while nothing is known to tell it from."""

    num_over: int
    num_runs: int
    running: tuple[RaceRun, ...]
    seconds_left: float | None

    @property
    def share(self) -> float:
        return self.num_over / self.num_runs


def verdict_of(
    runs: Sequence[RaceRun], num_images: int | None = None, *, sized: bool = False, num_verdicts: int = 1
) -> Verdict | None:
    """Who won among the finished runs, of the size `num_images` only if `sized`. None where none has finished.

    `num_verdicts`: as in `winner`.
    """
    rows = [
        {
            "recipe": run.entry.recipe,
            "seed": run.entry.seed,
            "test_accuracy": run.finished["test_accuracy"],
            "num_test": run.started["num_test"] if run.started else None,
        }
        for run in runs
        if run.finished and (not sized or run.entry.num_images == num_images)
    ]
    return winner(rows, num_verdicts) if rows else None


def lanes(race: Race, runs: Sequence[RaceRun], verdict: Verdict | None) -> list[Lane]:
    """The recipes in the order of their means, those without a result last."""
    found = []
    for recipe in race.recipes:
        mine = [run for run in runs if run.entry.recipe == recipe]
        seconds = [run.since_ready(run.finished) for run in mine if run.finished]
        weights = next((run.num_trainable for run in mine if run.started), None)
        result = verdict.of(recipe) if verdict else None
        found.append(Lane(recipe, result, fmean(seconds) if seconds else None, weights))
    place = {result.recipe: index for index, result in enumerate(verdict.results)} if verdict else {}
    return sorted(found, key=lambda lane: place.get(lane.recipe, len(place)))


def progress(race: Race, runs: Sequence[RaceRun], at_once: int = 1) -> Progress:
    """`at_once`: how many runs are computed at the same time."""
    running = tuple(run for run in runs if run.status == "running")
    return Progress(sum(not run.active for run in runs), len(runs), running, _seconds_left(race, runs, at_once))


def _seconds_left(race: Race, runs: Sequence[RaceRun], at_once: int) -> float | None:
    """From the finished runs of the same recipe, else from those of its kind, by the work that each is; if nobody else's
    runs come between."""
    pace = Pace()
    rates: dict[str, list[float]] = {}
    longest: dict[str, float] = {}
    for run in runs:
        if run.finished:
            experiment, seconds = race.experiment(run.entry), run.finished["seconds"]
            pace.note(replace(experiment, seconds=None), seconds)
            rates.setdefault(run.entry.recipe, []).append(seconds / expected_work(experiment))
            longest[run.entry.recipe] = max(seconds, longest.get(run.entry.recipe, 0.0))
    free_at = [0.0] * at_once  # when each worker has done what it was given
    for run in sorted((run for run in runs if run.active), key=lambda run: run.status != "running"):
        if run.epochs:
            heapq.heapreplace(free_at, free_at[0] + run.epochs[-1]["eta_seconds"])
            continue
        experiment = race.experiment(run.entry)
        own = rates.get(run.entry.recipe)
        seconds = median(own) * expected_work(experiment) if own else pace.expect(experiment)
        if seconds is None:
            return None
        if own and experiment.seconds is not None:
            seconds = min(seconds, longest[run.entry.recipe])
        heapq.heapreplace(free_at, free_at[0] + seconds)
    return max(free_at)
