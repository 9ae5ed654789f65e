"""Where to cut: how accurate a new layer would be after each stage, without training any."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tl_core.cut_model import CutModel, StageScores
from tl_core.evaluation import Z95
from tl_core.networks import Stage
from tl_core.probes import Probe, balanced_accuracy, class_mean_loo, class_weights, knn_loo

# What the interval of a bar must cover is the test accuracy of a layer that is really trained: on four fifths of the images, by
# another method, tested on other images. Fitted on real layers, see docs/similarity.md.
SPREAD, FLOOR = 3.5, 0.03


def accuracy_interval(accuracy: float, num_images: int) -> tuple[float, float]:
    """95 % interval for the test accuracy of a new layer, from its leave-one-out accuracy 0..1 on `num_images` images."""
    smooth = (accuracy * num_images + 1) / (num_images + 2)  # some width at 0 and at 1
    half = Z95 * (SPREAD * smooth * (1 - smooth) / num_images + FLOOR**2) ** 0.5
    return max(0.0, accuracy - half), min(1.0, accuracy + half)


def cut_curve(
    stages: Sequence[Stage], pretrained: Mapping[str, Probe], untrained: Mapping[str, Probe], weights: np.ndarray
) -> list[dict[str, Any]]:
    """One bar a stage, in order: the accuracy of a new layer put there, and of one on an untrained copy, with intervals."""
    rows = []
    for stage in stages:
        row: dict[str, Any] = {"stage": stage.name, "title": stage.title}
        for key, prefix, probe in (
            ("score", "", pretrained[stage.name]),
            ("untrained", "untrained_", untrained[stage.name]),
        ):
            accuracy = float(weights @ probe.hits)
            low, high = accuracy_interval(accuracy, len(weights))
            row |= {key: round(accuracy, 4), f"{prefix}low": round(low, 4), f"{prefix}high": round(high, 4)}
        rows.append(row)
    return rows


def stage_scores(
    features: Mapping[str, np.ndarray], labels: np.ndarray, num_classes: int, probes: Mapping[str, Probe]
) -> dict[str, StageScores]:
    """By stage what the choice of the cut looks at; `features` (n, d) by stage, `labels` (n,) in 0..num_classes - 1."""
    weights = class_weights(labels, num_classes)
    return {
        name: StageScores(
            error=float(weights @ probes[name].errors),
            ridge=float(weights @ probes[name].hits),
            neighbours=balanced_accuracy(knn_loo(part, labels, num_classes), labels, num_classes),
            class_mean=balanced_accuracy(class_mean_loo(part, labels, num_classes), labels, num_classes),
        )
        for name, part in features.items()
    }


def choose_cut(scores: Mapping[str, StageScores], num_images: int, model: CutModel | None) -> str:
    """The stage whose new layer is expected to be best; of equals the deepest.

    For a network without a model, the one whose ridge classifier errs least: squared errors tell two stages apart with fewer
    images than counts of mistakes do. Going deeper within a standard error was tried and loses accuracy, see docs/similarity.md.
    """
    expected = model.predict(scores, num_images) if model else {name: -one.error for name, one in scores.items()}
    return max(reversed(list(scores)), key=lambda name: round(expected[name], 9))
