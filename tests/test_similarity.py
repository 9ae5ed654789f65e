"""The gauge: what it says of pictures whose answer is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tl_core.data.drawn import draw_pictures, labels_of
from tl_core.errors import DataError
from tl_core.networks import get_network
from tl_core.probes import Probe
from tl_core.similarity import Probes, advantage_interval, draw, measure

STAGES = get_network("demo").stages[:-1]
WEIGHTS = np.full(300, 1 / 300)


def noisy(mean: float, seed: int) -> Probe:
    errors = mean * (1 + 0.5 * np.random.default_rng(seed).normal(size=300))
    return Probe(errors < 0.5, errors)


def made(ours: float, untrained: float, pixels: float = 2.0) -> Probes:
    return Probes(
        STAGES,
        {stage.name: noisy(ours, number) for number, stage in enumerate(STAGES)},
        {stage.name: noisy(untrained, 10 + number) for number, stage in enumerate(STAGES)},
        noisy(pixels, 99),
        WEIGHTS,
    )


def test_the_share_of_mistakes_has_an_interval_that_holds_what_more_images_would_say() -> None:
    rng = np.random.default_rng(0)

    def drawn(num: int) -> Probes:
        weights = np.full(num, 1 / num)
        ours, theirs, pixels = (Probe(rng.random(num) < share, np.ones(num)) for share in (0.7, 0.5, 0.3))
        stages = [stage.name for stage in STAGES]
        return Probes(STAGES, dict.fromkeys(stages, ours), dict.fromkeys(stages, theirs), pixels, weights)

    found = [advantage_interval(drawn(300)) for _ in range(200)]

    assert np.mean([value for value, _, _ in found]) == pytest.approx(0.4, abs=0.02)
    assert 0.9 < np.mean([low <= 0.4 <= high for _, low, high in found]) < 0.99
    assert advantage_interval(made(0.8, 0.8))[1] < 0 < advantage_interval(made(0.8, 0.8))[2]
    assert advantage_interval(drawn(4))[1:] == (-1.0, 1.0), "one mistake less among four says nothing"


def test_drawing_takes_every_picture_once_and_every_class_in_turn() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 4, 4, 3), dtype=np.uint8)
    images[30:] = images[:30]
    labels = np.array(([0] * 20 + [1] * 10) * 2)
    rows = draw(images, labels, 16, seed=1)
    assert np.bincount(labels[rows]).tolist() == [8, 8]
    assert len(np.unique(images[rows].reshape(16, -1), axis=0)) == 16
    assert len(draw(images, labels, 100, seed=1)) == 30


def write_drawings(folder: Path, name: str, start: int, count: int) -> Path:
    from PIL import Image

    indices = np.arange(start, start + count)
    for index, image, label in zip(indices, draw_pictures(name, indices, 32), labels_of(name, indices), strict=True):
        (folder / f"class {label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"class {label}" / f"{index}.png")
    return folder


def test_what_the_drawn_network_knows_is_near_and_road_signs_are_far() -> None:
    near, far = (measure(name, 150, network_name="demo-drawn") for name in ("wolves", "road_signs"))
    assert far["similarity_high"] < near["similarity_low"] + 0.2
    assert far["similarity"] + 0.1 < near["similarity"]
    assert near["num_classes"] == 8
    assert near["can_tell"]
    assert [row["stage"] for row in near["cut_curve"]] == list(near["cut_scores"])
    assert near["cut"] in near["cut_scores"]
    assert set(near["looks"]) == {"gap", "low", "high"}
    assert near["looks_why"].endswith(".")


def test_the_dial_makes_pictures_less_similar() -> None:
    as_is, turned = (measure("wolves", 150, distance, "demo-drawn")["similarity"] for distance in (0.0, 1.0))
    assert turned < as_is


def test_with_four_pictures_of_a_class_it_cannot_tell(make_stripes: Callable[..., Path]) -> None:
    found = measure(str(make_stripes("few", count=5)), network_name="demo")  # one of each class is for the test
    assert found["images_per_class"] == 4
    assert not found["can_tell"]
    assert (found["similarity_low"], found["similarity_high"]) == (0.0, 1.0)
    assert "at least 5 different images" in found["why"]
    assert "cannot be told" in found["looks_why"]


def test_exact_duplicates_are_not_counted_twice(tmp_path: Path) -> None:
    folder = write_drawings(tmp_path / "set", "road_signs", 0, 64)
    for path in list(folder.rglob("*.png")):
        path.with_name(f"again {path.name}").write_bytes(path.read_bytes())
    found = measure(str(folder))
    assert found["num_images"] > found["num_probed"]


def test_progress_counts_up_and_may_cancel(stripes: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    measure(str(stripes), report=lambda *step: heard.append(step))
    assert all(0 <= done <= total for _, done, total in heard)
    assert len({doing for doing, _, _ in heard}) >= 2

    class Called(Exception):
        pass

    def cancel(doing: str, done: int, total: int) -> None:
        raise Called

    with pytest.raises(Called):
        measure(str(stripes), report=cancel)


def test_unknown_data_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="nothing_of_the_kind"):
        measure("nothing_of_the_kind")
