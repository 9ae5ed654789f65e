"""Mistakes looked through: which come first, what lies behind a cell, which class is hardest."""

import numpy as np
import pytest

from tl_core.evaluation import wilson_interval
from tl_core.mistakes import ExamAnswers, class_accuracies, largest_mistake

ANSWERS = ExamAnswers.from_json({
    "true": [0, 0, 0, 1, 1, 2],
    "predicted": [0, 1, 1, 1, 0, 2],
    "confidence": [0.9, 0.6, 0.8, 0.7, 0.99, 0.5],
    "fingerprint": "f",
})  # fmt: skip


def test_the_surest_mistakes_come_first() -> None:
    assert ANSWERS.worst().tolist() == [4, 2, 1]
    assert ANSWERS.cell(0, 1).tolist() == [2, 1]
    assert ANSWERS.cell(0, 0).tolist() == [0]
    assert ANSWERS.cell(2, 0).tolist() == []


def test_answers_are_compared_with_those_the_run_counted() -> None:
    assert ANSWERS.num_changed([[1, 2, 0], [1, 1, 0], [0, 0, 1]]) == 0
    assert ANSWERS.num_changed([[2, 1, 0], [0, 2, 0], [0, 0, 1]]) == 2
    assert ANSWERS.num_changed([[2, 2, 0], [1, 1, 0], [0, 0, 1]]) is None, "one image more: another exam"
    assert ANSWERS.num_changed([[1, 2], [1, 1]]) is None, "one class fewer"


def test_classes_are_sorted_worst_first_with_their_intervals() -> None:
    rows = class_accuracies([[3, 1, 0, 0], [0, 40, 0, 0], [0, 0, 4, 0], [0, 0, 0, 0]])
    assert [row.label for row in rows] == [0, 2, 1, 3], (
        "of two without a mistake, the one with more images is the surer"
    )
    worst = rows[0]
    assert (worst.num_right, worst.num_images, worst.accuracy) == (3, 4, 0.75)
    assert (worst.low, worst.high) == wilson_interval(3, 4)
    assert rows[-1].accuracy is None


def test_of_many_equal_classes_hardly_ever_one_is_called_harder() -> None:
    """40 classes of the same difficulty with 25 test images: one interval lies below the mean by luck in most exams."""
    rng = np.random.default_rng(0)
    alone = harder = 0
    for _ in range(200):
        right = rng.binomial(25, 0.7, 40)
        confusion = np.diag(right)
        confusion[np.arange(40), (np.arange(40) + 1) % 40] += 25 - right
        rows = class_accuracies(confusion.tolist())
        alone += any(row.high < right.sum() / 1000 for row in rows)
        harder += any(row.harder for row in rows)
    assert alone > 60
    assert harder <= 10
    assert class_accuracies([[5, 95], [5, 95]])[0].harder


@pytest.mark.parametrize(
    ("confusion", "cell"),
    [
        ([[5, 1, 0], [0, 4, 2], [0, 0, 9]], (1, 2)),
        ([[5, 2, 0], [2, 4, 0], [0, 0, 9]], (0, 1)),
        ([[5, 0], [0, 9]], (1, 1)),
        ([[5]], (0, 0)),
    ],
    ids=["largest", "first of equals", "no mistake", "one class"],
)
def test_the_cell_that_is_opened_first(confusion: list[list[int]], cell: tuple[int, int]) -> None:
    assert largest_mistake(confusion) == cell
