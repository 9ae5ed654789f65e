"""How good a new layer on each stage will be, from cheap scores, as learnt from new layers that were really trained.

Leave-one-out scores of simple classifiers err in the same direction again and again: a layer that is really trained does better
on some stages, and worse on others, than a ridge classifier says. So the accuracies of trained layers, stage against stage, are
fitted (ridge) as a linear function of four such scores, of the stage, and of both times the logarithm of the number of images.
`python -m scripts.fit_cut` fits it and tries it on sets that it has not seen; see docs/similarity.md.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tl_core.paths import ASSETS

FILE = ASSETS / "cut_model.json"
RIDGE = 1e-5  # penalty, times the number of stages fitted on
MIDDLE = 2.4  # log10 of a middling number of images


@dataclass(frozen=True)
class StageScores:
    """Leave-one-out scores of a new layer on one stage: squared error (0 or more), and balanced accuracies 0..1."""

    error: float
    ridge: float
    neighbours: float
    class_mean: float


@dataclass(frozen=True)
class Trained:
    """One draw of `num_images` of a set: scores by stage, and accuracies 0..1 of layers really trained there."""

    data: str
    num_images: int
    scores: Mapping[str, StageScores]
    accuracies: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class CutModel:
    """`weights` (2 * (4 + stages),): of the scores and stages, and of the same times log10(images) - `MIDDLE`."""

    stages: tuple[str, ...]
    weights: np.ndarray
    range_images: tuple[int, int]

    def predict(self, scores: Mapping[str, StageScores], num_images: int) -> dict[str, float]:
        """By stage the expected accuracy of a layer trained there, above the mean of all stages."""
        low, high = self.range_images
        values = _design(scores, min(max(num_images, low), high)) @ self.weights
        return dict(zip(self.stages, values.tolist(), strict=True))

    def to_json(self) -> dict[str, Any]:
        return {
            "stages": list(self.stages),
            "weights": self.weights.round(6).tolist(),
            "range_images": list(self.range_images),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CutModel":
        return cls(tuple(data["stages"]), np.array(data["weights"]), tuple(data["range_images"]))


def fit(rows: Sequence[Trained]) -> CutModel:
    """The model of these rows, which must all have the same stages in the same order."""
    stages = tuple(rows[0].scores)
    x = np.concatenate([_design(row.scores, row.num_images) for row in rows])
    y = np.concatenate([_centred(np.array([row.accuracies[name] for name in stages])) for row in rows])
    weights = np.linalg.solve(x.T @ x + RIDGE * len(y) * np.eye(x.shape[1]), x.T @ y)
    sizes = [row.num_images for row in rows]
    return CutModel(stages, weights, (min(sizes), max(sizes)))


@cache
def load_model(network: str, path: Path = FILE) -> CutModel | None:
    """The model that ships for a network, or None where no layers were trained to learn from."""
    found = json.loads(path.read_text("utf-8"))["networks"].get(network) if path.exists() else None
    return CutModel.from_json(found) if found else None


def _design(scores: Mapping[str, StageScores], num_images: int) -> np.ndarray:
    """(stages, 2 * (4 + stages)); every column has mean 0 over the stages, since only differences matter."""
    columns = np.array([astuple(one) for one in scores.values()])
    plain = _centred(np.concatenate([columns, np.eye(len(scores))], axis=1))
    return np.concatenate([plain, (math.log10(num_images) - MIDDLE) * plain], axis=1)


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean(0)
