"""Grids of experiments, run into a file of rows: who wins where.

One JSON line for each run, added when it ends. A study that was cut short goes on where it stopped: experiments whose row is
there are passed over.
"""

import datetime
import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tl_core.budget import make_budget
from tl_core.cases import ALL, CASE_NAMES
from tl_core.errors import StudyError
from tl_core.experiment import DEFAULT_NETWORK, Experiment
from tl_core.verdicts import winner

UNKNOWN_SIZE = 1_000  # images that a set is thought to have, for the time that is left
TEST_PASSES = 2_000


@dataclass(frozen=True)
class Grid:
    """Every combination of these; `num_images` None is all that a set has."""

    data: tuple[str, ...]
    num_images: tuple[int | None, ...] = (None,)
    distances: tuple[float, ...] = (0.0,)
    networks: tuple[str, ...] = (DEFAULT_NETWORK,)
    recipes: tuple[str, ...] = CASE_NAMES
    seeds: tuple[int, ...] = (0,)

    def experiments(self) -> list[Experiment]:
        """Small sets and first seeds come first, so that a study cut short is of use already.

        Raises `ExperimentError` for values that no experiment can have.
        """
        sizes = sorted(self.num_images, key=lambda size: size or 10**9)
        combinations = itertools.product(sizes, self.seeds, self.networks, self.data, self.distances, self.recipes)
        return [
            Experiment(data=data, num_images=size, distance=distance, network=network, recipe=recipe, seed=seed)
            for size, seed, network, data, distance, recipe in combinations
        ]


Events = list[dict[str, Any]]
Runner = Callable[[Sequence[Experiment]], Iterator[tuple[Experiment, Events]]]


def run_here(
    experiments: Sequence[Experiment], *, device: str = "auto", should_stop: Callable[[], bool] = lambda: False
) -> Iterator[tuple[Experiment, Events]]:
    """Run them in this process, in order; each with its events as it ends. A stop ends with the run it meets."""
    from tl_core.training import run

    for experiment in experiments:
        events = [event.to_json() for event in run(experiment, device=device, should_stop=should_stop)]
        yield experiment, events
        if events[-1]["event"] == "stopped":
            return


@dataclass(frozen=True)
class Step:
    """A run has ended: its row, how many of the study's runs are done, and what share of all the work that is, 0..1."""

    row: dict[str, Any]
    num_done: int
    num_runs: int
    share: float


def run_study(experiments: Sequence[Experiment], path: Path, runner: Runner = run_here) -> Iterator[Step]:
    """Run the experiments that have no row in the file yet and add a row for each as it ends.

    `runner`: `run_here`, or an engine's, such as `tl_core.engine.batch.run_batch`. A run that fails gets no row, so that it is
    tried again; the row in its `Step` then has `error`. Raises `StudyError` for a file that is no study.
    """
    _cut_half_a_line(path)
    ids = {row["id"] for row in read_rows(path)} if path.exists() else set()
    waiting = [experiment for experiment in experiments if experiment.id not in ids]
    count, total = len(experiments) - len(waiting), sum(map(expected_work, experiments))
    work = total - sum(map(expected_work, waiting))
    path.parent.mkdir(parents=True, exist_ok=True)
    versions = {"torch": version("torch"), "date": datetime.date.today().isoformat()}
    for experiment, events in runner(waiting):
        if events[-1]["event"] == "stopped":
            return
        count, work = count + 1, work + expected_work(experiment)
        row = make_row(experiment, events) | versions
        if "error" not in row:
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        yield Step(row, count, len(experiments), min(1.0, work / total))


def make_row(experiment: Experiment, events: Events) -> dict[str, Any]:
    """What a study keeps of a run that has ended; of one that failed the `error`."""
    last = events[-1]
    row = {"id": experiment.id, **experiment.to_json()}
    if last["event"] == "failed":
        return {**row, "error": last["error"]}
    started = events[0]
    row |= {key: last[key] for key in ("test_accuracy", "test_accuracy_low", "test_accuracy_high", "best_epoch")}
    row["run_seconds"] = last["seconds"]  # the experiment's own 'seconds' is its budget
    row |= {key: started[key] for key in ("num_train", "num_val", "num_test", "device")}
    return row | {"num_epochs": sum(event["event"] == "epoch" for event in events)}


def expected_work(experiment: Experiment) -> float:
    """Roughly how long a run takes, in passes of one image through the whole network; for the time that is left."""
    num_train = 0.8 * (experiment.num_images or UNKNOWN_SIZE)
    recipe = experiment.make_recipe()
    if recipe.freeze == ALL:
        return TEST_PASSES + 2 * num_train  # each image and its mirror image once
    budget = make_budget(experiment, recipe, max(2, int(num_train)))
    if budget.only_head:  # a first step on features that are computed once
        return TEST_PASSES + num_train * (2 + 3 * (budget.then.num_epochs if budget.then else 0))
    return TEST_PASSES + 3 * num_train * budget.num_epochs


def _cut_half_a_line(path: Path) -> None:
    """A run that was killed as it wrote left one, and the next row must not be put behind it."""
    if path.exists():
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):
            os.truncate(path, content.rfind(b"\n") + 1)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a study; half a line at the end, of a run that was killed as it wrote, is left out.

    A first line may be a header, an object with `study`: see `read_header`.
    """
    rows = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise StudyError(f"The study '{path.name}' cannot be read: {error.strerror}.") from None
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict) and {"id", "recipe", "seed", "test_accuracy"} <= row.keys():
            rows.append(row)
        elif number == 1 and isinstance(row, dict) and "study" in row:
            continue
        elif number < len(lines):
            raise StudyError(f"'{path.name}' is not a study: line {number} is not a row of one.")
    return rows


def read_header(path: Path) -> dict[str, Any]:
    """What a study's first line says of how it was made: `study`, `command`, `hardware`, `date`, `versions`; {} without one."""
    try:
        with open(path, encoding="utf-8") as file:
            header = json.loads(file.readline())
    except (OSError, ValueError):
        return {}
    return header if isinstance(header, dict) and "study" in header else {}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: a line for each set, size, dial and network; for each recipe the mean test accuracy and its spread over seeds.

    The best mean is bold, and with it each that is not clearly below it: see `tl_core.verdicts`.
    """
    recipes = sorted({row["recipe"] for row in rows})
    lines = ["| data | images | dial | network | " + " | ".join(recipes) + " |", "|---" * (4 + len(recipes)) + "|"]

    def cell_of(row: dict[str, Any]) -> tuple:
        return row["num_images"] or 10**9, row["distance"], row["network"], row["data"]

    for cell, group in itertools.groupby(sorted(rows, key=cell_of), key=cell_of):
        verdict = winner(group)
        words = []
        for name in recipes:
            result = verdict.of(name)
            if result is None:
                words.append("-")
                continue
            spread = f" ± {100 * result.spread:.1f}" if result.spread is not None else ""
            text = f"{100 * result.mean:.1f}{spread} ({len(result.by_seed)})"
            words.append(f"**{text}**" if name in verdict.tied else text)
        size = "all" if cell[0] == 10**9 else f"{cell[0]:,}"
        lines.append(f"| {cell[3]} | {size} | {cell[1]:g} | {cell[2]} | " + " | ".join(words) + " |")
    return "\n".join(lines)
