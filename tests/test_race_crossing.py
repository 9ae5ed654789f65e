"""Two recipes cross only between two sizes that are both told apart."""

from tests.races import finish, make_race
from tl_core.race import SIZES
from tl_core.race_crossing import Crossing, crossing_text, crossings, size_points

ALL = (10, 20, 50, None)


def points(first: tuple[float, ...], second: tuple[float, ...], spread: float = 0.002, seeds: int = 3):
    race = make_race(kind=SIZES, sizes=ALL, num_images=100, seeds=seeds)
    sizes = (10, 20, 50, 100)
    accuracies = {("case-1", n): value for n, value in zip(sizes, first, strict=True)}
    accuracies |= {("case-3", n): value for n, value in zip(sizes, second, strict=True)}
    return size_points(race, finish(race, accuracies, spread=spread))


def test_a_crossing_lies_between_the_nearest_sizes_that_are_told_apart() -> None:
    found = points((0.6, 0.65, 0.7, 0.7), (0.4, 0.5, 0.701, 0.9))
    assert crossings(found) == [Crossing("case-1", "case-3", 20, 100)]
    text = crossing_text(found)
    assert "They cross between 20 and 100 images: with 20 case 1 is clearly better, with 100 case 3." in text


def test_lines_that_cross_inside_the_noise_do_not_cross() -> None:
    found = points((0.6, 0.62, 0.64, 0.66), (0.58, 0.61, 0.65, 0.68), spread=0.06)
    assert crossings(found) == []
    assert crossing_text(found).startswith("Within noise")


def test_one_that_is_ahead_everywhere_or_only_at_one_end() -> None:
    everywhere = crossing_text(points((0.6, 0.65, 0.7, 0.75), (0.4, 0.5, 0.6, 0.65)))
    assert everywhere == "Clearly better is case 1, with 10, 20, 50, 100 images. No crossing can be named."
    one_end = crossing_text(points((0.6, 0.65, 0.7, 0.75), (0.4, 0.5, 0.7, 0.751)))
    assert "with 10, 20 images. With 50, 100 the two cannot be told apart. No crossing" in one_end


def test_sizes_without_a_result_are_open() -> None:
    race = make_race(kind=SIZES, sizes=ALL, num_images=100)
    assert [point.verdict for point in size_points(race, [])] == [None] * 4
    assert "Within noise" in crossing_text(size_points(race, []))
