import functools
import io
import time

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from tl_core.data.kept import MARK, make_mark
from tl_core.data.twins import find_twins


@functools.cache
def scene(seed, size=(64, 48)):
    """A few coloured blobs on a ramp: smooth like a photograph, and no two alike."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(size)
    image = np.zeros((*x.shape, 3)) + rng.uniform(40, 200, 3) + 40 * (rng.normal() * x + rng.normal() * y)[..., None]
    for _ in range(5):
        spot = np.exp(-((x - rng.uniform()) ** 2 + (y - rng.uniform()) ** 2) / rng.uniform(0.005, 0.05))
        image += spot[..., None] * rng.uniform(-120, 120, 3)
    return Image.fromarray(image.clip(0, 255).astype(np.uint8))


def compressed(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def twins(*images):
    return find_twins(np.array([make_mark(image) for image in images]))


CHANGES = {
    "compressed": lambda image: compressed(image, 40),
    "smaller": lambda image: image.resize((40, 30)),
    "larger": lambda image: image.resize((256, 192), Image.Resampling.BICUBIC),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.05),
    "a pixel off": lambda image: image.crop((1, 0, 64, 48)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_altered_copies_are_found(change):
    found = [twins(scene(seed), CHANGES[change](scene(seed))) for seed in range(20)]
    assert found.count([[0, 1]]) >= 18


def test_different_pictures_are_not():
    assert twins(*map(scene, range(300))) == []


def test_flat_pictures_match_only_if_they_look_the_same():
    flat = [Image.new("RGB", (64, 64), (40 * shade, 40 * shade, 40 * shade)) for shade in range(7)]
    assert len({int(make_mark(image)["hash"]) for image in flat}) == 1, "their hashes all agree"
    assert twins(*flat) == []
    assert twins(*flat, Image.new("RGB", (30, 30), (81, 80, 80))) == [[2, 7]]


def test_groups():
    a, b, c = scene(1), scene(2), scene(3)
    assert twins(a, b, a, c, compressed(a, 60), b) == [[0, 2, 4], [1, 5]]
    assert twins(a) == []
    assert find_twins(np.zeros(0, MARK)) == []


def test_two_thousand_pictures_take_about_a_second():
    rng = np.random.default_rng(0)
    marks = np.zeros(2_000, MARK)
    marks["hash"] = rng.integers(0, 2**63, 2_000, dtype=np.uint64)
    marks["small"] = rng.integers(0, 256, (2_000, 16, 16, 3))
    marks[1_000:1_500] = marks[0]  # many copies
    marks["hash"][1_500:] = 0  # and many that only their pixels tell apart
    start = time.process_time()
    assert find_twins(marks) == [[0, *range(1_000, 1_500)]]
    assert time.process_time() - start < 3


def noisy_copies(count, noise, seed=0):
    """Marks of a camera that stands still: the same pixels but for noise, and a hash with up to two bits turned."""
    rng = np.random.default_rng(seed)
    marks = np.full(count, make_mark(scene(seed)), MARK)
    marks["small"] = (marks["small"] + rng.normal(0, noise, marks["small"].shape)).clip(0, 255)
    for _ in range(2):
        marks["hash"] ^= np.uint64(1) << rng.integers(0, 64, count, dtype=np.uint64)
    return marks


def test_frames_of_a_still_camera_take_no_longer_than_different_pictures():
    marks = np.concatenate([noisy_copies(4_000, 2, seed) for seed in range(2)])
    start = time.process_time()
    groups = find_twins(marks)
    assert time.process_time() - start < 3
    assert groups == [[*range(4_000)], [*range(4_000, 8_000)]]


def test_pictures_that_are_only_similar_take_bounded_time():
    marks = noisy_copies(4_000, 12)
    start = time.process_time()
    assert find_twins(marks) == []
    assert time.process_time() - start < 6


def test_a_chain_is_one_group():
    """Each link matches the next one; any two that are further apart do not."""
    marks = np.zeros(8, MARK)
    for at in range(8):
        picture = np.linspace(60, 180, 16)[:, None] + 4 * at * np.where(np.arange(16) < 8, 1, -1)
        marks["small"][at] = picture[..., None]
    assert find_twins(marks[::2]) == []
    assert find_twins(marks[[3, 0, 6, 1, 7, 5, 2, 4]]) == [[*range(8)]]
