import pytest

from tl_core.cases import (
    BONUS,
    CASE_NAMES,
    CASES,
    CUSTOM,
    RECIPE_NAMES,
    Thresholds,
    find_recipe,
    get_case,
    make_recipe,
    recommend,
)
from tl_core.errors import ExperimentError


@pytest.mark.parametrize(
    ("num_images", "similarity", "number"),
    [(200, 0.9, 1), (200, 0.1, 2), (50_000, 0.9, 3), (50_000, 0.1, 4), (2_000, 0.5, 1), (2_001, 0.49, 4)],
)
def test_recommend_picks_the_quadrant(num_images: int, similarity: float, number: int) -> None:
    assert recommend(num_images, similarity).number == number


def test_both_lines_can_be_moved() -> None:
    assert recommend(500, 0.6).number == 1
    assert recommend(500, 0.6, Thresholds(num_images=100)).number == 3
    assert recommend(500, 0.6, Thresholds(similarity=0.7)).number == 2


@pytest.mark.parametrize(("num_images", "similarity"), [(0, 0.5), (-3, 0.5), (10, 1.1), (10, -0.1)])
def test_recommend_refuses_what_is_not_on_the_map(num_images: int, similarity: float) -> None:
    with pytest.raises(ExperimentError, match="Received"):
        recommend(num_images, similarity)


def test_recipes_say_what_the_lesson_says() -> None:
    recipes = {case.number: case.recipe for case in CASES}
    assert (recipes[1].cut, recipes[1].freeze, recipes[1].init) == ("last", "all", "pretrained")
    assert (recipes[2].cut, recipes[2].freeze, recipes[2].init) == ("early", "all", "pretrained")
    assert (recipes[3].cut, recipes[3].freeze, recipes[3].init) == ("last", "none", "pretrained")
    assert (recipes[4].cut, recipes[4].freeze, recipes[4].init) == ("last", "none", "random")
    assert "case 3" in CASES[3].alternative
    assert {(case.size, case.similarity) for case in CASES} == {
        (size, similarity) for size in ("small", "large") for similarity in ("similar", "different")
    }


def test_a_changed_recipe_keeps_its_name_only_while_it_is_that_case() -> None:
    assert make_recipe("case-2", cut="conv1").name == "case-2"
    assert make_recipe("case-1", freeze="none").name == CUSTOM
    assert make_recipe("case-3", init="random").name == CUSTOM
    assert make_recipe("custom", cut="conv2", freeze="conv1").freeze == "conv1"


def test_unknown_case_says_which_there_are() -> None:
    with pytest.raises(ExperimentError, match=r"case-9.*case-1, case-2, case-3, case-4"):
        get_case("case-9")


def test_bonus_recipes_stand_beside_the_four_cases_and_are_none_of_them() -> None:
    assert CASE_NAMES == ("case-1", "case-2", "case-3", "case-4")
    assert RECIPE_NAMES == (*CASE_NAMES, "lp-ft", "all-stages", "one-block")
    recipes = [find_recipe(name).recipe for name in RECIPE_NAMES]
    assert [recipe.name for recipe in recipes] == list(RECIPE_NAMES)
    assert len({(r.cut, r.freeze, r.init, r.features, r.head_first) for r in recipes}) == len(recipes)
    assert all((case.recipe.features, case.recipe.head_first) == ("top", False) for case in CASES)
    with pytest.raises(ExperimentError, match="lp-ft"):
        get_case("lp-ft")
    with pytest.raises(ExperimentError, match=r"'lpft'.*Did you mean 'lp-ft'.*one-block, custom"):
        find_recipe("lpft")


@pytest.mark.parametrize("bonus", BONUS, ids=lambda bonus: bonus.name)
def test_bonus_recipes_say_what_to_do_why_and_where_it_comes_from(bonus) -> None:
    assert len(bonus.steps) >= 3
    assert all(text.endswith(".") for text in (*bonus.steps, bonus.why, bonus.summary))
    assert bonus.address.startswith("https://arxiv.org/abs/")
    assert bonus.number is None


def test_which_block_is_tuned_is_a_choice_within_the_recipe() -> None:
    assert make_recipe("one-block", freeze="except-conv3").name == "one-block"
    assert make_recipe("one-block", freeze="all").name == CUSTOM
    assert make_recipe("case-1", freeze="except-conv3").name == CUSTOM
    assert make_recipe("all-stages", cut="conv3").features == "all"
