"""What a run's numbers say: intervals and confusion. NumPy only."""

from math import sqrt
from statistics import NormalDist

import numpy as np

Z95 = 1.959964  # 97.5 % point of the normal distribution
_NORMAL = NormalDist()


def wilson_interval(num_right: int, num_images: int, num_intervals: int = 1) -> tuple[float, float]:
    """95 % interval (low, high) for an accuracy, both 0..1; (0, 1) without any image.

    `num_intervals`: how many are read together, wide enough that all of them hold with 95 % (Bonferroni).

    Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001), which keeps its promise for few
    images and for accuracies near 0 and 1, where the plain normal interval does not.
    """
    if num_images == 0:
        return 0.0, 1.0
    z = Z95 if num_intervals == 1 else _NORMAL.inv_cdf(1 - 0.025 / num_intervals)
    p, n, z2 = num_right / num_images, num_images, z**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    # rounding must not put the accuracy itself outside
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """(num_classes, num_classes) counts: row = true class, column = predicted class."""
    return np.bincount(true * num_classes + predicted, minlength=num_classes**2).reshape(num_classes, num_classes)
