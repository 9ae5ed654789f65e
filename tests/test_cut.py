"""Bars and the choice of the cut, from probes whose errors are known."""

import numpy as np
import pytest

from tl_core.cut import accuracy_interval, choose_cut, cut_curve
from tl_core.networks import get_network
from tl_core.probes import Probe


def a_probe(mean: float, num_images: int = 200, spread: float = 0.1, seed: int = 0) -> Probe:
    errors = mean + spread * np.random.default_rng(seed).normal(size=num_images)
    return Probe(errors < 0.5, errors - errors.mean() + mean)


def weights(num_images: int = 200) -> np.ndarray:
    return np.full(num_images, 1 / num_images)


def test_the_stage_that_errs_least_is_chosen() -> None:
    errors = {"conv1": 0.8, "conv2": 0.4, "conv3": 0.6}
    probes = {name: a_probe(mean, seed=seed) for seed, (name, mean) in enumerate(errors.items())}
    assert choose_cut(probes, weights()) == "conv2"


def test_of_equal_stages_the_deepest_is_chosen() -> None:
    same = a_probe(0.5)
    assert choose_cut({"conv1": same, "conv2": same, "conv3": same}, weights()) == "conv3"
    worse = Probe(same.hits, same.errors + 0.2)
    assert choose_cut({"conv1": same, "conv2": same, "conv3": worse}, weights()) == "conv2"


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
