import numpy as np
import pytest

from tl_core.evaluation import confusion_matrix, fitting_verdict, wilson_interval


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


def epochs(train_loss: list[float], val_loss: list[float], train: list[float], val: list[float]) -> list[dict]:
    rows = zip(train_loss, val_loss, train, val, strict=True)
    return [
        {"epoch": n, "train_loss": a, "val_loss": b, "train_accuracy": c, "val_accuracy": d}
        for n, (a, b, c, d) in enumerate(rows, start=1)
    ]


def test_rising_held_out_loss_is_called_overfitting_with_its_numbers() -> None:
    run = epochs(
        [1.0, 0.6, 0.4, 0.2, 0.1], [1.0, 0.8, 0.9, 1.0, 1.2], [0.5, 0.7, 0.8, 0.9, 1.0], [0.5, 0.6, 0.6, 0.6, 0.6]
    )
    verdict = fitting_verdict(run, 40, 200, 1_300_000)
    assert verdict.startswith("Overfitting: after epoch 2")
    assert "1,300,000 weights were learnt from 40 images" in verdict


def test_a_gap_inside_the_noise_is_not_called_overfitting() -> None:
    run = epochs([0.5] * 4, [0.5] * 4, [0.9] * 4, [0.8] * 4)
    assert "Some overfitting" in fitting_verdict(run, 1000, 2000, 10)
    assert "No overfitting" in fitting_verdict(run, 1000, 30, 10)
    assert "too few" in fitting_verdict(run, 1000, 10, 10)


def test_a_real_but_small_gap_is_called_one() -> None:
    assert "small gap" in fitting_verdict(epochs([0.5] * 4, [0.5] * 4, [0.94] * 4, [0.9] * 4), 1000, 5000, 10)


def test_poor_training_accuracy_is_underfitting() -> None:
    assert "Underfitting" in fitting_verdict(epochs([2.0] * 4, [2.0] * 4, [0.3] * 4, [0.3] * 4), 1000, 500, 10)
