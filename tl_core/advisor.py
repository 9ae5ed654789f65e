"""Which recipe, judged from a measurement and from what recipes really did in the recorded study.

For each recipe of the study, how far its test accuracy lay above the best leave-one-out score of the measurement, in log-odds,
is fitted (ridge) as a linear function of

    log10(number of images), similarity, and their product

so that where one recipe overtakes another may depend on both, as in the lesson; but what is small and what is similar is
read off real runs. `python -m scripts.fit_advisor` fits it; how well it chooses for a data set that it was not fitted on, and
what else was tried, stands in docs/advisor.md.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tl_core.cases import find_recipe, in_sentence
from tl_core.language import _, joined
from tl_core.paths import ASSETS

FILE = ASSETS / "advisor.json"
RIDGE = 3.0  # penalty on the weights of the standardised features; the first weight, of the mean, is free
FEATURES = ("log_images", "similarity", "similarity x log_images")
EDGE = 0.01  # accuracies nearer to 0 or 1 count as this far from it, or a single image would weigh too much
BEYOND = 2  # times the most images of the study
CLEAR, LIKELY = 0.9, 0.7  # chance of being ahead from which the words change


@dataclass(frozen=True)
class Scores:
    """What a measurement says: `similarity` and `best`, the best leave-one-out accuracy of a new layer, both 0..1."""

    num_images: int
    similarity: float
    best: float

    @classmethod
    def of(cls, measurement: Mapping[str, Any]) -> "Scores":
        best = max(row["score"] for row in measurement["cut_curve"])
        return cls(measurement["num_images"], measurement["similarity"], best)

    def features(self) -> np.ndarray:
        """(3,) in the order of `FEATURES`."""
        images = math.log10(self.num_images)
        return np.array([images, self.similarity, self.similarity * images])


@dataclass(frozen=True)
class Cell:
    """One data set at one size: its scores, and the test accuracy, 0..1, of each recipe that was run on it."""

    data: str
    scores: Scores
    accuracies: Mapping[str, float]


@dataclass(frozen=True)
class Model:
    """`mean`, `scale` (3,) standardise the features; `weights[recipe]` (4,): log-odds above the best score, first at the mean.

    - `error`: of the predicted lead of the best recipe over the next, log-odds, for a data set that was not fitted on.
    - `range_images`: fewest and most images of the study; `networks`: those that it was made with.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: Mapping[str, np.ndarray]
    error: float = 0.0
    range_images: tuple[int, int] = (1, 10**9)
    networks: tuple[str, ...] = ()

    def predict(self, scores: Scores) -> dict[str, float]:
        """Expected test accuracy of each recipe, as log-odds."""
        low, high = self.range_images  # nothing is known beyond what was measured
        within = replace(scores, num_images=min(max(scores.num_images, low), high))
        x = np.concatenate([[1.0], (within.features() - self.mean) / self.scale])
        return {recipe: log_odds(scores.best) + float(x @ weights) for recipe, weights in self.weights.items()}

    def to_json(self) -> dict[str, Any]:
        return {
            "features": list(FEATURES),
            "mean": self.mean.round(6).tolist(),
            "scale": self.scale.round(6).tolist(),
            "weights": {recipe: weights.round(6).tolist() for recipe, weights in self.weights.items()},
            "error": round(self.error, 5),
            "range_images": list(self.range_images),
            "networks": list(self.networks),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Model":
        weights = {recipe: np.array(values) for recipe, values in data["weights"].items()}
        ends, networks = tuple(data["range_images"]), tuple(data["networks"])
        return cls(np.array(data["mean"]), np.array(data["scale"]), weights, data["error"], ends, networks)


def log_odds(accuracy: float) -> float:
    inside = min(max(accuracy, EDGE), 1 - EDGE)
    return math.log(inside / (1 - inside))


def accuracy_of(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def fit(cells: Sequence[Cell]) -> Model:
    """The model of these cells, which must all have the same recipes; its `error` is left at 0, see `difference_error`."""
    features = np.array([cell.scores.features() for cell in cells])
    mean, scale = features.mean(0), np.maximum(features.std(0), 1e-6)
    x = np.column_stack([np.ones(len(cells)), (features - mean) / scale])
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 0.0
    weights = {}
    for recipe in cells[0].accuracies:
        above = np.array([log_odds(cell.accuracies[recipe]) - log_odds(cell.scores.best) for cell in cells])
        weights[recipe] = np.linalg.solve(x.T @ x + penalty, x.T @ above)
    sizes = [cell.scores.num_images for cell in cells]
    return Model(mean, scale, weights, range_images=(min(sizes), max(sizes)))


def leave_one_set_out(cells: Sequence[Cell], scores: Sequence[Scores] | None = None) -> list[dict[str, float]]:
    """Predictions for each cell by a model that has seen nothing of its data set; from other `scores` of it if given."""
    models = {name: fit([cell for cell in cells if cell.data != name]) for name in {cell.data for cell in cells}}
    scores = scores or [cell.scores for cell in cells]
    return [models[cell.data].predict(own) for cell, own in zip(cells, scores, strict=True)]


def difference_error(cells: Sequence[Cell], predictions: Sequence[Mapping[str, float]]) -> float:
    """Root mean square of how far the predicted lead of the first recipe over the second was from the real one, log-odds."""
    squares = []
    for cell, predicted in zip(cells, predictions, strict=True):
        first, second = sorted(cell.accuracies, key=lambda recipe: -predicted[recipe])[:2]
        lead = log_odds(cell.accuracies[first]) - log_odds(cell.accuracies[second])
        squares.append((predicted[first] - predicted[second] - lead) ** 2)
    return float(np.sqrt(np.mean(squares)))


@cache
def load_model(path: Path = FILE) -> Model | None:
    """The model that ships, or None where there is none."""
    return Model.from_json(json.loads(path.read_text("utf-8"))["model"]) if path.exists() else None


@dataclass(frozen=True)
class Advice:
    """`ahead`: recipes by how many points of accuracy, 0..1, the best is expected to lie above them, best first.

    `chances`: by each other recipe, the chance, 0.5..1, that the first one really beats it.
    """

    ahead: Mapping[str, float]
    chances: Mapping[str, float]
    num_images: int
    similarity: float

    @property
    def recipe(self) -> str:
        return next(iter(self.ahead))

    @property
    def sure(self) -> float:
        """The chance that the first recipe really beats the second."""
        return next(iter(self.chances.values()))

    @property
    def rivals(self) -> list[str]:
        """The recipes that can hardly be told apart from the first one, best first."""
        return [name for name, chance in self.chances.items() if chance < LIKELY]

    def to_json(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe,
            "sure": round(self.sure, 3),
            "ahead": {name: round(value, 4) for name, value in self.ahead.items()},
            "why": self.why,
        }

    @property
    def why(self) -> str:
        """One sentence."""
        first, second = list(self.ahead)[:2]
        points = 100 * self.ahead[second]
        values = {"n": self.num_images, "similarity": self.similarity, "first": _name(first), "second": _name(second)}
        if self.rivals:
            return _(
                "By the recorded runs, for {n:,} images and a similarity of {similarity:.2f}: {recipes} can hardly be told "
                "apart; the first is slightly ahead.",
                recipes=joined([_name(name) for name in (first, *self.rivals)]), **values,
            )  # fmt: skip
        if self.sure >= CLEAR:
            return _(
                "By the recorded runs, for {n:,} images and a similarity of {similarity:.2f}: {first} is clearly ahead of "
                "{second}, by some {points:.0f} points.",
                points=max(points, 1), **values,
            )  # fmt: skip
        return _(
            "By the recorded runs, for {n:,} images and a similarity of {similarity:.2f}: {first} is probably ahead of "
            "{second}, by some {points:.0f} points.",
            points=max(points, 1), **values,
        )  # fmt: skip


def advise(scores: Scores, model: Model, recipes: Sequence[str] | None = None) -> Advice:
    """The recipe with the highest expected accuracy, among `recipes` (two or more) or all that the model knows."""
    predicted = model.predict(scores)
    names = [name for name in predicted if recipes is None or name in recipes]
    order = sorted(names, key=lambda name: -predicted[name])
    best = accuracy_of(predicted[order[0]])
    ahead = {name: best - accuracy_of(predicted[name]) for name in order}
    z = {name: (predicted[order[0]] - predicted[name]) / max(model.error, 1e-9) for name in order[1:]}
    chances = {name: 0.5 * (1 + math.erf(value / math.sqrt(2))) for name, value in z.items()}
    return Advice(ahead, chances, scores.num_images, scores.similarity)


def advice_for(measurement: Mapping[str, Any], network: str, num_images: int | None = None) -> Advice | None:
    """What the model that ships says of a measurement (see `tl_core.similarity`), perhaps for another number of images.

    None where nothing can be told: too few pictures to measure, a network that the study was not made with, or a number
    of images more than `BEYOND` times outside of what it had.
    """
    model = load_model()
    if model is None or network not in model.networks or not measurement["can_tell"]:
        return None
    scores = Scores.of(measurement)
    wanted = num_images or scores.num_images
    low, high = model.range_images
    return (
        advise(replace(scores, num_images=wanted), model)
        if low <= BEYOND * wanted and wanted <= BEYOND * high
        else None
    )


def _name(recipe: str) -> str:
    entry = find_recipe(recipe)
    if entry.number:
        return _("case {number}", number=entry.number)
    return _("'{title}'", title=in_sentence(_(entry.title)))
