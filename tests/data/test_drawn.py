import numpy as np
import pytest

from tl_core.data import load_dataset, open_source
from tl_core.data.arrays import load_arrays
from tl_core.data.drawn import WORLDS, draw_pictures, labels_of
from tl_core.probes import ridge_probe

NAMES = sorted(WORLDS)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_depends_on_its_number_alone(name):
    some = draw_pictures(name, np.array([999_999, 3, 700, 4]), 32)

    for row, number in enumerate((999_999, 3, 700, 4)):
        assert np.array_equal(draw_pictures(name, np.array([number]), 32)[0], some[row])
    many = draw_pictures(name, np.arange(300), 32)  # more than are drawn together
    assert np.array_equal(many[3], some[1])
    assert np.array_equal(many[4], some[3])


@pytest.mark.parametrize("name", NAMES)
def test_no_two_pictures_are_alike(name):
    pictures = draw_pictures(name, np.arange(200), 32).reshape(200, -1)

    assert len(np.unique(pictures, axis=0)) == 200
    assert not np.array_equal(pictures[:10], draw_pictures(name, np.arange(10), 32, seed=1).reshape(10, -1))


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_shows_the_same_at_every_size(name):
    small = draw_pictures(name, np.arange(8), 32).astype(float)
    large = draw_pictures(name, np.arange(8), 128).reshape(8, 32, 4, 32, 4, 3).mean(axis=(2, 4))

    for a, b in zip(small, large, strict=True):
        assert (
            np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.5
        )  # grain is as fine as the pixels, and averages out in the larger one


@pytest.mark.parametrize("name", NAMES)
def test_classes_take_turns_and_are_enough(name):
    names = WORLDS[name].class_names

    assert len(names) >= (20 if name == "dogs" else 5)
    assert len(set(names)) == len(names)
    assert labels_of(name, np.arange(2 * len(names))).tolist() == 2 * list(range(len(names)))


@pytest.mark.parametrize("name", NAMES)
def test_classes_can_be_told_apart_but_not_by_colour_alone(name):
    num_classes = len(WORLDS[name].class_names)
    numbers = np.arange(60 * num_classes)
    labels = labels_of(name, numbers)
    colours = draw_pictures(name, numbers, 16).mean(axis=(1, 2))
    pixels = draw_pictures(name, numbers, 16).reshape(len(numbers), -1)

    assert ridge_probe(colours.astype(np.float32), labels, num_classes).hits.mean() < 3 / num_classes
    right = ridge_probe(pixels.astype(np.float32), labels, num_classes).hits.mean()
    assert 1.3 / num_classes < right < 0.7


def test_a_million_pictures_are_there_before_any_is_drawn():
    source = open_source("wolves")

    assert len(source.items) >= 1_000_000
    assert np.bincount(source.labels).min() >= 125_000
    assert source.items[-1].ref == str(len(source.items) - 1)
    with pytest.raises(IndexError):
        source.items[len(source.items)]
    numbers = [1_000_001, 17, 5]
    assert np.array_equal(
        load_arrays(source, sorted(numbers), 32), draw_pictures("wolves", np.array(sorted(numbers)), 32)
    )


def test_an_open_number_of_images_is_not_a_million():
    data = load_dataset("road_signs", None, 0, 16)

    assert len(data.train_labels) + len(data.val_labels) == 500
    assert len(data.test_labels) == 2_000
    assert "500" in data.notes[0]
    assert not data.mirror_safe
