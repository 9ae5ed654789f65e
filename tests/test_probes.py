"""The closed forms against doing it the long way."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from tl_core import probes


@pytest.fixture
def blobs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 12)
    return rng.normal(size=(36, 8)) + 1.2 * rng.normal(size=(3, 8))[labels], labels


def test_ridge_left_out_equals_fitting_without_each_image(
    blobs: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = blobs
    monkeypatch.setattr(probes, "RIDGES", (0.1,))
    z = probes.standardise(features)
    kernel = z @ z.T / z.shape[1] + 1.0
    penalty = 0.1 * np.trace(kernel) / len(labels)
    design = np.hstack([z / np.sqrt(z.shape[1]), np.ones((len(labels), 1))])
    targets = 2.0 * np.eye(3)[labels] - 1.0
    expected = []
    for left_out in range(len(labels)):
        rest = np.arange(len(labels)) != left_out
        model = Ridge(alpha=penalty, fit_intercept=False).fit(design[rest], targets[rest])
        expected.append(model.predict(design[left_out : left_out + 1])[0].argmax())
    assert probes.ridge_loo(features, labels, 3).tolist() == expected
    assert 0.5 < np.mean(np.array(expected) == labels) < 1.0


def test_nearest_neighbours_left_out_agree_with_scikit_learn(blobs: tuple[np.ndarray, np.ndarray]) -> None:
    features, labels = blobs
    z = probes.standardise(features)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    agree = 0
    predicted = probes.knn_loo(features, labels, 3)
    for left_out in range(len(labels)):
        rest = np.arange(len(labels)) != left_out
        votes = (
            KNeighborsClassifier(probes.NEIGHBOURS)
            .fit(z[rest], labels[rest])
            .predict_proba(z[left_out : left_out + 1])[0]
        )
        agree += predicted[left_out] in np.flatnonzero(votes == votes.max())
    assert agree == len(labels)


def test_a_nearly_dead_feature_does_not_explode() -> None:
    features = np.random.default_rng(0).normal(size=(50, 6))
    features[:, 0] = 0
    features[0, 0] = 1e-4
    assert np.abs(probes.standardise(features)).max() < 10


def test_balanced_accuracy_counts_classes_not_images() -> None:
    labels = np.array([0] * 9 + [1])
    assert probes.balanced_accuracy(np.zeros(10, int), labels, 2) == pytest.approx(0.5)
