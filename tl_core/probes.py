"""Leave-one-out probes in closed form: how well would a simple classifier on these features do, without training one. NumPy only.

Notation: n images, d features, C classes. Every class counts the same, however many images it has.
"""

from dataclasses import dataclass

import numpy as np

RIDGES = (1e-2, 1e-1, 1.0, 10.0)  # penalties, times the mean eigenvalue of the kernel
NEIGHBOURS = 5


@dataclass(frozen=True, eq=False)
class Probe:
    """What a classifier fitted on all the other images says about each one.

    - `hits`: (n,) bool, whether it names the right class.
    - `errors`: (n,) its squared error, 0 or more; 1 on average for a classifier that knows only how frequent the classes are.
    """

    hits: np.ndarray
    errors: np.ndarray


def standardise(features: np.ndarray) -> np.ndarray:
    """(n, d) with mean 0 and deviation 1; the deviation has a floor of a tenth of the median one.

    Without the floor, units that are nearly dead on a small set explode.
    """
    centred = features - features.mean(0)
    std = np.sqrt(np.einsum("ij,ij->j", centred, centred) / len(features))
    alive = std[std > 0]
    floor = 0.1 * float(np.median(alive)) if alive.size else 1.0
    centred /= np.maximum(std, floor)
    return centred


def ridge_left_out(features: np.ndarray, targets: np.ndarray, ridges: tuple[float, ...] = RIDGES) -> np.ndarray:
    """(len(ridges), n, k): for each image the targets (n, k) that a ridge regression fitted on all the others predicts.

    With X = [Z / sqrt(d), 1], K = X X' and H = K (K + lambda I)^-1 the prediction left out is
    `y_i - (y_i - (H Y)_i) / (1 - H_ii)` (Allen 1974), with lambda a ridge times the mean eigenvalue of K. The
    eigenvectors come from whichever of X X' and X' X is smaller.
    """
    z = standardise(features.astype(np.float64))
    count, width = z.shape
    if count <= width:
        values, vectors = np.linalg.eigh(z @ z.T / width + 1.0)  # (n,), (n, n)
    else:
        design = np.concatenate([z / np.sqrt(width), np.ones((count, 1))], axis=1)  # (n, d + 1)
        values, right = np.linalg.eigh(design.T @ design)
        kept = values > values[-1] * 1e-12
        values = values[kept]
        vectors = design @ right[:, kept] / np.sqrt(values)  # (n, rank)
    values = np.maximum(values, 0.0)
    mean = float(values.sum()) / count
    rotated = vectors.T @ targets
    squares = vectors**2
    found = []
    for ridge in ridges:
        shrink = values / (values + ridge * mean)
        fitted = vectors @ (shrink[:, None] * rotated)
        leverage = squares @ shrink
        found.append(targets - (targets - fitted) / np.maximum(1.0 - leverage, 1e-9)[:, None])
    return np.stack(found)


def ridge_probe(features: np.ndarray, labels: np.ndarray, num_classes: int) -> Probe:
    """A ridge classifier on features (n, d), labels (n,) in 0..C-1, with the penalty of `RIDGES` that errs least."""
    targets = np.eye(num_classes)[labels]
    weights = class_weights(labels, num_classes)
    others = (targets.sum(0) - targets) / (len(labels) - 1)  # how frequent the classes are without the image itself
    scale = float(np.average(((targets - others) ** 2).sum(1), weights=weights))
    outputs = ridge_left_out(features, targets)
    errors = ((outputs - targets) ** 2).sum(2) / scale  # (ridges, n)
    best = int(np.argmin(errors @ weights))
    return Probe(outputs[best].argmax(1) == labels, errors[best])


def knn_loo(features: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """(n,) majority class of the `NEIGHBOURS` nearest other images (cosine); the nearest decides a tie."""
    z = standardise(features.astype(np.float64))
    z /= np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    near = z @ z.T
    np.fill_diagonal(near, -np.inf)
    count = min(NEIGHBOURS, len(labels) - 1)
    order = np.argsort(-near, axis=1)[:, :count]
    weights = 1.0 - 1e-3 * np.arange(count)
    votes = np.zeros((len(labels), num_classes))
    np.add.at(votes, (np.arange(len(labels))[:, None], labels[order]), weights)
    return votes.argmax(1)


def class_mean_loo(features: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """(n,) class with the nearest mean, the image itself left out of its own class's."""
    z = standardise(features.astype(np.float64))
    members = np.eye(num_classes)[labels]
    counts = members.sum(0)
    sums = members.T @ z  # (C, d)
    means = sums / np.maximum(counts, 1)[:, None]
    far = (z**2).sum(1)[:, None] - 2 * z @ means.T + (means**2).sum(1)
    far[:, counts == 0] = np.inf
    own = (sums[labels] - z) / np.maximum(counts[labels] - 1, 1)[:, None]
    far[np.arange(len(z)), labels] = ((z - own) ** 2).sum(1)
    return far.argmin(1)


def balanced_accuracy(predicted: np.ndarray, labels: np.ndarray, num_classes: int) -> float:
    """Mean over the classes of the share of their images that is right, 0..1."""
    return float(np.average(predicted == labels, weights=class_weights(labels, num_classes)))


def class_weights(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """(n,) weights that make every class count the same; their sum is 1."""
    weights = 1.0 / np.bincount(labels, minlength=num_classes)[labels]
    return weights / weights.sum()
