"""What a teacher allows."""

import pytest

from tl_core.budget import make_budget
from tl_core.cases import RECIPE_NAMES
from tl_core.class_errors import ClassError, RunRefused
from tl_core.class_rules import CONTROLS, Rules, allowed_with, settings_of
from tl_core.experiment import Experiment


def test_rules_come_back_from_json_whatever_else_is_there() -> None:
    rules = Rules(paused=True, max_images=500, locked=("recipe", "data"), hidden=("options",), given={"data": "digits"})
    assert rules.locked == ("data", "recipe")
    assert Rules.from_json({**rules.to_json(), "of_a_later_version": 1}) == rules
    assert rules.fixed == ("data", "recipe", "options")
    assert [rules.state_of(name) for name in ("data", "options", "images")] == ["locked", "hidden", "free"]


@pytest.mark.parametrize("wrong", [{"max_images": 5}, {"max_images": "9"}, {"max_epochs": 0}, {"paused": "yes"}])
def test_rules_that_cannot_be(wrong: dict) -> None:
    with pytest.raises(ClassError, match="Received"):
        Rules(**wrong)


def test_unknown_controls_are_left_out_and_values_are_bounded() -> None:
    rules = Rules(locked=("data", "everything"), given={"data": "x" * 10_000, **{str(n): "" for n in range(100)}})
    assert rules.locked == ("data",)
    assert len(rules.given) == 40
    assert max(map(len, rules.given.values())) == 500


def test_no_setting_belongs_to_two_controls() -> None:
    assert sum(len(names) for names in CONTROLS.values()) == len(settings_of(tuple(CONTROLS)))


def test_paused() -> None:
    with pytest.raises(RunRefused, match="paused"):
        allowed_with(Rules(paused=True), Experiment())


def test_without_limits_nothing_is_changed() -> None:
    assert allowed_with(Rules(), Experiment(num_images=None)) == Experiment(num_images=None)


def test_a_limit_for_images() -> None:
    rules = Rules(max_images=300)
    assert allowed_with(rules, Experiment(num_images=300)) == Experiment(num_images=300)
    with pytest.raises(RunRefused, match="at most 300 images.*Received: 301"):
        allowed_with(rules, Experiment(num_images=301))
    assert allowed_with(rules, Experiment()).num_images == 300
    assert allowed_with(rules, Experiment(), default_images=200).num_images is None
    assert allowed_with(rules, Experiment(), default_images=2_000).num_images == 300


@pytest.mark.parametrize("recipe", RECIPE_NAMES)
@pytest.mark.parametrize("num_images", [30, 199, 450, 20_000])
def test_a_limit_for_epochs_holds_for_every_recipe(recipe: str, num_images: int) -> None:
    rules = Rules(max_epochs=5)
    asked = Experiment(recipe=recipe, num_images=num_images)
    run = allowed_with(rules, asked)
    for share in (0.5, 0.7, 0.8, 0.9):
        assert make_budget(run, run.make_recipe(), int(share * num_images)).total_epochs <= 5
    with pytest.raises(RunRefused, match="at most 5 epochs"):
        allowed_with(rules, Experiment(recipe=recipe, epochs=6))
    assert allowed_with(Rules(max_epochs=500), asked) == asked
