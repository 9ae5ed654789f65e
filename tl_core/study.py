"""Grids of experiments, run one after the other into a file of rows: who wins where.

One JSON line for each run, added when it ends. A study that was cut short goes on where it stopped: experiments whose row is
there are passed over.
"""

import datetime
import itertools
import json
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tl_core.cases import CASE_NAMES
from tl_core.errors import StudyError
from tl_core.experiment import DEFAULT_NETWORK, Experiment


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


def run_study(
    experiments: Sequence[Experiment],
    path: Path,
    *,
    device: str = "auto",
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Run those that have no row in the file yet; yields how many are done, of how many, and the new row.

    A run that fails gets no row, so that it is tried again; the row that is yielded then has `error`. Raises `StudyError`
    for a file that is no study.
    """
    import torch

    from tl_core.training import run

    _cut_half_a_line(path)
    done = {row["id"] for row in read_rows(path)} if path.exists() else set()
    count = sum(experiment.id in done for experiment in experiments)
    path.parent.mkdir(parents=True, exist_ok=True)
    for experiment in experiments:
        if experiment.id in done:
            continue
        started, last, num_epochs = None, None, 0
        for event in run(experiment, device=device, should_stop=should_stop):
            last = event.to_json()
            started = last if last["event"] == "started" else started
            num_epochs += last["event"] == "epoch"
        if last["event"] == "stopped":
            return
        row = {"id": experiment.id, **experiment.to_json()}
        if last["event"] == "failed":
            yield count, len(experiments), {**row, "error": last["error"]}
            continue
        row |= {key: last[key] for key in ("test_accuracy", "test_accuracy_low", "test_accuracy_high", "best_epoch")}
        row["run_seconds"] = last["seconds"]  # the experiment's own 'seconds' is its budget
        row |= {key: started[key] for key in ("num_train", "num_val", "num_test", "device")}
        row |= {"num_epochs": num_epochs, "torch": torch.__version__, "date": datetime.date.today().isoformat()}
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        done.add(experiment.id)
        count += 1
        yield count, len(experiments), row


def _cut_half_a_line(path: Path) -> None:
    """A run that was killed as it wrote left one, and the next row must not be put behind it."""
    if path.exists():
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):
            os.truncate(path, content.rfind(b"\n") + 1)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a study; half a line at the end, of a run that was killed as it wrote, is left out."""
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
        elif number < len(lines):
            raise StudyError(f"'{path.name}' is not a study: line {number} is not a row of one.")
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: a line for each set, size, dial and network; for each recipe the mean test accuracy and its spread over seeds.

    The best mean is bold, and with it each that is not clearly below it: by less than two standard errors of the
    difference. Runs of the same seed share pictures and split, so the differences are taken seed by seed.
    """
    recipes = sorted({row["recipe"] for row in rows})
    lines = ["| data | images | dial | network | " + " | ".join(recipes) + " |", "|---" * (4 + len(recipes)) + "|"]

    def cell_of(row: dict[str, Any]) -> tuple:
        return row["num_images"] or 10**9, row["distance"], row["network"], row["data"]

    for cell, group in itertools.groupby(sorted(rows, key=cell_of), key=cell_of):
        by_recipe: dict[str, dict[int, float]] = {}
        for row in group:
            by_recipe.setdefault(row["recipe"], {})[row["seed"]] = 100 * row["test_accuracy"]
        best = max(by_recipe, key=lambda name: statistics.mean(by_recipe[name].values()))
        words = []
        for name in recipes:
            if name not in by_recipe:
                words.append("-")
                continue
            values = list(by_recipe[name].values())
            spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
            text = f"{statistics.mean(values):.1f}{spread} ({len(values)})"
            words.append(f"**{text}**" if name == best or is_tie(by_recipe[best], by_recipe[name]) else text)
        size = "all" if cell[0] == 10**9 else f"{cell[0]:,}"
        lines.append(f"| {cell[3]} | {size} | {cell[1]:g} | {cell[2]} | " + " | ".join(words) + " |")
    return "\n".join(lines)


def is_tie(better: dict[int, float], worse: dict[int, float]) -> bool:
    """Whether two recipes' results by seed differ by less than two standard errors; also where too few seeds tell."""
    seeds = sorted(better.keys() & worse.keys())
    if len(seeds) < 2:
        return True
    differences = [better[seed] - worse[seed] for seed in seeds]
    return statistics.mean(differences) <= 2 * statistics.stdev(differences) / len(differences) ** 0.5
