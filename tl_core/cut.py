"""Where to cut: how accurate a new layer would be after each stage, without training any."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tl_core.evaluation import Z95
from tl_core.networks import Stage
from tl_core.probes import Probe

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


def choose_cut(probes: Mapping[str, Probe], weights: np.ndarray) -> str:
    """The stage, in order from the input, whose probe errs least; of equals the deepest.

    Errors are squared ones: they tell two stages apart with fewer images than counts of mistakes do. Going deeper within a
    standard error was tried and loses accuracy, see docs/similarity.md.
    """
    return min(reversed(list(probes)), key=lambda name: round(float(weights @ probes[name].errors), 9))
