"""The scale of similarity: its ends, its interval, and that a number of images does not move it."""

import numpy as np
import pytest

from tl_core.gauge import (
    GROUP,
    NO_HELP,
    UpperErrors,
    divide,
    gauge,
    log_gain,
    reference_gain,
    similarity_of,
    upper_errors,
)
from tl_core.networks import get_network


def made(ours: float, blank: float, count: int = 300) -> UpperErrors:
    rng = np.random.default_rng(0)
    both = [mean * (1 + 0.3 * rng.normal(size=count)) for mean in (ours, blank)]
    return UpperErrors(*both, np.full(count, 1 / count), GROUP)


def world(count: int, helps: float, classes: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features of which the first network's tell the classes apart by `helps` deviations more than the other's; labels."""
    rng = np.random.default_rng(count)
    labels = np.arange(count) % classes
    centres = np.random.default_rng(7).normal(size=(classes, 20))
    ours = (1 + helps) * centres[labels] + 3 * rng.normal(size=(count, 20))
    blank = centres[labels] + 3 * rng.normal(size=(count, 20))
    return ours, blank, rng.normal(size=(count, 10)), labels


def errors_in(count: int, helps: float, group: int | None = None) -> UpperErrors:
    ours, blank, pixels, labels = world(count, helps)
    return upper_errors({"a": ours, "b": ours}, {"a": blank, "b": blank}, pixels, labels, 5, group)


def test_the_scale() -> None:
    assert gauge(1.0) == pytest.approx(1.0)
    assert gauge(3.0) == 1.0
    assert gauge(0.0) == pytest.approx(NO_HELP) == pytest.approx(0.17, abs=0.01)
    assert 0 < gauge(-2.0) < 0.001
    assert (np.diff(gauge(np.linspace(-2, 1, 50))) > 0).all()


def test_the_gain_is_how_much_smaller_the_error_is_on_a_logarithmic_scale() -> None:
    gain, error = log_gain(made(0.5, 0.8))
    assert gain == pytest.approx(np.log(0.8 / 0.5), abs=0.1)
    assert 0.01 < error < 0.1


def test_what_helps_more_gains_more_and_pixels_count_where_they_do_better() -> None:
    gains = [log_gain(errors_in(200, helps))[0] for helps in (0.0, 0.5, 1.5)]
    assert gains[0] == pytest.approx(0, abs=0.05)
    assert gains[0] + 0.05 < gains[1] < gains[2] - 0.05
    ours, blank, _, labels = world(200, 0.5)
    telling = np.eye(5)[labels] + 0.1 * np.random.default_rng(0).normal(size=(200, 5))
    against_pixels = upper_errors({"a": ours}, {"a": blank}, telling, labels, 5)
    assert log_gain(against_pixels)[0] < 0 < gains[1]


def test_the_number_of_images_does_not_move_it_as_every_classifier_learns_from_as_many() -> None:
    few = np.mean([log_gain(errors_in(count, 1.0))[0] for count in range(100, 110)])
    many = errors_in(1_000, 1.0)
    assert (many.group, errors_in(1_000, 1.0, group=1_000).group) == (100, 1_000)
    assert log_gain(many)[0] == pytest.approx(few, abs=0.05)
    assert log_gain(many)[1] < log_gain(errors_in(100, 1.0))[1] / 2


def test_groups_hold_every_image_once_and_their_share_of_every_class() -> None:
    labels = np.array([0] * 70 + [1] * 35 + [2] * 7)
    groups = divide(labels, 7, np.random.default_rng(0))
    assert sorted(np.concatenate(groups).tolist()) == list(range(112))
    assert [np.bincount(labels[rows], minlength=3).tolist() for rows in groups] == [[10, 5, 1]] * 7


def test_many_classes_make_larger_groups_and_are_compared_by_ten_of_them() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(600) % 60
    side = {"a": rng.normal(size=(600, 8))}
    assert upper_errors(side, side, rng.normal(size=(600, 4)), labels, 60).group == 100
    assert upper_errors(side, side, rng.normal(size=(600, 4)), labels % 10, 10).group == 100


def test_equal_networks_help_nothing_and_the_interval_says_so() -> None:
    found = [similarity_of(errors_in(count, 0.0), 0.4) for count in range(300, 340)]
    assert np.mean([low < NO_HELP < high for _, low, high in found]) > 0.85
    assert np.mean([value for value, _, _ in found]) == pytest.approx(NO_HELP, abs=0.05)


def test_beyond_the_ends_of_the_scale_the_interval_is_one_sided_but_has_a_width() -> None:
    value, low, high = similarity_of(made(0.05, 0.8), 0.4)
    assert (value, high) == (1.0, 1.0)
    assert 0.7 < low < 0.95
    value, low, high = similarity_of(made(3.0, 0.8), 0.4)
    assert low <= value < 0.0005 < 0.001 < high < NO_HELP


def test_the_interval_narrows_with_more_images() -> None:
    def width(errors: UpperErrors) -> float:
        _, low, high = similarity_of(errors, 0.4)
        return high - low

    assert width(made(0.65, 0.8, 30)) > 1.5 * width(made(0.65, 0.8, 300))


def test_the_reference_grows_with_the_number_of_images() -> None:
    for name in ("demo", "demo-drawn"):
        few, some, many = (reference_gain(get_network(name), count) for count in (60, 100, 500))
        assert 0.1 < few < some < many
        assert reference_gain(get_network(name), 100_000) == many
    assert reference_gain(get_network("resnet18"), 100) > 0
