"""The pictures of a race: fixed marks, thin runs and a thick mean, and nothing that the runs do not carry."""

from dataclasses import replace

import plotly.graph_objects as go
import pytest

from tests.races import finish, make_events, make_race
from tl_core.cases import RECIPE_NAMES
from tl_core.race import SIZES
from tl_core.race_crossing import size_points
from tl_core.race_figures import DASHES, race_alt, race_figure, sizes_alt, sizes_figure
from tl_core.race_runs import RaceRun
from tl_core.recipe_marks import mark_of

TWO = {"case-1": 0.7, "case-3": 0.6}


def thick(figure: dict) -> list[dict]:
    return [line for line in figure["data"] if line.get("line", {}).get("width", 0) > 3]


def test_no_two_recipes_look_alike() -> None:
    assert len({(mark_of(name).colour, DASHES[name]) for name in RECIPE_NAMES}) == len(RECIPE_NAMES)
    assert len(set(DASHES.values())) == len(RECIPE_NAMES)


@pytest.mark.parametrize("by", ["epochs", "seconds"])
@pytest.mark.parametrize("dark", [False, True])
def test_one_thick_line_a_recipe_and_a_thin_one_a_seed(by: str, dark: bool) -> None:
    race = make_race()
    figure = race_figure(race, finish(race, TWO), by, dark)
    go.Figure(figure)
    assert len(thick(figure)) == 2
    assert sum(line.get("line", {}).get("width") == 1.0 and line["opacity"] == 0.55 for line in figure["data"]) == 6
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["Case 3", "Case 1"]


def test_the_mean_keeps_the_last_value_of_a_run_that_ended_early() -> None:
    race = make_race(seeds=2)
    first, second = (entry for entry in race.entries() if entry.recipe == "case-1")
    runs = [
        RaceRun(first, "a", "finished", make_events((0.4, 0.6), 0.6)),
        RaceRun(second, "b", "finished", make_events((0.2, 0.4, 0.6, 0.8), 0.8)),
    ]
    (line,) = thick(race_figure(race, runs, "epochs"))
    assert line["x"] == [1, 2, 3, 4]
    assert line["y"] == pytest.approx([30, 50, 60, 70])
    (timed,) = thick(race_figure(race, runs, "seconds"))
    assert timed["x"] == pytest.approx([0.5, 1.0, 1.5, 2.0])
    assert timed["y"] == pytest.approx([30, 50, 60, 70])


def test_a_run_that_goes_on_does_not_move_the_mean_of_those_that_are_over() -> None:
    race = make_race(seeds=2)
    first, second = (entry for entry in race.entries() if entry.recipe == "case-1")
    over = RaceRun(first, "a", "finished", make_events((0.4, 0.6), 0.6))
    running = RaceRun(second, "b", "running", make_events((0.1,), None, num_epochs=9))
    (alone,) = thick(race_figure(race, [running], "epochs"))
    assert alone["y"] == [10]
    (line,) = thick(race_figure(race, [over, running], "epochs"))
    assert line["y"] == [40, 60]
    assert race_figure(race, [over, running], "epochs")["layout"]["xaxis"]["range"][1] == 9.5


def test_seconds_are_logarithmic_and_without_the_reading_of_pictures() -> None:
    race = make_race(seeds=1)
    runs = finish(race, TWO, case_3={"ready": 500.0})
    figure = race_figure(race, runs, "seconds")
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert max(max(line["x"]) for line in figure["data"]) == pytest.approx(1.0)


def test_a_run_that_ended_at_once_can_be_drawn_on_a_logarithmic_axis() -> None:
    race = make_race(seeds=1)
    figure = race_figure(race, finish(race, TWO, case_1={"epoch_seconds": 0.0}), "seconds")
    assert min(min(line["x"]) for line in figure["data"]) > 0


def test_labels_keep_their_distance_and_stay_inside() -> None:
    race = make_race(RECIPE_NAMES[:5], seeds=1)
    figure = race_figure(race, finish(race, dict.fromkeys(RECIPE_NAMES[:5], 0.6)), "epochs")
    low, high = figure["layout"]["yaxis"]["range"]
    places = sorted(note["y"] for note in figure["layout"]["annotations"])
    assert places[0] >= low
    assert all(b - a >= 0.08 * (high - low) for a, b in zip(places, places[1:], strict=False))
    assert places[-1] <= high


def test_labels_that_must_move_stay_around_their_lines() -> None:
    from tl_core.race_figures import _spread

    assert _spread([10, 50, 90], [8] * 3, 0, 100) == [10, 50, 90]
    assert _spread([50, 50, 50], [8] * 3, 0, 100) == [42, 50, 58]
    assert _spread([99, 100], [8] * 2, 0, 100) == [88, 96]
    assert _spread([1, 2, 3], [8] * 3, 0, 100) == [4, 12, 20]


def test_without_points_it_says_so() -> None:
    race = make_race()
    assert "first epoch" in race_figure(race, [], "epochs")["layout"]["annotations"][0]["text"]
    assert race_alt(race, []) == "Curves of the race; no point yet."


def test_the_alt_text_has_the_numbers() -> None:
    race = make_race()
    assert "Case 1 70 %; Case 3 60 %" in race_alt(race, finish(race, TWO))


def sized(first: tuple[float, float], second: tuple[float, float], spread: float = 0.002):
    race = make_race(kind=SIZES, sizes=(20, None), num_images=100)
    accuracies = {("case-1", 20): first[0], ("case-1", 100): first[1]}
    accuracies |= {("case-3", 20): second[0], ("case-3", 100): second[1]}
    return race, size_points(race, finish(race, accuracies, spread=spread))


def test_the_band_is_drawn_only_where_they_cross_for_sure() -> None:
    race, points = sized((0.6, 0.7), (0.4, 0.9))
    figure = sizes_figure(race, points)
    go.Figure(figure)
    (band,) = figure["layout"]["shapes"]
    assert (band["x0"], band["x1"]) == (20, 100)
    race, points = sized((0.6, 0.7), (0.59, 0.71), spread=0.05)
    assert sizes_figure(race, points)["layout"]["shapes"] == []


def test_bars_are_the_intervals_and_the_axis_is_logarithmic() -> None:
    race, points = sized((0.6, 0.7), (0.4, 0.9))
    figure = sizes_figure(race, points, dark=True)
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert figure["layout"]["xaxis"]["tickvals"] == [20, 100]
    low, high = points[0].verdict.of("case-1").interval
    line = figure["data"][0]
    assert line["y"][0] - line["error_y"]["arrayminus"][0] == pytest.approx(100 * low)
    assert line["y"][0] + line["error_y"]["array"][0] == pytest.approx(100 * high)
    assert "20 images: Case 1 60.0 %, Case 3 40.0 %" in sizes_alt(race, points)


def test_sizes_without_results_make_an_empty_chart() -> None:
    race = make_race(kind=SIZES, sizes=(20, None), num_images=100)
    points = [replace(point) for point in size_points(race, [])]
    assert sizes_figure(race, points)["data"] == []
    assert "no point yet" in sizes_alt(race, points)
