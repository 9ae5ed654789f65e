"""The looks-alike gap, and the sentence that it may carry."""

import numpy as np
import pytest

from tl_core import looks
from tl_core.looks import Gap, measure_gap, separation, words
from tl_core.networks import get_network

SAME, APART, UNSURE = Gap(0.1, 0.0, 0.2), Gap(0.9, 0.8, 1.0), Gap(0.5, 0.3, 0.7)


def test_the_same_kind_of_pictures_cannot_be_told_apart() -> None:
    rng = np.random.default_rng(0)
    raw, error = separation(rng.normal(size=(300, 20)), rng.normal(size=(1_000, 20)))
    assert abs(raw) < 2 * error < 0.2


def test_pictures_that_differ_are_told_apart_also_when_there_are_few() -> None:
    rng = np.random.default_rng(0)
    bank = rng.normal(size=(1_000, 20))
    near, far = (separation(shift + rng.normal(size=(60, 20)), bank)[0] for shift in (0.3, 2.0))
    assert 0.2 < near < far
    assert far > 0.95


@pytest.mark.parametrize("name", ["demo", "demo-drawn"])
def test_our_own_networks_have_a_bank_that_holds_no_pictures(name: str) -> None:
    network = get_network(name)
    path = looks.bank_path(network)
    assert path.stat().st_size < 2e6
    bank, null = looks._load_bank(path, path.stat().st_mtime)
    assert bank.shape == (1_000, 2 * sum(stage.output_shape[0] for stage in network.stages[:2]))
    assert 0 <= null < 0.1


def test_the_gap_of_the_bank_against_pictures_unlike_it() -> None:
    network = get_network("demo")
    path = looks.bank_path(network)
    bank, _ = looks._load_bank(path, path.stat().st_mtime)
    gap = measure_gap(network, bank[:200] + 2 * bank.std(0))
    assert 0.9 < gap.low <= gap.gap <= gap.high <= 1
    assert gap.low < gap.high


def test_networks_without_a_bank_have_no_gap() -> None:
    assert measure_gap(get_network("resnet18"), np.zeros((10, 20))) is None
    assert measure_gap(get_network("demo"), None) is None
    assert words(None, (0.5, 0.9), 0.4) == ""


@pytest.mark.parametrize(
    ("gap", "similarity", "said"),
    [
        (APART, (0.6, 0.9), "different from the network's own, but what the network knows still helps."),
        (APART, (0.0, 0.2), "different from the network's own, and what the network knows helps little."),
        (SAME, (0.6, 0.9), "much like the network's own, and what the network knows helps."),
        (SAME, (0.0, 0.2), "much like the network's own, but what the network knows helps little."),
    ],
)
def test_agreement_and_disagreement_in_words(gap: Gap, similarity: tuple[float, float], said: str) -> None:
    assert words(gap, similarity, 0.4) == f"These pictures look {said}"


def test_no_verdict_that_an_interval_does_not_carry() -> None:
    assert "cannot be told" in words(UNSURE, (0.6, 0.9), 0.4)
    for gap in (SAME, APART, UNSURE):
        assert "helps cannot be told" in words(gap, (0.0, 1.0), 0.4)
        assert "helps cannot be told" in words(gap, (0.39, 0.41), 0.4)
