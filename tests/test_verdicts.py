from dataclasses import dataclass

import numpy as np
import pytest

from tl_core.verdicts import Verdict, check_rule, mean_over_sets, regret, winner


def runs(num_test=1_000, **accuracies):
    """Rows of recipes given as case_1=[accuracy of seed 0, of seed 1, ...]."""
    return [
        {"recipe": name.replace("_", "-"), "seed": seed, "test_accuracy": accuracy, "num_test": num_test}
        for name, values in accuracies.items()
        for seed, accuracy in enumerate(values)
    ]


@dataclass
class Cell:
    data: str
    verdict: Verdict
    prescribed: str = "case-1"


CLEAR = runs(case_1=[0.80, 0.81, 0.805], case_2=[0.50, 0.52, 0.51], case_3=[0.60, 0.61, 0.62])
OTHER = runs(case_1=[0.50, 0.52, 0.51], case_2=[0.80, 0.81, 0.805], case_3=[0.60, 0.61, 0.62])
SAME = runs(case_1=[0.5, 0.52, 0.48], case_2=[0.5, 0.52, 0.48], case_3=[0.5, 0.52, 0.48])


def test_equal_results_are_a_tie():
    verdict = winner(SAME)

    assert verdict.winner is None
    assert verdict.all_tied
    assert {verdict.outcome(name) for name in ("case-1", "case-2", "case-3", "case-4")} == {"open"}


def test_a_clear_difference_has_a_winner():
    verdict = winner(CLEAR)

    assert verdict.winner == "case-1"
    assert verdict.tied == ("case-1",)
    assert verdict.outcome("case-1") == "best"
    assert verdict.outcome("case-3") == "beaten"
    assert verdict.gaps["case-3"].gap == pytest.approx(0.195)


def test_two_ahead_of_a_third_are_both_the_best():
    verdict = winner(runs(case_1=[0.80, 0.82, 0.81], case_2=[0.81, 0.80, 0.82], case_3=[0.40, 0.42, 0.41]))

    assert set(verdict.tied) == {"case-1", "case-2"}
    assert verdict.winner is None
    assert verdict.outcome("case-2") == "best"
    assert verdict.outcome("case-3") == "beaten"


def test_recipes_are_compared_seed_by_seed():
    """Seeds that are easy or hard for all recipes alike are no noise between them."""
    paired = winner(runs(case_1=[0.40, 0.60, 0.80], case_2=[0.37, 0.571, 0.769]))
    shuffled = winner(runs(case_1=[0.40, 0.60, 0.80], case_2=[0.769, 0.37, 0.571]))

    assert paired.winner == "case-1"
    assert shuffled.winner is None


@pytest.mark.parametrize(("num_recipes", "num_seeds"), [(2, 3), (4, 2), (4, 3), (7, 3)])
def test_a_false_winner_is_rare(num_recipes, num_seeds):
    """Recipes of equal worth and unequal noise: a winner in at most 5 % of the cells (6.5 % here, for the luck of 1,000)."""
    rng = np.random.default_rng(0)
    noise = np.linspace(0.005, 0.02, num_recipes)[:, None]
    false = 0
    for _ in range(1_000):
        table = 0.5 + 0.02 * rng.normal(size=num_seeds) + noise * rng.normal(size=(num_recipes, num_seeds))
        false += winner(runs(**{f"r{number}": list(row) for number, row in enumerate(table)})).winner is not None
    assert false <= 65


@pytest.mark.parametrize("num_seeds", [3, 10])
def test_a_false_winner_is_rare_when_the_test_images_are_few(num_seeds):
    """Equal recipes, each with its own liking for images as far as `EXAM_SHARE` says: more seeds do not make the exam larger."""
    rng = np.random.default_rng(0)
    false, num_test, sd = 0, 200, 0.17
    for _ in range(1_000):
        common = rng.choice([0.2, 0.5, 0.8], num_test)
        likings = [np.clip(common + sd * rng.normal(size=num_test), 0, 1) for _ in range(2)]
        one, two = ((rng.random((num_seeds, num_test)) < liking).mean(1) for liking in likings)
        false += winner(runs(num_test=num_test, case_1=list(one), case_2=list(two))).winner is not None
    assert false <= 65


def test_verdicts_that_are_read_together_share_their_luck():
    rows = runs(num_test=None, case_1=[0.80, 0.82, 0.81], case_2=[0.76, 0.765, 0.78])

    assert winner(rows).winner == "case-1"
    assert winner(rows, num_verdicts=5).winner is None


def test_a_single_run_each_is_judged_by_the_noise_of_the_test_images():
    few, many = ({"case_1": [0.60], "case_2": [0.55]} for _ in range(2))

    assert winner(runs(num_test=200, **few)).winner is None
    assert winner(runs(num_test=20_000, **many)).winner == "case-1"
    assert winner(runs(num_test=None, case_1=[0.9], case_2=[0.1])).winner is None


def test_seeds_that_agree_by_chance_do_not_make_a_measurement_exact():
    assert winner(runs(num_test=100, case_1=[0.51, 0.51], case_2=[0.50, 0.50])).winner is None


def test_one_recipe_alone_has_not_won():
    verdict = winner(runs(case_1=[0.9, 0.91]))

    assert verdict.winner is None
    assert verdict.outcome("case-1") == "open"
    with pytest.raises(ValueError, match="at least one run"):
        winner([])


def test_regret_is_what_the_choice_loses():
    cells = [Cell("a", winner(CLEAR)), Cell("b", winner(OTHER)), Cell("c", winner(SAME))]

    lost = regret(cells, lambda cell: "case-1")

    assert lost.mean == pytest.approx((0 + 0.295 + 0) / 3, abs=1e-3)
    assert lost.low <= lost.mean <= lost.high
    assert (lost.num_cells, lost.num_sets) == (3, 3)
    assert lost.hit_rate == pytest.approx(2 / 3)
    assert regret(cells, lambda cell: cell.verdict.results[0].recipe).mean == 0
    assert regret(cells, lambda cell: "case-4") is None


def test_the_interval_is_over_data_sets():
    one_set = mean_over_sets({"a": [0.1] * 50, "b": [0.2] * 50})
    spread = mean_over_sets({"a": [0.0] * 50, "b": [0.1] * 50, "c": [0.5] * 50})

    assert one_set == (pytest.approx(0.15), None, None)
    assert spread[1] < 0.1
    assert spread[2] > 0.3


def test_a_rule_holds_or_not_only_as_its_interval_says():
    def cells(rows):
        return [Cell(name, winner(rows)) for name in "abcd"]

    def by_case_1(cell):
        return "case-1"

    assert check_rule(cells(CLEAR), by_case_1).word == "holds"
    assert check_rule(cells(OTHER), by_case_1).word == "does not hold here"
    assert check_rule(cells(SAME), by_case_1).word == "cannot tell"
    assert check_rule(cells(CLEAR)[:2], by_case_1).word == "cannot tell"
    assert check_rule(cells(CLEAR)[:3], by_case_1).word == "cannot tell", "three of three may be luck"
    assert check_rule(cells(CLEAR)[:2] + cells(OTHER)[2:], by_case_1).word == "cannot tell"
    assert check_rule([], by_case_1).word == "cannot tell"


def test_being_one_of_many_that_are_tied_is_no_merit():
    """Two of three recipes are always tied at the top, so a recipe drawn by lot is right in two thirds of the cells as well."""
    good = runs(case_1=[0.80, 0.82, 0.81], case_2=[0.81, 0.80, 0.82], case_3=[0.40, 0.42, 0.41])
    bad = runs(case_3=[0.80, 0.82, 0.81], case_2=[0.81, 0.80, 0.82], case_1=[0.40, 0.42, 0.41])
    check = check_rule(
        [Cell(name, winner(rows)) for name in range(60) for rows in (good, good, bad)], lambda cell: "case-1"
    )

    assert check.share == pytest.approx(2 / 3)
    assert check.blind == pytest.approx(2 / 3)
    assert check.low > 0.5
    assert check.word == "cannot tell"


def test_runs_of_other_seeds_make_no_winner_of_two_that_were_equal_on_the_shared_one():
    rows = [
        {"recipe": recipe, "seed": seed, "test_accuracy": accuracy, "num_test": 500}
        for recipe, seed, accuracy in (("case-1", 0, 0.60), ("case-1", 1, 0.90), ("case-3", 0, 0.60))
    ]
    assert winner(rows).winner is None
    assert winner([row for row in rows if (row["recipe"], row["seed"]) != ("case-1", 0)]).winner is None
