import pytest

from tl_core.cases import CASES, CUSTOM, Thresholds, get_case, make_recipe, recommend
from tl_core.errors import ExperimentError


@pytest.mark.parametrize(
    ("num_images", "similarity", "number"),
    [(200, 0.9, 1), (200, 0.1, 2), (50_000, 0.9, 3), (50_000, 0.1, 4), (2_000, 0.4, 1), (2_001, 0.39, 4)],
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
