import numpy as np
import pytest

from tl_core.evaluation import confusion_matrix, wilson_interval


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(8, 10, 0.490, 0.943), (0, 20, 0.0, 0.161), (20, 20, 0.839, 1.0), (810, 1000, 0.7845, 0.8331)],
)
def test_wilson_interval_agrees_with_published_values(right: int, count: int, low: float, high: float) -> None:
    assert wilson_interval(right, count) == pytest.approx((low, high), abs=6e-4)


def test_no_image_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_confusion_matrix_counts_true_by_predicted() -> None:
    matrix = confusion_matrix(np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 2]), 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1]]
