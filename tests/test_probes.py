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


def left_out_the_long_way(features: np.ndarray, targets: np.ndarray, ridge: float) -> np.ndarray:
    """(n, k): what scikit-learn's ridge, fitted on all the others, predicts for each."""
    z = probes.standardise(features)
    design = np.hstack([z / np.sqrt(z.shape[1]), np.ones((len(z), 1))])
    penalty = ridge * np.trace(design @ design.T) / len(z)
    found = []
    for left_out in range(len(z)):
        rest = np.arange(len(z)) != left_out
        model = Ridge(alpha=penalty, fit_intercept=False).fit(design[rest], targets[rest])
        found.append(model.predict(design[left_out : left_out + 1])[0])
    return np.array(found)


@pytest.mark.parametrize("width", [8, 50])
def test_ridge_left_out_equals_fitting_without_each_image(width: int) -> None:
    """Fewer features than images, and more: two ways to the same numbers."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 12)
    features = rng.normal(size=(36, width)) + 1.2 * rng.normal(size=(3, width))[labels]
    targets = np.eye(3)[labels]
    for ridge, ours in zip(probes.RIDGES, probes.ridge_left_out(features, targets), strict=True):
        np.testing.assert_allclose(ours, left_out_the_long_way(features, targets, ridge), atol=1e-6)


def test_the_probe_has_the_ridge_that_errs_least_and_agrees_with_scikit_learn(
    blobs: tuple[np.ndarray, np.ndarray],
) -> None:
    features, labels = blobs
    targets = np.eye(3)[labels]
    ways = [left_out_the_long_way(features, targets, ridge) for ridge in probes.RIDGES]
    expected = min(ways, key=lambda outputs: ((outputs - targets) ** 2).sum())
    probe = probes.ridge_probe(features, labels, 3)
    assert probe.hits.tolist() == (expected.argmax(1) == labels).tolist()
    np.testing.assert_allclose(
        probe.errors / probe.errors.sum(), (e := ((expected - targets) ** 2).sum(1)) / e.sum(), atol=1e-6
    )
    assert 0.5 < probe.hits.mean() < 1.0


def test_features_that_say_nothing_have_an_error_of_one() -> None:
    rng = np.random.default_rng(0)
    probe = probes.ridge_probe(rng.normal(size=(400, 5)), rng.integers(0, 4, 400), 4)
    assert probe.errors.mean() == pytest.approx(1.0, abs=0.05)


def test_nearest_class_mean_leaves_the_image_out(blobs: tuple[np.ndarray, np.ndarray]) -> None:
    features, labels = blobs
    z = probes.standardise(features)
    expected = []
    for left_out in range(len(labels)):
        rest = np.arange(len(labels)) != left_out
        means = np.stack([z[rest & (labels == label)].mean(0) for label in range(3)])
        expected.append(((means - z[left_out]) ** 2).sum(1).argmin())
    assert probes.class_mean_loo(features, labels, 3).tolist() == expected


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


def test_class_weights_make_every_class_count_the_same() -> None:
    weights = probes.class_weights(np.array([0, 0, 0, 2]), 3)
    assert weights[:3].sum() == pytest.approx(0.5)
    assert weights.sum() == pytest.approx(1.0)


def test_balanced_accuracy_counts_classes_not_images() -> None:
    labels = np.array([0] * 9 + [1])
    assert probes.balanced_accuracy(np.zeros(10, int), labels, 2) == pytest.approx(0.5)
