"""Which test images a run got wrong: the surest mistakes, the accuracy of each class, and what lies behind a cell of the
confusion matrix. NumPy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tl_core.evaluation import confusion_matrix, wilson_interval


@dataclass(frozen=True)
class ClassAccuracy:
    """How many of one class's test images are right.

    `low` and `high`, 0..1, are its 95 % interval; `harder`: clearly less than all test images together, with room for the luck
    of looking at every class.
    """

    label: int
    num_right: int
    num_images: int
    low: float
    high: float
    harder: bool

    @property
    def accuracy(self) -> float | None:
        """0..1, None without any image."""
        return self.num_right / self.num_images if self.num_images else None


@dataclass(frozen=True, eq=False)
class ExamAnswers:
    """What a run's network said about each test image; what `tl_core.exam.exam` returns, ready to look through.

    `true`, `predicted`: (N,) int64 classes; `confidence`: (N,) float64, 0..1, in the predicted class. `fingerprint`: of the
    pictures. A *row* is the number of a test image, from 0.
    """

    true: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    fingerprint: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ExamAnswers":
        true, predicted = (np.array(data[key], dtype=np.int64) for key in ("true", "predicted"))
        return cls(true, predicted, np.array(data["confidence"], dtype=np.float64), data["fingerprint"])

    def worst(self) -> np.ndarray:
        """Rows of the images that are wrong, those with the highest confidence first."""
        return self._surest_first(np.flatnonzero(self.true != self.predicted))

    def cell(self, true: int, predicted: int) -> np.ndarray:
        """Rows of one class's images that were given a class, those with the highest confidence first."""
        return self._surest_first(np.flatnonzero((self.true == true) & (self.predicted == predicted)))

    def num_changed(self, confusion: Sequence[Sequence[int]]) -> int | None:
        """How many answers, at least, are not those that the run itself counted; None if it sat another exam."""
        recorded = np.asarray(confusion, dtype=np.int64)
        if max(self.true.max(initial=0), self.predicted.max(initial=0)) >= len(recorded):
            return None
        now = confusion_matrix(self.true, self.predicted, len(recorded))
        if (now.sum(1) != recorded.sum(1)).any():
            return None
        return int(np.abs(now - recorded).sum()) // 2

    def _surest_first(self, rows: np.ndarray) -> np.ndarray:
        return rows[np.argsort(-self.confidence[rows], kind="stable")]


def class_accuracies(confusion: Sequence[Sequence[int]]) -> list[ClassAccuracy]:
    """One for each class of `confusion[true][predicted]`, worst first; classes without a test image come last."""
    rights = [row[label] for label, row in enumerate(confusion)]
    totals = [sum(row) for row in confusion]
    overall, num_classes = sum(rights) / max(1, sum(totals)), max(1, sum(total > 0 for total in totals))
    rows = [
        ClassAccuracy(
            label, right, total, *wilson_interval(right, total), wilson_interval(right, total, num_classes)[1] < overall
        )
        for label, (right, total) in enumerate(zip(rights, totals, strict=True))
    ]
    return sorted(rows, key=lambda one: (one.num_images == 0, one.accuracy or 0.0, one.low + one.high, one.label))


def largest_mistake(confusion: Sequence[Sequence[int]]) -> tuple[int, int]:
    """(true, predicted) of the confusion that happened most often; the largest class's right answers if there is none."""
    size = range(len(confusion))
    cells = [(confusion[i][j], -i, -j) for i in size for j in size if i != j]
    count, true, predicted = max(cells, default=(0, 0, 0))
    if count:
        return -true, -predicted
    label = max(size, key=lambda i: confusion[i][i])
    return label, label
