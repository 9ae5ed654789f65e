"""Features of frozen layers are kept from run to run, and no number depends on whether they were."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.test_training import numbers
from tl_core import frozen_features
from tl_core.backbones import build_stages
from tl_core.device import autocast
from tl_core.events import Finished
from tl_core.experiment import Experiment
from tl_core.frozen_features import FrozenFeatures, body_key
from tl_core.networks import get_network
from tl_core.surgery import AdaptedNetwork, adapt
from tl_core.training import run


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    frozen_features.kept.clear()


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that went through the layers."""
    sizes = []
    real = AdaptedNetwork.features

    def features(self: AdaptedNetwork, images: Tensor) -> Tensor:
        sizes.append(len(images))
        return real(self, images)

    monkeypatch.setattr(AdaptedNetwork, "features", features)
    return sizes


def make(data: Path, **values: object) -> Experiment:
    return Experiment(**{"data": str(data), "recipe": "case-1", "epochs": 2, **values})


def test_another_seed_and_another_recipe_pass_no_picture_twice(stripes: Path, passed: list[int]) -> None:
    first = list(run(make(stripes)))
    assert isinstance(first[-1], Finished)
    assert len(passed) == 1, "48 pictures are one batch"
    views = len(frozen_features.kept)
    list(run(make(stripes, seed=1)))
    list(run(make(stripes, recipe="lp-ft", epochs=1)))
    assert len(passed) <= 2, (
        "what was a test picture is a training picture now: its mirror image is all that was missing"
    )
    assert views <= len(frozen_features.kept) <= 2 * 48
    list(run(make(stripes, recipe="case-2")))
    assert len(passed) == 3, "other layers are another body"


@pytest.mark.parametrize(("before", "recipe"), [("case-1", "case-3"), ("case-3", "case-1"), ("lp-ft", "case-3")])
def test_numbers_are_the_same_whatever_another_recipe_has_left(stripes: Path, before: str, recipe: str) -> None:
    fresh = numbers(list(run(make(stripes, recipe=recipe))))
    frozen_features.kept.clear()
    list(run(make(stripes, recipe=before)))
    assert numbers(list(run(make(stripes, recipe=recipe)))) == fresh


@pytest.mark.parametrize("recipe", ["case-1", "case-2", "case-3", "all-stages", "one-block", "lp-ft"])
def test_numbers_are_the_same_whatever_was_kept(stripes: Path, recipe: str) -> None:
    fresh = numbers(list(run(make(stripes, recipe=recipe))))
    frozen_features.kept.clear()
    for seed in (
        3,
        4,
    ):  # other divisions of the same pictures: some are kept from one, some from the other, some missing
        list(run(make(stripes, recipe=recipe, seed=seed, num_images=20)))
    assert numbers(list(run(make(stripes, recipe=recipe)))) == fresh
    assert numbers(list(run(make(stripes, recipe=recipe)))) == fresh


def test_the_dial_and_changed_pictures_are_other_features(stripes: Path, passed: list[int]) -> None:
    list(run(make(stripes)))
    list(run(make(stripes, distance=1.0)))
    assert len(passed) == 2
    next(stripes.rglob("*.png")).unlink()
    list(run(make(stripes)))
    assert len(passed) == 3


@pytest.mark.parametrize("name", ["demo", "mobilenet_v3_small", "convnext_tiny"])
@torch.no_grad()
def test_features_do_not_depend_on_the_other_pictures_of_a_batch(name: str) -> None:
    network = get_network(name)
    stages = build_stages(network, pretrained=False, seed=0)
    recipe = Experiment(network=name, recipe="case-1").make_recipe()
    model = adapt(network, recipe, 2, stages).to(memory_format=torch.channels_last).eval()
    size, dice = network.input_size, torch.Generator().manual_seed(0)
    first = torch.randn(8, 3, size, size, generator=dice)
    others = torch.randn(5, 3, size, size, generator=dice)
    with autocast(torch.device("cpu")):
        expected = model.features(first)
        assert torch.equal(model.features(torch.cat([others, first[:3]]))[5:], expected[:3])


def count_from(start: float, asked: list[np.ndarray]) -> object:
    def compute(positions: np.ndarray) -> Tensor:
        asked.append(positions)
        return torch.from_numpy(positions).float()[:, None] + start

    return compute


def test_only_what_is_missing_is_computed() -> None:
    kept, asked = FrozenFeatures(), []
    found, seconds = kept.get("body", np.array([5, 2, 9]), count_from(100, asked))
    assert found.squeeze(1).tolist() == [100, 101, 102]
    assert seconds > 0
    found, later = kept.get("body", np.array([9, 0, 5, 20]), count_from(200, asked))
    assert found.squeeze(1).tolist() == [102, 201, 100, 203]
    assert later > 0
    assert [positions.tolist() for positions in asked] == [[0, 1, 2], [1, 3]]
    kept.get("other body", np.array([9]), count_from(300, asked))
    assert len(asked) == 3
    assert len(kept) == 6


def test_the_least_recently_used_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[np.ndarray] = []
    views = np.arange(1000)
    kept = FrozenFeatures(limit_bytes=20_000)  # a table takes 8,000
    for key in ("a", "b", "a", "c", "a", "b"):
        kept.get(key, views, count_from(0, asked))
    assert len(asked) == 4, "b was forgotten for c"
    monkeypatch.setenv("TL_FEATURES_MB", "0")
    small = FrozenFeatures()
    found, _seconds = small.get("a", views, count_from(7, asked))
    assert found[0] == 7, "too large to be kept, and given all the same"
    assert len(small) == 0


def test_a_key_tells_weights_buffers_and_the_rest_apart() -> None:
    torch.manual_seed(0)
    body = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    key = body_key(body, "demo", 0.0)
    assert key == body_key(body, "demo", 0.0)
    assert key != body_key(body, "demo", 0.5)
    body[1].running_mean += 1
    assert key != body_key(body, "demo", 0.0)
