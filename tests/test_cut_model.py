"""The model that chooses the cut: made-up stages whose truth is known."""

import json

import numpy as np
import pytest

from tl_core.cut_model import CutModel, StageScores, Trained, fit, load_model

STAGES = ("conv1", "conv2", "fc1")
OFFSET = {"conv1": 0.0, "conv2": 0.1, "fc1": -0.1}  # what the scores do not know


def made(number: int, num_images: int = 200) -> Trained:
    rng = np.random.default_rng(number)
    truth = {name: float(value) for name, value in zip(STAGES, rng.uniform(0.2, 0.8, 3), strict=True)}
    seen = {name: value - OFFSET[name] + 0.01 * rng.normal() for name, value in truth.items()}
    return Trained(f"set {number}", num_images, {n: StageScores(1 - v, v, v, v) for n, v in seen.items()}, truth)


def test_it_learns_what_the_scores_miss() -> None:
    model = fit([made(number) for number in range(60)])
    for number in range(100, 120):
        row = made(number)
        expected = model.predict(row.scores, row.num_images)
        mean = np.mean(list(row.accuracies.values()))
        for name in STAGES:
            assert expected[name] == pytest.approx(row.accuracies[name] - mean, abs=0.05)


def test_only_differences_between_stages_are_predicted() -> None:
    model = fit([made(number) for number in range(20)])
    assert sum(model.predict(made(99).scores, 200).values()) == pytest.approx(0, abs=1e-9)


def test_beyond_the_numbers_of_images_it_was_fitted_on_it_says_what_it_says_at_the_end() -> None:
    model = fit([made(number, num_images=100 + 10 * number) for number in range(40)])
    scores = made(99).scores
    assert model.predict(scores, 10) == model.predict(scores, 100)
    assert model.predict(scores, 10**6) == model.predict(scores, 490)


def test_it_comes_back_from_its_file(tmp_path) -> None:
    model = fit([made(number) for number in range(20)])
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"networks": {"demo": model.to_json()}}))
    back = load_model("demo", path)
    assert isinstance(back, CutModel)
    scores = made(99).scores
    assert back.predict(scores, 200) == pytest.approx(model.predict(scores, 200), abs=1e-4)
    assert load_model("another", path) is None
    assert load_model("demo", tmp_path / "none.json") is None
