"""A race as a value: who runs, in which order, on how many pictures."""

import pytest

from tests.races import make_race
from tl_core.cases import CASE_NAMES, RECIPE_NAMES, Thresholds
from tl_core.engine import limits
from tl_core.experiment import Experiment
from tl_core.race import MOST_RUNS, SIZES, Guess, Race, RaceError, most_seeds, preset, seeds_from, sizes_of


def test_the_first_seed_of_every_recipe_comes_first() -> None:
    race = make_race(("case-1", "case-4", "lp-ft"), seeds=2)
    order = [(entry.seed, entry.recipe) for entry in race.entries()]
    assert order == [(0, "case-1"), (0, "case-4"), (0, "lp-ft"), (1, "case-1"), (1, "case-4"), (1, "lp-ft")]


def test_the_runs_differ_in_recipe_and_seed_only() -> None:
    base = Experiment(data="stripes", num_images=60, distance=0.5, cut="conv2", freeze="all", recipe="custom", lr=0.01)
    race = make_race(seeds=2, base=base, sizes=(60,), num_images=60)
    made = race.experiments()
    assert {(e.recipe, e.seed) for e in made} == {(r, s) for r in ("case-1", "case-3") for s in (0, 1)}
    assert {(e.data, e.num_images, e.distance, e.lr, e.cut, e.freeze) for e in made} == {
        ("stripes", 60, 0.5, 0.01, None, None)
    }


def test_a_race_over_sizes_asks_for_each_size_and_none_is_all() -> None:
    race = make_race(kind=SIZES, seeds=1, sizes=(10, 50, None), num_images=100)
    assert [(e.recipe, e.num_images) for e in race.experiments()] == [
        ("case-1", 10), ("case-3", 10), ("case-1", 50), ("case-3", 50), ("case-1", None), ("case-3", None),
    ]  # fmt: skip
    assert race.images_of(race.entries()[-1]) == 100


@pytest.mark.parametrize(
    "values",
    [
        {"recipes": ("case-1",)},
        {"recipes": ("case-1", "case-1")},
        {"recipes": ("case-1", "case-9")},
        {"recipes": RECIPE_NAMES[:6]},
        {"recipes": ("case-1", "case-2", "case-3"), "kind": SIZES},
        {"seeds": 6},
        {"seeds": 0},
        {"sizes": ()},
        {"sizes": (10, 20)},
        {"kind": SIZES, "sizes": (10, 20, 30, 40, 50), "seeds": 5},
    ],
)
def test_what_is_no_race_is_refused_with_a_sentence(values: dict) -> None:
    with pytest.raises(RaceError, match="Received"):
        make_race(**values)


def test_a_race_survives_json() -> None:
    import json

    race = make_race(
        ("case-2", "one-block"), seeds=5, kind=SIZES, sizes=(20, 50, None), prescribed="case-2", similarity=(0.4, 0.3, 0.5),
        thresholds=Thresholds(500, 0.6), guess=Guess("case-2", 0.75),
    )  # fmt: skip
    assert Race.from_json(json.loads(json.dumps(race.to_json()))) == race


def test_no_race_is_larger_than_a_batch() -> None:
    assert MOST_RUNS <= limits.MOST_IN_A_BATCH
    assert most_seeds(2, 5) == 4
    assert most_seeds(5, 1) == 5
    assert most_seeds(0, 0) == 5
    make_race(kind=SIZES, sizes=(10, 20, 30, 40, 50), seeds=most_seeds(2, 5))


def test_seeds_never_leave_the_range() -> None:
    assert seeds_from(7, 3) == (7, 8, 9)
    assert max(seeds_from(2**31 - 1, 5)) <= 2**31 - 1
    Experiment(seed=seeds_from(2**31 - 1, 5)[-1])


def test_sizes_with_too_few_of_each_class_are_left_out() -> None:
    assert sizes_of(500, 5) == ([25, 50, 125, 250, 500], [])
    assert sizes_of(500, 20) == ([50, 125, 250, 500], [25])
    assert sizes_of(10, 5) == ([10], [0, 1, 2, 5])


def test_the_preset_holds_all_cases_and_a_chosen_other_one() -> None:
    assert preset("case-3", None, CASE_NAMES) == list(CASE_NAMES)
    assert preset("case-3", "one-block", CASE_NAMES) == [*CASE_NAMES, "one-block"]
    assert preset(None, "custom", CASE_NAMES) == list(CASE_NAMES)
