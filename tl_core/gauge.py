"""The scale of similarity: what share of the error the upper half of the pre-trained stages removes.

Compared with the same stages of an untrained copy (or with the raw pixels, where those do better):

    removed = 1 - error_pretrained / error_untrained = 1 - exp(-gain)

in units of the same share for held-out images of the original data, by classifiers that learn from as many images. The gauge is 1
there, `NO_HELP` where the pre-trained stages help no more than untrained ones, and nears 0 where they are in the way:

    similarity = min(1, softplus(BEND * removed / removed_of_originals) / softplus(BEND))

Errors are squared errors of leave-one-out class scores. How much pre-training helps also depends on how many images there are to
learn from, on some data more than on others. So that a number of images does not pass for a similarity, every classifier learns
from about `GROUP` images, however many there are. docs/similarity.md has what else was tried, and how well each did.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tl_core.evaluation import Z95
from tl_core.networks import Network
from tl_core.probes import class_weights, ridge_probe

GROUP, GROUP_PER_CLASS = (
    100,
    10,
)  # images that one classifier learns from: this many, or this many of each class if that is more
REFERENCE_CLASSES = 10  # of the groups of original classes that the references were measured on
PARTITIONS = 2  # ways in which the images are divided into groups
BEND = 4.0
NO_HELP = float(np.logaddexp(0, 0) / np.logaddexp(0, BEND))  # 0.17
SPREAD, FLOOR = 1.1, 0.05  # of the interval, fitted: other images, and other numbers of them; see docs/similarity.md
FALLBACK_REFERENCE = 0.7  # gain on the original data where a network's card does not give one


@dataclass(frozen=True, eq=False)
class UpperErrors:
    """Squared error of each of n images, mean over the upper stages: of the pre-trained ones, and of what does without.

    `weights`: (n,), their sum is 1; `group`: about how many images each classifier learnt from, with more than ten classes those
    of ten.
    """

    ours: np.ndarray
    blank: np.ndarray
    weights: np.ndarray
    group: float


def upper_errors(
    pretrained: Mapping[str, np.ndarray],
    untrained: Mapping[str, np.ndarray],
    pixels: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
    group: int | None = None,
) -> UpperErrors:
    """Leave-one-out errors within groups of about `group` images (None: see `GROUP`), each with its share of every class.

    `pretrained`, `untrained`: features (n, d) of the upper stages by name; `pixels`: (n, d); `labels`: (n,) in 0..C-1.
    """
    count = len(labels)
    group = group or max(GROUP, GROUP_PER_CLASS * num_classes)
    num_groups = max(1, round(count / group))
    parts = [
        rows
        for seed in range(PARTITIONS if num_groups > 1 else 1)
        for rows in divide(labels, num_groups, np.random.default_rng(seed))
    ]
    weights = class_weights(labels, num_classes)

    def errors(features: np.ndarray) -> np.ndarray:
        found = np.zeros(count)
        for rows in parts:
            found[rows] += ridge_probe(features[rows], labels[rows], num_classes).errors
        return found * num_groups / len(parts)

    size = count / num_groups * min(1.0, REFERENCE_CLASSES / num_classes)
    raw = errors(pixels)
    both = {name: (errors(pretrained[name]), errors(untrained[name])) for name in pretrained}
    blank = [min(theirs, raw, key=lambda one: float(weights @ one)) for _, theirs in both.values()]
    return UpperErrors(np.mean([ours for ours, _ in both.values()], axis=0), np.mean(blank, axis=0), weights, size)


def divide(labels: np.ndarray, num_groups: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Indices of each group; the images of every class are dealt out in turn, in a random order."""
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    return [np.sort(order[number::num_groups]) for number in range(num_groups)]


def log_gain(errors: UpperErrors) -> tuple[float, float]:
    """log(error_untrained / error_pretrained) of the upper stages, and its standard error over images (delta method)."""
    own, other = float(errors.weights @ errors.ours), float(errors.weights @ errors.blank)
    error = float(np.sum(errors.weights**2 * (errors.ours / own - errors.blank / other) ** 2)) ** 0.5
    return float(np.log(other / own)), error


def gauge(units: float | np.ndarray) -> float | np.ndarray:
    """0..1 from a share in units of the original data's: 1 from there on, `NO_HELP` at 0, never quite 0."""
    return np.minimum(1.0, np.logaddexp(0, BEND * units) / np.logaddexp(0, BEND))


def placed(gain: float, error: float, reference: float) -> tuple[float, float, float]:
    """Similarity 0..1 and its 95 % interval, from a gain, its standard error and the reference, all logarithms.

    Beyond an end of the scale the interval is one-sided, and as wide as it is at that end.
    """
    half = Z95 * ((SPREAD * error) ** 2 + (FLOOR * reference) ** 2) ** 0.5
    spots = np.array([gain, min(gain, reference) - half, max(gain, -reference) + half])
    return tuple(round(float(end), 4) for end in gauge(removed(spots) / removed(reference)))


def removed(gain: float | np.ndarray) -> float | np.ndarray:
    """The share of the error that is removed, at most 1, from a gain; below 0 where there is more of it."""
    return -np.expm1(-gain)


def similarity_of(errors: UpperErrors, reference: float) -> tuple[float, float, float]:
    """Similarity 0..1 and its 95 % interval."""
    return placed(*log_gain(errors), reference)


def reference_gain(network: Network, group: float) -> float:
    """The gain on held-out images of the original data where as many are learnt from; between the numbers measured, by their
    logarithm."""
    points = reference_points(network)
    if not points:
        return FALLBACK_REFERENCE
    sizes, gains = zip(*points, strict=True)
    return float(np.interp(np.log(group), np.log(sizes), gains))


def reference_points(network: Network) -> list[tuple[int, float]] | None:
    """(number of images, gain) on the network's original data; None where nobody has measured it."""
    table = network.weights_path.with_suffix(".json")
    card = json.loads(table.read_text()).get("card") or {} if network.builtin and table.is_file() else {}
    return card.get("reference_gains") or None
