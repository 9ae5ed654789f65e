"""Bars and the choice of the cut, from probes whose errors are known."""

import numpy as np
import pytest

from tl_core.cut import accuracy_interval, choose_cut, cut_curve, stage_scores
from tl_core.cut_model import CutModel, StageScores
from tl_core.networks import get_network
from tl_core.probes import Probe, ridge_probe


def a_probe(mean: float, num_images: int = 200, spread: float = 0.1, seed: int = 0) -> Probe:
    errors = mean + spread * np.random.default_rng(seed).normal(size=num_images)
    return Probe(errors < 0.5, errors - errors.mean() + mean)


def weights(num_images: int = 200) -> np.ndarray:
    return np.full(num_images, 1 / num_images)


def scores(**errors: float) -> dict[str, StageScores]:
    return {name: StageScores(error, 1 - error, 1 - error, 1 - error) for name, error in errors.items()}


def test_without_a_model_the_stage_that_errs_least_is_chosen() -> None:
    assert choose_cut(scores(conv1=0.8, conv2=0.4, conv3=0.6), 200, None) == "conv2"


def test_of_equal_stages_the_deepest_is_chosen() -> None:
    assert choose_cut(scores(conv1=0.5, conv2=0.5, conv3=0.5), 200, None) == "conv3"
    assert choose_cut(scores(conv1=0.5, conv2=0.5, conv3=0.7), 200, None) == "conv2"


def test_a_model_may_know_better_than_the_scores() -> None:
    weights = np.zeros(14)
    weights[4:7] = 0.0, 0.0, 1.0  # the third stage, whatever the scores say
    model = CutModel(("conv1", "conv2", "conv3"), weights, (100, 900))
    assert choose_cut(scores(conv1=0.1, conv2=0.4, conv3=0.9), 200, model) == "conv3"


def test_the_scores_of_a_stage_are_those_of_its_features() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    telling, blind = np.eye(3)[labels] + 0.1 * rng.normal(size=(60, 3)), rng.normal(size=(60, 3))
    features = {"conv1": blind, "conv2": telling}
    found = stage_scores(features, labels, 3, {name: ridge_probe(part, labels, 3) for name, part in features.items()})
    assert (found["conv2"].ridge, found["conv2"].neighbours, found["conv2"].class_mean) == pytest.approx((1, 1, 1))
    assert found["conv2"].error < 0.3 < 0.7 < found["conv1"].error
    assert max(found["conv1"].ridge, found["conv1"].neighbours, found["conv1"].class_mean) < 0.6


@pytest.mark.parametrize("accuracy", [0.0, 0.3, 1.0])
def test_the_interval_of_a_bar_has_width_at_the_ends_and_narrows_with_images(accuracy: float) -> None:
    few, many = accuracy_interval(accuracy, 20), accuracy_interval(accuracy, 1_000)
    assert 0 <= few[0] <= many[0] <= accuracy <= many[1] <= few[1] <= 1
    assert few[1] - few[0] > many[1] - many[0] > 0.05


def test_the_curve_has_a_bar_for_every_stage_that_can_be_kept() -> None:
    stages = get_network("demo").stages[:-1]
    pretrained = {stage.name: a_probe(0.4) for stage in stages}
    untrained = {stage.name: a_probe(0.6) for stage in stages}
    curve = cut_curve(stages, pretrained, untrained, weights())
    assert [row["stage"] for row in curve] == ["conv1", "conv2", "conv3", "fc1", "fc2"]
    for row in curve:
        assert row["low"] <= row["score"] <= row["high"]
        assert row["untrained_low"] <= row["untrained"] <= row["untrained_high"]
        assert row["untrained"] < row["score"] == pytest.approx(float(pretrained["conv1"].hits.mean()), abs=1e-4)
